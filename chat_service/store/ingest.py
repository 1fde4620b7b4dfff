"""Facts of a batch out of PostgreSQL, and its rows in: the statements of `ingest_sql`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from chat_service.intake import AGENT_TOKENS, SERVICE_TOKENS, Happened, Stored, exact_ms
from chat_service.intake_facts import Answered, Facts, Head, Known
from chat_service.intake_sessions import Said, Side
from chat_service.store.ingest_sql import (
    LOCK,
    LOCK_FENCED,
    LOOK,
    WRITE,
    WRITE_IF_STILL,
    WRITE_IF_STILL_FENCED,
)
from chorus.db_connect import RawConnection
from chorus.ingest import IngestItem
from chorus.wire.common import Role


# Locked in order of `part`: a renewal takes several of these rows too.
@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write what a partition brings, as long as nobody has raised `fence`."""

    part: int
    fence: int


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A domain event on its way into the outbox; `data` is JSON text."""

    id: UUID
    tenant_id: UUID
    issuer: str
    event: str
    data: str


Seen = tuple[int, str, str, int, UUID | None, datetime | None]
"""Last seq, status, floor holder and epoch, assignee, waiting since: what the rules read of a head."""


def seen_of(head: Head) -> Seen:
    return (
        head.last_seq,
        head.status,
        head.floor_holder,
        head.floor_epoch,
        head.assignee_id,
        head.waiting_since,
    )


class LeaseLost(Exception):
    """Another writer owns some of these partitions now."""

    def __init__(self, parts: frozenset[int]) -> None:
        self.parts = parts
        super().__init__(", ".join(map(str, sorted(parts))))


async def look(connection: RawConnection, items: Sequence[IngestItem]) -> Facts:
    """Read what the rules need, and hold nothing."""
    return _facts(await connection.fetchrow(LOOK, *_questions(items)))


async def lock(
    connection: RawConnection, items: Sequence[IngestItem], leases: Sequence[Lease]
) -> Facts:
    """Lock the conversations of `items` in order of id and read what the rules need.

    Raises:
        LeaseLost: a fence was raised meanwhile; nothing may be written.
    """
    arguments = _questions(items) + _lease_columns(leases)
    statement = LOCK_FENCED if leases else LOCK
    row = await connection.fetchrow(statement, *arguments)
    _check_held(row, leases)
    if not _saw_what_it_locked(row):
        row = await connection.fetchrow(statement, *arguments)
    return _facts(row)


def _lease_columns(leases: Sequence[Lease]) -> list[Any]:
    if not leases:
        return []
    return [[lease.part for lease in leases], [lease.fence for lease in leases]]


def _check_held(row: Any, leases: Sequence[Lease]) -> None:
    lost = frozenset(lease.part for lease in leases) - frozenset(row["held"] or ())
    if lost:
        raise LeaseLost(lost)


def _questions(items: Sequence[IngestItem]) -> list[Any]:
    by_agents = [item for item in items if item.role == Role.AGENT]
    expecting = [item for item in by_agents if item.expected_seq is not None]
    tokens = AGENT_TOKENS | SERVICE_TOKENS
    return [
        list({item.conversation_id for item in items}),
        [item.conversation_id for item in items],
        [item.id for item in items],
        list({item.sender_id for item in by_agents if item.sender_role in tokens}),
        list({item.conversation_id for item in by_agents}),
        [item.conversation_id for item in expecting],
        [item.id for item in expecting],
        [item.sender_id for item in expecting],
        [item.expected_seq for item in expecting],
    ]


def _saw_what_it_locked(row: Any) -> bool:
    locked = dict(zip(row["h0"] or (), row["h4"] or (), strict=True))
    return locked == dict(zip(row["c0"] or (), row["c1"] or (), strict=True))


def _columns(row: Any, letter: str, count: int) -> Iterable[tuple[Any, ...]]:
    """Turn parallel arrays, NULL when empty, into rows."""
    return zip(*(row[f"{letter}{number}"] or () for number in range(count)), strict=True)


def _facts(row: Any) -> Facts:
    return Facts(
        now=row["now"],
        heads={columns[0]: Head(*columns[1:]) for columns in _columns(row, "h", 9)},
        known={
            (conversation_id, message_id): Known(
                seq, body_hash or "", exact_ms(at), kind, visibility
            )
            for conversation_id, message_id, seq, body_hash, at, kind, visibility in _columns(
                row, "k", 7
            )
        },
        agents={(tenant, agent): role for tenant, agent, role, _ in _columns(row, "a", 4)},
        names={agent_id: name for _, agent_id, _, name in _columns(row, "a", 4)},
        sides={conversation: Side(*sides) for conversation, *sides in _columns(row, "t", 4)},
        stale_views={
            (conversation, item, sender, seq): Answered(by, name, exact_ms(at))
            for conversation, item, sender, seq, by, name, at in _columns(row, "v", 7)
        },
    )


@dataclass(frozen=True, slots=True)
class Written:
    """What a ruling writes: numbered rows, moved heads, domain events."""

    now: datetime
    rows: Sequence[Stored | Happened | Said]
    heads: dict[UUID, Head]
    outbox: Sequence[OutboxRow]


async def write(connection: RawConnection, written: Written) -> None:
    """Write under the locks of `lock`: one statement."""
    await connection.execute(WRITE, *_columns_of(written))


async def write_if_still(
    connection: RawConnection, written: Written, seen: Mapping[UUID, Seen], leases: Sequence[Lease]
) -> bool:
    """Lock the heads, and write if they are as `look` saw them; say whether. One statement.

    Raises:
        LeaseLost: a fence was raised meanwhile; nothing was written.
    """
    row = await connection.fetchrow(
        WRITE_IF_STILL_FENCED if leases else WRITE_IF_STILL,
        *_columns_of(written),
        *_transposed([seen[one] for one in written.heads], 6),
        *_lease_columns(leases),
    )
    _check_held(row, leases)
    return bool(row["ok"])


def _columns_of(written: Written) -> list[Any]:
    heads, outbox = list(written.heads.values()), written.outbox
    return [
        written.now,
        *_transposed([_row(one) for one in written.rows], 11),
        list(written.heads),
        [head.last_seq for head in heads],
        [head.preview for head in heads],
        [head.unread_added for head in heads],
        [head.waiting_since for head in heads],
        [head.floor_holder for head in heads],
        [head.floor_epoch for head in heads],
        [one.id for one in outbox],
        [one.tenant_id for one in outbox],
        [one.issuer for one in outbox],
        [one.event for one in outbox],
        [one.data for one in outbox],
        [head.assignee_id for head in heads],
        [head.status for head in heads],
    ]


def _transposed(rows: list[tuple[Any, ...]], width: int) -> list[Any]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _row(one: Stored | Happened | Said) -> tuple[Any, ...]:
    if isinstance(one, Said):
        return _text_row(one)
    if isinstance(one, Happened):
        payload = orjson.dumps({"event": one.event, "data": one.data}).decode()
        return (
            one.conversation_id,
            one.seq,
            one.id,
            one.tenant_id,
            Role.SYSTEM.value,
            None,
            "event",
            one.visibility,
            "",
            payload,
            None,
        )
    item = one.item
    return (
        item.conversation_id,
        one.seq,
        item.id,
        item.tenant_id,
        item.role,
        None if item.role in (Role.BOT, Role.SYSTEM) else item.sender_id,
        one.type,
        one.visibility,
        item.content,
        orjson.dumps(item.payload).decode() if item.payload else "{}",
        bytes.fromhex(item.body_hash),
    )


def _text_row(one: Said) -> tuple[Any, ...]:
    row = one.row
    return (
        row.conversation_id,
        row.seq,
        row.id,
        one.tenant_id,
        row.role,
        None,
        row.message_type,
        row.visibility,
        row.content,
        orjson.dumps(row.payload).decode(),
        None,
    )
