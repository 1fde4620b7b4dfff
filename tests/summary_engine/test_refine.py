"""One refinement over real servers: what a model says is kept once, and never over something better."""

import asyncio
import json

import pytest

from chorus.bus import Client
from chorus.clock import SystemClock, unix_ms
from chorus.db import Db
from chorus.topics import Audience
from summary_engine import store
from summary_engine.refine import Refinery
from tests.chat_service.ingest_world import World, superuser
from tests.chat_service.writer_world import listening, until
from tests.summary_engine.engine_world import (
    HEADLINE,
    ask,
    behaving,
    filed,
    job_of,
    jobs_of,
    make_talk,
    put,
    refinery_for,
    say,
    shown,
    spent,
    usage,
)
from tests.support.model_stub import ModelStub

pytestmark = pytest.mark.anyio
FAILING = (
    "429@2",
    "500",
    "401",
    "html",
    "malformed",
    "wrongschema",
    "empty",
    "fence",
    "wrong_numbers",
    "obeys_injection",
    "badargs",
)


async def wake_all(refinery: Refinery, database_url: str, world: World) -> None:
    await asyncio.gather(*(refinery.wake(one["id"]) for one in await jobs_of(database_url, world)))


async def test_what_a_model_says_is_shown_filed_and_told(
    engine_url: str, redis_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    where = world.conversations[0].id
    assert await ask(db, world, kind="rich") == 1
    async with listening(redis_url) as heard:
        await wake_all(refinery_for(db, client, stub, "ok"), engine_url, world)

        async def told() -> bool:
            return any(header.conversation == where for _, header, _ in heard.frames)

        await until(told)
    kept = await shown(engine_url, world)
    assert kept is not None
    assert (kept["source"], kept["model"], kept["tier"]) == ("model", "openai:ok", "pro")
    assert (kept["upto_seq"], kept["kind"]) == (2, "rich")
    assert kept["body"]["headline"] == HEADLINE
    assert [one["value"] for one in kept["body"]["facts"]] == ["A-48213", "$89.99"]
    assert await filed(engine_url, world) == [("model", 2)]
    assert (await job_of(engine_url, world))["state"] == "done"
    frames = [(header, frame) for _, header, frame in heard.frames if header.conversation == where]
    ((header, frame),) = frames
    assert header.audience is Audience.AGENTS
    assert json.loads(frame)["data"] == {"upto_seq": 2, "behind": 0, "source": "model"}


async def test_it_is_paid_for_by_who_it_was_for(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    await wake_all(refinery_for(db, client, stub, "500", "ok"), engine_url, world)
    failed, answered = await usage(engine_url, world.tenant_id)
    assert (failed["result"], failed["attempt"]) == ("failed", 1)
    assert tuple(answered) == ("answered", 200, 120, 40, 2)
    assert await spent(engine_url, world.tenant_id) == failed["micros"] + 200


@pytest.mark.parametrize("behaviour", FAILING)
async def test_whatever_a_model_does_wrong_the_floor_stays(
    engine_url: str, db: Db, client: Client, stub: ModelStub, behaviour: str
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    await wake_all(refinery_for(db, client, stub, behaviour), engine_url, world)
    assert await shown(engine_url, world) is None
    assert await filed(engine_url, world) == []
    job = await job_of(engine_url, world)
    assert (job["state"], job["last_error"]) == ("done", "floor")


@pytest.mark.parametrize("behaviour", ["no_usage", "slow@0.1"])
async def test_an_answer_that_is_slow_or_says_no_price_is_one(
    engine_url: str, db: Db, client: Client, stub: ModelStub, behaviour: str
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    await wake_all(refinery_for(db, client, stub, behaviour), engine_url, world)
    assert await filed(engine_url, world) == [("model", 2)]


async def test_a_model_that_trickles_is_left_at_the_deadline(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    world = await make_talk(engine_url, db)
    await ask(db, world)
    await wake_all(refinery_for(db, client, stub, "trickle", "ok"), engine_url, world)
    job = await job_of(engine_url, world)
    assert (job["state"], job["last_error"]) in {("done", "floor"), ("done", "late")}
    assert await filed(engine_url, world) == []


async def test_twenty_at_once_with_models_that_hang_are_all_over_by_their_deadline(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    world = await make_talk(engine_url, db, conversations=20)
    assert await ask(db, world, numbers=range(20)) == 20
    await wake_all(refinery_for(db, client, stub, "hang", "ok"), engine_url, world)
    # Nothing is left to wait for: whatever had hung longer would still be running. On a busy machine
    # the last come too late to ask at all.
    ends = {(one["state"], one["last_error"]) for one in await jobs_of(engine_url, world)}
    assert ends <= {("done", "floor"), ("done", "late")}
    assert not stub.of("ok")
    assert await filed(engine_url, world) == []


async def test_twenty_at_once_are_all_refined(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db, conversations=20)
    await ask(db, world, kind="rich", numbers=range(20))
    refinery = refinery_for(db, client, stub, "slow@0.1")

    async def none_waits() -> bool:
        # What found no connection on a busy machine was put back, for the next ring.
        await wake_all(refinery, engine_url, world)
        return {one["state"] for one in await jobs_of(engine_url, world)} == {"done"}

    await until(none_waits)
    how = [(one["state"], one["last_error"]) for one in await jobs_of(engine_url, world)]
    assert await filed(engine_url, world) == [("model", 2)] * 20, how


async def test_rung_many_times_it_is_done_once(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    job = (await job_of(engine_url, world))["id"]
    refinery = refinery_for(db, client, stub, "slow@0.05")
    await asyncio.gather(*(refinery.wake(job) for _ in range(10)))
    await refinery.wake(job)
    assert len(stub.asked) == 1
    assert await filed(engine_url, world) == [("model", 2)]


async def test_asked_many_times_while_it_runs_it_runs_once_more(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    job = (await job_of(engine_url, world))["id"]
    refinery = refinery_for(db, client, stub, "held")
    async with asyncio.TaskGroup() as group:
        group.create_task(refinery.wake(job))
        await asyncio.to_thread(stub.wait_for, 1)
        await say(db, world, "I look into the second charge.")
        assert [await ask(db, world, kind="rich") for _ in range(5)] == [1] * 5
        stub.release()
    assert (await job_of(engine_url, world))["state"] == "pending"
    await refinery.wake(job)
    assert (await job_of(engine_url, world))["state"] == "done"
    (_, first), (_, second) = await filed(engine_url, world)
    assert first == 2 < second


async def test_a_persons_words_are_never_written_over(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    job = (await job_of(engine_url, world))["id"]
    theirs = {"v": 1, "source": "human", "upto_seq": 1, "text": "mine"}
    async with asyncio.TaskGroup() as group:
        group.create_task(refinery_for(db, client, stub, "held").wake(job))
        await asyncio.to_thread(stub.wait_for, 1)
        await put(engine_url, world, theirs)
        stub.release()
    assert await shown(engine_url, world) == theirs
    assert (await job_of(engine_url, world))["last_error"] == "outdone"
    assert await ask(db, world) == 0


async def test_what_quotes_the_deleted_is_not_kept(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    job = (await job_of(engine_url, world))["id"]
    async with asyncio.TaskGroup() as group:
        group.create_task(refinery_for(db, client, stub, "held").wake(job))
        await asyncio.to_thread(stub.wait_for, 1)
        async with superuser(engine_url) as raw:
            await raw.execute(
                "UPDATE conversations SET metadata = metadata || '{\"edits\": 1}' WHERE id = $1",
                world.conversations[0].id,
            )
        stub.release()
    assert await shown(engine_url, world) is None
    assert await filed(engine_url, world) == []


async def test_twenty_writers_leave_the_one_that_covers_most(engine_url: str, db: Db) -> None:
    world = await make_talk(engine_url, db)
    now = SystemClock().now()

    async def write(upto: int) -> None:
        told = {"upto_seq": upto, "source": "model", "model": "m", "tier": "pro", "kind": "fast"}
        body = {"body": {}, "text": f"up to {upto}"}
        refined = store.Refined(world.conversations[0].id, 0, told | body, 1, 1, 1, now)
        async with db.raw_transaction() as raw:
            await store.keep(raw, world.tenant_id, refined)

    await asyncio.gather(*(write(1 + n % 10) for n in range(20)))
    kept = await shown(engine_url, world)
    assert kept is not None
    assert kept["upto_seq"] == 10
    uptos = [upto for _, upto in await filed(engine_url, world)]
    assert len(set(uptos)) == len(uptos)


async def test_a_closing_note_comes_after_a_fast_one_and_not_before(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    refinery = refinery_for(db, client, stub, "ok")
    for kind in ("fast", "rich", "fast", "rich"):
        await ask(db, world, kind=kind, least=0)
        await wake_all(refinery, engine_url, world)
    kept = await shown(engine_url, world)
    assert kept is not None
    assert kept["kind"] == "rich"
    assert [one.body["max_completion_tokens"] for one in stub.asked] == [220, 500]


@pytest.mark.parametrize("late", [(0, 0, 1), (3, 0, 0), (10, 1, 1), (90, 1, 0)])
async def test_a_late_wish_is_dropped_but_not_one_that_a_dead_worker_left(
    engine_url: str, db: Db, client: Client, stub: ModelStub, late: tuple[int, int, int]
) -> None:
    seconds, killed, asked = late
    world = await make_talk(engine_url, db)
    await ask(db, world)
    async with superuser(engine_url) as raw:
        await raw.execute(
            "UPDATE jobs SET attempts = $2, payload = payload || jsonb_build_object('asked_ms', $3::bigint)"
            " WHERE tenant_id = $1 AND kind = 'refine_summary'",
            world.tenant_id,
            killed,
            unix_ms(SystemClock().now()) - 1000 * seconds,
        )
    await wake_all(refinery_for(db, client, stub, "ok"), engine_url, world)
    assert len(stub.asked) == asked
    assert (await job_of(engine_url, world))["state"] == "done"


async def test_a_closing_note_is_made_however_late(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    async with superuser(engine_url) as raw:
        await raw.execute(
            "UPDATE jobs SET payload = payload || jsonb_build_object('asked_ms', $2::bigint)"
            " WHERE tenant_id = $1 AND kind = 'refine_summary'",
            world.tenant_id,
            unix_ms(SystemClock().now()) - 3_600_000,
        )
    await wake_all(refinery_for(db, client, stub, "ok"), engine_url, world)
    assert await filed(engine_url, world) == [("model", 2)]


async def test_of_all_that_is_asked_while_one_is_made_the_closing_note_comes_after_it(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    refinery = refinery_for(db, client, stub, "held")
    async with asyncio.TaskGroup() as group:
        group.create_task(wake_all(refinery, engine_url, world))
        await asyncio.to_thread(stub.wait_for, 1)
        await say(db, world, "I look into the second charge.")
        for kind in ("fast", "rich", "fast"):
            await ask(db, world, kind=kind, least=0)
        stub.release()
    await wake_all(refinery, engine_url, world)
    kept = await shown(engine_url, world)
    assert kept is not None
    assert kept["kind"] == "rich"
    assert kept["upto_seq"] > 2


async def test_over_the_months_budget_nothing_is_asked_by_however_many(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db, conversations=20)
    await ask(db, world, numbers=range(20), kind="rich")
    await wake_all(refinery_for(db, client, stub, "slow@0.05", budget=0.004), engine_url, world)
    refined = len(await filed(engine_url, world))
    assert 0 < refined < 20
    assert len(stub.asked) == refined
    assert await spent(engine_url, world.tenant_id) == 200 * refined <= 4_000


async def test_a_conversation_that_is_gone_or_empty_asks_nobody(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    world = await make_talk(engine_url, db)
    await ask(db, world)
    async with superuser(engine_url) as raw:
        await raw.execute("DELETE FROM message_search WHERE tenant_id = $1", world.tenant_id)
        await raw.execute("DELETE FROM messages WHERE tenant_id = $1", world.tenant_id)
    await wake_all(refinery_for(db, client, stub, "ok"), engine_url, world)
    assert not stub.asked
    assert (await job_of(engine_url, world))["last_error"] == "needless"


async def test_a_fault_of_ours_is_tried_again_and_then_given_up(
    engine_url: str, db: Db, client: Client, stub: ModelStub
) -> None:
    world = await make_talk(engine_url, db)
    await ask(db, world)
    async with superuser(engine_url) as raw:
        await raw.execute(
            'UPDATE jobs SET payload = payload || \'{"asked_ms": "never"}\' WHERE tenant_id = $1',
            world.tenant_id,
        )
    refinery = refinery_for(db, client, stub, "ok")
    states = []
    for _ in range(4):
        await wake_all(refinery, engine_url, world)
        states.append((await job_of(engine_url, world))["state"])
    assert states == ["pending", "pending", "dead", "dead"]
