"""What was proposed to agents on request, and what became of it."""

from migrations.script import run_script

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    run_script(__file__)
