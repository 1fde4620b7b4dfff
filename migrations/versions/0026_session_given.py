"""Since when the agent of a session has it."""

from migrations.script import run_script

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    run_script(__file__)
