"""The relay: domain events from the outbox into Redis streams, at least once, with their ids."""

from collections.abc import Callable, Sequence
from typing import Final

import orjson

from chat_service import failpoints
from chat_service.store import outbox as rows
from chat_service.store.outbox import DomainEvent
from chorus import metrics, topics
from chorus.bus import Client, RedisFailure
from chorus.clock import rfc3339
from chorus.db import Db
from chorus.errors import Unavailable
from chorus.log import get_logger

log = get_logger(__name__)

FIELD: Final = "event"
"""The one field of an entry in `events:{issuer}`: the envelope as JSON."""
RESEND_S: Final = 3600.0
Heard = Callable[[Sequence[DomainEvent]], None]


def nobody(_events: Sequence[DomainEvent]) -> None:
    """Nobody in this process wants to know."""


async def relay_all(db: Db, client: Client, limit: int, heard: Heard = nobody) -> None:
    """Send what waits, `limit` events at a time. Raises like `relay`."""
    while await relay(db, client, limit, heard) == limit:
        pass


async def relay(db: Db, client: Client, limit: int, heard: Heard = nobody) -> int:
    """Send up to `limit` events and mark them; says how many. `heard` is told once they are sent.

    The transaction stays open over one pipelined XADD, bounded by the client's timeout: the row
    locks keep a second relay away from what this one is sending. Whoever dies in between sends
    the same ids again.

    Raises:
        Unavailable: Redis or PostgreSQL cannot be reached; nothing was marked.
    """
    async with db.raw_transaction() as connection:
        taken = await rows.take(connection, limit)
        if not taken:
            return 0
        try:
            await _append(client, taken)
        except RedisFailure as error:
            raise Unavailable from error
        failpoints.passing("before_mark")
        await rows.mark_sent(connection, taken)
    metrics.outbox_relayed_total.inc(len(taken))
    heard(taken)
    return len(taken)


async def _append(client: Client, events: list[DomainEvent]) -> None:
    pipe = client.pipeline(transaction=False)
    for event in events:
        pipe.xadd(
            topics.events(event.issuer),
            {FIELD: envelope(event)},
            maxlen=topics.EVENTS_MAX_LEN,
            approximate=True,
        )
    await pipe.execute()


def envelope(event: DomainEvent) -> bytes:
    """What a consumer reads: issuer, event and data, with id, tenant and time."""
    return orjson.dumps(
        {
            "id": str(event.id),
            "tenant_id": str(event.tenant_id),
            "ts": rfc3339(event.created_at),
            "issuer": event.issuer,
            "event": event.event,
            "data": orjson.Fragment(event.data),
        }
    )


async def resend_to_new_redis(db: Db, client: Client) -> int:
    """Where the marker is missing, send the last hour again; says how many events that are.

    Raises:
        Unavailable: Redis or PostgreSQL cannot be reached; it is tried again.
    """
    try:
        if await client.exists(topics.MARKER):
            return 0
        async with db.raw_transaction() as connection:
            again = await rows.forget_sending(connection, RESEND_S)
        # The marker lives for ever: its absence is the fact. It comes last, so that a crash in
        # between sends twice and not never.
        await client.set(topics.MARKER, b"1")
    except RedisFailure as error:
        raise Unavailable from error
    log.info("redis_is_new", events_sent_again=again)
    return again


async def measure_backlog(db: Db) -> None:
    async with db.raw_transaction() as connection:
        metrics.outbox_backlog.set(await rows.backlog(connection))
