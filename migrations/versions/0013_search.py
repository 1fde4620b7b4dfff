"""Full text search over messages and contacts."""

from migrations.script import run_script

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_script(__file__)
