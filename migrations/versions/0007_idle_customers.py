"""How long a queue waits for silent customers, and when they were asked."""

from migrations.script import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_script(__file__)
