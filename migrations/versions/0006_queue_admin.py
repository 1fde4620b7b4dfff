"""Queues and teams that are deleted but kept, who sees a queue, and when its wishes are given up."""

from migrations.script import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_script(__file__)
