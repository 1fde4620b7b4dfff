"""What agents keep at hand: drafts, macros, labels, views of the inbox; who is mentioned where."""

from migrations.script import run_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_script(__file__)
