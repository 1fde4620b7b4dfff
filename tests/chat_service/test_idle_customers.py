"""Silent and departed customers, in a real database with real presence and a clock put forward."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from chat_service import handoff, jobs
from chat_service import session_facts as facts
from chat_service.conductor import TIMERS
from chat_service.jobs import Tools
from chat_service.messages import ingest
from chorus import presence, topics
from chorus.ids import uuid7
from chorus.ingest import IngestItem
from chorus.presence import Beat
from chorus.wire.common import PresenceStatus, Role
from tests.chat_service.ingest_world import (
    Conversation,
    World,
    answered,
    head_of,
    not_gapless,
    rows_of,
    said,
)
from tests.chat_service.routing_world import (
    Case,
    Floor,
    MovableClock,
    fetch,
    make_floor,
    make_waiting,
    presence_watched,
    seen_as,
    tools_for,
)
from tests.support.waiting import until

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Chat:
    """A session with one customer and one agent, and the conductor's clock."""

    url: str
    floor: Floor
    case: Case
    tools: Tools
    clock: MovableClock

    @property
    def world(self) -> World:
        return World(self.floor.tenant_id, self.floor.inbox_id, self.floor.agents, ())

    @property
    def where(self) -> Conversation:
        return Conversation(self.case.conversation_id, self.case.contact_id)

    async def offered(self) -> None:
        """Hold the customer out to the agent."""
        (agent,) = self.floor.agents
        deadline_at = self.tools.clock.now() + timedelta(seconds=30)
        await self._happen(facts.Offered(agent, deadline_at))

    async def accepted(self) -> None:
        """Let the agent come and greet."""
        await self.offered()
        await self._happen(facts.Accepted(*self.floor.agents))
        await self.agent_says()

    async def _happen(self, happening: facts.Happening) -> None:
        case, now = self.case, self.tools.clock.now()
        async with self.tools.db.transaction(None) as tx:
            await handoff.apply(tx, self.floor.tenant_id, case.conversation_id, happening, now=now)

    async def agent_says(self) -> None:
        await self._says(answered(self.world, self.where))

    async def customer_says(self) -> None:
        await self._says(said(self.world, self.where))

    async def _says(self, item: IngestItem) -> None:
        """Say it now by the clock that was put forward; PostgreSQL knows only its own."""
        await ingest(self.tools.db, [item])
        now = self.tools.clock.now()
        await fetch(self.url, "UPDATE messages SET created_at = $1 WHERE id = $2", now, item.id)

    async def is_here(self, status: PresenceStatus = PresenceStatus.ONLINE) -> None:
        """Let the customer have a socket, or lose it, and wait until it is known."""
        beat = Beat(self.floor.tenant_id, self.case.contact_id, Role.CUSTOMER, "node", frozenset())
        if status is PresenceStatus.ONLINE:
            await presence.beat(self.tools.client, [beat])
        else:
            await presence.leave(self.tools.client, [beat])
        await seen_as(self.tools.client, self.floor, status, self.case.contact_id)

    async def after(self, seconds: float) -> Any:
        """Run the timer as if so much time had passed; answers its row."""
        self.clock.ahead_s = seconds
        await fetch(
            self.url,
            "INSERT INTO jobs (id, tenant_id, kind, key, payload, due_at) VALUES ($1, $2,"
            " 'customer_idle', $3::text, jsonb_build_object('conversation_id', $3::text), now())"
            " ON CONFLICT (tenant_id, kind, key) DO UPDATE SET due_at = now() - interval '1 s'",
            uuid7(),
            self.floor.tenant_id,
            str(self.case.conversation_id),
        )
        await jobs.run_all_due(self.tools, TIMERS, limit=10)
        (job,) = await fetch(self.url, "SELECT * FROM jobs WHERE kind = 'customer_idle'")
        return job

    async def session(self) -> Any:
        (found,) = await fetch(self.url, "SELECT * FROM live_chat_sessions")
        return found

    async def texts(self) -> list[str]:
        """What the system said to the customer."""
        rows = await rows_of(self.url, self.case.conversation_id)
        return [one["content"] for one in rows if one["role"] == "system" and one["content"]]


@asynccontextmanager
async def chat(
    url: str, redis: str, *, watched: bool = True, ttl_ms: int = 60_000, **queue: Any
) -> AsyncIterator[Chat]:
    floor = await make_floor(url, 1, **queue)
    (case,) = await make_waiting(url, floor, 1)
    clock = MovableClock()
    async with tools_for(url, redis) as real:
        made = Chat(url, floor, case, replace(real, clock=clock), clock)
        if not watched:
            yield made
            return
        async with presence_watched(redis, ttl_ms=ttl_ms):
            yield made


async def test_a_silent_customer_is_asked_once_and_let_go_in_the_end(
    database_url: str, redis_db: str
) -> None:
    async with chat(database_url, redis_db) as it:
        await fetch(it.url, "UPDATE contacts SET locale = 'de-AT'")
        await it.is_here()
        await it.accepted()
        assert (await it.after(290))["state"] == "pending"
        assert await it.texts() == ["Ada ist jetzt für Sie da."]
        for seconds in (301, 400, 890):
            assert (await it.after(seconds))["state"] == "pending"
            assert (await it.texts())[1:] == ["Sind Sie noch da?"]
        assert (await it.after(902))["state"] == "done"
        session, head = await it.session(), await head_of(it.url, it.case.conversation_id)
    assert (session["status"], session["end_reason"]) == ("ended", "customer_gone")
    assert (head["status"], head["floor_holder"]) == ("closed", "human")
    assert [one[:10] for one in (await it.texts())[2:]] == ["Wir haben "]
    payloads = [
        orjson.loads(row["payload"]) for row in await rows_of(it.url, it.case.conversation_id)
    ]
    told = [one["data"]["reason"] for one in payloads if one.get("event") == "handoff"]
    assert told == ["routed", "accepted", "customer_idle", "customer_gone"]
    assert await not_gapless(it.url) == []


