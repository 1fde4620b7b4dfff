"""What the tenant's own backend vouched for of a contact, apart from what was typed."""

from migrations.script import run_script

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_script(__file__)
