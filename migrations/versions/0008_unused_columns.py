"""What no act of a session ever wrote."""

from migrations.script import run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_script(__file__)
