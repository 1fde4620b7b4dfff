import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chat_service import jobs, search_index
from chat_service.jobs import Tools
from chat_service.messages import ingest
from chat_service.reconcile import Walk
from chat_service.settings import ConductorSettings
from chat_service.store import jobs as rows
from chat_service.store.jobs import FenceRaised, TakenJob
from chorus.bus import open_redis
from chorus.clock import SystemClock, unix_ms
from chorus.ids import uuid7
from chorus.jobs import JobKind
from tests.chat_service.api_world import make_tenant
from tests.chat_service.handoff_world import ask, make_queue
from tests.chat_service.ingest_world import (
    answered,
    head_of,
    make_world,
    rows_of,
    said,
    superuser,
    system_db,
)
from tests.chat_service.routing_world import make_floor, make_waiting
from tests.chat_service.test_ingest_sessions import answer
from tests.chat_service.writer_world import listening, until

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def tools_for(database_url: str, redis_url: str) -> AsyncIterator[Tools]:
    async with system_db(database_url) as db, open_redis(redis_url) as client:
        settings = ConductorSettings.from_env({})
        yield Tools(db, client, settings, SystemClock())


async def add_job(
    database_url: str, tenant_id: UUID, kind: str, payload: dict[str, Any] | None = None
) -> UUID:
    job_id = uuid7()
    async with superuser(database_url) as connection:
        await connection.execute(
            "INSERT INTO jobs (id, tenant_id, kind, key, payload) VALUES ($1, $2, $3, $4, $5)",
            job_id,
            tenant_id,
            kind,
            str(job_id),
            json.dumps(payload or {}),
        )
    return job_id


async def job(database_url: str, job_id: UUID) -> Any:
    async with superuser(database_url) as connection:
        return await connection.fetchrow("SELECT * FROM jobs WHERE id = $1", job_id)


async def sql(database_url: str, statement: str, *arguments: object) -> Any:
    async with superuser(database_url) as connection:
        return await connection.fetch(statement, *arguments)


