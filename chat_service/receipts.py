"""The act of a receipt: cumulative watermarks, many at once, never backwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chat_service.emit import Publication, Publisher, ephemeral, inbox_hint
from chat_service.store import receipts as store
from chat_service.store.receipts import Advance, Advanced
from chorus.clock import Clock, rfc3339
from chorus.db import Db
from chorus.errors import Unavailable
from chorus.topics import Audience
from chorus.wire.calls import ReceiptItem
from chorus.wire.common import ReceiptKind, Role

CHUNK: Final = 100
ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Receipts:
    """What this module uses."""

    db: Db
    publisher: Publisher
    clock: Clock


async def record(receipts: Receipts, items: Sequence[ReceiptItem]) -> int:
    """Store receipts and tell the other side; answers how many watermarks rose.

    A receipt for a conversation that is not there, or not theirs, changes nothing.
    """
    stored = 0
    for tenant_id, said in merged(items).items():
        # Short transactions: the writer waits for the same conversations.
        for start in range(0, len(said), CHUNK):
            stored += await _record_chunk(receipts, tenant_id, said[start : start + CHUNK])
    return stored


def merged(items: Iterable[ReceiptItem]) -> dict[UUID, list[Advance]]:
    """Name each person of each conversation once, by tenant; read means received."""
    best: dict[tuple[UUID, UUID, UUID], Advance] = {}
    for item in items:
        key = (item.tenant_id, item.conversation_id, item.user_id)
        known = best.get(key)
        read = item.up_to if item.kind == ReceiptKind.READ else 0
        best[key] = Advance(
            conversation_id=item.conversation_id,
            user_id=item.user_id,
            role="customer" if item.role in ("visitor", Role.CUSTOMER) else "agent",
            delivered=max(item.up_to, known.delivered if known else 0),
            read=max(read, known.read if known else 0),
        )
    by_tenant: dict[UUID, list[Advance]] = {}
    # In one order everywhere, so that two edges wait for each other instead of locking up.
    for (tenant_id, _, _), said in sorted(best.items(), key=lambda pair: pair[0]):
        by_tenant.setdefault(tenant_id, []).append(said)
    return by_tenant


async def _record_chunk(receipts: Receipts, tenant_id: UUID, said: Sequence[Advance]) -> int:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            risen, recounted = await _store(receipts.db, tenant_id, said)
        except Unavailable:
            # A deadlock or a dropped connection: doing it again changes nothing.
            if attempt == ATTEMPTS:
                raise
        else:
            ts = rfc3339(receipts.clock.now())
            messages = [frame for one in risen for frame in _frames(one, ts)]
            if recounted:
                messages.append(inbox_hint(tenant_id, dict(recounted)))
            await receipts.publisher.publish(messages)
            return len(risen)
    raise AssertionError("unreachable")


async def _store(
    db: Db, tenant_id: UUID, said: Sequence[Advance]
) -> tuple[list[Advanced], list[tuple[UUID, int]]]:
    async with db.raw_transaction(tenant_id) as raw:
        risen = await store.merge(raw, tenant_id, said)
        if not risen:
            return [], []
        read = {one.conversation_id for one in risen if one.role == "agent" and one.rose_in_reading}
        recounted = await store.count_unread(raw, sorted(read)) if read else []
        await store.stamp(raw, risen)
    return risen, recounted


def _frames(one: Advanced, ts: str) -> list[Publication]:
    kinds = []
    if one.delivered > max(one.delivered_before, one.read):
        kinds.append((ReceiptKind.DELIVERED, one.delivered))
    if one.rose_in_reading:
        kinds.append((ReceiptKind.READ, one.read))
    return [
        ephemeral(
            one.conversation_id,
            "receipt",
            _data(one, kind, up_to, ts),
            audience=Audience.OTHERS,
            author=one.user_id,
        )
        for kind, up_to in kinds
    ]


def _data(one: Advanced, kind: str, up_to: int, ts: str) -> dict[str, Any]:
    return {"kind": kind, "up_to": up_to, "userId": str(one.user_id), "ts": ts}
