"""Bots, and the inboxes they answer in."""

from migrations.script import run_script

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    run_script(__file__)
