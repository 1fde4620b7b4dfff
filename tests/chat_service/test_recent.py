"""What a writer remembers saves it a look, and never decides anything that is no longer so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat_service.intake import Refused, Stored, rule
from chat_service.messages import ingest
from chat_service.recent import TIME_TRUSTED_S, Recent
from chorus.codes import NackCode
from tests.chat_service.ingest_world import (
    CHANGES,
    answered,
    head_of,
    make_world,
    rows_of,
    said,
    seqs,
    statements_during,
    superuser,
    system_db,
)

pytestmark = pytest.mark.anyio


class Hands:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.s = 100.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.s, UTC)

    def monotonic(self) -> float:
        return self.s


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def recent(hands: Hands) -> Recent:
    return Recent(hands, most=3)


async def test_who_wrote_before_writes_again_in_one_statement(
    database_url: str, recent: Recent
) -> None:
    world = await make_world(database_url, 2)
    first, second = world.conversations
    async with system_db(database_url, size=1) as db:

        async def sent_for(*items: Any) -> list[str]:
            return await statements_during(db, lambda: ingest(db, items, recent=recent))

        await ingest(db, [said(world, first)])
        assert await sent_for(said(world, first)) == ["WITH", "WITH"]
        assert await sent_for(said(world, first), said(world, first)) == ["WITH"]
        assert await sent_for(said(world, first), said(world, second)) == ["WITH", "WITH"]
        assert await sent_for(said(world, first), said(world, second)) == ["WITH"]
        assert await sent_for(answered(world, first)) == ["WITH", "WITH"]
        assert await sent_for(said(world, first)) == ["WITH"]
    assert [row["seq"] for row in await rows_of(database_url, first.id)] == [*range(1, 11)]


@pytest.mark.parametrize("change", CHANGES)
async def test_what_changed_since_is_judged_as_it_is(
    database_url: str, change: str, recent: Recent
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    async with system_db(database_url) as db:
        await ingest(db, [said(world, here)], recent=recent)
        async with superuser(database_url) as other:
            await other.execute("UPDATE conversations SET " + change)
        before = await head_of(database_url, here.id)
        outcome = await ingest(db, [said(world, here)], recent=recent)
    after = await head_of(database_url, here.id)
    if change == CHANGES[1]:
        assert isinstance(outcome.answers[0], Refused)
        assert outcome.answers[0].code == NackCode.CONVERSATION_CLOSED
        assert after["last_seq"] == before["last_seq"]
    else:
        assert seqs(outcome) == [after["last_seq"]] == [before["last_seq"] + 1]
    columns = ("floor_holder", "floor_epoch", "assignee_id")
    assert [after[one] for one in columns] == [before[one] for one in columns]


async def test_a_conversation_that_was_opened_again_is_not_refused_from_memory(
    database_url: str, recent: Recent
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    async with system_db(database_url) as db, superuser(database_url) as other:
        await ingest(db, [said(world, here)], recent=recent)
        await other.execute("UPDATE conversations SET status = 'closed', closed_at = now()")
        await ingest(db, [said(world, here)], recent=recent)
        await other.execute("UPDATE conversations SET status = 'open', closed_at = NULL")
        assert seqs(await ingest(db, [said(world, here)], recent=recent)) == [2]


async def test_a_repeat_is_known_though_its_writer_has_forgotten_it(
    database_url: str, recent: Recent
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    first, second = said(world, here), said(world, here)
    async with system_db(database_url) as db:
        await ingest(db, [first], recent=recent)
        await ingest(db, [second], recent=recent)
        again = await ingest(db, [said(world, here), first], recent=recent)
        alone = await ingest(db, [second], recent=recent)
    assert (seqs(again), seqs(alone)) == ([3, 1], [2])
    assert [one.repeat for one in alone.answers if isinstance(one, Stored)] == [True]


async def test_a_conversation_that_is_gone_is_not_found(database_url: str, recent: Recent) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    async with system_db(database_url) as db:
        await ingest(db, [said(world, here)], recent=recent)
        async with superuser(database_url) as other:
            await other.execute("DELETE FROM messages")
            await other.execute("DELETE FROM conversations")
        outcome = await ingest(db, [said(world, here)], recent=recent)
    assert [one.code for one in outcome.answers if isinstance(one, Refused)] == [NackCode.NOT_FOUND]


async def test_a_foreign_tenant_is_not_let_in_from_memory(
    database_url: str, recent: Recent
) -> None:
    world, other = await make_world(database_url), await make_world(database_url)
    here = world.conversations[0]
    async with system_db(database_url) as db:
        await ingest(db, [said(world, here)], recent=recent)
        outcome = await ingest(db, [said(other, here)], recent=recent)
    assert [one.code for one in outcome.answers if isinstance(one, Refused)] == [NackCode.NOT_FOUND]


async def test_a_service_that_speaks_for_an_agent_gives_them_the_conversation(
    database_url: str, recent: Recent
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    async with system_db(database_url) as db:
        await ingest(db, [said(world, here)], recent=recent)
        await ingest(db, [answered(world, here, sender_role="server")], recent=recent)
    head = await head_of(database_url, here.id)
    assert (head["floor_holder"], head["assignee_id"]) == ("human", world.agents[0])


async def test_what_was_ruled_in_vain_is_not_remembered(database_url: str, recent: Recent) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0])
    async with system_db(database_url) as db:
        await ingest(db, [item], recent=recent)
    first = recent.facts([item])
    assert first is not None
    rule([said(world, world.conversations[0])], first)
    again = recent.facts([item])
    assert again is not None
    head = again.heads[item.conversation_id]
    assert (head.last_seq, head.unread_added, head.roles_added) == (1, 0, set())


async def test_two_who_remember_the_same_conversation_number_it_without_gaps(
    database_url: str, hands: Hands
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    memories = [Recent(hands), Recent(hands)]
    told = []
    async with system_db(database_url) as db:
        for number in range(12):
            told += seqs(await ingest(db, [said(world, here)], recent=memories[number % 3 // 2]))
    assert told == [*range(1, 13)]


async def test_time_is_told_from_memory_for_a_moment_only(
    database_url: str, hands: Hands, recent: Recent
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    async with system_db(database_url, size=1) as db:

        async def moment() -> datetime:
            return (await ingest(db, [said(world, here)], recent=recent)).now

        first = await moment()
        hands.s += 0.25
        assert await moment() == first + timedelta(seconds=0.25)
        hands.s += 2 * TIME_TRUSTED_S
        sent = await statements_during(db, lambda: ingest(db, [said(world, here)], recent=recent))
    assert sent == ["WITH", "WITH"]


async def test_a_later_number_never_has_an_earlier_moment(
    database_url: str, hands: Hands, recent: Recent
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    async with system_db(database_url) as db:
        await ingest(db, [said(world, here)], recent=recent)
        hands.s += 0.9
        ahead = await ingest(db, [said(world, here)], recent=recent)
        recent.saw_time(ahead.now - timedelta(seconds=0.5))
        assert (await ingest(db, [said(world, here)], recent=recent)).now == ahead.now
    moments = [row["created_at"] for row in await rows_of(database_url, here.id)]
    assert moments == sorted(moments)


async def test_those_written_to_longest_ago_are_forgotten(
    database_url: str, recent: Recent
) -> None:
    world = await make_world(database_url, 4)
    items = [said(world, one) for one in world.conversations]
    async with system_db(database_url) as db:
        for item in items[:3]:
            await ingest(db, [item], recent=recent)
        await ingest(db, [said(world, world.conversations[0])], recent=recent)
        await ingest(db, [items[3]], recent=recent)
    remembered = [recent.facts([item]) is not None for item in items]
    assert remembered == [True, False, True, True]


def test_nothing_is_remembered_before_the_time_was_told(recent: Recent) -> None:
    assert recent.facts([]) is None
