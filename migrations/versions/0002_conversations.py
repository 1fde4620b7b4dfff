"""Conversations, messages, live-chat sessions and summaries."""

from migrations.script import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_script(__file__)
