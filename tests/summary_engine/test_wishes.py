"""When a better summary is asked for: on what is heard, once a conversation, and never without a worker."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service import events, jobs
from chat_service.jobs import Tools
from chat_service.refining import (
    LOOK_S,
    NEW_MESSAGES,
    NOTES_AT_ONCE,
    RECALL_S,
    WISHES_MAX,
    Refining,
)
from chat_service.settings import ConductorSettings
from chat_service.store.outbox import DomainEvent
from chorus import topics
from chorus.bus import Client
from chorus.clock import SystemClock, unix_ms
from chorus.db import Db, open_db
from chorus.enqueue import Doorbell
from chorus.errors import Overloaded
from chorus.ids import uuid7
from chorus.jobs import WAKE_UP_TASK, Queue
from chorus.tasks import beside
from tests.chat_service.ingest_world import World, superuser
from tests.summary_engine.engine_world import ask, job_of, jobs_of, make_talk, put, say
from tests.support.waiting import until

pytestmark = pytest.mark.anyio


class Times:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
async def served(client: Client) -> AsyncIterator[None]:
    """A worker is there, and no other was."""
    await client.delete(topics.WORKER_SEEN, Queue.SUMMARY.value)
    await client.set(topics.WORKER_READY, Queue.SUMMARY.value, ex=60)
    yield
    await client.delete(topics.WORKER_READY, topics.WORKER_SEEN, Queue.SUMMARY.value)


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture
def refining(db: Db, client: Client, times: Times, served: None) -> Refining:
    return refining_with(db, client, times)


def refining_with(db: Db, client: Client, times: Times) -> Refining:
    return Refining(Tools(db, client, ConductorSettings.from_env({}), SystemClock()), now_s=times)


def event(world: World, name: str, **data: object) -> DomainEvent:
    told = {"conversation_id": str(world.conversations[0].id), **data}
    now = SystemClock().now()
    return DomainEvent(uuid7(), world.tenant_id, "chat", name, orjson.dumps(told).decode(), now)


def now_ms() -> int:
    return unix_ms(SystemClock().now())


def spoken(world: World) -> DomainEvent:
    told = [{"conversation_id": str(one.id)} for one in world.conversations]
    return event(world, events.MESSAGE_CREATED.name, conversations=told)


async def live(database_url: str, world: World) -> None:
    """A customer asked for a person."""
    async with superuser(database_url) as raw:
        await raw.execute(
            "INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status)"
            " VALUES ($1, $2, $3, 'queued')",
            uuid7(),
            world.tenant_id,
            world.conversations[0].id,
        )


@pytest.mark.parametrize(("state", "asked"), [("requested", 1), ("queued", 1), ("ended", 0)])
async def test_a_wish_for_a_person_asks_at_once(
    engine_url: str, db: Db, refining: Refining, state: str, asked: int
) -> None:
    world = await make_talk(engine_url, db)
    refining.heard([event(world, events.HANDOFF_CHANGED.name, state=state)])
    assert await refining.ask_all() == asked
    assert len(await jobs_of(engine_url, world)) == asked


async def test_whoever_opens_one_does_not_wait_for_the_next_round(
    engine_url: str, redis_url: str, db: Db, refining: Refining
) -> None:
    world = await make_talk(engine_url, db)
    doorbell = Doorbell(redis_url)

    async def is_asked() -> bool:
        return len(await jobs_of(engine_url, world)) == 1

    try:
        async with beside(refining.ring_soon(doorbell, 60.0, within_s=3_600.0)):
            assert not await is_asked()
            refining.opened(world.tenant_id, world.conversations[0].id, now_ms())
            await until(is_asked)
    finally:
        doorbell.close()


@pytest.mark.parametrize(("ago_s", "since_then"), [(0.5, True), (30.0, False), (-5.0, False)])
async def test_whoever_asks_for_a_person_waits_since_then_unless_nobody_led(
    engine_url: str, db: Db, refining: Refining, ago_s: float, since_then: bool
) -> None:
    world = await make_talk(engine_url, db)
    begun_ms = unix_ms(SystemClock().now())
    asked_for = event(world, events.HANDOFF_CHANGED.name, state="queued")
    happened = asked_for.created_at - timedelta(seconds=ago_s)
    refining.heard([replace(asked_for, created_at=happened)])
    assert await refining.ask_all() == 1
    asked_ms = orjson.loads((await job_of(engine_url, world))["payload"])["asked_ms"]
    assert (asked_ms == unix_ms(happened)) == since_then
    assert since_then or begun_ms <= asked_ms <= unix_ms(SystemClock().now())


async def test_messages_ask_once_there_are_enough_of_them_in_a_live_session(
    engine_url: str, db: Db, refining: Refining
) -> None:
    world = await make_talk(engine_url, db)
    await say(db, world, *(f"line {n}" for n in range(NEW_MESSAGES - 3)))
    await live(engine_url, world)
    refining.heard([spoken(world)])
    assert await refining.ask_all() == 0
    await say(db, world, "one more")
    refining.heard([spoken(world)])
    assert await refining.ask_all() == 1


async def test_messages_of_a_conversation_without_a_session_ask_nothing(
    engine_url: str, db: Db, refining: Refining
) -> None:
    world = await make_talk(engine_url, db)
    async with superuser(engine_url) as raw:
        await raw.execute(
            "UPDATE messages SET role = 'bot' WHERE conversation_id = $1", world.conversations[0].id
        )
    refining.heard([spoken(world)] * 20)
    assert await refining.ask_all() == 0


async def test_what_a_model_has_covered_is_not_asked_for_again(
    engine_url: str, db: Db, refining: Refining
) -> None:
    world = await make_talk(engine_url, db)
    await put(engine_url, world, {"v": 1, "source": "model", "upto_seq": 2, "kind": "fast"})
    refining.opened(world.tenant_id, world.conversations[0].id, now_ms())
    assert await refining.ask_all() == 0
    await say(db, world, "one more")
    refining.opened(world.tenant_id, world.conversations[0].id, now_ms())
    assert await refining.ask_all() == 1


async def test_resolving_asks_for_a_closing_note_before_all_else(
    engine_url: str, db: Db, refining: Refining
) -> None:
    world = await make_talk(engine_url, db)
    refining.opened(world.tenant_id, world.conversations[0].id, now_ms())
    refining.heard([event(world, events.CONVERSATION_CLOSED.name)])
    refining.opened(world.tenant_id, world.conversations[0].id, now_ms())
    assert await refining.ask_all() == 1
    assert orjson.loads((await job_of(engine_url, world))["payload"])["kind"] == "rich"


async def test_an_inbox_that_wants_no_summaries_asks_for_none(
    engine_url: str, db: Db, refining: Refining
) -> None:
    world = await make_talk(engine_url, db)
    async with superuser(engine_url) as raw:
        await raw.execute(
            'UPDATE inboxes SET settings = \'{"summaries": {"enabled": false}}\' WHERE id = $1',
            world.inbox_id,
        )
    refining.opened(world.tenant_id, world.conversations[0].id, now_ms())
    assert await refining.ask_all() == 0


async def test_a_conversation_of_somebody_else_is_not_found(
    engine_url: str, db: Db, refining: Refining
) -> None:
    world, other = await make_talk(engine_url, db), await make_talk(engine_url, db)
    refining.opened(other.tenant_id, world.conversations[0].id, now_ms())
    assert await refining.ask_all() == 0


@pytest.mark.parametrize("does", [None, b"idle", b"summary-not"])
async def test_without_a_worker_that_knows_models_nothing_is_asked_or_rung(
    engine_url: str, db: Db, client: Client, refining: Refining, does: bytes | None
) -> None:
    await (
        client.delete(topics.WORKER_READY)
        if does is None
        else client.set(topics.WORKER_READY, does)
    )
    world = await make_talk(engine_url, db)
    await ask(db, world)
    refining.heard([event(world, events.CONVERSATION_CLOSED.name)])
    doorbell = Doorbell("redis://127.0.0.1:1/0")
    assert await refining.ring(doorbell, 5.0) == 0
    assert orjson.loads((await job_of(engine_url, world))["payload"])["kind"] == "fast"


async def test_a_ring_comes_to_the_queue_of_the_worker(
    engine_url: str, redis_url: str, db: Db, client: Client, refining: Refining
) -> None:
    await forget_jobs(engine_url)
    world = await make_talk(engine_url, db)
    refining.opened(world.tenant_id, world.conversations[0].id, now_ms())
    with ringing(redis_url) as doorbell:
        assert await refining.ring(doorbell, 60.0) == 1
        # Rung for already: not again before that long.
        assert await refining.ring(doorbell, 60.0) == 0
        async with superuser(engine_url) as raw:
            await raw.execute("UPDATE jobs SET due_at = now()")
        assert await refining.ring(doorbell, 60.0) == 1
    rung = [orjson.loads(one) for one in await client.lrange(Queue.SUMMARY.value, 0, -1)]
    assert [one["headers"]["task"] for one in rung] == [WAKE_UP_TASK] * 2
    assert {one["content-type"] for one in rung} == {"application/json"}
    job = (await job_of(engine_url, world))["id"]
    assert {one["headers"]["argsrepr"] for one in rung} == {f"['{job}']"}


async def test_wishes_are_bounded_and_forgotten_once_asked(
    engine_url: str, db: Db, client: Client, refining: Refining
) -> None:
    for _ in range(WISHES_MAX + 10):
        refining.opened(UUID(int=1), uuid7(), now_ms())
    assert await refining.ask_all() == 0
    world = await make_talk(engine_url, db)
    refining.opened(world.tenant_id, world.conversations[0].id, now_ms())
    assert await refining.ask_all() == 1


@contextmanager
def ringing(redis_url: str) -> Iterator[Doorbell]:
    doorbell = Doorbell(redis_url)
    try:
        yield doorbell
    finally:
        doorbell.close()


async def forget_jobs(database_url: str) -> None:
    """What other tests left under way."""
    async with superuser(database_url) as raw:
        await raw.execute("DELETE FROM jobs")


async def payload_of(database_url: str, world: World) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((await job_of(database_url, world))["payload"])
    return found


async def test_a_note_that_waits_gives_way_to_no_other_wish(engine_url: str, db: Db) -> None:
    world = await make_talk(engine_url, db)
    await ask(db, world)
    await ask(db, world, kind="rich", least=0)
    assert await ask(db, world) == 1
    assert (await payload_of(engine_url, world))["kind"] == "rich"


async def test_a_note_asked_for_while_another_summary_is_made_is_done_after_it(
    engine_url: str, db: Db
) -> None:
    world = await make_talk(engine_url, db)
    await ask(db, world)
    async with superuser(engine_url) as raw:
        await raw.execute(
            "UPDATE jobs SET state = 'running', lease_until = now() WHERE tenant_id = $1",
            world.tenant_id,
        )
    for kind in ("fast", "rich", "fast"):
        await ask(db, world, kind=kind, least=0)
    payload = await payload_of(engine_url, world)
    assert (payload["kind"], payload["again"]["kind"]) == ("fast", "rich")
    # Its worker died.
    assert await jobs.sweep(db, 100) >= 1
    await ask(db, world)
    payload = await payload_of(engine_url, world)
    assert (payload["kind"], payload["again"]["kind"]) == ("fast", "rich")


async def test_a_note_that_was_made_is_no_reason_to_make_another(engine_url: str, db: Db) -> None:
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich", least=0)
    async with superuser(engine_url) as raw:
        await raw.execute("UPDATE jobs SET state = 'done' WHERE tenant_id = $1", world.tenant_id)
    await ask(db, world)
    assert (await payload_of(engine_url, world))["kind"] == "fast"


async def test_while_the_worker_starts_again_notes_wait_for_it_and_nothing_else_does(
    engine_url: str,
    redis_url: str,
    db: Db,
    client: Client,
    refining: Refining,
    times: Times,
) -> None:
    await forget_jobs(engine_url)
    world = await make_talk(engine_url, db, conversations=2)
    await client.delete(topics.WORKER_READY)
    await client.set(topics.WORKER_SEEN, Queue.SUMMARY.value, ex=60)
    refining.heard([event(world, events.CONVERSATION_CLOSED.name)])
    refining.opened(world.tenant_id, world.conversations[1].id, now_ms())
    with ringing(redis_url) as doorbell:
        assert await refining.ring(doorbell, 60.0) == 0
        assert (await payload_of(engine_url, world))["kind"] == "rich"
        await client.set(topics.WORKER_READY, Queue.SUMMARY.value, ex=60)
        times.now_s += LOOK_S
        assert await refining.ring(doorbell, 60.0) == 1


async def test_a_note_is_asked_for_once_the_database_is_back(
    engine_url: str, db: Db, client: Client, served: None
) -> None:
    world = await make_talk(engine_url, db)
    async with open_db(
        engine_url,
        role="chorus_system",
        pool_size=1,
        application_name="tests",
        pool_timeout_s=0.01,
    ) as narrow:
        refining = refining_with(narrow, client, Times())
        assert await refining.ask_all() == 0
        refining.heard([event(world, events.CONVERSATION_CLOSED.name)])
        async with narrow.raw_transaction():
            with pytest.raises(Overloaded):
                await refining.ask_all()
        assert await refining.ask_all() == 1
        assert await refining.ask_all() == 0
    assert (await payload_of(engine_url, world))["kind"] == "rich"


async def test_however_much_is_wished_notes_are_not_forgotten(
    engine_url: str, db: Db, refining: Refining
) -> None:
    world = await make_talk(engine_url, db)
    for _ in range(WISHES_MAX):
        refining.opened(UUID(int=1), uuid7(), now_ms())
    refining.heard([event(world, events.CONVERSATION_CLOSED.name)])
    assert await refining.ask_all() == 1


async def test_of_many_notes_a_few_are_under_way_and_who_waits_comes_before_them(
    engine_url: str, redis_url: str, db: Db, refining: Refining
) -> None:
    await forget_jobs(engine_url)
    closed = await make_talk(engine_url, db, conversations=NOTES_AT_ONCE + 3)
    await ask(db, closed, kind="rich", least=0, numbers=range(NOTES_AT_ONCE + 3))
    opened = await make_talk(engine_url, db)
    with ringing(redis_url) as doorbell:
        assert await refining.ring(doorbell, 60.0) == NOTES_AT_ONCE
        await ask(db, opened)
        assert await refining.ring(doorbell, 60.0) == 1
        async with superuser(engine_url) as raw:
            first, second = await raw.fetch(
                "SELECT id FROM jobs WHERE tenant_id = $1 AND due_at > now() LIMIT 2",
                closed.tenant_id,
            )
            await raw.execute(
                "UPDATE jobs SET state = 'running', lease_until = now() + interval '1 min'"
                " WHERE id = $1",
                first["id"],
            )
            assert await refining.ring(doorbell, 60.0) == 0
            await raw.execute("UPDATE jobs SET state = 'done' WHERE id = $1", second["id"])
        assert await refining.ring(doorbell, 60.0) == 1


async def test_whoever_begins_to_lead_asks_for_the_notes_of_lately(
    engine_url: str, db: Db, refining: Refining
) -> None:
    lately, before = await make_talk(engine_url, db), await make_talk(engine_url, db)
    async with superuser(engine_url) as raw:
        for world, ago_s in ((lately, 1.0), (before, RECALL_S + 1.0)):
            told = event(world, events.CONVERSATION_CLOSED.name)
            await raw.execute(
                "INSERT INTO outbox (id, tenant_id, issuer, event, data, sent_at)"
                " VALUES ($1, $2, $3, $4, $5::jsonb, now() - $6::interval)",
                told.id,
                told.tenant_id,
                told.issuer,
                told.event,
                told.data,
                timedelta(seconds=ago_s),
            )
    assert await refining.ask_all() == 1
    assert (await payload_of(engine_url, lately))["kind"] == "rich"
    assert await jobs_of(engine_url, before) == []
    assert await refining.ask_all() == 0
