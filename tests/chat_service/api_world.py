"""Two tenants that look alike, and a real chat API between real servers."""

import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from argon2 import PasswordHasher

from chat_service.app import create_app
from chat_service.resources import Resources
from chat_service.settings import ApiSettings
from chorus.auth import AUD_AGENT, AUD_VISITOR, OWN_ISSUER, ROLE_SCOPES, Principal
from chorus.ids import uuid7
from tests.chat_service.ingest_world import superuser

ORIGIN = "https://shop.example"
PASSWORD = "correct horse battery"
# A test that is not about limits may post as fast as it can.
UNHURRIED = {"customer_messages_burst": 10_000, "agent_messages_burst": 10_000}
UNHURRIED |= {"pool_timeout_ms": 10_000}
UNHURRIED |= {"commands_burst": 10_000, "visitor_requests_burst": 10_000, "uploads_burst": 10_000}
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
ROLES = ("admin", "supervisor", "agent", "agent")


@dataclass(frozen=True, slots=True)
class Tenant:
    id: UUID
    slug: str
    inbox_id: UUID
    inbox_key: str
    admin: UUID
    supervisor: UUID
    agent: UUID
    colleague: UUID
    contact: UUID
    conversation: UUID
    """Of `contact`, empty, in the inbox."""

    def email(self, who: str) -> str:
        return f"{who}@{self.slug}.test"

    def principal(self, who: str = "agent", **changes: Any) -> Principal:
        """A verified token of somebody of this tenant."""
        visitor = who == "contact"
        role = "visitor" if visitor else "agent" if who == "colleague" else who
        facts: dict[str, Any] = {
            "tenant_id": self.id,
            "user_id": getattr(self, who),
            "role": role,
            "audience": AUD_VISITOR if visitor else AUD_AGENT,
            "scopes": ROLE_SCOPES[role],
            "expires_at": 2**39,
            "issued_at": 2**39 - 900,
            "issuer": OWN_ISSUER,
        }
        return Principal(**{**facts, **changes})


@dataclass(frozen=True, slots=True)
class Api:
    client: httpx.AsyncClient
    resources: Resources
    app: Any
    database_url: str

    def token(self, principal: Principal, **changes: Any) -> dict[str, str]:
        """The header of a token that we signed for this principal."""
        facts: dict[str, Any] = {
            "tenant_id": principal.tenant_id,
            "user_id": principal.user_id,
            "role": principal.role,
            "audience": principal.audience,
            "conversation_id": principal.conversation_id,
        }
        token, _ = self.resources.identity.maker.make(**{**facts, **changes})
        return {"Authorization": f"Bearer {token}"}

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """Look into the database as its owner."""
        async with superuser(self.database_url) as connection:
            found: list[Any] = await connection.fetch(statement, *values)
            return found


@asynccontextmanager
async def open_api(database_url: str, redis_url: str, **settings: Any) -> AsyncIterator[Api]:
    # A socket's path may have 107 bytes, a test's own folder is often longer.
    data = Path(tempfile.mkdtemp(prefix="chorus-api-"))
    chosen = ApiSettings.model_validate(
        {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "data": data, "pool_size": 12}
        | UNHURRIED
        | settings
    )
    app = create_app(chosen)
    try:
        async with app.router.lifespan_context(app) as state:
            transport = httpx.ASGITransport(_with_state(app, state or {}))
            async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
                yield Api(client, (state or {})["resources"], app, database_url)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _with_state(app: Any, state: Mapping[str, Any]) -> Any:
    async def run(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return run


_numbers = itertools.count(1)


async def make_tenant(database_url: str, name: str) -> Tenant:
    slug = f"{name}-{next(_numbers)}"
    ids = [uuid7() for _ in range(8)]
    tenant = Tenant(
        id=ids[0],
        slug=slug,
        inbox_id=ids[1],
        inbox_key=f"pk_{slug}",
        admin=ids[2],
        supervisor=ids[3],
        agent=ids[4],
        colleague=ids[5],
        contact=ids[6],
        conversation=ids[7],
    )
    async with superuser(database_url) as connection:
        await connection.execute(
            "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, $2)", tenant.id, slug
        )
        await connection.execute(
            "INSERT INTO inboxes (id, tenant_id, name, public_key, allowed_origins)"
            " VALUES ($1, $2, 'Web', $3, $4)",
            tenant.inbox_id,
            tenant.id,
            tenant.inbox_key,
            [ORIGIN, "http://localhost:*"],
        )
        for who, role in zip(("admin", "supervisor", "agent", "colleague"), ROLES, strict=True):
            await connection.execute(
                "INSERT INTO agents (id, tenant_id, email, name, role, password_hash)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                getattr(tenant, who),
                tenant.id,
                tenant.email(who),
                who.title(),
                role,
                _HASH,
            )
        await connection.execute(
            "INSERT INTO contacts (id, tenant_id, name) VALUES ($1, $2, 'Kim')",
            tenant.contact,
            tenant.id,
        )
        await connection.execute(
            "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, last_ts)"
            " VALUES ($1, $2, $3, $4, now())",
            tenant.conversation,
            tenant.id,
            tenant.inbox_id,
            tenant.contact,
        )
    return tenant


def message(content: object = "Hello", **fields: Any) -> dict[str, Any]:
    return {"id": str(uuid7()), "content": content, **fields}


async def say(
    api: Api, principal: Principal, conversation: UUID, content: str = "Hello", **fields: Any
) -> dict[str, Any]:
    """Post a message and answer what was said about it, with the id that was sent."""
    answer = await api.client.post(
        f"/livechat/conversations/{conversation}/messages",
        json=message(content, **fields),
        headers=api.token(principal),
    )
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def messages_path(tenant: Tenant) -> str:
    return f"/livechat/conversations/{tenant.conversation}/messages"


async def read_page(api: Api, who: Principal, tenant: Tenant, **query: Any) -> dict[str, Any]:
    answer = await api.client.get(messages_path(tenant), params=query, headers=api.token(who))
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def read_items(api: Api, who: Principal, tenant: Tenant) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await read_page(api, who, tenant, limit=1000))["items"]
    return items


async def read_events(api: Api, who: Principal, tenant: Tenant) -> list[dict[str, Any]]:
    """What happened, without what was said."""
    return [one for one in await read_items(api, who, tenant) if one["type"] == "event"]


async def read_snapshot(api: Api, who: Principal, tenant: Tenant) -> dict[str, Any]:
    answer = await api.client.get(
        f"/livechat/conversations/{tenant.conversation}", headers=api.token(who)
    )
    shown: dict[str, Any] = answer.json()
    return shown


def codes(*answers: Any) -> list[tuple[int, str]]:
    return [(answer.status_code, answer.json()["code"]) for answer in answers]
