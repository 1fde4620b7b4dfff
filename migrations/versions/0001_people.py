"""Tenants, inboxes, queues, agents, teams and contacts; row-level security."""

from migrations.script import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_script(__file__)
