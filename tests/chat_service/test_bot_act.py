"""Our own services speak by gRPC `Act`: the bot says what it says under the floor's epoch."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from chorus import rpc
from chorus.auth import AUD_INTERNAL, Principal
from chorus.ids import uuid7
from chorus.rpc import RpcClient
from chorus.wire.calls import ActRequest
from chorus.wire.envelope import decode_server
from tests.chat_service.api_world import Api, Tenant, read_items, read_snapshot, say

pytestmark = pytest.mark.anyio


@pytest.fixture
async def calls(api: Api) -> AsyncIterator[RpcClient]:
    async with rpc.open_client(api.resources.settings.rpc_target) as client:
        yield client


@pytest.fixture
async def bot(api: Api, acme: Tenant) -> Principal:
    """A bot that has the floor of the tenant's conversation."""
    await api.rows(
        "UPDATE conversations SET floor_holder = 'bot', floor_epoch = 4 WHERE id = $1",
        acme.conversation,
    )
    return acme.principal(
        "agent", role="internal", audience=AUD_INTERNAL, user_id=uuid7(), scopes=frozenset()
    )


async def act(calls: RpcClient, who: Principal, conversation: UUID, **said: Any) -> dict[str, Any]:
    data = {"id": str(uuid7()), "content": "It ships tomorrow."} | said
    (frame,) = (await calls.act(ActRequest(who, conversation, "", "message", data))).frames
    decode_server(frame)
    answer: dict[str, Any] = orjson.loads(frame)
    return answer


async def test_a_bot_answers_in_its_own_name_and_a_repeat_is_the_same(
    calls: RpcClient, api: Api, acme: Tenant, bot: Principal
) -> None:
    said = {"id": str(uuid7()), "role": "bot", "floor_epoch": 4}
    first = await act(calls, bot, acme.conversation, **said)
    again = await act(calls, bot, acme.conversation, **said)
    assert (first["event"], first["data"]["seq"], first["data"]["dup"]) == ("delivered", 1, False)
    assert again["data"] == first["data"] | {"dup": True}
    (item,) = await read_items(api, acme.principal("contact"), acme)
    assert (item["role"], item["type"], item["userId"]) == ("bot", "text", None)


async def test_a_bot_that_is_late_only_suggests(
    calls: RpcClient, api: Api, acme: Tenant, bot: Principal
) -> None:
    await say(api, acme.principal("agent"), acme.conversation, "Ada here")
    await act(calls, bot, acme.conversation, role="bot", floor_epoch=4)
    suggested = (await read_items(api, acme.principal("agent"), acme))[-1]
    assert (suggested["type"], suggested["visibility"]) == ("suggestion", "agents")
    hidden = (await read_items(api, acme.principal("contact"), acme))[-1]
    assert hidden["type"] == "void"
    assert (await read_snapshot(api, acme.principal("agent"), acme))["floor"]["holder"] == "human"


async def test_only_our_services_say_as_whom_they_speak(
    calls: RpcClient, api: Api, acme: Tenant, rival: Tenant, bot: Principal
) -> None:
    for who in ("contact", "agent"):
        refused = await act(calls, acme.principal(who), acme.conversation, role="bot")
        assert refused["data"]["code"] == "FORBIDDEN"
    foreign = await act(calls, bot, rival.conversation, role="bot", floor_epoch=0)
    assert foreign["data"]["code"] == "NOT_FOUND"
    nowhere = await calls.act(
        ActRequest(bot, None, "", "message", {"id": str(uuid7()), "content": "x"})
    )
    assert orjson.loads(nowhere.frames[0])["data"]["code"] == "INVALID"
    assert await read_items(api, acme.principal("agent"), acme) == []


async def test_who_lost_a_race_is_told_on_the_socket_who_won(
    calls: RpcClient, acme: Tenant, bot: Principal
) -> None:
    answers = []
    for who in ("agent", "colleague"):
        data = {"id": str(uuid7())}
        principal = acme.principal(who)
        reply = await calls.act(ActRequest(principal, acme.conversation, "", "claim", data))
        answers.append(orjson.loads(reply.frames[0]))
        decode_server(reply.frames[0])
    won, lost = answers
    assert (won["event"], lost["data"]["code"]) == ("delivered", "ALREADY_ASSIGNED")
    assert lost["data"]["by"] == {"userId": str(acme.agent), "name": "Agent"}
