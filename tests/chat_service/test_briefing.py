"""The packet of an offer carries the summary of that moment, and no summary ever holds an offer up."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service import briefing
from chat_service.router import Router
from chat_service.store import summaries as store
from chorus import topics
from chorus.errors import Unavailable
from chorus.ids import uuid7
from tests.chat_service.ingest_world import superuser
from tests.chat_service.routing_world import (
    Case,
    Floor,
    come,
    fetch,
    make_floor,
    make_waiting,
    presence_watched,
    tools_for,
)

pytestmark = pytest.mark.anyio

LATE = "My order 48213 has not arrived. When will it come?"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests may take its time."""
    monkeypatch.setattr(briefing, "LIMIT_S", 30.0)


async def speak(url: str, floor: Floor, case: Case, *texts: str) -> None:
    async with superuser(url) as raw:
        for seq, text in enumerate(texts, 1):
            await raw.execute(
                "INSERT INTO messages (conversation_id, seq, id, tenant_id, role, content)"
                " VALUES ($1, $2, $3, $4, 'customer', $5)",
                case.conversation_id,
                seq,
                uuid7(),
                floor.tenant_id,
                text,
            )
        await raw.execute(
            "UPDATE conversations SET last_seq = $2 WHERE id = $1", case.conversation_id, len(texts)
        )


async def offered(url: str, redis_url: str, floor: Floor, count: int = 1) -> dict[UUID, Any]:
    """Route, and read the packets that reach the agents' sockets, by conversation."""
    packets: dict[UUID, Any] = {}
    async with tools_for(url, redis_url) as tools, presence_watched(redis_url):
        await come(tools.client, floor)
        async with tools.client.pubsub() as pubsub:
            await pubsub.subscribe(topics.inbox(floor.tenant_id))
            await Router(tools).route(floor.tenant_id)
            async with asyncio.timeout(10):
                while len(packets) < count:
                    heard = await pubsub.get_message(ignore_subscribe_messages=True, timeout=1)
                    word = orjson.loads(heard["data"]) if heard else []
                    if isinstance(word, dict) and "frame" in word:
                        packet = orjson.loads(word["frame"])["data"]["packet"]
                        packets[UUID(word["conv"])] = packet
    return packets


async def kept(url: str) -> list[Any]:
    return await fetch(url, "SELECT * FROM summaries ORDER BY created_at")


async def test_an_offer_tells_what_it_is_about_and_keeps_it(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    cases = await make_waiting(database_url, floor, 3)
    for number, case in enumerate(cases):
        await speak(database_url, floor, case, f"My order {48210 + number} has not arrived.")
    packets = await offered(database_url, redis_db, floor, 3)
    for number, case in enumerate(cases):
        assert f"My order {48210 + number}" in packets[case.conversation_id]["summary"]
    rows = await kept(database_url)
    assert {row["conversation_id"] for row in rows} == {one.conversation_id for one in cases}
    shown = await fetch(
        database_url, "SELECT metadata->'summary'->>'text' AS text FROM conversations"
    )
    assert {row["text"] for row in shown} == {one["summary"] for one in packets.values()}


async def test_it_is_that_of_the_moment_not_that_of_before(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    await speak(database_url, floor, case, LATE)
    old = '{"summary": {"v": 1, "source": "extractive", "model": "extractive-1", "upto_seq": 0, "text": "old"}}'
    async with superuser(database_url) as raw:
        await raw.execute("UPDATE conversations SET metadata = $1::jsonb", old)
    packets = await offered(database_url, redis_db, floor)
    assert "48213" in packets[case.conversation_id]["summary"]


async def test_what_a_person_wrote_is_what_is_told(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    await speak(database_url, floor, case, LATE)
    written = (
        '{"summary": {"v": 1, "source": "human", "model": "human", "upto_seq": 1, "text": "VIP"}}'
    )
    async with superuser(database_url) as raw:
        await raw.execute("UPDATE conversations SET metadata = $1::jsonb", written)
    packets = await offered(database_url, redis_db, floor)
    assert packets[case.conversation_id]["summary"] == "VIP"
    assert await kept(database_url) == []


@pytest.mark.parametrize(("missed", "told"), [(0, "Told by a model."), (6, "48213")])
async def test_what_a_model_wrote_is_told_unless_it_missed_a_lot(
    database_url: str, redis_db: str, missed: int, told: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    await speak(database_url, floor, case, LATE, *["Hello?"] * missed)
    written = {"v": 1, "source": "model", "model": "m", "upto_seq": 1, "text": "Told by a model."}
    async with superuser(database_url) as raw:
        await raw.execute(
            "UPDATE conversations SET metadata = $1::jsonb",
            orjson.dumps({"summary": written}).decode(),
        )
    packets = await offered(database_url, redis_db, floor)
    assert told in packets[case.conversation_id]["summary"]


async def test_an_inbox_that_wants_none_gets_none(database_url: str, redis_db: str) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    await speak(database_url, floor, case, LATE)
    async with superuser(database_url) as raw:
        await raw.execute("""UPDATE inboxes SET settings = '{"summaries": {"enabled": false}}'""")
    packets = await offered(database_url, redis_db, floor)
    assert packets[case.conversation_id].get("summary") is None
    assert await kept(database_url) == []


async def test_where_nothing_was_said_the_agent_is_told_so(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    packets = await offered(database_url, redis_db, floor)
    assert packets[case.conversation_id]["summary"].startswith("Next: Say hello")


@pytest.mark.parametrize("fault", ["away", "hangs"])
async def test_an_offer_goes_out_whatever_becomes_of_its_summary(
    database_url: str, redis_db: str, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    await speak(database_url, floor, case, LATE)

    monkeypatch.setattr(briefing, "LIMIT_S", 0.15)

    async def broken(*_: Any, **__: Any) -> Any:
        if fault == "hangs":
            await asyncio.Event().wait()
        raise Unavailable

    monkeypatch.setattr(store, "materials", broken)
    packets = await offered(database_url, redis_db, floor)
    assert packets[case.conversation_id]["contact"]["id"] == str(case.contact_id)
    assert packets[case.conversation_id].get("summary") is None


async def test_an_offer_stands_when_its_summary_cannot_be_kept(
    database_url: str, redis_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    await speak(database_url, floor, case, LATE)

    async def broken(*_: Any) -> Any:
        raise Unavailable

    monkeypatch.setattr(store, "keep", broken)
    packets = await offered(database_url, redis_db, floor)
    assert "48213" in packets[case.conversation_id]["summary"]


async def test_many_offers_cost_the_time_of_few(
    database_url: str, redis_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without time left, the packets carry what was kept before."""
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    await speak(database_url, floor, case, *[LATE] * 120)
    monkeypatch.setattr(briefing, "monotonic", iter([0.0, *[99.0] * 99]).__next__)
    packets = await offered(database_url, redis_db, floor)
    assert packets[case.conversation_id].get("summary") is None


async def test_a_long_conversation_is_told_by_its_ends_and_not_kept(
    database_url: str, redis_db: str
) -> None:
    floor = await make_floor(database_url, 1)
    (case,) = await make_waiting(database_url, floor, 1)
    await speak(database_url, floor, case, LATE, *["and another thing is broken"] * 260)
    packets = await offered(database_url, redis_db, floor)
    assert "48213" in packets[case.conversation_id]["summary"]
    assert await kept(database_url) == []
