"""Conversations by when they were opened, for reports."""

from migrations.script import run_script

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_script(__file__)
