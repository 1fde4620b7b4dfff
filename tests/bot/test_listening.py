"""The process listens to domain events, answers, and loses none when it dies."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from bot import consumer as consumer_module
from bot.app import serve
from bot.consumer import GROUP, Consumer
from bot.entries import read_entry
from bot.ports import Chat, Where
from bot.replies import reply
from bot.settings import BotSettings
from bot.turns import Pace, Turns
from chat_service import asking
from chat_service.outbox import FIELD, envelope
from chat_service.store.outbox import DomainEvent
from chorus import topics
from chorus.bus import Client, open_redis
from chorus.clock import rfc3339
from chorus.errors import TenantDisabled, Unavailable
from chorus.ids import uuid7
from chorus.tasks import beside
from tests.bot.world import QUESTION, Shop
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
STREAM = topics.events("chat")
PACE = Pace(quiet_s=0.01, quiet_max_s=0.05, at_once=10)
PATIENCE_S = 20.0
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
async def client(redis_db: str) -> AsyncIterator[Client]:
    async with open_redis(redis_db, timeout_s=5.0) as opened:
        yield opened


@asynccontextmanager
async def listening(
    client: Client, shop: Shop, take: Any = None, chat: Any = None
) -> AsyncIterator[Turns]:
    ready = asyncio.Event()
    taking = take or (lambda where, _over: shop.turn(where))
    async with Turns(taking, PACE) as turns:
        consumer = Consumer(client, chat or shop.voice.chat, turns, name="bot", listening=ready)
        async with beside(consumer.run()):
            async with asyncio.timeout(PATIENCE_S):
                await ready.wait()
            yield turns


async def tell(client: Client, where: Where, *, roles: tuple[str, ...] = ("customer",)) -> None:
    told = {"conversation_id": str(where.conversation_id), "first_seq": 1, "last_seq": 1}
    data = orjson.dumps({"conversations": [told | {"roles": roles}]}).decode()
    event = DomainEvent(
        uuid7(), where.tenant_id, "chat", "message.created", data, datetime.now(UTC)
    )
    await client.xadd(STREAM, {FIELD: envelope(event)})


async def pending(client: Client) -> int:
    found = await client.xpending(STREAM, GROUP)
    return int(found["pending"])


async def test_a_question_is_heard_answered_and_settled(shop: Shop, client: Client) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    async with listening(client, shop):
        await tell(client, where)
        await until(lambda: _has_said(shop, where))
        await until(lambda: _settled(client))


async def test_verified_sentences_come_before_the_message_they_belong_to(
    shop: Shop, client: Client
) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    async with client.pubsub() as heard:
        await heard.subscribe(topics.fan(where.conversation_id))
        assert await shop.turn(where) == "answer"
        frames: list[dict[str, Any]] = []
        async with asyncio.timeout(PATIENCE_S):
            while not frames or frames[-1]["event"] != "message":
                told = await heard.get_message(ignore_subscribe_messages=True, timeout=1.0)
                if told is not None:
                    _, packed = topics.unpack(told["data"])
                    frames.append(orjson.loads(packed))
    *deltas, message = frames
    assert [one["event"] for one in deltas] == ["bot.delta"] * len(deltas)
    assert [one["data"]["n"] for one in deltas] == list(range(len(deltas))) and len(deltas) > 1
    said = "".join(one["data"]["text"] for one in deltas).strip()
    assert said == message["data"]["content"]
    assert {one["data"]["stream"] for one in deltas} == {message["data"]["stream"]}


async def test_what_a_dead_process_left_is_answered_by_the_next(shop: Shop, client: Client) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    thinking = asyncio.Event()

    async def dies(_where: Where, _over: Callable[[], bool]) -> str:
        thinking.set()
        await asyncio.Event().wait()
        return ""

    async with listening(client, shop, dies):
        await tell(client, where)
        async with asyncio.timeout(PATIENCE_S):
            await thinking.wait()
    assert await pending(client) == 1
    async with listening(client, shop):
        await until(lambda: _has_said(shop, where))
        await until(lambda: _settled(client))
    assert len(await shop.said(where)) == 1


async def test_only_inboxes_with_a_bot_are_looked_at_until_that_changes(
    shop: Shop, client: Client
) -> None:
    await shop.api.rows("UPDATE inboxes SET bot_id = NULL WHERE id = $1", shop.tenant.inbox_id)
    where = await shop.open()
    await shop.ask(where, QUESTION)
    async with listening(client, shop):
        await tell(client, where)
        await until(lambda: _read(client))
        await until(lambda: _settled(client))
        assert await shop.said(where) == []
        await shop.api.rows(
            "UPDATE inboxes SET bot_id = $1 WHERE id = $2", shop.bot_id, shop.tenant.inbox_id
        )
        changed = {"kind": "inbox", "id": str(shop.tenant.inbox_id), "action": "changed", "by": ""}
        event = DomainEvent(
            uuid7(), shop.tenant.id, "chat", "routing.changed",
            orjson.dumps(changed).decode(), datetime.now(UTC),
        )  # fmt: skip
        await client.xadd(STREAM, {FIELD: envelope(event)})
        await tell(client, where)
        await until(lambda: _has_said(shop, where))


@dataclass(frozen=True)
class Refusing:
    """A chat service that has shut one tenant out."""

    chat: Chat
    tenant_id: UUID

    async def which(self, tenant_id: UUID, conversations: list[UUID]) -> set[UUID]:
        if tenant_id == self.tenant_id:
            raise TenantDisabled
        return await self.chat.which(tenant_id, conversations)


async def test_a_tenant_that_is_shut_out_makes_the_bot_deaf_for_nobody_else(
    shop: Shop, client: Client
) -> None:
    where, shut_out = await shop.open(), Where(uuid7(), uuid7())
    await shop.ask(where, QUESTION)
    async with listening(client, shop, chat=Refusing(shop.voice.chat, shut_out.tenant_id)):
        await tell(client, shut_out)
        await tell(client, where)
        await until(lambda: _has_said(shop, where))
        await until(lambda: _settled(client))


async def test_a_bot_that_was_bound_unheard_is_noticed_after_a_while(client: Client) -> None:
    where, times = Where(uuid7(), uuid7()), [0.0]
    chat: Any = Bound()
    ready, answered, taken = asyncio.Event(), asyncio.Event(), list[Where]()

    async def takes(one: Where, _over: Callable[[], bool]) -> str:
        taken.append(one)
        answered.set()
        return ""

    async with Turns(takes, PACE) as turns:
        consumer = Consumer(
            client, chat, turns, name="bot", listening=ready, now_s=lambda: times[0]
        )  # fmt: skip
        async with beside(consumer.run()):
            async with asyncio.timeout(PATIENCE_S):
                await ready.wait()
            for times[0], chat.has_bot in ((0, False), (59, True)):
                await tell(client, where)
                await until(lambda: _heard_all(client))
            assert (chat.asked, taken) == (1, [])
            times[0] = 61
            await tell(client, where)
            async with asyncio.timeout(PATIENCE_S):
                await answered.wait()
    assert chat.asked == 2


async def test_no_more_customers_are_taken_in_than_can_be_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TALKING_MAX": 2, "COUNT": 1, "PAUSE_S": 0.01, "BLOCK_MS": 10}.items():
        monkeypatch.setattr(consumer_module, name, value)
    chat: Any = Bound(has_bot=True)
    free, taken = asyncio.Event(), list[Where]()

    async def takes(one: Where, _over: Callable[[], bool]) -> str:
        await free.wait()
        taken.append(one)
        return ""

    async def served() -> bool:
        await consumer._step()
        return len(taken) == 4

    async with Turns(takes, PACE) as turns:
        consumer = Consumer(client, chat, turns, name="bot", listening=asyncio.Event())
        await consumer._step()
        for _ in range(4):
            await tell(client, Where(uuid7(), uuid7()))
        for _ in range(6):
            await consumer._step()
        assert len(turns) == 2
        free.set()
        await until(served)


@dataclass
class Bound:
    """A chat service whose inboxes have a bot, or have none."""

    has_bot: bool = False
    asked: int = 0

    async def which(self, tenant_id: UUID, conversations: list[UUID]) -> set[UUID]:
        self.asked += 1
        return set(conversations) if self.has_bot else set()


async def test_a_new_redis_is_listened_to(shop: Shop, client: Client) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    async with listening(client, shop):
        await client.flushall()
        await tell(client, where)
        await until(lambda: _has_said(shop, where))


async def test_the_process_answers_as_it_is_set_up(
    shop: Shop, client: Client, redis_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "TAKEN_S", PATIENCE_S)
    where = await shop.open()
    await shop.ask(where, QUESTION)
    stop, ready = asyncio.Event(), asyncio.Event()
    settings = BotSettings.model_validate(
        {
            "REDIS_URL": redis_db,
            "rpc": shop.api.resources.settings.rpc_target,
            "bot_debounce_ms": 10,
            "bot_typing_after_ms": 0,
        }
    )
    async with beside(serve(settings, {}, stop, ready)):
        async with asyncio.timeout(PATIENCE_S):
            await ready.wait()
        await tell(client, where)
        await until(lambda: _has_said(shop, where))
        async with asking.open_asking(redis_db) as asks:
            # It was told of no index, and says so.
            with pytest.raises(Unavailable, match="index"):
                await asks.ask(shop.tenant.principal("admin"), "passages", most=1, question="?")
        stop.set()
    (said,) = await shop.said(where)
    assert said["content"] == reply("offer_blind", "en")


def entry(event: str, data: dict[str, Any], *, at: datetime = NOW) -> dict[bytes, bytes]:
    told = {"event": event, "tenant_id": str(uuid7()), "ts": rfc3339(at), "data": data}
    return {b"event": orjson.dumps(told)}


@pytest.mark.parametrize(
    ("event", "data", "count"),
    [
        (
            "message.created",
            {"conversations": [{"conversation_id": str(uuid7()), "roles": ["customer"]}]},
            1,
        ),
        (
            "message.created",
            {"conversations": [{"conversation_id": str(uuid7()), "roles": ["agent"]}]},
            0,
        ),
        ("bot.overdue", {"conversation_id": str(uuid7())}, 1),
        ("owner.changed", {"conversation_id": str(uuid7()), "floor": {"holder": "bot"}}, 1),
        ("owner.changed", {"conversation_id": str(uuid7()), "floor": {"holder": "human"}}, 0),
        ("conversation.closed", {"conversation_id": str(uuid7())}, 0),
        ("bot.overdue", {}, 0),
        ("bot.overdue", {"conversation_id": "nobody"}, 0),
    ],
)
def test_an_event_says_who_may_wait(event: str, data: dict[str, Any], count: int) -> None:
    assert len(read_entry(b"1-0", entry(event, data), NOW).wheres) == count


def test_what_is_old_or_unreadable_is_nobodys() -> None:
    data = {"conversation_id": str(uuid7())}
    old = entry("bot.overdue", data, at=NOW - timedelta(minutes=11))
    assert read_entry(b"1-0", old, NOW).wheres == ()
    assert read_entry(b"1-0", {b"event": b"{"}, NOW).wheres == ()
    assert read_entry(b"1-0", {b"x": b""}, NOW).wheres == ()
    for rubbish in (b"[]", b"7", b'{"tenant_id":7,"data":{}}', b'{"tenant_id":{},"data":[]}'):
        assert read_entry(b"1-0", {b"event": rubbish}, NOW).wheres == ()
    nobody = entry("bot.overdue", {"conversation_id": 7})
    assert read_entry(b"1-0", nobody, NOW).wheres == ()
    changed = read_entry(b"1-0", entry("routing.changed", {}), NOW)
    assert changed.forget is not None


async def _has_said(shop: Shop, where: Where) -> bool:
    return bool(await shop.said(where))


async def _settled(client: Client) -> bool:
    return await pending(client) == 0


async def _heard_all(client: Client) -> bool:
    last = await client.xinfo_stream(STREAM)
    return await _read_to(client, last["last-generated-id"]) and await pending(client) == 0


async def _read_to(client: Client, id_: bytes) -> bool:
    groups = await client.xinfo_groups(STREAM)
    return [one["last-delivered-id"] for one in groups] == [id_]


async def _read(client: Client) -> bool:
    (group,) = await client.xinfo_groups(STREAM)
    return bool(group["last-delivered-id"] != b"0-0")
