"""An API with identity providers, and browsers that go between the two."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx
import orjson

from tests.chat_service.api_world import Api, Tenant, make_tenant, open_api
from tests.support.oidc_issuer import CLIENT_ID, CLIENT_SECRET, OidcIssuer

BASE = "https://chat.test"
CALLBACK = f"{BASE}/auth/oidc/acme/callback"
COOKIE = "__Host-chorus-sign-in"


@dataclass(frozen=True, slots=True)
class World:
    api: Api
    tenant: Tenant


@asynccontextmanager
async def open_world(
    database_url: str, redis_url: str, provider: OidcIssuer
) -> AsyncIterator[World]:
    """A tenant with two providers that are one: `acme` knows its agents, `open` makes new ones."""
    tenant = await make_tenant(database_url, "acme")
    entry = {
        "name": "acme",
        "label": "Acme",
        "tenant": tenant.slug,
        "issuer": provider.url,
        "client_id": CLIENT_ID,
    }
    open_door = {"name": "open", "new_agents": {"domains": ["new.test"]}, "claims": {"hd": "new"}}
    configured = orjson.dumps([entry, entry | open_door]).decode()
    secrets = orjson.dumps(dict.fromkeys(("acme", "open"), CLIENT_SECRET)).decode()
    chosen = {"oidc": configured, "oidc_secrets": secrets, "base_url": BASE, "dev": True}
    async with open_api(database_url, redis_url, **chosen) as api:
        yield World(api, tenant)


class Browser:
    """Follows redirects between the provider and us as a browser does, with cookies of its own."""

    def __init__(self, world: World, issuer: OidcIssuer) -> None:
        transport = world.api.client._transport
        self.http = httpx.AsyncClient(transport=transport, base_url=BASE)
        self._issuer = issuer

    async def begin(self, name: str = "acme", query: str = "") -> str:
        """Where the provider would send this browser back to."""
        there = await self.http.get(f"/auth/oidc/{name}{query}")
        assert there.status_code == 302, there.text
        where = urlsplit(there.headers["location"])
        assert f"{where.scheme}://{where.netloc}{where.path}" == f"{self._issuer.url}/authorize"
        return self._issuer.authorize(dict(parse_qsl(where.query)))

    async def back(self, url: str) -> tuple[str, str]:
        """What the console is told, behind the hash of its own address."""
        answer = await self.http.get(url)
        assert answer.status_code == 303, answer.text
        page, _, told = answer.headers["location"].partition("#")
        assert page == "/console/sign-in"
        ((what, value),) = parse_qsl(told)
        return what, value

    async def code(self, name: str = "acme") -> str:
        what, value = await self.back(await self.begin(name))
        assert what == "code", value
        return value

    async def refusal(self, name: str = "acme") -> str:
        what, value = await self.back(await self.begin(name))
        assert what == "refused", value
        return value

    async def redeem(self, code: str) -> httpx.Response:
        return await self.http.post("/auth/oidc/token", json={"code": code})

    async def signed_in(self, name: str = "acme") -> dict[str, Any]:
        answer = await self.redeem(await self.code(name))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def hire(world: World, **columns: Any) -> dict[str, Any]:
    """A new agent of the tenant, and what the provider says of them."""
    email = f"{uuid4().hex}@acme.test"
    (row,) = await world.api.rows(
        "INSERT INTO agents (id, tenant_id, email, name, role) VALUES"
        " ($1, $2, $3, 'Noor', $4) RETURNING id",
        uuid4(),
        world.tenant.id,
        email,
        columns.get("role", "agent"),
    )
    return {"id": row["id"], "claims": claims_of(email)}


def claims_of(email: str, **more: Any) -> dict[str, Any]:
    return {"sub": f"sub-{email}", "email": email, "email_verified": True, **more}


async def linked(world: World, agent_id: Any) -> list[str]:
    rows = await world.api.rows(
        "SELECT subject FROM agent_identities WHERE agent_id = $1", agent_id
    )
    return [row["subject"] for row in rows]
