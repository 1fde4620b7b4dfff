"""Run the SQL file that stands beside a revision."""

from pathlib import Path
from typing import Any

from alembic import op


def run_script(revision_file: str) -> None:
    """Run `<revision>.sql` as one batch inside the migration's transaction.

    A prepared statement holds a single command, so the driver's own `execute` is used: it
    speaks the simple query protocol and takes functions with semicolons as they are.
    """
    sql = Path(revision_file).with_suffix(".sql").read_text(encoding="utf-8")
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.run_async(lambda driver: driver.execute(sql))
