"""What bots did by day, bots that are no more, and calls that nobody settled."""

from migrations.script import run_script

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    run_script(__file__)
