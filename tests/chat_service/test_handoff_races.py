"""Everybody acts on one conversation at once: one order, one session, one owner."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chat_service import commands, handoff, messages
from chat_service import session_facts as facts
from chorus.auth import Principal
from chorus.clock import SystemClock
from chorus.codes import NackCode
from chorus.errors import ChorusError
from chorus.ids import uuid7
from chorus.wire import client as frames
from chorus.wire.common import ChosenStatus, Inbound
from tests.chat_service.api_world import Api, Tenant, read_items
from tests.chat_service.handoff_world import make_queue
from tests.chat_service.ingest_world import not_gapless
from tests.chat_service.test_ingest_sessions import answer

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]
ROUNDS = 12
AT_ONCE = 12
REFUSALS = {
    NackCode.ALREADY_ASSIGNED,
    NackCode.CONVERSATION_CLOSED,
    NackCode.INVALID,
    NackCode.NOT_FOUND,
    NackCode.STALE_FLOOR,
}
"""A deadlock would be none of these."""
FOLLOWS = {
    None: {"requested"},
    "requested": {"queued", "deferred", "active", "cancelled", "ended"},
    "queued": {"queued", "offered", "active", "cancelled", "ended"},
    "offered": {"queued", "offered", "active", "cancelled", "ended"},
    "deferred": {"queued", "offered", "active", "cancelled", "ended"},
    "active": {"active", "queued", "offered", "wrap_up", "ended"},
    "wrap_up": {"active", "ended"},
    "ended": {"requested"},
    "cancelled": {"requested"},
}
"""What may come after each state, whoever acted: DESIGN §6."""


async def _frame(api: Api, who: Principal, tenant: Tenant, frame: Inbound) -> None:
    await commands.perform(api.resources.commands, who, frame, conversation_id=tenant.conversation)


async def _offer(api: Api, tenant: Tenant, agent: UUID) -> None:
    now = SystemClock().now()
    held = facts.Offered(agent, now + timedelta(seconds=30))
    async with api.resources.system.transaction(tenant.id) as tx:
        await handoff.apply(tx, tenant.id, tenant.conversation, held, now=now)


async def _say(api: Api, tenant: Tenant, who: str) -> None:
    await messages.ingest(api.resources.system, [answer(tenant, who)])


def _something(api: Api, tenant: Tenant, dice: random.Random) -> Awaitable[None]:
    who = dice.choice(("agent", "colleague"))
    agent, contact = tenant.principal(who), tenant.principal("contact")
    other = tenant.colleague if who == "agent" else tenant.agent
    queue, colleague = frames.TransferTarget(queue="support"), frames.TransferTarget(agent=other)
    made: list[Inbound] = [
        frames.Claim(id=uuid7()),
        frames.Assign(id=uuid7(), to=other),
        frames.Transfer(id=uuid7(), to=queue, mode=dice.choice(("blind", "warm"))),
        frames.Transfer(id=uuid7(), to=colleague, mode=dice.choice(("blind", "warm"))),
        frames.Resolve(id=uuid7()),
        frames.Reopen(id=uuid7()),
        frames.AgentStatus(id=uuid7(), status=ChosenStatus.ONLINE),
    ]
    frame = dice.choice(made)
    acts: list[Callable[[], Awaitable[None]]] = [
        *[lambda: _frame(api, agent, tenant, frame)] * len(made),
        lambda: _frame(api, contact, tenant, frames.Escalate(id=uuid7())),
        lambda: _frame(api, contact, tenant, frames.Cancel(id=uuid7())),
        lambda: _offer(api, tenant, dice.choice((tenant.agent, tenant.colleague))),
        lambda: _say(api, tenant, who),
        lambda: _say(api, tenant, "contact"),
    ]
    return dice.choice(acts)()


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_at_once_has_one_order_and_one_owner(
    api: Api, acme: Tenant, seed: int
) -> None:
    dice = random.Random(seed)
    await make_queue(
        api.database_url,
        acme,
        members=[acme.agent, acme.colleague],
        is_default=True,
        wrap_up_s=dice.choice((0, 60)),
    )
    for _ in range(ROUNDS):
        await _wait_again(api, acme)
        done = await asyncio.gather(
            *(_something(api, acme, dice) for _ in range(AT_ONCE)), return_exceptions=True
        )
        faults = [one for one in done if isinstance(one, BaseException)]
        assert all(isinstance(one, ChorusError) and one.code in REFUSALS for one in faults), faults
        await _is_one(api, acme)
    assert await not_gapless(api.database_url) == []
    items = await read_items(api, acme.principal("agent"), acme)
    happened = [one["data"] for one in items if one.get("event") == "handoff"]
    assert {"requested", "queued"} <= {data["state"] for data in happened}
    before: str | None = None
    for data in happened:
        assert data["state"] in FOLLOWS[before], data
        before = data["state"]
    epochs = [data["floor"]["epoch"] for data in happened]
    assert epochs == sorted(epochs)


async def _wait_again(api: Api, tenant: Tenant) -> None:
    """Have an open conversation with an open session, whatever the last round left."""
    await _frame(api, tenant.principal("supervisor"), tenant, frames.Reopen(id=uuid7()))
    await _frame(api, tenant.principal("contact"), tenant, frames.Escalate(id=uuid7()))


async def _is_one(api: Api, tenant: Tenant) -> None:
    """At most one open session and offer, and whoever is active has the floor."""
    rows: list[Any] = await api.rows(
        "SELECT s.status, s.agent_id, c.assignee_id, c.floor_holder, (SELECT count(*)"
        " FROM session_offers o WHERE o.session_id = s.id AND o.state = 'open') AS offers"
        " FROM live_chat_sessions s JOIN conversations c ON c.id = s.conversation_id"
        " WHERE s.tenant_id = $1 AND s.ended_at IS NULL",
        tenant.id,
    )
    assert len(rows) <= 1
    for row in rows:
        assert row["offers"] == (row["status"] == "offered")
        if row["status"] == "active":
            assert (row["floor_holder"], row["assignee_id"]) == ("human", row["agent_id"])
