"""How Alembic runs here: on a connection that `chat_service.migrate` opened and guards."""

from alembic import context
from sqlalchemy import Connection, text

from chorus.tables.catalogue import metadata

LOCK_TIMEOUT_S = 2


def run(connection: Connection) -> None:
    """Run the pending revisions, each in its own transaction, as the owner of the tables."""
    connection.execute(text("SET ROLE chorus_owner"))
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
