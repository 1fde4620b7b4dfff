"""After how long an agent who refused a session is asked again."""

from migrations.script import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_script(__file__)
