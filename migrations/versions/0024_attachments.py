"""Files that people attach."""

from migrations.script import run_script

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    run_script(__file__)
