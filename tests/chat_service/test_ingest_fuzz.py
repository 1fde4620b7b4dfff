"""Ingest against a model of its rules that keeps a plain list per conversation and no batches."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_service.intake import Refused
from chat_service.messages import ingest
from chat_service.recent import Recent
from chorus.clock import SystemClock
from chorus.ids import uuid7
from chorus.ingest import IngestItem
from tests.chat_service.ingest_world import (
    Conversation,
    World,
    answered,
    botted,
    hashed,
    head_of,
    make_world,
    rows_of,
    said,
    superuser,
    system_db,
)
from tests.support.examples import examples

Line = tuple[str, str, str]
"""What the model expects of a row: role, type, visibility."""
SPEAKERS = ("customer", "agent0", "agent1", "senior", "disabled", "bot", "stranger")
MEMORABLE = ("customer",) * 6 + ("bot", "stranger", "agent0")
"""Mostly those for whom a writer need not look."""


@dataclass
class Model:
    """One conversation, as a person would explain it."""

    lines: list[Line] = field(default_factory=list)
    places: dict[UUID, tuple[int, str]] = field(default_factory=dict)
    spoken: list[tuple[int, UUID]] = field(default_factory=list)
    closed: bool = False
    floor: str = "bot"
    epoch: int = 0
    owner: UUID | None = None
    unread: int = 0
    waiting: bool = False
    preview: str = ""

    def hear(self, who: str, item: IngestItem) -> int | str:
        """Answer a seq or a refusal."""
        if item.id in self.places:
            seq, body = self.places[item.id]
            if body == item.body_hash:
                return seq
            return "FORBIDDEN" if _stranger(who, item) else "ID_CONFLICT"
        refusal = self.refusal(who, item)
        if refusal:
            return refusal
        return self.take(who, item)

    def refusal(self, who: str, item: IngestItem) -> str | None:
        if _stranger(who, item):
            return "FORBIDDEN"
        if self.closed:
            return "CONVERSATION_CLOSED"
        if item.role != "agent":
            return None
        if item.floor_epoch not in (None, self.epoch):
            return "STALE_FLOOR"
        expected = item.expected_seq
        if expected is not None and any(
            seq > expected and agent != item.sender_id for seq, agent in self.spoken
        ):
            return "STALE_VIEW"
        owned = self.floor == "human" and self.owner not in (None, item.sender_id)
        if item.visibility == "public" and owned and who != "senior":
            return "ALREADY_ASSIGNED"
        return None

    def take(self, who: str, item: IngestItem) -> int:
        kind, visibility = item.type, item.visibility
        if who == "bot" and (self.floor != "bot" or item.floor_epoch != self.epoch):
            kind, visibility = "suggestion", "agents"
        if item.role == "agent" and visibility == "public" and self.floor != "human":
            self.floor, self.epoch, self.owner = "human", self.epoch + 1, item.sender_id
            self.lines += [("system", "event", "public")] * 2
        self.lines.append((item.role, kind, visibility))
        self.places[item.id] = (len(self.lines), item.body_hash)
        if visibility == "public":
            self.show(who, item)
        return len(self.lines)

    def show(self, who: str, item: IngestItem) -> None:
        self.preview = item.content
        self.waiting = who == "customer"
        if who == "customer":
            self.unread += 1
        if item.role == "agent":
            self.spoken.append((len(self.lines), item.sender_id))


def _stranger(who: str, item: IngestItem) -> bool:
    return who in ("stranger", "disabled") or (who == "customer" and item.visibility != "public")


CHANGE = st.sampled_from(["close", "reopen", "return_to_bot"])


def step(speakers: tuple[str, ...], *, most: int, ids: int) -> st.SearchStrategy[Any]:
    """A batch of at most `most` messages, or something that happens beside the writer."""
    word = st.fixed_dictionaries(
        {
            "where": st.integers(0, 1),
            "who": st.sampled_from(speakers),
            "id": st.integers(0, ids - 1),
            "content": st.sampled_from(["a", "b"]),
            "visibility": st.sampled_from(["public", "public", "public", "agents"]),
            "floor_epoch": st.sampled_from([None, None, 0, 1]),
            "expected_seq": st.sampled_from([None, None, 0, 3]),
        }
    )
    return st.one_of(st.lists(word, min_size=1, max_size=most), CHANGE)


@dataclass
class Bench:
    runner: asyncio.Runner
    database_url: str
    world: World
    db: Any


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    with asyncio.Runner() as runner:
        world = runner.run(make_world(database_url))
        opened = system_db(database_url, size=1)
        db = runner.run(opened.__aenter__())
        yield Bench(runner, database_url, world, db)
        runner.run(opened.__aexit__(None, None, None))


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(step(SPEAKERS, most=6, ids=10), min_size=1, max_size=8))
def test_any_history_ends_as_the_model_says(bench: Bench, steps: list[Any]) -> None:
    bench.runner.run(_play(bench, steps))


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(step(MEMORABLE, most=2, ids=20), min_size=4, max_size=20))
def test_any_history_of_a_writer_who_remembers_ends_as_the_model_says(
    bench: Bench, steps: list[Any]
) -> None:
    bench.runner.run(_play(bench, steps, Recent(SystemClock())))


async def _play(bench: Bench, steps: list[Any], recent: Recent | None = None) -> None:
    places = await _fresh(bench)
    models = [Model(), Model()]
    ids = [uuid7() for _ in range(20)]
    for step in steps:
        if isinstance(step, str):
            await _change(bench.database_url, step, places[0], models[0])
            continue
        items = [_item(bench.world, places, ids, word) for word in step]
        expected = [
            models[word["where"]].hear(word["who"], item)
            for word, item in zip(step, items, strict=True)
        ]
        outcome = await ingest(bench.db, items, recent=recent)
        assert [
            str(one.code) if isinstance(one, Refused) else one.seq for one in outcome.answers
        ] == expected
    for where, model in zip(places, models, strict=True):
        await _check(bench.database_url, where, model)


def _item(
    world: World, places: list[Conversation], ids: list[UUID], word: dict[str, Any]
) -> IngestItem:
    where, who = places[word["where"]], word["who"]
    if who in ("customer", "stranger"):
        item = said(world, where)
        if who == "stranger":
            item = replace(item, sender_id=UUID(int=1))
    elif who == "bot":
        item = replace(botted(world, where), sender_id=UUID(int=2))
    else:
        item = answered(world, where, ("agent0", "agent1", "senior", "disabled").index(who))
    names = ("content", "visibility", "floor_epoch", "expected_seq")
    given = {name: word[name] for name in names}
    if who == "bot":
        given["visibility"] = "public"
    return hashed(replace(item, id=ids[word["id"]], **given))


async def _fresh(bench: Bench) -> list[Conversation]:
    """Two conversations of their own for each example."""
    made = [Conversation(uuid7(), bench.world.conversations[0].contact_id) for _ in range(2)]
    async with superuser(bench.database_url) as connection:
        await connection.executemany(
            "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, floor_holder)"
            " VALUES ($1, $2, $3, $4, 'bot')",
            [(one.id, bench.world.tenant_id, bench.world.inbox_id, one.contact_id) for one in made],
        )
    return made


async def _change(database_url: str, change: str, where: Conversation, model: Model) -> None:
    sets = {
        "close": "status = 'closed', closed_at = now()",
        "reopen": "status = 'open', closed_at = NULL",
        "return_to_bot": "floor_holder = 'bot', floor_epoch = floor_epoch + 1, assignee_id = NULL",
    }
    async with superuser(database_url) as connection:
        await connection.execute(f"UPDATE conversations SET {sets[change]} WHERE id = $1", where.id)
    if change == "return_to_bot":
        model.floor, model.epoch, model.owner = "bot", model.epoch + 1, None
    else:
        model.closed = change == "close"


async def _check(database_url: str, where: Conversation, model: Model) -> None:
    rows = await rows_of(database_url, where.id)
    assert [row["seq"] for row in rows] == list(range(1, len(model.lines) + 1))
    assert [(row["role"], row["message_type"], row["visibility"]) for row in rows] == model.lines
    assert all(orjson.loads(row["payload"]) for row in rows if row["message_type"] == "event")
    head = await head_of(database_url, where.id)
    assert (head["last_seq"], head["floor_holder"], head["floor_epoch"]) == (
        len(model.lines),
        model.floor,
        model.epoch,
    )
    assert (head["assignee_id"], head["unread"], head["preview"]) == (
        model.owner,
        model.unread,
        model.preview,
    )
    assert (head["waiting_since"] is not None) == model.waiting
