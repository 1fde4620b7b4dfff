"""Each step of handoff is counted once, after its commit, whichever process brings it about."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from chat_service import commands, handoff
from chat_service.deeds import Commands
from chat_service.emit import Publisher
from chat_service.messages import ingest
from chat_service.session_facts import CustomerGone
from chorus.auth import AUD_AGENT, AUD_VISITOR, OWN_ISSUER, ROLE_SCOPES, Principal
from chorus.db import open_db
from chorus.ids import uuid7
from chorus.ingest import IngestItem
from chorus.wire import client as frames
from chorus.wire.common import Inbound
from tests.chat_service.ingest_world import hashed
from tests.chat_service.routing_world import Case, fetch, make_floor, make_waiting
from tests.chat_service.shift_world import SOON_MS, Shift, on_shift

pytestmark = pytest.mark.anyio

COUNTED = ("escalations_total", "offers_total", "queue_wait_s_count", "handle_time_s_count")


class Counts:
    """What the metrics of handoff have counted since they were asked last."""

    def __init__(self) -> None:
        self._before = self._read()

    def new(self) -> dict[str, float]:
        before, self._before = self._before, self._read()
        return {
            name: count - before.get(name, 0)
            for name, count in self._before.items()
            if count != before.get(name, 0)
        }

    def _read(self) -> Mapping[str, float]:
        return {
            next(iter(sample.labels.values()), sample.name.removesuffix("_count")): sample.value
            for metric in REGISTRY.collect()
            for sample in metric.samples
            if sample.name in COUNTED
        }


@dataclass(frozen=True, slots=True)
class House:
    """A shift, and what agents and customers do over the API."""

    shift: Shift
    acts: Commands

    async def act(self, who: UUID, case: Case, frame: Inbound) -> None:
        visitor = who == case.contact_id
        role = "visitor" if visitor else "agent"
        principal = Principal(
            tenant_id=self.shift.floor.tenant_id,
            user_id=who,
            role=role,
            audience=AUD_VISITOR if visitor else AUD_AGENT,
            scopes=ROLE_SCOPES[role],
            expires_at=2**39,
            issued_at=2**39 - 900,
            issuer=OWN_ISSUER,
        )
        await commands.perform(self.acts, principal, frame, conversation_id=case.conversation_id)

    async def offered(self) -> UUID:
        """Route, and say who is asked."""
        await self.shift.route()
        agent: UUID = (await self.shift.sessions())[-1]["asked"]
        return agent

    async def says(self, agent: UUID, case: Case) -> None:
        """Let an agent answer, as the writer stores it."""
        item = IngestItem(
            tenant_id=self.shift.floor.tenant_id,
            conversation_id=case.conversation_id,
            id=uuid7(),
            sender_id=agent,
            sender_role="agent",
            role="agent",
            type="text",
            visibility="public",
            content="Hello",
            body_hash="",
            sent_ms=0,
        )
        await ingest(self.shift.tools.db, [hashed(item)])

    async def gone(self, case: Case, *, fail: bool = False) -> None:
        """Let the customer be gone, in a transaction that may not come to its end."""
        now, tenant_id = self.shift.clock.now(), self.shift.floor.tenant_id
        async with self.shift.tools.db.transaction(None) as tx:
            moved = await handoff.apply(
                tx, tenant_id, case.conversation_id, CustomerGone(), now=now
            )
            tx.after_commit(lambda: handoff.tell(self.acts.publisher, [moved], now=now))
            if fail:
                raise ConnectionAbortedError


@asynccontextmanager
async def open_house(
    database_url: str, redis_db: str, *, ttl_ms: int = 60_000
) -> AsyncIterator[House]:
    """Four agents, all of them here; the clock can be put forward."""
    floor = await make_floor(database_url, 4, is_default=True, wrap_up_s=60)
    async with (
        on_shift(database_url, redis_db, floor, ttl_ms=ttl_ms) as shift,
        open_db(database_url, role="chorus_app", pool_size=4, application_name="tests") as app,
    ):
        client = shift.tools.client
        acts = Commands(app, Publisher(client), shift.clock, timedelta(minutes=15), client)
        await shift.come()
        yield House(shift, acts)


@pytest.fixture
async def house(database_url: str, redis_db: str) -> AsyncIterator[House]:
    async with open_house(database_url, redis_db) as opened:
        yield opened


async def make_case(house: House) -> Case:
    """A conversation in which nobody has asked for a person yet."""
    url = house.shift.url
    (made,) = await make_waiting(url, house.shift.floor, 1)
    await fetch(url, "DELETE FROM live_chat_sessions WHERE id = $1", made.session_id)
    return made


@pytest.fixture
async def case(house: House) -> Case:
    return await make_case(house)


@pytest.fixture
def counts(case: Case) -> Counts:
    return Counts()


async def asked(house: House, case: Case) -> None:
    wish = frames.Escalate(id=uuid7())
    for _ in range(2):
        await house.act(case.contact_id, case, wish)


async def test_a_wish_that_is_sent_twice_is_counted_once(
    house: House, case: Case, counts: Counts
) -> None:
    await asked(house, case)
    assert counts.new() == {"requested": 1, "queued": 1}


async def test_each_way_an_offer_fails_is_counted_where_it_happens(
    house: House, case: Case, counts: Counts
) -> None:
    await asked(house, case)
    counts.new()
    first = await house.offered()
    session = await house.shift.session()
    decline = frames.OfferDecline(id=uuid7(), session=UUID(int=session["id"].int))
    await house.act(first, case, decline)
    assert counts.new() == {"offered": 1, "declined": 1, "queued": 1}
    await house.offered()
    house.shift.clock.ahead_s = 31
    await house.shift.run_timers()
    assert counts.new() == {"offered": 1, "expired": 1, "queued": 1}


async def test_an_offer_to_somebody_who_left_is_counted_once_as_taken_back(
    database_url: str, redis_db: str
) -> None:
    # Presence that forgets soon, so that somebody can be gone.
    async with open_house(database_url, redis_db, ttl_ms=SOON_MS) as house:
        await asked(house, await make_case(house))
        await house.shift.come()
        await house.offered()
        counts = Counts()
        await house.shift.leave()
        for _ in range(3):
            await house.shift.absence.look()
        assert counts.new() == {"rescinded": 1, "queued": 1}


async def test_an_answer_accepts_once_and_the_end_comes_once(
    house: House, case: Case, counts: Counts
) -> None:
    await asked(house, case)
    agent = await house.offered()
    counts.new()
    for _ in range(2):
        await house.says(agent, case)
    assert counts.new() == {"accepted": 1, "active": 1, "queue_wait_s": 1}
    await house.act(agent, case, frames.Resolve(id=uuid7()))
    assert counts.new() == {"wrap_up": 1}
    house.shift.clock.ahead_s = 61
    for _ in range(2):
        await house.shift.run_timers()
    assert counts.new() == {"ended": 1, "handle_time_s": 1}


async def test_who_leaves_before_anybody_comes_has_abandoned_the_wish(
    house: House, case: Case, counts: Counts
) -> None:
    await asked(house, case)
    counts.new()
    with pytest.raises(ConnectionAbortedError):
        await house.gone(case, fail=True)
    assert counts.new() == {}, "what was not committed did not happen"
    await house.gone(case)
    assert counts.new() == {"abandoned": 1}


async def test_a_wish_that_is_taken_back_is_cancelled_and_its_offer_with_it(
    house: House, case: Case, counts: Counts
) -> None:
    await asked(house, case)
    await house.offered()
    counts.new()
    await house.act(case.contact_id, case, frames.Cancel(id=uuid7()))
    assert counts.new() == {"rescinded": 1, "cancelled": 1}


async def test_a_claim_nobody_asked_for_is_no_wait(
    house: House, case: Case, counts: Counts
) -> None:
    await house.act(house.shift.floor.agents[0], case, frames.Claim(id=uuid7()))
    assert counts.new() == {"requested": 1, "active": 1}
