"""Outbox, jobs, ingest partitions, tokens, keys and the audit log."""

from migrations.script import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_script(__file__)
