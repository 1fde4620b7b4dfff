"""The SQL of ingest: two statements at READ COMMITTED, whatever the size of the batch.

`LOCK` locks and tells the facts, `WRITE` writes what was ruled. What `LOCK` reads beside the locked
rows comes from its snapshot, which is older than the locks it may have waited for. Whoever held
them has raised `last_seq`, and the statement returns both the locked and the seen value: where
they differ it is run once more, with the locks in hand. (The lock and the insert in one
statement break under racing writers: it was tried.)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service.intake import (
    AGENT_TOKENS,
    SERVICE_TOKENS,
    Facts,
    Happened,
    Head,
    Known,
    Stored,
    exact_ms,
)
from chat_service.intake_sessions import Side
from chorus.db_connect import RawConnection
from chorus.ingest import IngestItem
from chorus.wire.common import Role

# Locked in order of `part`: a renewal takes several of these rows too.
_FENCE: Final = """
held AS MATERIALIZED (
  SELECT p.part FROM ingest_partitions p
  JOIN unnest($10::int[], $11::bigint[]) AS lease (part, fence) USING (part)
  WHERE p.fence = lease.fence
  ORDER BY p.part FOR SHARE OF p
),
fence AS MATERIALIZED (SELECT array_agg(part) AS held FROM held),
"""

# Without LATERAL and LIMIT the planner may scan an almost empty table and keep that plan while
# the table grows.
_LOCK: Final = """
WITH {fence}
locked AS MATERIALIZED (
  SELECT c.id, c.tenant_id, c.contact_id, c.status, c.last_seq, c.floor_holder, c.floor_epoch,
         c.assignee_id, c.waiting_since
  FROM conversations c WHERE c.id = ANY ($1::uuid[]){intact} ORDER BY c.id FOR UPDATE
),
heads AS MATERIALIZED (
  SELECT array_agg(id) AS h0, array_agg(tenant_id) AS h1, array_agg(contact_id) AS h2,
         array_agg(status) AS h3, array_agg(last_seq) AS h4, array_agg(floor_holder) AS h5,
         array_agg(floor_epoch) AS h6, array_agg(assignee_id) AS h7,
         array_agg(waiting_since) AS h8
  FROM locked
),
seen AS MATERIALIZED (
  SELECT array_agg(c.id) AS c0, array_agg(c.last_seq) AS c1
  FROM conversations c WHERE c.id = ANY ($1::uuid[])
),
known AS MATERIALIZED (
  SELECT array_agg(i.conversation_id) AS k0, array_agg(i.id) AS k1, array_agg(m.seq) AS k2,
         array_agg(encode(m.body_hash, 'hex')) AS k3, array_agg(m.created_at) AS k4,
         array_agg(m.message_type) AS k5, array_agg(m.visibility) AS k6
  FROM unnest($2::uuid[], $3::uuid[]) AS i (conversation_id, id)
  CROSS JOIN LATERAL (
    SELECT m.seq, m.body_hash, m.created_at, m.message_type, m.visibility FROM messages m
    WHERE m.conversation_id = i.conversation_id AND m.id = i.id LIMIT 1
  ) m
),
people AS MATERIALIZED (
  SELECT array_agg(a.tenant_id) AS a0, array_agg(a.id) AS a1, array_agg(a.role) AS a2,
         array_agg(a.name) AS a3
  FROM agents a WHERE a.id = ANY ($4::uuid[]) AND a.disabled_at IS NULL
),
sides AS MATERIALIZED (
  SELECT array_agg(s.conversation_id) AS t0, array_agg(s.agent_id) AS t1,
         array_agg(s.leaving_agent_id) AS t2, array_agg(o.agent_id) AS t3
  FROM live_chat_sessions s
  LEFT JOIN LATERAL (
    SELECT o.agent_id FROM session_offers o WHERE o.session_id = s.id AND o.state = 'open' LIMIT 1
  ) o ON true
  WHERE s.conversation_id = ANY ($5::uuid[])
    AND (s.leaving_agent_id IS NOT NULL OR s.status NOT IN ('active', 'wrap_up'))
    AND s.status NOT IN ('ended', 'cancelled', 'failed')
),
stale AS MATERIALIZED (
  SELECT array_agg(v.conversation_id) AS v0, array_agg(v.id) AS v1,
    array_agg(v.sender_id) AS v2, array_agg(v.expected_seq) AS v3
  FROM unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::bigint[])
    AS v (conversation_id, id, sender_id, expected_seq)
  CROSS JOIN LATERAL (
    SELECT 1 FROM messages m
    WHERE m.conversation_id = v.conversation_id AND m.seq > v.expected_seq AND m.role = 'agent'
      AND m.visibility = 'public' AND m.message_type <> 'event'
      AND m.sender_id IS DISTINCT FROM v.sender_id
    LIMIT 1
  ) m
)
SELECT {held}, heads.*, seen.*, known.*, people.*, sides.*, stale.*,
       date_trunc('milliseconds', clock_timestamp()) AS now
