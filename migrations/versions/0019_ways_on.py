"""What becomes of who waits too long, and for how long a team is asked alone."""

from migrations.script import run_script

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    run_script(__file__)
