"""Customers who ask at the same time: one transaction, each with an answer of their own."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from chat_service import commands
from chat_service.commands import Done, Order
from chat_service.escalate import Wish
from chat_service.gathering import Gathering
from chat_service.queue_choice import UnknownQueue
from chat_service.store import work
from chat_service.store.people import Traits
from chorus.auth import Principal
from chorus.errors import ConversationClosed, IdConflict, KeyReused, NotFound, Unavailable
from chorus.ids import uuid7
from chorus.wire.client import Escalate
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.handoff_world import comes, make_queue
from tests.chat_service.ingest_world import superuser
from tests.chat_service.routing_world import MovableClock

pytestmark = pytest.mark.anyio
CLOSED = '{"timezone": "Europe/Vienna", "week": {}}'


@pytest.fixture
async def support(api: Api, acme: Tenant, redis_url: str, watched: None) -> UUID:
    """A queue whose one member is here."""
    await comes(redis_url, acme, acme.agent)
    return await make_queue(api.database_url, acme, members=[acme.agent], is_default=True)


@pytest.fixture
async def visitors(api: Api, acme: Tenant, support: UUID) -> list[tuple[Principal, UUID]]:
    """Customers, each with an empty conversation."""
    made = [(uuid7(), uuid7()) for _ in range(5)]
    async with superuser(api.database_url) as connection:
        for contact, conversation in made:
            await connection.execute(
                "INSERT INTO contacts (id, tenant_id, name) VALUES ($1, $2, 'Kim')",
                contact,
                acme.id,
            )
            await connection.execute(
                "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, last_ts)"
                " VALUES ($1, $2, $3, $4, now())",
                conversation,
                acme.id,
                acme.inbox_id,
                contact,
            )
    return [
        (acme.principal("contact", user_id=contact), conversation) for contact, conversation in made
    ]


def order(conversation: UUID, *, id_: UUID | None = None, **said: Any) -> Order:
    frame = Escalate(id=id_ or uuid7(), **said)
    return Order(frame, frame.id, conversation, socket="s1")


async def carry_out(
    api: Api, orders: Sequence[tuple[Principal, Order]]
) -> list[Done | BaseException]:
    """Ask at the same moment: all stand in the line before its lane begins."""
    asked = (commands.carry_out(api.resources.commands, *one) for one in orders)
    async with asyncio.timeout(30):
        return await asyncio.gather(*asked, return_exceptions=True)


async def written(api: Api, tenant: Tenant) -> dict[UUID, dict[str, Any]]:
    """The sessions of a tenant by conversation, and what was written beside each."""
    found = await api.rows(
        """
        SELECT s.conversation_id, s.status, s.xmin AS written_by, s.user_socket_id, c.last_seq,
            (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id) AS events,
            (SELECT count(*) FROM outbox o WHERE o.tenant_id = c.tenant_id
                AND o.data->>'conversation_id' = c.id::text) AS told,
            (SELECT count(*) FROM jobs j WHERE j.key = c.id::text) AS timers
        FROM live_chat_sessions s JOIN conversations c ON c.id = s.conversation_id
        WHERE s.tenant_id = $1
        """,
        tenant.id,
    )
    return {row["conversation_id"]: dict(row) for row in found}


async def test_who_asks_at_once_is_begun_at_once_and_each_has_all_that_belongs_to_it(
    api: Api, acme: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    done = await carry_out(api, [(who, order(where)) for who, where in visitors])
    assert [type(one) for one in done] == [Done] * 5
    sessions = await written(api, acme)
    assert len({one["written_by"] for one in sessions.values()}) == 1
    assert {where for _, where in visitors} == set(sessions)
    for one, answer in zip(sessions.values(), done, strict=True):
        assert isinstance(answer, Done)
        assert (one["last_seq"], one["events"]) == (answer.answer["seq"], answer.answer["seq"])
        assert (one["user_socket_id"], one["timers"]) == ("s1", 1)
        assert one["told"] >= 2


async def test_a_batch_writes_what_each_would_write_alone(
    api: Api, acme: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    alone, *others = visitors
    await carry_out(api, [(alone[0], order(alone[1]))])
    await carry_out(api, [(who, order(where)) for who, where in others])
    sessions = await written(api, acme)
    assert len({one.pop("written_by") for one in sessions.values()}) == 2
    shapes = [
        {name: value for name, value in one.items() if name != "conversation_id"}
        for one in sessions.values()
    ]
    assert all(one == shapes[0] for one in shapes)


async def promised(api: Api, tenant: Tenant) -> list[int]:
    """The places that were promised, in the order in which sessions are served."""
    said = await api.rows(
        "SELECT (m.payload->'data'->>'position')::int AS place FROM messages m"
        " JOIN live_chat_sessions s ON s.conversation_id = m.conversation_id"
        " WHERE m.tenant_id = $1 AND m.payload->'data'->>'position' IS NOT NULL"
        " ORDER BY s.requested_at, s.id",
        tenant.id,
    )
    return [row["place"] for row in said]


async def test_places_in_a_line_are_given_one_after_the_other(
    api: Api, acme: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    await carry_out(api, [(who, order(where)) for who, where in visitors])
    assert await promised(api, acme) == [1, 2, 3, 4, 5]


async def test_no_place_is_given_twice_whatever_edge_it_is_asked_on(
    api: Api, acme: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    """Five edges at once; that which came first has the clock that is ahead of the others'."""
    clocks = [MovableClock() for _ in visitors]
    clocks[0].ahead_s = 5
    edges = [replace(api.resources.commands, clock=one, gathering=Gathering()) for one in clocks]
    (kim, here), *others = visitors
    async with asyncio.timeout(30):
        await commands.carry_out(edges[0], kim, order(here))
        asked = [
            commands.carry_out(edge, who, order(where))
            for edge, (who, where) in zip(edges[1:], others, strict=True)
        ]
        await asyncio.gather(*asked)
    assert await promised(api, acme) == [1, 2, 3, 4, 5]


