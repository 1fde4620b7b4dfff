"""The act of a message: from items to rows, and from rows to what the gateways hear."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from chat_service import events, failpoints
from chat_service.frames import audience_of
from chat_service.intake import Happened, Refused, Ruling, Stored, rule
from chat_service.kept import Kept
from chat_service.store.ingest import Lease, OutboxRow, lock, write
from chorus import topics
from chorus.clock import rfc3339_ms
from chorus.db import Db
from chorus.ingest import IngestItem
from chorus.topics import Audience, Header, Kind
from chorus.wire.common import Role
from chorus.wire.envelope import encode_raw, nack

Outcome = Ruling
"""What became of a batch; `answers` are aligned with its items."""

Publication = tuple[str, bytes]
"""A channel, and a packed header followed by a frame (or plain JSON on `inbox:` channels)."""

_fan = lru_cache(maxsize=65_536)(topics.fan)
_author_key = lru_cache(maxsize=65_536)(topics.author_key)
_spelled_ms = lru_cache(maxsize=1_024)(rfc3339_ms)


async def ingest(
    db: Db | Kept,
    items: Sequence[IngestItem],
    *,
    leases: Sequence[Lease] = (),
    tenant_id: UUID | None = None,
) -> Outcome:
    """Store messages in one transaction and two statements (DESIGN §4).

    A refusal is an answer, not an exception. Under `chorus_app` all items are of `tenant_id`.

    Raises:
        LeaseLost: a partition of `leases` has a new owner; nothing was written.
        Unavailable, Overloaded: it may or may not be stored; the same items may be sent again.
    """
    async with db.raw_transaction(tenant_id) as connection:
        ruling = rule(items, await lock(connection, items, leases))
        if ruling.heads:
            outbox = _domain_events(ruling)
            await write(connection, ruling.now, _new(ruling), heads=ruling.heads, outbox=outbox)
        failpoints.passing("before_commit")
    failpoints.passing("after_commit")
    return ruling


def _new(ruling: Ruling) -> list[Stored | Happened]:
    return [
        step
        for step in ruling.steps
        if isinstance(step, Happened) or (isinstance(step, Stored) and not step.repeat)
    ]


def _domain_events(ruling: Ruling) -> list[OutboxRow]:
    """One `message.created` per tenant, one `owner.changed` per taken conversation."""
    created: dict[UUID, list[dict[str, Any]]] = {}
    rows = []
    for conversation_id, head in ruling.heads.items():
        created.setdefault(head.tenant_id, []).append(
            {
                "conversation_id": str(conversation_id),
                "first_seq": head.first_new_seq,
                "last_seq": head.last_seq,
                "roles": sorted(head.roles_added),
            }
        )
        if head.taken_over:
            data: dict[str, Any] = {
                "conversation_id": str(conversation_id),
                "assignee_id": str(head.assignee_id) if head.assignee_id else None,
                "floor": {"holder": head.floor_holder, "epoch": head.floor_epoch},
                "reason": "take_over",
            }
            rows.append(events.outbox_row(events.OWNER_CHANGED, head.tenant_id, data))
        if head.woken:
            woken = {"conversation_id": str(conversation_id), "reason": "customer_message"}
            rows.append(events.outbox_row(events.CONVERSATION_REOPENED, head.tenant_id, woken))
    for tenant_id, conversations in created.items():
        rows.append(
            events.outbox_row(events.MESSAGE_CREATED, tenant_id, {"conversations": conversations})
        )
    return rows


def publications(outcome: Outcome, *, claimed: bool) -> list[Publication]:
    """Spell what the gateways hear after the commit, in the order they shall hear it.

    New rows go to everybody; repeats and refusals to the socket that sent them. `claimed` items
    were somebody else's before: he may have died before he published, so their repeats go to
    everybody too, and readers drop what they have by its seq.
    """
    spoken: list[Publication] = []
    for step in outcome.steps:
        if isinstance(step, Stored) and (claimed or not step.repeat):
            spoken.append(_message(step))
        elif isinstance(step, Happened):
            spoken.append(event_publication(step))
        elif step.item.node:
            spoken.append(_reply(step))
    return spoken + _inbox_hints(outcome)


def _message(stored: Stored) -> Publication:
    item = stored.item
    header = Header(
        Kind.DURABLE,
        audience_of(stored.visibility),
        item.conversation_id,
        stored.seq,
        item.node,
        item.conn,
        item.slot,
        stored.ts_ms,
        _author_key(item.sender_id),
    )
    return _fan(item.conversation_id), header.pack() + message_frame(stored)


def message_frame(stored: Stored) -> bytes:
    """The `message` frame of a stored item, without `ref` and `conv`."""
    item = stored.item
    data: dict[str, Any] = {
        "id": str(item.id),
        "role": item.role,
        "content": item.content,
        "type": stored.type,
        "visibility": stored.visibility,
        "ts": _spelled_ms(stored.ts_ms),
    }
    if item.role in (Role.CUSTOMER, Role.AGENT):
        data["userId"] = str(item.sender_id)
    if item.payload:
        data |= item.payload
    return encode_raw("message", data, stored.seq)


def event_publication(step: Happened) -> Publication:
    """A state change for all sockets of its conversation."""
    header = Header(
        Kind.DURABLE,
        audience_of(step.visibility),
        step.conversation_id,
        step.seq,
        0,
        topics.NO_CONN,
        0,
        step.ts_ms,
        topics.NO_AUTHOR,
    )
    return _fan(step.conversation_id), header.pack() + encode_raw(step.event, step.data, step.seq)


def _reply(step: Stored | Refused) -> Publication:
    item = step.item
    ts_ms = step.ts_ms if isinstance(step, Stored) else 0
    return reply(item, _reply_frame(step), ts_ms=ts_ms)


def _reply_frame(step: Stored | Refused) -> bytes:
    if isinstance(step, Refused):
        refusal = nack(step.code, head_seq=step.head_seq)
        return encode_raw("nack", {"id": str(step.item.id), **refusal})
    told = {"seq": step.seq, "ts": _spelled_ms(step.ts_ms), "dup": True}
    return encode_raw("delivered", {"id": str(step.item.id), **told})


def reply(item: IngestItem, frame: bytes, *, ts_ms: int = 0) -> Publication:
    """Address a frame to the one request that `item` was."""
    header = Header(
        Kind.REPLY,
        Audience.EVERYONE,
        item.conversation_id,
        0,
        item.node,
        item.conn,
        item.slot,
        ts_ms,
        topics.NO_AUTHOR,
    )
    return topics.gateway(item.node), header.pack() + frame


def _inbox_hints(outcome: Outcome) -> list[Publication]:
    changed: dict[UUID, list[dict[str, Any]]] = {}
    for conversation_id, head in outcome.heads.items():
        row = {"conv": str(conversation_id), "rev": head.last_seq}
        changed.setdefault(head.tenant_id, []).append(row)
    return [(topics.inbox(tenant), orjson.dumps(rows)) for tenant, rows in changed.items()]
