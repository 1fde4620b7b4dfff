"""Summaries that people write, and what the extractor goes on from."""

from migrations.script import run_script

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run_script(__file__)