async def test_one_that_is_refused_hinders_no_other(
    api: Api, acme: Tenant, rival: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    (kim, here), (closed, ended), (lost, unknown), (eve, _), (bob, there) = visitors
    await api.rows(
        "UPDATE conversations SET status = 'closed', closed_at = now() WHERE id = $1", ended
    )
    done = await carry_out(
        api,
        [
            (kim, order(here)),
            (closed, order(ended)),
            (lost, order(unknown, queue="no such")),
            (eve, order(rival.conversation)),
            (eve, order(here)),
            (bob, order(there)),
        ],
    )
    kinds = [Done, ConversationClosed, UnknownQueue, NotFound, NotFound, Done]
    assert [type(one) for one in done] == kinds
    assert set(await written(api, acme)) == {here, there}
    assert not await written(api, rival)


async def test_two_wishes_for_one_conversation_are_one_session(
    api: Api, acme: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    (kim, here), (bob, there), *_ = visitors
    done = await carry_out(api, [(kim, order(here)), (bob, order(there)), (kim, order(here))])
    found = [
        one.effects.moved[-1].session.id for one in done if isinstance(one, Done) and one.effects
    ]
    assert len(found) == 3
    assert found[0] == found[2] != found[1]
    assert set(await written(api, acme)) == {here, there}


async def test_an_id_counts_once_in_a_batch_and_after_it(
    api: Api, acme: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    (kim, here), (bob, there), *_ = visitors
    same = uuid7()
    first = order(here, id_=same)
    torn = replace(order(here, id_=same, reason="another"), keyed=True)
    now = await carry_out(api, [(kim, first), (kim, first), (kim, torn), (bob, order(there))])
    later = await carry_out(api, [(kim, first), (kim, torn), (kim, order(there, id_=same))])
    assert [type(one) for one in now] == [Done, Done, KeyReused, Done]
    assert [type(one) for one in later] == [Done, KeyReused, NotFound]
    answers = [one.answer for one in (*now, *later) if isinstance(one, Done)]
    told = [answers[0], answers[1], answers[3]]
    assert [one["dup"] for one in told] == [False, True, True]
    assert len({one["seq"] for one in told}) == 1
    assert set(await written(api, acme)) == {here, there}


async def test_an_id_used_for_another_conversation_is_refused_and_the_batch_goes_on(
    api: Api, acme: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    (kim, here), (bob, there), *_ = visitors
    second = uuid7()
    await api.rows(
        "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, last_ts)"
        " VALUES ($1, $2, $3, $4, now())",
        second,
        acme.id,
        acme.inbox_id,
        kim.user_id,
    )
    same = uuid7()
    orders = [(kim, order(here, id_=same)), (kim, order(second, id_=same)), (bob, order(there))]
    done = await carry_out(api, orders)
    assert [type(one) for one in done] == [Done, IdConflict, Done]
    assert set(await written(api, acme)) == {here, there}


async def test_nobody_waits_behind_a_conversation_that_somebody_holds(
    api: Api, acme: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    (kim, held), *others = visitors
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        async with superuser(api.database_url) as connection, connection.transaction():
            await connection.execute("SELECT FROM conversations WHERE id = $1 FOR UPDATE", held)
            acts = api.resources.commands
            late = group.create_task(commands.carry_out(acts, kim, order(held)))
            done = await carry_out(api, [(who, order(where)) for who, where in others])
            assert [type(one) for one in done] == [Done] * len(others)
            assert not late.done()
    assert not late.result().answer["dup"]
    assert set(await written(api, acme)) == {where for _, where in visitors}


async def test_a_batch_that_fails_as_a_whole_is_done_one_by_one(
    api: Api,
    acme: Tenant,
    visitors: list[tuple[Principal, UUID]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def torn(*_: Any) -> None:
        raise Unavailable

    monkeypatch.setattr(work, "claim_answered", torn)
    done = await carry_out(api, [(who, order(where)) for who, where in visitors])
    assert [type(one) for one in done] == [Done] * 5
    sessions = await written(api, acme)
    assert len({one["written_by"] for one in sessions.values()}) == 5
    assert len({(one["events"], one["told"], one["timers"]) for one in sessions.values()}) == 1


async def test_one_caller_who_goes_away_takes_nobody_along(
    api: Api, acme: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    (kim, gone), *others = visitors
    acts = api.resources.commands
    async with asyncio.timeout(30):
        asked = [
            asyncio.ensure_future(commands.carry_out(acts, who, order(where)))
            for who, where in visitors
        ]
        await asyncio.sleep(0)
        assert acts.gathering.standing(acme.id) == len(visitors)
        asked[0].cancel()
        done = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in done] == [asyncio.CancelledError] + [Done] * len(others)
    assert set(await written(api, acme)) - {gone} == {where for _, where in others}
    again = await carry_out(api, [(kim, order(gone))])
    assert isinstance(again[0], Done)
    assert set(await written(api, acme)) == {where for _, where in visitors}


async def test_what_customers_leave_is_kept_in_company_too(
    api: Api, acme: Tenant, visitors: list[tuple[Principal, UUID]]
) -> None:
    """While the queue is closed: what one takes of the options, how another can be reached."""
    await api.rows("UPDATE queues SET hours = $2 WHERE tenant_id = $1", acme.id, CLOSED)
    (kim, here), (bob, there), (eve, third), *_ = visitors
    chosen = replace(order(here), wish=Wish(choice="callback"))
    left = replace(order(there), wish=Wish(contact=Traits(email="bob@home.test")))
    done = await carry_out(api, [(kim, chosen), (bob, left), (eve, order(third))])
    assert [type(one) for one in done] == [Done] * 3
    sessions = await written(api, acme)
    assert {one["status"] for one in sessions.values()} == {"deferred"}
    kept = await api.rows(
        "SELECT s.conversation_id, s.options->>'chosen', k.email FROM live_chat_sessions s"
        " JOIN conversations c ON c.id = s.conversation_id JOIN contacts k ON k.id = c.contact_id"
        " WHERE s.tenant_id = $1",
        acme.id,
    )
    assert {tuple(row) for row in kept} == {
        (here, "callback", None),
        (there, None, "bob@home.test"),
        (third, None, None),
    }
