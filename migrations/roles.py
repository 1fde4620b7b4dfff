"""The database roles. They belong to the cluster, so several databases share them."""

import asyncpg

ROLES = ("chorus_owner", "chorus_app", "chorus_system", "chorus_lookup")
_ATTEMPTS = 20

# Another database of this cluster may be migrating at the same moment: its CREATE ROLE or
# GRANT wins, ours is told so in one of these ways and looks again.
_LOST_RACE = (
    asyncpg.DuplicateObjectError,
    asyncpg.UniqueViolationError,
    asyncpg.InternalServerError,
)

_MISSING = "SELECT name FROM unnest($1::text[]) AS name WHERE to_regrole(name) IS NULL"
# From 16 on the maker of a role is its member without the right to SET ROLE to it.
_NOT_TAKEABLE = """
SELECT name FROM unnest($1::text[]) AS name
WHERE NOT pg_has_role(
    session_user, name,
    CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END
)
"""


class RolesRefused(Exception):
    """The login may neither make nor take the roles that Chorus runs under."""


async def ensure_roles(connection: asyncpg.Connection) -> None:
    """Make the roles that are missing and let the login take each of them.

    The login is a superuser, a role with CREATEROLE, or a plain role to which somebody else
    granted all of them. Raises RolesRefused otherwise.
    """
    for _ in range(_ATTEMPTS):
        try:
            await _make(connection)
            break
        except _LOST_RACE:
            continue
        except asyncpg.InsufficientPrivilegeError as error:
            raise await _refusal(connection) from error
    await _open_schema(connection)


async def _make(connection: asyncpg.Connection) -> None:
    for name in await connection.fetch(_MISSING, ROLES):
        await connection.execute(f"CREATE ROLE {name['name']} NOLOGIN")
    for name in await connection.fetch(_NOT_TAKEABLE, ROLES):
        await connection.execute(f"GRANT {name['name']} TO SESSION_USER")


async def _open_schema(connection: asyncpg.Connection) -> None:
    allowed = await connection.fetchval(
        """
        SELECT has_schema_privilege('chorus_owner', 'public', 'CREATE')
           AND has_schema_privilege('chorus_lookup', 'public', 'CREATE')
        """
    )
    if allowed:
        return
    try:
        await connection.execute(
            "GRANT USAGE, CREATE ON SCHEMA public TO chorus_owner, chorus_lookup"
        )
    except asyncpg.InsufficientPrivilegeError as error:
        database = await connection.fetchval("SELECT current_database()")
        raise RolesRefused(
            f"The login must own the database {database!r}, or its owner must run: "
            "GRANT USAGE, CREATE ON SCHEMA public TO chorus_owner, chorus_lookup"
        ) from error


async def _refusal(connection: asyncpg.Connection) -> RolesRefused:
    login = await connection.fetchval("SELECT session_user")
    missing = [row["name"] for row in await connection.fetch(_MISSING, ROLES)]
    create = "".join(f"CREATE ROLE {name} NOLOGIN; " for name in missing)
    return RolesRefused(
        f"The database login {login!r} may not make or take the roles Chorus runs under. "
        f"Give it CREATEROLE, or run as an administrator: {create}"
        f"GRANT {', '.join(ROLES)} TO {login}"
    )