async def test_a_queue_may_hand_silent_customers_to_the_bot_and_sooner(
    database_url: str, redis_db: str
) -> None:
    policy: dict[str, Any] = {"idle_asked_after_s": 20, "idle_ends_after_s": 50, "idle_then": "bot"}
    async with chat(database_url, redis_db, **policy) as it:
        await fetch(it.url, """UPDATE inboxes SET settings = '{"bot": {"enabled": true}}'""")
        await it.is_here()
        await it.accepted()
        await it.after(21)
        await it.after(51)
        session, head = await it.session(), await head_of(it.url, it.case.conversation_id)
    assert (session["status"], session["end_reason"]) == ("ended", "customer_gone")
    assert (head["status"], head["floor_holder"], head["assignee_id"]) == ("open", "bot", None)


async def test_a_word_of_the_last_moment_wins(database_url: str, redis_db: str) -> None:
    async with chat(database_url, redis_db) as it:
        await it.is_here()
        await it.accepted()
        await it.after(301)
        it.clock.ahead_s = 899
        await it.customer_says()
        for seconds in (901, 10_000):
            assert (await it.after(seconds))["state"] == "pending"
            assert (await it.session())["status"] == "active"
        await it.agent_says()
        await it.after(20_000)
        assert (await it.session())["status"] == "active", "they are asked again first"
        assert (await it.texts())[-2:] == ["Are you still there?"] * 2


async def test_who_types_is_not_idle(database_url: str, redis_db: str) -> None:
    async with chat(database_url, redis_db) as it:
        await it.is_here()
        await it.accepted()
        typed_ms = int(it.clock.now().timestamp() * 1000) + 200_000
        await it.tools.client.set(topics.typed(it.case.conversation_id), typed_ms)
        await it.after(400)
        assert (await it.session())["idle_asked_at"] is None
        await it.after(501)
        assert (await it.session())["idle_asked_at"] is not None


async def test_while_presence_is_unknown_nobody_is_asked_or_gone(
    database_url: str, redis_db: str
) -> None:
    async with chat(database_url, redis_db, watched=False) as it:
        await it.accepted()
        for seconds in (301, 5_000):
            job = await it.after(seconds)
            assert job["state"] == "pending"
        session = await it.session()
    assert (session["status"], session["idle_asked_at"]) == ("active", None)


async def test_who_waits_in_line_and_left_is_gone_in_the_end(
    database_url: str, redis_db: str
) -> None:
    async with chat(database_url, redis_db, ttl_ms=500) as it:
        await it.is_here()
        await it.after(3_000)
        assert (await it.session())["status"] == "queued"
        await it.is_here(PresenceStatus.OFFLINE)
        await it.after(800)
        assert (await it.session())["status"] == "queued"
        await it.after(1_000)
        session = await it.session()
    assert (session["status"], session["end_reason"]) == ("ended", "customer_gone")
    assert session["accepted_at"] is None


async def test_who_leaves_while_they_are_offered_takes_the_offer_with_them(
    database_url: str, redis_db: str
) -> None:
    async with chat(database_url, redis_db, ttl_ms=500) as it:
        await it.is_here()
        await it.offered()
        await it.is_here(PresenceStatus.OFFLINE)
        await it.after(800)
        assert (await it.session())["status"] == "offered"
        await it.after(1_000)
        session = await it.session()
        (offer,) = await fetch(it.url, "SELECT state FROM session_offers")
    assert (session["status"], session["end_reason"]) == ("ended", "customer_gone")
    assert offer["state"] == "rescinded"


async def test_who_was_never_seen_is_gone_in_the_end_too(database_url: str, redis_db: str) -> None:
    async with chat(database_url, redis_db, ttl_ms=500) as it:
        await seen_as(it.tools.client, it.floor, PresenceStatus.OFFLINE, it.case.contact_id)
        await it.after(800)
        assert (await it.session())["status"] == "queued"

        async def is_over() -> bool:
            await it.after(899)  # Since a moment that stands, not since the last look.
            return bool((await it.session())["status"] == "ended")

        await until(is_over)
        assert (await it.session())["end_reason"] == "customer_gone"


async def test_nobody_is_let_go_while_an_agent_put_the_conversation_off(
    database_url: str, redis_db: str
) -> None:
    async with chat(database_url, redis_db) as it:
        await it.is_here()
        await it.accepted()
        await fetch(
            it.url,
            "UPDATE conversations SET status = 'snoozed', snoozed_until = now() + interval '1 day'",
        )
        assert (await it.after(5_000))["state"] == "pending"
        assert (await it.session())["idle_asked_at"] is None


async def test_every_session_begins_with_its_timer_and_one_that_is_over_ends_it(
    database_url: str, redis_db: str
) -> None:
    async with chat(database_url, redis_db) as it:
        async with it.tools.db.transaction(None) as tx:
            now, id_ = it.tools.clock.now(), it.case.conversation_id
            by = facts.Actor(it.case.contact_id)
            await handoff.apply(tx, it.floor.tenant_id, id_, facts.CancelledByCustomer(by), now=now)
            await handoff.apply(tx, it.floor.tenant_id, id_, facts.Escalated(uuid7(), by), now=now)
        (job,) = await fetch(it.url, "SELECT kind, key, state FROM jobs")
        assert tuple(job) == ("customer_idle", str(id_), "pending")
        await fetch(it.url, "DELETE FROM live_chat_sessions WHERE status = 'requested'")
        await it.is_here()
        assert (await it.after(20))["state"] == "done"
