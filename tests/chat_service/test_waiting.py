"""Since when a customer waits: what the rules of intake say, and all messages of the conversation."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from chat_service.messages import ingest
from chat_service.reconcile import wrong_columns
from chat_service.store.reconcile import compare_locked, repair
from chorus.db import Db
from chorus.ingest import IngestItem
from tests.chat_service.ingest_world import (
    Conversation,
    World,
    answered,
    botted,
    head_of,
    make_world,
    rows_of,
    said,
    statements_during,
    superuser,
    system_db,
)

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Desk:
    """A conversation with the bot's floor."""

    url: str
    db: Db
    world: World
    here: Conversation

    def asked(self) -> IngestItem:
        return said(self.world, self.here)

    def bot(self, upto: object = None) -> IngestItem:
        """An answer of the bot to what it had read."""
        marked = {"action": "answer"} if upto is None else {"action": "answer", "upto": upto}
        payload = {"meta": {"bot": marked}}
        return botted(self.world, self.here, floor_epoch=0, payload=payload)

    def note(self) -> IngestItem:
        return answered(self.world, self.here, visibility="agents")

    async def say(self, *batches: list[IngestItem]) -> None:
        for batch in batches:
            await ingest(self.db, batch)

    async def since(self) -> datetime | None:
        """Since when they wait; the messages behind it say the same."""
        async with self.db.raw_transaction() as connection:
            compared = await compare_locked(connection, self.here.id)
        assert compared is not None
        assert wrong_columns(compared) == []
        return compared.waiting_since

    async def when(self, seq: int) -> Any:
        return (await rows_of(self.url, self.here.id))[seq - 1]["created_at"]


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    world = await make_world(database_url, floor="bot")
    async with system_db(database_url, size=1) as db:
        yield Desk(database_url, db, world, world.conversations[0])


async def test_whom_the_bot_had_not_read_waits_for_the_next_answer(desk: Desk) -> None:
    await desk.say([desk.asked()], [desk.asked()], [desk.asked()], [desk.bot(upto=1)])
    assert await desk.since() == await desk.when(2)
    await desk.say([desk.bot(upto=2)])
    assert await desk.since() == await desk.when(3)
    await desk.say([desk.bot(upto=3)])
    assert await desk.since() is None


async def test_who_writes_on_in_the_batch_of_an_answer_waits(desk: Desk) -> None:
    await desk.say([desk.asked()], [desk.asked(), desk.bot(upto=1)])
    assert await desk.since() == await desk.when(2)
    await desk.say([desk.asked(), desk.bot(upto=4), desk.asked()])
    assert await desk.since() == await desk.when(6)


async def test_whoever_else_answers_has_read_all_of_it(desk: Desk) -> None:
    await desk.say([desk.asked()], [desk.asked()], [desk.bot()])
    assert await desk.since() is None
    await desk.say([desk.asked()], [desk.asked()], [desk.bot(upto=4)])
    assert await desk.since() == await desk.when(5)
    await desk.say([answered(desk.world, desk.here)])
    assert await desk.since() is None


async def test_a_note_is_no_word_of_the_customers(desk: Desk) -> None:
    await desk.say([desk.asked()], [desk.note()], [desk.bot(upto=1)])
    assert await desk.since() is None


async def test_answers_that_overtook_each_other_leave_nobody_waiting(desk: Desk) -> None:
    await desk.say([desk.asked()], [desk.asked()], [desk.bot(upto=2)], [desk.bot(upto=1)])
    assert await desk.since() is None


@pytest.mark.parametrize("upto", [9, 2**62, "1", [1], {"a": 1}])
async def test_an_answer_that_says_nonsense_has_read_what_stands_before_it(
    desk: Desk, upto: object
) -> None:
    await desk.say([desk.asked()], [desk.bot(upto=upto)], [desk.asked()])
    assert await desk.since() == await desk.when(3)


async def test_nobody_waits_for_words_that_were_taken_back(desk: Desk) -> None:
    await desk.say([desk.asked()], [desk.asked()])
    gone = "UPDATE messages SET content = '', deleted_at = now() WHERE conversation_id = $1"
    async with superuser(desk.url) as connection:
        await connection.execute(f"{gone} AND seq = 1", desk.here.id)
    assert (await repaired(desk))["waiting_since"] == await desk.when(2)
    async with superuser(desk.url) as connection:
        await connection.execute(gone, desk.here.id)
    assert (await repaired(desk))["waiting_since"] is None


async def test_only_an_answer_that_something_came_before_asks_what_it_was(desk: Desk) -> None:
    await desk.say([desk.asked()], [desk.asked()], [desk.bot(upto=1)], [desk.asked()])
    plain = await statements_during(desk.db, lambda: desk.say([desk.bot(upto=4)]))
    assert plain == ["WITH", "WITH"]
    await desk.say([desk.asked()], [desk.asked()])
    late = await statements_during(desk.db, lambda: desk.say([desk.bot(upto=6)]))
    assert late == ["WITH", "BEGIN", "WITH", "SELECT", "WITH", "COMMIT"]


async def repaired(desk: Desk) -> Any:
    """The head after the reconciler's repair."""
    async with desk.db.raw_transaction() as connection:
        found = await compare_locked(connection, desk.here.id)
        assert found is not None
        await repair(connection, found, "")
    return await head_of(desk.url, desk.here.id)