FROM heads, seen, known, people, sides, stale{fence_table}
"""

# An uncorrelated condition is checked before the first row: no fence, no locks.
_INTACT: Final = """
    AND (SELECT cardinality(fence.held) FROM fence) = cardinality($10::int[])"""

LOCK: Final = _LOCK.format(fence="", intact="", held="NULL::int[] AS held", fence_table="")
LOCK_FENCED: Final = _LOCK.format(
    fence=_FENCE, intact=_INTACT, held="fence.held", fence_table=", fence"
)

WRITE: Final = """
WITH added AS (
  INSERT INTO messages (conversation_id, seq, id, tenant_id, role, sender_id, message_type,
                        visibility, content, payload, body_hash, created_at)
  SELECT m.conversation_id, m.seq, m.id, m.tenant_id, m.role, m.sender_id, m.message_type,
         m.visibility, m.content, coalesce(m.payload::jsonb, '{}'), m.body_hash, $1
  FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[],
              $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[])
    AS m (conversation_id, seq, id, tenant_id, role, sender_id, message_type, visibility,
          content, payload, body_hash)
),
told AS (
  INSERT INTO outbox (id, tenant_id, issuer, event, data, created_at)
  SELECT o.id, o.tenant_id, o.issuer, o.event, o.data::jsonb, $1
  FROM unnest($20::uuid[], $21::uuid[], $22::text[], $23::text[], $24::text[])
    AS o (id, tenant_id, issuer, event, data)
)
UPDATE conversations c
SET last_seq = h.last_seq, last_ts = $1, preview = coalesce(h.preview, c.preview),
    unread = c.unread + h.unread_added, waiting_since = h.waiting_since,
    floor_holder = h.floor_holder, floor_epoch = h.floor_epoch, assignee_id = h.assignee_id,
    status = h.status, snoozed_until = CASE WHEN h.status = 'snoozed' THEN c.snoozed_until END
FROM unnest($13::uuid[], $14::bigint[], $15::text[], $16::int[], $17::timestamptz[],
            $18::text[], $19::bigint[], $25::uuid[], $26::text[])
  AS h (id, last_seq, preview, unread_added, waiting_since, floor_holder, floor_epoch,
        assignee_id, status)
WHERE c.id = h.id
"""


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


class LeaseLost(Exception):
    """Another writer owns some of these partitions now."""

    def __init__(self, parts: frozenset[int]) -> None:
        self.parts = parts
        super().__init__(", ".join(map(str, sorted(parts))))


async def lock(
    connection: RawConnection, items: Sequence[IngestItem], leases: Sequence[Lease]
) -> Facts:
    """Lock the conversations of `items` in order of id and read what the rules need.

    Raises:
        LeaseLost: a fence was raised meanwhile; nothing may be written.
    """
    arguments = _questions(items)
    statement = LOCK
    if leases:
        statement = LOCK_FENCED
        arguments += [[lease.part for lease in leases], [lease.fence for lease in leases]]
    row = await connection.fetchrow(statement, *arguments)
    lost = frozenset(lease.part for lease in leases) - frozenset(row["held"] or ())
    if lost:
        raise LeaseLost(lost)
    if not _saw_what_it_locked(row):
        row = await connection.fetchrow(statement, *arguments)
    return _facts(row)


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
        stale_views=frozenset(
            (one, two, sender, seq) for one, two, sender, seq in _columns(row, "v", 4)
        ),
    )


async def write(
    connection: RawConnection,
    now: datetime,
    rows: Sequence[Stored | Happened],
    *,
    heads: dict[UUID, Head],
    outbox: Sequence[OutboxRow],
) -> None:
    """Insert numbered rows, move the heads, tell the outbox: one statement."""
    heads_of = list(heads.values())
    await connection.execute(
        WRITE,
        now,
        *_transposed([_row(one) for one in rows], 11),
        list(heads),
        [head.last_seq for head in heads_of],
        [head.preview for head in heads_of],
        [head.unread_added for head in heads_of],
        [head.waiting_since for head in heads_of],
        [head.floor_holder for head in heads_of],
        [head.floor_epoch for head in heads_of],
        [one.id for one in outbox],
        [one.tenant_id for one in outbox],
        [one.issuer for one in outbox],
        [one.event for one in outbox],
        [one.data for one in outbox],
        [head.assignee_id for head in heads_of],
        [head.status for head in heads_of],
    )


def _transposed(rows: list[tuple[Any, ...]], width: int) -> list[Any]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _row(one: Stored | Happened) -> tuple[Any, ...]:
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
        orjson.dumps(item.payload).decode() if item.payload else None,
        bytes.fromhex(item.body_hash),
    )
