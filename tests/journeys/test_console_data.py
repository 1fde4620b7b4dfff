"""A whole installation shows its agents what they work with: found words, the board, its health."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chorus.ids import uuid7
from launch.rest_client import Agent, RestClient, open_rest
from load.stage import Stage
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SEARCH = "/livechat/search"


@pytest.fixture
async def rest(installation: Stage) -> AsyncIterator[RestClient]:
    async with open_rest(installation.base) as client:
        yield client


async def ada(installation: Stage, rest: RestClient) -> Agent:
    person = installation.run["agents"][0]
    return await rest.login(person["email"], person["password"])


async def found(rest: RestClient, who: Agent, q: str, **query: Any) -> list[Any]:
    answer = await rest.call("GET", SEARCH, token=who.token, query={"q": q, **query})
    items: list[Any] = answer["items"]
    return items


async def test_what_was_said_a_moment_ago_is_found_and_what_was_deleted_is_not(
    installation: Stage, rest: RestClient
) -> None:
    agent = await ada(installation, rest)
    visitor = await rest.visitor(installation.run["load_inbox_key"], name="Zebulon")
    path = f"/livechat/conversations/{visitor.conversation_id}"
    body = {"id": str(uuid7()), "content": "Where is my quagga? 東京都"}
    await rest.call("POST", f"{path}/messages", token=visitor.token, body=body)

    async def is_found() -> bool:
        return [one["id"] for one in await found(rest, agent, "quagga 東京")] == [body["id"]]

    async def is_gone() -> bool:
        return await found(rest, agent, "quagga") == []

    async def is_known() -> bool:
        people = await found(rest, agent, "zebulon", kind="contacts")
        return [one["id"] for one in people] == [str(visitor.contact_id)]

    await until(is_found)
    await until(is_known)
    delete = {"event": "delete", "data": {"id": str(uuid7()), "target": body["id"]}}
    await rest.call("POST", f"{path}/commands", token=visitor.token, body=delete)
    await until(is_gone)


async def test_the_seeded_month_is_found_counted_and_on_the_board(
    installation: Stage, rest: RestClient
) -> None:
    agent = await ada(installation, rest)

    async def is_found() -> bool:
        return bool(await found(rest, agent, "towel"))

    await until(is_found)
    board = await rest.call("GET", "/reports/live", token=agent.token)
    assert board["total"]["waiting"] >= 3
    volume = await rest.call("GET", "/reports/volume", token=agent.token)
    assert volume["total"]["opened"] > 100
    assert all(volume["total"]["messages"][who] > 0 for who in ("customer", "agent", "bot"))
    views = await rest.call("GET", "/livechat/views", token=agent.token)
    assert {one["name"]: one["count"] for one in views["items"]}["VIP"] >= 1


async def test_an_installation_that_runs_is_well(installation: Stage, rest: RestClient) -> None:
    agent = await ada(installation, rest)

    async def is_well() -> bool:
        health = await rest.call("GET", "/admin/health", token=agent.token)
        return all(one["state"] == "ok" for one in health["checks"] if one["name"] != "jobs")

    await until(is_well, patience_s=60)
