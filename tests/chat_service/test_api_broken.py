"""Connections to PostgreSQL break at every moment of a request: 503 and when to come again, never 500."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from chorus.clock import SystemClock, rfc3339
from chorus.ids import uuid7
from tests.chat_service.api_world import (
    ORIGIN,
    PASSWORD,
    Api,
    Tenant,
    make_tenant,
    message,
    messages_path,
    open_api,
)
from tests.chat_service.handoff_world import make_queue
from tests.chat_service.ingest_world import superuser
from tests.support.blackhole import listening
from tests.support.breaking import Breaking, Way, cut
from tests.support.databases import fresh_database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PIECES_MAX = 120
KILLS = 25
TALKERS = 4
# Those of the API have names.
END_ALL = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND application_name <> ''
"""


@dataclass(frozen=True, slots=True)
class Shop:
    api: Api
    tenant: Tenant
    proxy: Breaking
    database_url: str

    async def ask(self, name: str) -> Any:
        method, path, given = _request(self, name)
        async with asyncio.timeout(20):
            return await self.api.client.request(method, path, **given)

    async def end_all(self) -> bool:
        """Let the server end every connection of the API, as when it is shut down."""
        async with superuser(self.database_url) as connection:
            await connection.execute(END_ALL)
        return True

    async def customer(self) -> tuple[UUID, UUID]:
        contact, conversation = uuid7(), uuid7()
        async with superuser(self.database_url) as connection:
            await connection.execute(
                "INSERT INTO contacts (id, tenant_id) VALUES ($1, $2)", contact, self.tenant.id
            )
            await connection.execute(
                "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, last_ts)"
                " VALUES ($1, $2, $3, $4, now())",
                conversation,
                self.tenant.id,
                self.tenant.inbox_id,
                contact,
            )
        return contact, conversation


def _request(shop: Shop, name: str) -> tuple[str, str, dict[str, Any]]:
    tenant, conversation = shop.tenant, str(shop.tenant.conversation)
    by = {who: shop.api.token(tenant.principal(who)) for who in ("contact", "agent", "admin")}
    login = {"tenant": tenant.slug, "email": tenant.email("agent"), "password": PASSWORD}
    until = rfc3339(SystemClock().now() + timedelta(hours=1))
    command = {"event": "snooze", "data": {"id": str(uuid7()), "until": until}}
    requests: dict[str, tuple[str, str, dict[str, Any]]] = {
        "visit": (
            "POST",
            "/livechat/visitors",
            {"json": {"inboxKey": tenant.inbox_key}, "headers": {"Origin": ORIGIN}},
        ),
        "login": ("POST", "/auth/login", {"json": login}),
        "message": ("POST", messages_path(tenant), {"json": message(), "headers": by["contact"]}),
        "history": ("GET", messages_path(tenant), {"headers": by["contact"]}),
        "escalate": (
            "POST",
            "/livechat/escalate",
            {"json": {"conversationId": conversation}, "headers": by["contact"]},
        ),
        "command": (
            "POST",
            f"/livechat/conversations/{conversation}/commands",
            {"json": command, "headers": by["agent"]},
        ),
        "inbox": ("GET", "/livechat/conversations", {"headers": by["agent"]}),
        "queue": (
            "POST",
            "/admin/queues",
            {"json": {"name": f"line {uuid7()}"}, "headers": by["admin"]},
        ),
        "report": ("GET", "/reports/escalation", {"headers": by["admin"]}),
    }
    return requests[name]


@pytest.fixture(scope="module")
async def shop(migrated_server: str, redis_url: str) -> AsyncIterator[Shop]:
    with fresh_database(migrated_server) as url:
        tenant = await make_tenant(url, "acme")
        await make_queue(url, tenant, members=[tenant.agent], is_default=True)
        async with _broken_api(url, redis_url) as (api, proxy):
            yield Shop(api, tenant, proxy, url)


@asynccontextmanager
async def _broken_api(url: str, redis_url: str) -> AsyncIterator[tuple[Api, Breaking]]:
    server = urlsplit(url)
    assert server.hostname is not None
    assert server.port is not None
    async with listening(Breaking((server.hostname, server.port))) as proxy:
        through = url.replace(f":{server.port}/", f":{proxy.port}/")
        async with open_api(through, redis_url, pool_size=4) as api:
            yield api, proxy


def is_clear(answer: Any) -> bool:
    """Done, refused for a reason, or put off with a word of when to come again."""
    if answer.status_code == 503:
        return int(answer.headers["Retry-After"]) >= 1
    return bool(answer.is_success or answer.status_code == 409)


ENDED = pytest.param("ended", Way.ASKED, id="ended by the server")
CUT = pytest.param("cut", Way.ASKED, id="cut")
CUT_LATE = pytest.param("cut", Way.ANSWERED, id="cut before the answer")


@pytest.mark.parametrize(
    "name",
    ["visit", "login", "message", "history", "escalate", "command", "inbox", "queue", "report"],
)
@pytest.mark.parametrize(("how", "way"), [CUT, CUT_LATE, ENDED])
async def test_wherever_the_connection_breaks_the_answer_is_clear(
    shop: Shop, name: str, how: str, way: Way
) -> None:
    assert is_clear(await shop.ask(name))
    break_: Callable[[], Awaitable[bool]] = cut if how == "cut" else shop.end_all
    seen: Counter[int] = Counter()
    for piece in range(1, PIECES_MAX):
        shop.proxy.arm(piece, way, break_)
        answer = await shop.ask(name)
        assert is_clear(answer), (piece, answer.status_code, answer.text)
        seen[answer.status_code] += 1
        if not shop.proxy.happened:
            shop.proxy.disarm()
            break
    else:
        pytest.fail("it never got through")
    assert seen.keys() > {503}


async def test_backends_that_die_under_load_cost_nobody_more_than_another_try(shop: Shop) -> None:
    dice, ended = random.Random(7), asyncio.Event()
    seen: Counter[int] = Counter()
    kept: set[str] = set()

    async def talk() -> None:
        contact, conversation = await shop.customer()
        who = shop.api.token(shop.tenant.principal("contact", user_id=contact))
        where = f"/livechat/conversations/{conversation}"
        while not ended.is_set():
            said = message()
            answers = [
                await shop.ask("visit"),
                await shop.api.client.post(f"{where}/messages", json=said, headers=who),
                await shop.api.client.post(
                    "/livechat/escalate",
                    json={"conversationId": str(conversation)},
                    headers=who,
                ),
                await shop.ask("command"),
            ]
            seen.update(one.status_code for one in answers)
            assert all(map(is_clear, answers)), [(one.status_code, one.text) for one in answers]
            if answers[1].is_success:
                kept.add(said["id"])

    async with asyncio.TaskGroup() as group:
        for _ in range(TALKERS):
            group.create_task(talk())
        for _ in range(KILLS):
            await asyncio.sleep(dice.uniform(0.01, 0.15))
            await shop.end_all()
        ended.set()
    assert seen[503]
    assert seen[201]
    async with superuser(shop.database_url) as connection:
        found = await connection.fetch("SELECT id FROM messages WHERE role = 'customer'")
    assert kept <= {str(row["id"]) for row in found}
