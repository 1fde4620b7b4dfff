"""Who posts by REST is held to the pace of a socket, and takes nothing from the others."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from chorus.auth import Principal
from chorus.ids import uuid7
from tests.chat_service.api_world import Api, Tenant, message, messages_path, open_api

pytestmark = pytest.mark.anyio
# A bucket that refills in hours: what is granted is the burst, however slow the machine is.
SLOW = {
    "customer_messages_per_s": 0.001,
    "customer_messages_burst": 20,
    "agent_messages_per_s": 0.001,
    "agent_messages_burst": 40,
    "commands_per_s": 0.001,
    "commands_burst": 20,
    "visitor_requests_per_s": 0.001,
    "visitor_requests_burst": 100,
    "tenant_requests_per_s": 0.001,
    "tenant_requests_burst": 250,
}


@pytest.fixture
async def slow(api_database_url: str, redis_url: str) -> AsyncIterator[Api]:
    async with open_api(api_database_url, redis_url, **SLOW) as opened:
        yield opened


async def post(api: Api, who: Principal, path: str, body: dict[str, Any]) -> httpx.Response:
    return await api.client.post(path, json=body, headers=api.token(who))


async def burst_of(api: Api, who: Principal, path: str, body: dict[str, Any]) -> int:
    """How many are let in before the first 429."""
    for granted in range(500):
        answer = await post(api, who, path, {**body, "id": str(uuid7())})
        if answer.status_code == 429:
            return granted
    raise AssertionError("never refused")


async def test_a_customer_posts_as_many_as_a_socket_would_take(slow: Api, acme: Tenant) -> None:
    assert await burst_of(slow, acme.principal("contact"), messages_path(acme), message()) == 20


async def test_an_agent_posts_as_many_as_a_socket_would_take(slow: Api, acme: Tenant) -> None:
    assert await burst_of(slow, acme.principal(), messages_path(acme), message()) == 40


async def test_commands_have_a_bucket_of_their_own(slow: Api, acme: Tenant) -> None:
    path = f"/livechat/conversations/{acme.conversation}/commands"
    body = {"event": "delete", "data": {"id": str(uuid7()), "target": str(uuid7())}}
    assert await burst_of(slow, acme.principal(), path, body) == 20
    answer = await post(slow, acme.principal(), messages_path(acme), message())
    assert answer.status_code == 201


async def test_a_refusal_says_when_to_come_back(slow: Api, acme: Tenant) -> None:
    contact = acme.principal("contact")
    first = await post(slow, contact, messages_path(acme), message())
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("20", "19")
    await burst_of(slow, contact, messages_path(acme), message())
    refused = await post(slow, contact, messages_path(acme), message())
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["RateLimit-Limit"] == "20"
    assert refused.headers["RateLimit-Remaining"] == "0"


async def test_one_visitor_takes_nothing_from_the_others(slow: Api, acme: Tenant) -> None:
    """Requests that their own bucket refuses do not count against the tenant."""
    greedy = slow.token(acme.principal("contact"))
    path = f"/livechat/conversations/{acme.conversation}"
    statuses = [(await slow.client.get(path, headers=greedy)).status_code for _ in range(400)]
    assert statuses == [200] * 100 + [429] * 300
    others = slow.token(acme.principal())
    for _ in range(150):
        assert (await slow.client.get(path, headers=others)).status_code == 200
    assert (await slow.client.get(path, headers=others)).status_code == 429
