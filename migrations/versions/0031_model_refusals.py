"""What a call would have cost that a month's limits refused."""

from migrations.script import run_script

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    run_script(__file__)
