"""Nobody has all turns; who waits for one in vain is told to come again."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import pytest

from chat_service.attachments import KEPT_AT_ONCE
from chat_service.attachments_disk import Disk
from chat_service.attachments_turns import Coming, turn
from chorus.auth import AUD_VISITOR, Principal
from chorus.errors import Overloaded
from chorus.ids import uuid7
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.upload_world import person

pytestmark = pytest.mark.anyio


def somebody(tenant_id: UUID) -> Principal:
    return Principal(tenant_id, uuid7(), "visitor", AUD_VISITOR, frozenset(), 2**39)


async def test_a_person_and_a_tenant_have_their_share_of_turns_and_no_more() -> None:
    coming, tenant_id = Coming(16, wait_s=0), uuid7()
    greedy = somebody(tenant_id)
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(coming.one(greedy))
        with pytest.raises(Overloaded):
            await stack.enter_async_context(coming.one(greedy))
        await stack.enter_async_context(coming.one(somebody(tenant_id)))
        with pytest.raises(Overloaded):
            await stack.enter_async_context(coming.one(somebody(tenant_id)))
        for _ in range(12):
            await stack.enter_async_context(coming.one(somebody(uuid7())))
        with pytest.raises(Overloaded):
            await stack.enter_async_context(coming.one(somebody(uuid7())))
    async with AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(coming.one(somebody(uuid7()), "203.0.113.7"))
        with pytest.raises(Overloaded):
            await stack.enter_async_context(coming.one(somebody(uuid7()), "203.0.113.7"))
    async with coming.one(greedy):
        pass


async def test_who_waits_goes_on_when_a_turn_is_free() -> None:
    coming, greedy = Coming(16), somebody(uuid7())
    began = asyncio.Event()

    async def fourth() -> None:
        began.set()
        async with coming.one(greedy):
            pass

    async with asyncio.TaskGroup() as tasks:
        async with coming.one(greedy), coming.one(greedy), coming.one(greedy):
            waiting = tasks.create_task(fourth())
            await began.wait()
            assert not waiting.done()


async def test_a_turn_that_does_not_come_is_not_waited_for_without_end() -> None:
    turns = asyncio.Semaphore(1)
    async with turn(turns):
        with pytest.raises(Overloaded):
            async with turn(turns, wait_s=0):
                pass
    async with turn(turns, wait_s=0):
        pass


class SlowDisk(Disk):
    """Takes its time to rename; `settled` says that so many uploads are at their last step."""

    def __init__(self, root: Path, *, settling: int) -> None:
        super().__init__(root)
        self._settling = settling
        self.settled, self.quick = asyncio.Event(), asyncio.Event()

    async def settle(self, draft: Path) -> None:
        await super().settle(draft)
        self._settling -= 1
        if not self._settling:
            self.settled.set()

    async def keep(self, draft: Path, tenant_id: UUID, file_id: UUID) -> None:
        await self.quick.wait()
        await super().keep(draft, tenant_id, file_id)


ADDING = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


async def test_a_slow_disk_takes_a_few_connections_and_leaves_the_others(
    api: Api, acme: Tenant, rival: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [person(api, one, who) for one in (acme, rival) for who in ("contact", "agent")] * 2
    disk = SlowDisk(api.resources.settings.files_dir, settling=len(people))
    monkeypatch.setattr(api.resources.files, "storage", disk)
    async with asyncio.TaskGroup() as tasks:
        going = [tasks.create_task(one.attach()) for one in people]
        await disk.settled.wait()
        for _ in range(3):
            assert (await people[0].show(str(uuid7()))).status_code == 404
        (row,) = await api.rows(ADDING)
        disk.quick.set()
    assert 0 < row["count"] <= KEPT_AT_ONCE
    assert [one.result().status_code for one in going] == [201] * len(people)
