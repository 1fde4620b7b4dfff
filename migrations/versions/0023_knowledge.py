"""What a tenant knows."""

from migrations.script import run_script

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    run_script(__file__)
