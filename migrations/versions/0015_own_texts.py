"""What customers of a queue read when their session moves."""

from migrations.script import run_script

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_script(__file__)
