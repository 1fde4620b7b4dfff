"""Invitations of agents, and passwords chosen anew."""

from migrations.script import run_script

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run_script(__file__)
