"""Our bot by gRPC `Act`: it reads whose bot it is, and calls a person under the floor's epoch."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service.bots import STANDING, STANDING_MAX
from chorus import rpc
from chorus.auth import AUD_INTERNAL, Principal
from chorus.ids import uuid7
from chorus.rpc import RpcClient
from chorus.wire.calls import ActRequest, ResumeRequest
from tests.chat_service.api_world import Api, Tenant, read_snapshot, say

pytestmark = pytest.mark.anyio
EPOCH = 4


@pytest.fixture
async def calls(api: Api) -> AsyncIterator[RpcClient]:
    async with rpc.open_client(api.resources.settings.rpc_target) as client:
        yield client


@pytest.fixture
async def bot(api: Api, acme: Tenant) -> Principal:
    """A bot that is bound to the inbox and has the floor of its conversation."""
    bot_id = uuid7()
    await api.rows(
        "INSERT INTO bots (id, tenant_id, name, settings) VALUES ($1, $2, 'Robin', $3)",
        bot_id,
        acme.id,
        '{"policy": {"version": "shy-1"}}',
    )
    await api.rows("UPDATE inboxes SET bot_id = $1 WHERE id = $2", bot_id, acme.inbox_id)
    await api.rows(
        "UPDATE conversations SET floor_holder = 'bot', floor_epoch = $1 WHERE id = $2",
        EPOCH,
        acme.conversation,
    )
    return acme.principal(
        "agent", role="internal", audience=AUD_INTERNAL, user_id=bot_id, scopes=frozenset()
    )


async def act(
    calls: RpcClient, who: Principal, conversation: UUID, event: str, **data: Any
) -> dict[str, Any]:
    order = ActRequest(who, conversation, "", event, data)
    (frame,) = (await calls.act(order)).frames
    answer: dict[str, Any] = orjson.loads(frame)
    return answer


def handoff(**changes: Any) -> dict[str, Any]:
    said = {"id": str(uuid7()), "floor_epoch": EPOCH, "reason": "angry, loop", "score": 85}
    return said | {"reasons": ["angry", "loop"], "policy": "2026-11-a", "priority": 1} | changes


async def sessions_of(api: Api, tenant: Tenant) -> list[Any]:
    wanted = "SELECT source, reason, priority FROM live_chat_sessions WHERE conversation_id = $1"
    return await api.rows(wanted, tenant.conversation)


async def test_a_bot_reads_whose_it_is_and_how_the_conversation_stands(
    calls: RpcClient, acme: Tenant, bot: Principal
) -> None:
    told = (await act(calls, bot, acme.conversation, "bot.brief"))["data"]
    assert (told["status"], told["session"], told["head_seq"]) == ("open", None, 0)
    assert told["bot"]["name"] == "Robin" and told["bot"]["enabled"]
    assert told["bot"]["settings"] == {"policy": {"version": "shy-1"}}
    assert told["tenant"]["slug"] == acme.slug


async def test_nobody_else_reads_it_and_no_bot_reads_anothers(
    calls: RpcClient, acme: Tenant, rival: Tenant, bot: Principal
) -> None:
    for who in ("contact", "agent", "admin"):
        refused = await act(calls, acme.principal(who), acme.conversation, "bot.brief")
        assert refused["data"]["code"] == "FORBIDDEN"
        refused = await act(
            calls, acme.principal(who), acme.conversation, "bot.handoff", **handoff()
        )
        assert refused["data"]["code"] == "FORBIDDEN"
    foreign = await act(calls, bot, rival.conversation, "bot.brief")
    assert foreign["data"]["code"] == "NOT_FOUND"


async def keep_source(api: Api, tenant: Tenant, state: str, *held_back: str) -> str:
    """A source of version 2 in this state, with a chunk for each of these, of version 1 and of 2."""
    source = uuid7()
    await api.rows(
        "INSERT INTO knowledge_sources (id, tenant_id, name, content, state, version)"
        " VALUES ($1, $2, $3, '', $4, 2)",
        source, tenant.id, str(source), state,
    )  # fmt: skip
    await api.rows(
        "INSERT INTO kb_chunks (source_id, tenant_id, version, place, title, text, held_back, terms)"
        " SELECT $1, $2, version, place - 1, '', '', held_back, '{}'"
        " FROM unnest($3::text[]) WITH ORDINALITY AS made (held_back, place), (VALUES (1), (2)) AS v (version)",
        source, tenant.id, list(held_back),
    )  # fmt: skip
    return str(source)


async def test_a_bot_is_told_which_passages_stand(
    calls: RpcClient, api: Api, acme: Tenant, rival: Tenant, bot: Principal
) -> None:
    ready = await keep_source(api, acme, "ready", "", "orders")
    queued = await keep_source(api, acme, "queued", "")
    deleted = await keep_source(api, acme, "deleted", "")
    foreign = await keep_source(api, rival, "ready", "")
    asked = [
        f"{source}:{version}:{place}"
        for source in (ready, queued, deleted, foreign, str(uuid7()))
        for version in (1, 2, 3)
        for place in (0, 1)
    ]
    told: set[str] = set()
    for at in range(0, len(asked), STANDING_MAX):
        part = asked[at : at + STANDING_MAX]
        told |= set(
            (await act(calls, bot, acme.conversation, STANDING, passages=part))["data"]["passages"]
        )
    assert told == {f"{ready}:2:0", f"{queued}:2:0"}


async def test_only_bots_ask_what_stands_and_for_passages_alone(
    calls: RpcClient, acme: Tenant, bot: Principal
) -> None:
    for who in ("contact", "agent", "admin"):
        refused = await act(calls, acme.principal(who), acme.conversation, STANDING, passages=[])
        assert refused["data"]["code"] == "FORBIDDEN"
    for wrong in ("x", f"{uuid7()}:1", f"{uuid7()}:a:1", "a:1:1"):
        refused = await act(calls, bot, acme.conversation, STANDING, passages=[wrong])
        assert refused["data"]["code"] == "INVALID"
    nothings: tuple[Any, ...] = ([], None, "text")
    for nothing in nothings:
        told = await act(calls, bot, acme.conversation, STANDING, passages=nothing)
        assert told["data"] == {"passages": []}


async def test_a_bot_calls_a_person_and_why_is_kept(
    calls: RpcClient, api: Api, acme: Tenant, bot: Principal
) -> None:
    asked = handoff()
    done = await act(calls, bot, acme.conversation, "bot.handoff", **asked)
    again = await act(calls, bot, acme.conversation, "bot.handoff", **asked)
    assert done["event"] == "delivered" and again["data"]["dup"]
    (session,) = await sessions_of(api, acme)
    assert tuple(session) == ("bot", "angry, loop", 1)
    (kept,) = await api.rows(
        "SELECT metadata->'bot' FROM conversations WHERE id = $1", acme.conversation
    )
    noted = orjson.loads(kept[0])
    assert noted.pop("at")
    assert noted == {"reasons": ["angry", "loop"], "score": 85, "policy": "2026-11-a"}


async def test_who_took_over_is_not_called_for(
    calls: RpcClient, api: Api, acme: Tenant, bot: Principal
) -> None:
    await say(api, acme.principal("agent"), acme.conversation, "Ada here")
    refused = await act(calls, bot, acme.conversation, "bot.handoff", **handoff())
    assert refused["data"]["code"] == "STALE_FLOOR"
    assert await sessions_of(api, acme) == []
    assert (await read_snapshot(api, acme.principal("agent"), acme))["floor"]["holder"] == "human"


async def test_a_message_names_the_stream_it_completes(
    calls: RpcClient, api: Api, acme: Tenant, bot: Principal
) -> None:
    said = {"id": str(uuid7()), "role": "bot", "content": "It ships.", "floor_epoch": EPOCH}
    meta = {"stream": "s1", "bot": {"action": "answer"}}
    await act(calls, bot, acme.conversation, "message", **said, meta=meta)
    asked = ResumeRequest(acme.id, acme.conversation, 0)
    (stored,) = (await calls.resume(asked)).events
    told = orjson.loads(stored.frame)["data"]
    assert (told["stream"], told["meta"]) == ("s1", {"bot": {"action": "answer"}})


async def bots_shown(api: Api, who: Principal, tenant: Tenant) -> list[tuple[int, str | None]]:
    shown = await read_snapshot(api, who, tenant)
    return [(one["fromSeq"], one["name"]) for one in shown["bots"]]


async def speak(calls: RpcClient, who: Principal, where: UUID, bot_id: UUID | None) -> None:
    """Of a bot of ours its message says which, of one that comes by the API none."""
    said = {"id": str(uuid7()), "role": "bot", "content": "Yes.", "floor_epoch": EPOCH}
    named = {"meta": {"bot": {"id": str(bot_id)}}} if bot_id else {}
    assert (await act(calls, who, where, "message", **said, **named))["event"] == "delivered"


async def test_agents_read_whose_words_a_bots_are_also_when_it_is_renamed_or_gone(
    calls: RpcClient, api: Api, acme: Tenant, bot: Principal
) -> None:
    agent, where = acme.principal("agent"), acme.conversation
    assert await bots_shown(api, agent, acme) == [(1, "Robin")], "bound, before it speaks"
    await speak(calls, bot, where, bot.user_id)
    await speak(calls, bot, where, bot.user_id)
    assert await bots_shown(api, agent, acme) == [(1, "Robin")]
    await api.rows("UPDATE bots SET name = 'Juno' WHERE id = $1", bot.user_id)
    assert await bots_shown(api, agent, acme) == [(1, "Juno")]
    await api.rows("UPDATE inboxes SET bot_id = NULL WHERE id = $1", acme.inbox_id)
    await api.rows("UPDATE bots SET archived_at = now() WHERE id = $1", bot.user_id)
    assert await bots_shown(api, agent, acme) == [(1, "Juno"), (3, None)], "its words still stand"
    assert "bots" not in await read_snapshot(api, acme.principal("contact"), acme)


async def test_where_bots_took_turns_each_has_its_own_words_and_no_tenants_has_anothers(
    calls: RpcClient, api: Api, acme: Tenant, bot: Principal, rival: Tenant
) -> None:
    agent, where, other, foreign = acme.principal("agent"), acme.conversation, uuid7(), uuid7()
    for id_, tenant, name in ((other, acme, "Other"), (foreign, rival, "Foreign")):
        await api.rows(
            "INSERT INTO bots (id, tenant_id, name) VALUES ($1, $2, $3)", id_, tenant.id, name
        )
    for who in (bot.user_id, other, None, foreign, bot.user_id):
        await speak(calls, bot, where, who)
    await api.rows("UPDATE inboxes SET bot_id = $1 WHERE id = $2", other, acme.inbox_id)
    names = ["Robin", "Other", None, None, "Robin", "Other"]
    assert await bots_shown(api, agent, acme) == [*enumerate(names, 1)]
