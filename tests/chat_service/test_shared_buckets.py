"""Limits that hold for all processes together, and for each of them while Redis is away."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from chat_service.limits import Caller, Limits
from chat_service.settings import ApiSettings
from chat_service.shared_buckets import LEFT_ALONE_S, SharedBuckets
from chorus.bus import open_redis
from chorus.errors import RateLimited
from tests.chat_service.api_world import ORIGIN, Api, Tenant, make_tenant, open_api
from tests.support.servers import RunningServer, start_redis
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
NEVER_PER_S = 0.000_01
"""What is granted is what a full bucket holds, however slow the machine is."""
OFFICE, HOME = Caller("203.0.113.7"), Caller("203.0.113.8")
PROCESSES = 4


async def test_many_who_ask_at_once_get_exactly_what_a_bucket_holds(redis_db: str) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(open_redis(redis_db)) for _ in range(PROCESSES)]
        granted = Counter[bool | None]()

        async def ask(buckets: SharedBuckets) -> None:
            for _ in range(25):
                taken = await buckets.take("tries", "same", per_s=NEVER_PER_S, burst=50)
                granted[taken.granted if taken else None] += 1

        async with asyncio.TaskGroup() as tasks:
            for client in clients * 3:
                tasks.create_task(ask(SharedBuckets(client)))
    assert granted == {True: 50, False: 25 * 3 * PROCESSES - 50}


async def test_a_bucket_fills_by_the_clock_of_redis(redis_db: str) -> None:
    async with open_redis(redis_db) as client:
        buckets = SharedBuckets(client)

        async def granted() -> bool:
            taken = await buckets.take("refills", "same", per_s=2.0, burst=1)
            assert taken is not None
            return taken.granted

        assert await granted()
        assert not await granted()
        await until(granted)
        assert not await granted()


async def test_a_bucket_names_nobody_and_lapses(redis_db: str) -> None:
    async with open_redis(redis_db) as client:
        limits = Limits(ApiSettings(), SharedBuckets(client))
        await limits.login(OFFICE, "kim@example.test")
        names = [name.decode() for name in await client.keys("*")]
        lapse_ms = [await client.pttl(name) for name in names]
    assert sorted(name.rpartition(":")[0] for name in names) == [
        "limit:logins",
        "limit:logins_of_address",
    ]
    assert not any("kim" in name or OFFICE.address in name for name in names)
    assert all(0 < ms <= 15 * 60 * 1000 for ms in lapse_ms)


async def test_two_edges_let_no_more_visitors_in_than_one(database_url: str, redis_db: str) -> None:
    tenant = await make_tenant(database_url, "acme")
    async with (
        open_api(database_url, redis_db, limit_loopback=True, visitors_per_h=5) as one,
        open_api(database_url, redis_db, limit_loopback=True, visitors_per_h=5) as other,
    ):
        statuses = [await welcome(api, tenant) for api in (one, other) * 5]
    assert statuses == [201] * 5 + [429] * 5


async def welcome(api: Api, tenant: Tenant) -> int:
    answer = await api.client.post(
        "/livechat/visitors", json={"inboxKey": tenant.inbox_key}, headers={"Origin": ORIGIN}
    )
    return answer.status_code


class Process:
    """One process with limits of five, and a clock that stands still."""

    def __init__(self, client: object) -> None:
        self.now_s = 0.0
        self.limits = Limits(ApiSettings(logins_per_address=5), SharedBuckets(client, self._now))

    def _now(self) -> float:
        return self.now_s

    async def granted(self, caller: Caller, tries: int) -> int:
        count = 0
        for number in range(tries):
            try:
                await self.limits.login(caller, f"{caller.address}-{number}@example.test")
            except RateLimited:
                continue
            count += 1
        return count


@pytest.mark.parametrize("fault", ["killed", "paused"])
async def test_without_redis_each_process_has_a_limit_of_its_own(
    tmp_path: Path, fault: str
) -> None:
    with start_redis(tmp_path) as server:
        async with open_redis(server.url) as first, open_redis(server.url) as second:
            one, other = Process(first), Process(second)
            assert await one.granted(OFFICE, 3) == 3
            _break(server, fault)
            # What it let through before counts, although nobody can be asked about it.
            assert await one.granted(OFFICE, 9) == 2
            assert await other.granted(OFFICE, 9) == 5
            _mend(server, fault)
            assert await one.granted(HOME, 9) == 5
            one.now_s = other.now_s = LEFT_ALONE_S
            assert await other.granted(HOME, 4) == 4
            assert await one.granted(HOME, 9) == 1


def _break(server: RunningServer, fault: str) -> None:
    server.kill9() if fault == "killed" else server.pause()


def _mend(server: RunningServer, fault: str) -> None:
    server.restart() if fault == "killed" else server.resume()
