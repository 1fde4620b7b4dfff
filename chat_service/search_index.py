"""Making what was said findable: a moment later, so that no message waits for it.

The outbox says what is new or changed, in the transaction of the change; a row is marked in the
transaction that made its words. So nothing is forgotten, whoever dies when (ADR-0024).
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from chat_service.jobs import ROWS_AT_ONCE, Tools
from chat_service.search_words import indexed
from chat_service.store import jobs as rows
from chat_service.store import search_index as store
from chat_service.store.jobs import TakenJob
from chat_service.store.search_index import SaidRow, Told
from chorus.db import Db
from chorus.db_connect import RawConnection

EVENTS_AT_ONCE: Final = 200
CONVERSATIONS_AT_ONCE: Final = 100
NOBODY: Final = UUID(int=0)


async def index_all(db: Db) -> None:
    """Make findable what waits for it, some at a time."""
    while await index_messages(db) == EVENTS_AT_ONCE:
        pass
    while await index_contacts(db) == ROWS_AT_ONCE:
        pass


async def index_messages(db: Db) -> int:
    """Make the messages of some events findable; says how many events that were."""
    async with db.raw_transaction() as raw:
        told = await store.take(raw, EVENTS_AT_ONCE)
        if not told:
            return 0
        await _put(raw, await _named_by(raw, told))
        await store.mark(raw, told)
    return len(told)


async def _named_by(raw: RawConnection, told: Sequence[Told]) -> list[SaidRow]:
    """The messages that events name, once each, as they are now."""
    stretches = [
        (UUID(one["conversation_id"]), one["first_seq"], one["last_seq"])
        for event in told
        for one in event.data.get("conversations", ())
    ]
    changed = [
        (UUID(one.data["conversation_id"]), UUID(one.data["message_id"]))
        for one in told
        if "message_id" in one.data
    ]
    found = await store.created(raw, stretches) if stretches else []
    found += await store.changed(raw, changed) if changed else []
    return list({(row.conversation_id, row.seq): row for row in found}.values())


async def _put(raw: RawConnection, said: Sequence[SaidRow]) -> None:
    spelled = [(row, "" if row.deleted else indexed(row.content)) for row in said]
    if there := [(row, words) for row, words in spelled if words]:
        await store.put(raw, there)
    if gone := [row for row, words in spelled if not words]:
        await store.drop(raw, gone)


async def index_contacts(db: Db) -> int:
    """Make findable the contacts whose names are new; says how many."""
    async with db.raw_transaction() as raw:
        found = await store.wordless(raw, ROWS_AT_ONCE)
        if found:
            words = [(one.id, indexed(" ".join(filter(None, one.words)))) for one in found]
            await store.name(raw, words)
    return len(found)


async def backfill(tools: Tools, job: TakenJob) -> None:
    """Make findable all that a tenant has; doing it again changes nothing."""
    after = NOBODY
    while True:
        async with tools.db.raw_transaction() as raw:
            ids = await store.conversations(raw, job.tenant_id, after, CONVERSATIONS_AT_ONCE)
            if not ids:
                await rows.finish(raw, job)
                return
        await _backfill_some(tools, job, ids)
        after = ids[-1]


async def _backfill_some(tools: Tools, job: TakenJob, ids: Sequence[UUID]) -> None:
    place, more = (NOBODY, 0), True
    while more:
        async with tools.db.raw_transaction() as raw:
            await rows.renew(raw, job, lease_s=tools.settings.conductor_job_lease_s)
            found = await store.further(raw, ids, place, ROWS_AT_ONCE)
            await _put(raw, found)
        more = len(found) == ROWS_AT_ONCE
        if found:
            place = found[-1].conversation_id, found[-1].seq
