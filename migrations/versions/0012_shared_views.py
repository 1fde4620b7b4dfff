"""Views of the inbox are somebody's or everybody's, like canned replies and macros."""

from migrations.script import run_script

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_script(__file__)
