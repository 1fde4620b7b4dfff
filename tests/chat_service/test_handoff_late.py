"""Who comes too late, is not there, or has less room than a moment ago."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chat_service import session_facts as facts
from chat_service.session_facts import OfferExpired
from chorus import presence
from chorus.bus import open_redis
from chorus.clock import SystemClock
from chorus.presence import PEOPLE, person_key
from tests.chat_service.api_world import Api, Tenant, codes
from tests.chat_service.handoff_world import ask, happen, make_queue
from tests.chat_service.ingest_world import superuser
from tests.chat_service.routing_world import (
    Floor,
    fetch,
    make_floor,
    make_waiting,
)
from tests.chat_service.shift_world import on_shift

pytestmark = pytest.mark.anyio


async def act(api: Api, tenant: Tenant, who: str, session: UUID, name: str, **body: Any) -> Any:
    return await api.client.post(
        f"/livechat/sessions/{session}/{name}",
        json=body or None,
        headers=api.token(tenant.principal(who)),
    )


@pytest.fixture
async def waiting(api: Api, acme: Tenant) -> UUID:
    """The session of a customer who waits for the agent or the colleague."""
    members = [acme.agent, acme.colleague]
    queue = await make_queue(api.database_url, acme, members=members, is_default=True)
    return (await ask(api.resources.system, acme, queue)).session.id


async def offered(api: Api, tenant: Tenant, *, for_s: float) -> None:
    deadline = SystemClock().now() + timedelta(seconds=for_s)
    await happen(api.resources.system, tenant, facts.Offered(tenant.agent, deadline))


async def test_an_accept_after_the_timeout_is_told_that_it_moved_on(
    api: Api, acme: Tenant, waiting: UUID
) -> None:
    await offered(api, acme, for_s=-1.0)
    await happen(api.resources.system, acme, OfferExpired())
    late = await act(api, acme, "agent", waiting, "accept")
    assert codes(late) == [(409, "STALE_FLOOR")]
    assert "moved on" in late.json()["detail"]
    deadline = SystemClock().now() + timedelta(seconds=30)
    await happen(api.resources.system, acme, facts.Offered(acme.colleague, deadline))
    later = await act(api, acme, "agent", waiting, "accept")
    assert codes(later) == [(409, "ALREADY_ASSIGNED")]
    assert later.json()["by"] == {"userId": str(acme.colleague), "name": "Colleague"}


async def test_a_customer_who_goes_while_it_is_offered_takes_the_offer_along(
    api: Api, acme: Tenant, waiting: UUID
) -> None:
    await offered(api, acme, for_s=30.0)
    await happen(api.resources.system, acme, facts.CustomerGone())
    late = await act(api, acme, "agent", waiting, "accept")
    assert codes(late) == [(409, "CONVERSATION_CLOSED")]
    (row,) = await api.rows(
        "SELECT s.status, s.end_reason, o.state, c.status AS conversation"
        " FROM live_chat_sessions s JOIN session_offers o ON o.session_id = s.id"
        " JOIN conversations c ON c.id = s.conversation_id WHERE s.id = $1",
        waiting,
    )
    assert tuple(row) == ("ended", "customer_gone", "rescinded", "closed")


async def test_a_transfer_to_somebody_who_is_offline_is_refused_while_that_is_known(
    api: Api, acme: Tenant, waiting: UUID, redis_url: str, watched: None
) -> None:
    await act(api, acme, "agent", waiting, "claim")
    to = {"agent": str(acme.colleague)}
    async with open_redis(redis_url) as client:
        refused = await act(api, acme, "agent", waiting, "transfer", to=to)
        await client.hset(PEOPLE, person_key(acme.id, acme.colleague), b"0 away 0")
        seen = await presence.read(client, acme.id, [acme.colleague])
        away = await act(api, acme, "agent", waiting, "transfer", to=to)
    assert (*codes(refused), away.status_code) == ((422, "INVALID"), 200), seen
    assert "cannot be reached" in refused.json()["detail"]


async def _capacity(url: str, floor: Floor, capacity: int) -> None:
    async with superuser(url) as connection:
        await connection.execute(
            "UPDATE agents SET capacity = $2 WHERE tenant_id = $1", floor.tenant_id, capacity
        )


async def _accepted(url: str, floor: Floor) -> int:
    found = await fetch(url, "SELECT status FROM live_chat_sessions")
    return [row["status"] for row in found].count("active")


async def test_capacity_lowered_under_load_takes_nothing_away_and_gives_nothing_new(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1, capacity=3)
    agent = floor.agents[0]
    cases = await make_waiting(database_url, floor, 5)
    async with on_shift(database_url, redis_db, floor) as shift:
        await shift.come()
        assert len((await shift.route()).chosen) == 3
        # A minute after they came: what agents get at once is not at stake here.
        shift.clock.ahead_s = 60.0
        for case in cases[:2]:
            await shift.happen(case, facts.Accepted(agent))
        await _capacity(database_url, floor, 1)
        assert (await shift.route()).chosen == []
        # What is offered already is still theirs to take (ADR-0024).
        assert [row["asked"] for row in await shift.sessions()].count(agent) == 1
        await shift.happen(cases[2], facts.Accepted(agent))
        assert (await shift.route()).chosen == []
        resolved = facts.Resolved(facts.SYSTEM, timedelta())
        for case in cases[:2]:
            await shift.happen(case, resolved)
            assert (await shift.route()).chosen == []
        assert await _accepted(database_url, floor) == 1
        await shift.happen(cases[2], resolved)
        (given,) = (await shift.route()).chosen
    assert given.place.waiting.session_id == cases[3].session_id
