"""The worker as a process: warm before it counts, killed in the middle, and quiet about secrets."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import pytest

from chat_service import jobs
from chorus import topics
from chorus.bus import Client
from chorus.clock import SystemClock, unix_ms
from chorus.db import Db
from chorus.enqueue import Doorbell
from chorus.jobs import Queue
from summary_engine.worker import CONFIGURATION_ERROR, main
from tests.ai.models.asking import SECRET
from tests.chat_service.ingest_world import World, superuser
from tests.summary_engine.engine_world import (
    ask,
    behaving,
    filed,
    job_of,
    jobs_of,
    make_talk,
    shown,
)
from tests.support.model_stub import ModelStub
from tests.support.waiting import until, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.anyio, pytest.mark.timeout(120)]
KILLS = int(os.environ.get("CHORUS_KILLS", "2"))
LONGEST_S = 0.4
PLAN = """
tiers:
  pro:
    budget_usd: 5
    models:
      summary_fast: &models
        - {{spec: "openai:held", base_url: "{url}", key: "env:STUB_API_KEY", price_in: 1, price_out: 2}}
      summary_rich: *models
"""


class Worker:
    """`chorus worker` that can be killed and started again."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._environ = {**os.environ, **environ}
        self.log = folder / "worker.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "launch.process", "worker"],
                env=self._environ,
                stdout=log,
                stderr=log,
            )

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    def kill9(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def worker(
    tmp_path_factory: pytest.TempPathFactory, provider: ModelStub, engine_url: str, redis_url: str
) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("worker")
    (folder / "models.yaml").write_text(PLAN.format(url=provider.url))
    environ = {
        "CHORUS_DATA": str(folder),
        "DATABASE_URL": engine_url,
        "REDIS_URL": redis_url,
        "STUB_API_KEY": SECRET,
        "CHORUS_LOG_LEVEL": "DEBUG",
    }
    one = Worker(folder, environ)
    one.start()
    yield one
    if one.process.poll() is None:
        one.kill9()


@pytest.fixture
async def doorbell(redis_url: str, client: Client, worker: Worker) -> AsyncIterator[Doorbell]:
    await until(lambda: is_ready(client), patience_s=60)
    bell = Doorbell(redis_url)
    yield bell
    bell.close()


async def is_ready(client: Client) -> bool:
    return bool(await client.get(topics.WORKER_READY) == Queue.SUMMARY.value.encode())


async def ring(doorbell: Doorbell, database_url: str, world: World) -> None:
    every = [(Queue.SUMMARY, one["id"]) for one in await jobs_of(database_url, world)]
    await doorbell.ring(every)


async def states(database_url: str, world: World) -> set[str]:
    return {one["state"] for one in await jobs_of(database_url, world)}


async def test_twenty_rings_are_answered_side_by_side(
    engine_url: str, db: Db, stub: ModelStub, doorbell: Doorbell
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db, conversations=20)
    await ask(db, world, kind="rich", numbers=range(20))
    await ring(doorbell, engine_url, world)
    # All of them wait for their model at once before the first gets an answer.
    await asyncio.to_thread(stub.wait_for, 20)
    stub.release()

    async def done() -> bool:
        return await states(engine_url, world) == {"done"}

    await until(done)
    assert await filed(engine_url, world) == [("model", 2)] * 20


async def test_killed_in_the_middle_it_is_done_once_by_the_next(
    engine_url: str, db: Db, client: Client, stub: ModelStub, doorbell: Doorbell, worker: Worker
) -> None:
    stub.answer = behaving
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    await ring(doorbell, engine_url, world)
    await asyncio.to_thread(stub.wait_for, 1)
    worker.kill9()
    assert (await job_of(engine_url, world))["state"] == "running"
    await client.delete(topics.WORKER_READY)
    worker.start()
    await until(lambda: is_ready(client), patience_s=60)
    async with superuser(engine_url) as raw:
        await raw.execute(
            "UPDATE jobs SET lease_until = now() - interval '1 s' WHERE state = 'running'"
        )
    assert await jobs.sweep(db, 100) == 1
    stub.release()
    await ring(doorbell, engine_url, world)
    await ring(doorbell, engine_url, world)

    async def done() -> bool:
        return await states(engine_url, world) == {"done"}

    await until(done)
    assert await filed(engine_url, world) == [("model", 2)]
    assert (await shown(engine_url, world) or {})["source"] == "model"
    async with superuser(engine_url) as raw:
        results = await raw.fetch(
            "SELECT result FROM llm_usage WHERE tenant_id = $1 ORDER BY at", world.tenant_id
        )
    # What the first had set aside stays spent: nobody knows what became of it.
    assert [one["result"] for one in results] == ["reserved", "answered"]


@pytest.mark.long
@pytest.mark.timeout(60 + 30 * KILLS)
async def test_killed_at_any_moment_each_is_written_once(
    engine_url: str, db: Db, client: Client, stub: ModelStub, doorbell: Doorbell, worker: Worker
) -> None:
    stub.answer = behaving
    stub.release()
    draw = Random(KILLS)
    for _ in range(KILLS):
        world = await make_talk(engine_url, db, conversations=5)
        await ask(db, world, kind="rich", numbers=range(5))
        await ring(doorbell, engine_url, world)
        # From before the first is taken until after the last is kept.
        await asyncio.sleep(draw.uniform(0, LONGEST_S))
        worker.kill9()
        await client.delete(topics.WORKER_READY)
        worker.start()
        await until(lambda: is_ready(client), patience_s=60)
        await again_until_done(engine_url, db, doorbell, world)
        assert await filed(engine_url, world) == [("model", 2)] * 5


async def again_until_done(database_url: str, db: Db, doorbell: Doorbell, world: World) -> None:
    """What the conductor does: jobs whose worker is dead are put back, and rung for."""
    async with superuser(database_url) as raw:
        await raw.execute(
            "UPDATE jobs SET lease_until = now() - interval '1 s' WHERE state = 'running'"
        )
        # A busy machine starts a worker more slowly than anybody waits for a summary.
        await raw.execute(
            "UPDATE jobs SET payload = payload || jsonb_build_object('asked_ms', $1::bigint)"
            " WHERE state <> 'done'",
            unix_ms(SystemClock().now()),
        )
    await jobs.sweep(db, 100)
    await ring(doorbell, database_url, world)

    async def done() -> bool:
        return await states(database_url, world) == {"done"}

    await until(done)


async def test_what_is_no_ring_hurts_nobody(
    engine_url: str, db: Db, stub: ModelStub, doorbell: Doorbell, worker: Worker
) -> None:
    world = await make_talk(engine_url, db)
    await ask(db, world, kind="rich")
    stub.answer = behaving
    stub.release()
    await doorbell.ring([(Queue.SUMMARY, "not an id")])  # type: ignore[list-item]
    await doorbell.ring([(Queue.SUMMARY, world.tenant_id)])
    await ring(doorbell, engine_url, world)

    async def done() -> bool:
        return await states(engine_url, world) == {"done"}

    await until(done)
    wait_until(lambda: "bad_ring" in worker.log.read_text())


async def test_told_to_stop_it_says_that_it_is_gone_and_tells_no_secret(
    client: Client, doorbell: Doorbell, worker: Worker, stub: ModelStub
) -> None:
    assert worker.stop() == 0
    assert await client.get(topics.WORKER_READY) is None
    assert await client.get(topics.WORKER_SEEN) == Queue.SUMMARY.value.encode()
    log = worker.log.read_text()
    # Nobody is told to come before every model stands: the first would wait for imports of seconds.
    assert 0 <= log.find("models_warm") < log.find("worker_ready")
    assert SECRET not in log
    assert "A-48213" not in log
    assert "Traceback" not in log


def test_a_plan_that_does_not_fit_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models.yaml").write_text("tiers: {pro: {models: {poems: []}}}")
    monkeypatch.setenv("CHORUS_DATA", str(tmp_path))
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == CONFIGURATION_ERROR
    said = capsys.readouterr().err
    assert said.startswith("worker: tiers.pro.models.poems")
    assert said.count("\n") == 1
