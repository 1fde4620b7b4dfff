"""One connection to PostgreSQL, under one role and with what every transaction relies on."""

from collections.abc import Mapping
from typing import Any, Literal

import asyncpg

DbRole = Literal["chorus_app", "chorus_system"]
RawConnection = Any
"""`asyncpg.Connection`, which has no annotations. jsonb goes in and out as a JSON string."""

STATEMENT_TIMEOUT_S = 2
IDLE_IN_TRANSACTION_S = 5
CONNECT_TIMEOUT_S = 5
# The server gives up first; this one is for a server that no longer answers at all.
COMMAND_TIMEOUT_S = STATEMENT_TIMEOUT_S + 3

_CURRENT_ROLE = """
SELECT rolname AS name, rolsuper OR rolbypassrls AS unbound
FROM pg_roles WHERE rolname = current_user
"""


class RoleRefused(Exception):
    """A pool would not run under the role it was opened for, so that no policy binds it."""


async def connect(
    url: str, role: DbRole, application_name: str, settings: Mapping[str, str]
) -> RawConnection:
    """Connect with everything as a session default, which RESET brings back.

    `role` as a start-up setting is SET ROLE without the round trip.
    """
    try:
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings={
                "role": role,
                "application_name": application_name,
                "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
                "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_S}s",
                "synchronous_commit": "on",
                "timezone": "UTC",
                **settings,
            },
        )
    except (
        asyncpg.InvalidParameterValueError,
        asyncpg.InsufficientPrivilegeError,
    ) as error:
        raise RoleRefused(
            f"The database login may not take the role {role}: {error}. "
            "`chorus migrate` makes the roles and says what is missing."
        ) from error
    try:
        await _check_role(connection, role)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _check_role(connection: RawConnection, role: DbRole) -> None:
    row = await connection.fetchrow(_CURRENT_ROLE)
    if row["name"] != role:
        raise RoleRefused(f"The connection runs as {row['name']} and not as {role}.")
    if row["unbound"]:
        raise RoleRefused(f"The role {role} is a superuser or has BYPASSRLS.")
