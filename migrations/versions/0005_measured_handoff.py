"""Sessions keep what reports ask of them; old routing decisions may be forgotten."""

from migrations.script import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_script(__file__)
