"""Topic, mood, language and tags of conversations, and skills by topic."""

from migrations.script import run_script

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    run_script(__file__)