async def test_a_snooze_that_is_over_opens_the_conversation_for_all_to_see(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    await sql(
        database_url,
        "UPDATE conversations SET status = 'snoozed', snoozed_until = now() - '1 s'::interval",
    )
    payload = {"conversation_id": str(here.id)}
    job_id = await add_job(database_url, world.tenant_id, JobKind.UNSNOOZE, payload)
    async with tools_for(database_url, redis_db) as tools, listening(redis_db) as heard:
        await jobs.run_all_due(tools, jobs.TIMERS, limit=10)
        await until(lambda: _heard(heard.frames))
    assert heard.seqs(here.id) == [1]
    assert (await head_of(database_url, here.id))["status"] == "open"
    assert [row["visibility"] for row in await rows_of(database_url, here.id)] == ["agents"]
    assert (await job(database_url, job_id))["state"] == "done"
    told = await sql(database_url, "SELECT event FROM outbox")
    assert [row["event"] for row in told] == ["conversation.reopened"]


async def _heard(frames: list[Any]) -> bool:
    return bool(frames)


async def test_a_timer_that_was_overtaken_changes_nothing(database_url: str, redis_db: str) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    payload = {"conversation_id": str(here.id)}
    job_id = await add_job(database_url, world.tenant_id, JobKind.UNSNOOZE, payload)
    async with tools_for(database_url, redis_db) as tools:
        await jobs.run_all_due(tools, jobs.TIMERS, limit=10)
    assert (await job(database_url, job_id))["state"] == "done"
    assert await rows_of(database_url, here.id) == []


async def test_a_failing_job_is_tried_again_later_and_then_given_up(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    job_id = await add_job(database_url, world.tenant_id, "broken")

    async def broken(tools: Tools, taken: TakenJob) -> None:
        raise KeyError(taken.key)

    async with tools_for(database_url, redis_db) as tools:
        for attempt in range(1, jobs.ATTEMPTS_MAX + 1):
            assert await jobs.run_due(tools, {"broken": broken}, limit=1) == 1
            found = await job(database_url, job_id)
            assert (found["attempts"], found["last_error"]) == (attempt, "KeyError")
            assert await jobs.run_due(tools, {"broken": broken}, limit=1) == 0
            await sql(database_url, "UPDATE jobs SET due_at = now()")
    assert found["state"] == "dead"


def test_the_pause_before_another_attempt_doubles_up_to_a_bound() -> None:
    assert [jobs.retry_s(n) for n in (1, 2, 3)] == [1.0, 2.0, 4.0]
    assert jobs.retry_s(50) == jobs.RETRY_LAST_S


async def test_who_slept_through_the_lease_changes_nothing(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    job_id = await add_job(database_url, world.tenant_id, "slow")
    async with tools_for(database_url, redis_db) as tools:
        async with tools.db.raw_transaction() as connection:
            (old,) = await rows.take(connection, ["slow"], 1, lease_s=60)
        assert await jobs.sweep(tools.db, 10) == 0
        await sql(database_url, "UPDATE jobs SET lease_until = now() - '1 s'::interval")
        assert await jobs.sweep(tools.db, 10) == 1
        async with tools.db.raw_transaction() as connection:
            (new,) = await rows.take(connection, ["slow"], 1, lease_s=60)
        with pytest.raises(FenceRaised):
            await _finish_late(tools, old)
        async with tools.db.raw_transaction() as connection:
            await rows.finish(connection, new)
    assert (await job(database_url, job_id))["state"] == "done"
    assert (await head_of(database_url, world.conversations[0].id))["preview"] == ""


async def _finish_late(tools: Tools, taken: TakenJob) -> None:
    async with tools.db.raw_transaction() as connection:
        await connection.execute("UPDATE conversations SET preview = 'late'")
        await rows.finish(connection, taken)


async def test_why_sessions_were_routed_so_is_forgotten_after_its_days(
    database_url: str, redis_db: str
) -> None:
    floor, other = await make_floor(database_url, 1), await make_floor(database_url, 1)
    now_ms, day_ms = unix_ms(SystemClock().now()), 24 * 3_600_000
    for house in (floor, other):
        (case,) = await make_waiting(database_url, house, 1)
        ids = [uuid7(now_ms - 31 * day_ms) for _ in range(jobs.ROWS_AT_ONCE + 1)]
        await sql(
            database_url,
            "INSERT INTO routing_decisions (id, tenant_id, session_id)"
            " SELECT id, $2, $3 FROM unnest($1::uuid[]) AS id",
            [*ids, uuid7(now_ms - 29 * day_ms), uuid7()],
            house.tenant_id,
            case.session_id,
        )
    job_id = await add_job(database_url, floor.tenant_id, JobKind.RETENTION)
    async with tools_for(database_url, redis_db) as tools:
        await jobs.run_all_due(tools, jobs.UPKEEP, limit=1)
    assert (await job(database_url, job_id))["state"] == "done"
    left = await sql(database_url, "SELECT tenant_id, count(*) FROM routing_decisions GROUP BY 1")
    kept = jobs.ROWS_AT_ONCE + 3
    assert {row[0]: row[1] for row in left} == {floor.tenant_id: 2, other.tenant_id: kept}


async def test_retention_deletes_from_the_old_end_and_says_where_it_stopped(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url, 3)
    old, mixed, young = world.conversations
    async with tools_for(database_url, redis_db) as tools:
        await ingest(tools.db, [said(world, one) for one in world.conversations for _ in range(5)])
        await sql(
            database_url,
            "UPDATE messages SET created_at = now() - '90 days'::interval"
            " WHERE conversation_id = $1 OR (conversation_id = $2 AND seq IN (1, 2, 4))",
            old.id,
            mixed.id,
        )
        await sql(
            database_url, "UPDATE conversations SET created_at = now() - '100 days'::interval"
        )
        await sql(database_url, "UPDATE tenants SET retention_days = 30")
        job_id = await add_job(database_url, world.tenant_id, JobKind.RETENTION)
        await jobs.run_all_due(tools, jobs.UPKEEP, limit=1)
    assert (await job(database_url, job_id))["state"] == "done"
    kept = [
        [row["seq"] for row in await rows_of(database_url, one.id)] for one in (old, mixed, young)
    ]
    assert kept == [[], [3, 4, 5], [1, 2, 3, 4, 5]]
    firsts = [(await head_of(database_url, one.id))["first_seq"] for one in (old, mixed, young)]
    assert firsts == [6, 3, 1]


async def test_upkeep_forgets_what_is_relayed_and_answered(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    async with tools_for(database_url, redis_db) as tools:
        await ingest(tools.db, [said(world, world.conversations[0])])
        await ingest(tools.db, [said(world, world.conversations[0])])
        await ingest(tools.db, [said(world, world.conversations[0])])
        await sql(
            database_url,
            "UPDATE outbox SET searched_at = now(), sent_at = now() - (n - 1) * '25 h'::interval FROM"
            " (SELECT id, row_number() OVER (ORDER BY id) AS n FROM outbox) o"
            " WHERE o.id = outbox.id AND n < 3",
        )
        await sql(
            database_url,
            "INSERT INTO command_results (tenant_id, user_id, command_id, body_hash, created_at)"
            " SELECT $1, $1, gen_random_uuid(), '', now() - n * '25 h'::interval"
            " FROM generate_series(0, 1) n",
            world.tenant_id,
        )
        await jobs.schedule_daily(tools.db, tools.clock.now())
        await jobs.schedule_daily(tools.db, tools.clock.now())
        await jobs.run_all_due(tools, jobs.UPKEEP, limit=1)
    states = await sql(database_url, "SELECT kind, state FROM jobs")
    assert sorted((row["kind"], row["state"]) for row in states) == sorted(
        (kind, "done") for kind in jobs.UPKEEP
    )
    assert len(await sql(database_url, "SELECT 1 FROM outbox")) == 2
    assert len(await sql(database_url, "SELECT 1 FROM command_results")) == 1


async def test_upkeep_keeps_what_was_not_made_findable_yet(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url)
    async with tools_for(database_url, redis_db) as tools:
        await ingest(tools.db, [said(world, world.conversations[0])])
        await sql(database_url, "UPDATE outbox SET sent_at = now() - '25 h'::interval")
        await jobs.schedule_daily(tools.db, tools.clock.now())
        await jobs.run_all_due(tools, jobs.UPKEEP, limit=1)
        assert len(await sql(database_url, "SELECT 1 FROM outbox")) == 1
        await search_index.index_all(tools.db)
        await jobs.schedule_daily(tools.db, tools.clock.now() + timedelta(days=1))
        await jobs.run_all_due(tools, jobs.UPKEEP, limit=1)
    assert await sql(database_url, "SELECT 1 FROM outbox") == []


async def test_what_we_say_ourselves_of_a_handoff_is_no_preview(
    database_url: str, redis_db: str
) -> None:
    tenant = await make_tenant(database_url, "acme")
    queue = await make_queue(database_url, tenant, members=[tenant.agent])
    async with tools_for(database_url, redis_db) as tools:
        await ingest(tools.db, [answer(tenant, "contact", content="my order")])
        await ask(tools.db, tenant, queue)
        ours = [row["content"] for row in await rows_of(database_url, tenant.conversation)][-1]
        assert ours, "the customer is told that somebody is looked for"
        assert (await head_of(database_url, tenant.conversation))["preview"] == "my order"
        assert await Walk(tools.db, tools.client, 10).step() == 0


async def test_a_wrong_inbox_row_is_repaired_and_a_right_one_left_alone(
    database_url: str, redis_db: str
) -> None:
    world = await make_world(database_url, 3)
    wrong, right, empty = world.conversations
    async with tools_for(database_url, redis_db) as tools:
        for here in (wrong, right):
            await ingest(
                tools.db,
                [said(world, here), answered(world, here, content="yes?"), said(world, here, "so")],
            )
        truth = [await head_of(database_url, one.id) for one in (wrong, right, empty)]
        walk = Walk(tools.db, tools.client, 2)
        assert [await walk.step() for _ in range(2)] == [0, 0]
        await sql(
            database_url,
            "UPDATE conversations SET unread = 9, preview = 'x', waiting_since = NULL WHERE id = $1",
            wrong.id,
        )
        assert sum([await walk.step() for _ in range(2)]) == 1
        assert [await walk.step() for _ in range(2)] == [0, 0]
    assert [await head_of(database_url, one.id) for one in (wrong, right, empty)] == truth
