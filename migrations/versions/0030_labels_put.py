"""Labels that rules put."""

from migrations.script import run_script

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    run_script(__file__)
