"""What the command line does to the database itself: migrate, seed, add people."""

import secrets
from pathlib import Path
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chat_service import migrate
from chat_service.seed import SeedResult, seed
from chorus.auth import AUD_AGENT, TokenMaker
from chorus.db import Db, open_db
from chorus.ids import uuid7
from launch import files
from launch.faults import LaunchError
from migrations.roles import RolesRefused

ROLES = ("admin", "supervisor", "agent")
SEEDED_EMAILS = ("ada@demo.test", "bo@demo.test", "cy@demo.test")

ADD_AGENT = text("""
INSERT INTO agents (id, tenant_id, email, name, role, password_hash)
VALUES (:id, :tenant_id, :email, :name, :role, :password_hash)
""")
# Without a queue nobody would ever be offered a conversation.
JOIN_QUEUES = text("""
INSERT INTO queue_members (queue_id, agent_id, tenant_id)
SELECT DISTINCT queue_id, CAST(:id AS uuid), tenant_id FROM inboxes
WHERE tenant_id = :tenant_id AND queue_id IS NOT NULL
""")
FIND_TENANT = text("SELECT chorus_tenant(:slug)")
FIND_LOGIN = text("SELECT tenant_id, agent_id FROM chorus_login(:email)")
READ_ROLE = text(
    "SELECT role FROM agents WHERE tenant_id = :tenant_id AND id = :id AND disabled_at IS NULL"
)


async def upgrade(url: str) -> int:
    """Apply pending migrations and count them.

    Raises:
        LaunchError: the database is newer than this version, or the login may not make roles.
    """
    try:
        return await migrate.upgrade(url)
    except (migrate.DatabaseNewer, RolesRefused) as error:
        raise LaunchError(str(error)) from error


async def will_change(url: str) -> bool:
    """Say whether migrations would change a database that has something in it.

    Raises:
        LaunchError: the database is newer than this version.
    """
    try:
        return await migrate.is_behind(url)
    except migrate.DatabaseNewer as error:
        raise LaunchError(str(error)) from error


async def fill(url: str, credentials: files.Credentials) -> SeedResult:
    """Make the demo tenant with this installation's password, unless it is there."""
    return await seed(
        url, empty=False, passwords=dict.fromkeys(SEEDED_EMAILS, credentials.password)
    )


async def seed_tenant(url: str, data: Path, *, empty: bool) -> dict[str, Any]:
    """Migrate and seed by hand; answers who may sign in, and how."""
    await upgrade(url)
    data = files.make_data_folder(data)
    kept = files.read_credentials(data) or files.renew_credentials(data, SEEDED_EMAILS)
    seeded = await seed(url, empty=empty, passwords=dict.fromkeys(SEEDED_EMAILS, kept.password))
    agents = [{"email": agent.email, "role": agent.role} for agent in seeded.agents]
    return {"tenant": seeded.tenant, "agents": agents, "password": kept.password}


async def add_agent(url: str, email: str, name: str, *, role: str, tenant: str) -> dict[str, str]:
    """Add somebody with a random password, as a member of the queues that inboxes feed.

    Raises:
        LaunchError: no such role or tenant, or the e-mail address is taken.
    """
    if role not in ROLES or "@" not in email:
        raise LaunchError(f"The role is one of {', '.join(ROLES)}, and {email!r} an e-mail address")
    password = f"chorus-{secrets.token_hex(8)}"
    async with _open(url) as db:
        tenant_id = await _tenant(db, tenant)
        row = {"id": uuid7(), "tenant_id": tenant_id, "email": email, "name": name, "role": role}
        try:
            async with db.transaction(tenant_id) as transaction:
                hashed = PasswordHasher().hash(password)
                await transaction.execute(ADD_AGENT, {**row, "password_hash": hashed})
                await transaction.execute(JOIN_QUEUES, {"id": row["id"], "tenant_id": tenant_id})
        except IntegrityError as error:
            raise LaunchError(f"There is somebody with the address {email} already") from error
    return {"id": str(row["id"]), "email": email, "role": role, "password": password}


async def mint_agent_token(url: str, keys: Path, email: str, *, ttl_s: int) -> dict[str, object]:
    """Sign a token of the agent with this address.

    Raises:
        LaunchError: there is no such agent, or no key.
    """
    if not (keys / "current").exists():
        raise LaunchError(f"There is no signing key in {keys}; `chorus up` makes one")
    async with _open(url) as db:
        async with db.read(None) as session:
            found = (await session.execute(FIND_LOGIN, {"email": email})).first()
        if found is None:
            raise LaunchError(f"There is nobody with the address {email}")
        async with db.read(found.tenant_id) as session:
            asked = {"tenant_id": found.tenant_id, "id": found.agent_id}
            role = await session.scalar(READ_ROLE, asked)
    if role is None:
        raise LaunchError(f"{email} is disabled")
    token, expires_unix_s = TokenMaker(keys).make(
        tenant_id=found.tenant_id,
        user_id=found.agent_id,
        role=role,
        audience=AUD_AGENT,
        ttl_s=ttl_s,
    )
    return {"token": token, "expires_at": expires_unix_s, "role": role}


def _open(url: str) -> Any:
    return open_db(url, role="chorus_app", pool_size=1, application_name="chorus cli")


async def _tenant(db: Db, slug: str) -> UUID:
    async with db.read(None) as session:
        found: UUID | None = await session.scalar(FIND_TENANT, {"slug": slug})
    if found is None:
        raise LaunchError(f"There is no tenant {slug!r}; make one with `chorus seed --empty`")
    return found
