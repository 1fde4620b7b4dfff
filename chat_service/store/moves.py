"""The SQL of what a session's move writes around it: heads, events, domain events, timers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.frames import StoredRow
from chat_service.session_facts import Conversation
from chat_service.store.ingest import OutboxRow
from chorus.db import Transaction
from chorus.ids import uuid7
from chorus.jobs import JobKind


@dataclass(frozen=True, slots=True)
class Timer:
    """A job of a conversation that is due at a time; a later wish moves it."""

    kind: JobKind
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """All that a move writes beside its session and offer. `rows` have their seqs already."""

    conversation_id: UUID
    last_seq: int
    conversation: Conversation
    queue_id: UUID | None
    closed_at: datetime | None
    rows: tuple[StoredRow, ...] = ()
    outbox: tuple[OutboxRow, ...] = ()
    timers: tuple[Timer, ...] = ()


def joined(changes: Sequence[Change]) -> Change:
    """Several steps of one conversation as one change."""
    return replace(
        changes[-1],
        rows=tuple(row for one in changes for row in one.rows),
        outbox=tuple(row for one in changes for row in one.outbox),
        timers=tuple(timer for one in changes for timer in one.timers),
    )


# One statement for all, because a burst of requests makes hundreds of these at once.
_RECORD = text("""
WITH heads AS (
    UPDATE conversations c SET last_seq = h.last_seq, floor_holder = h.holder,
        floor_epoch = h.epoch, assignee_id = h.assignee, team_id = h.team, queue_id = h.queue,
        status = h.status, closed_at = h.closed,
        snoozed_until = CASE WHEN h.status = 'snoozed' THEN c.snoozed_until END,
        waiting_since = CASE WHEN h.status <> 'closed' THEN c.waiting_since END
    FROM unnest(CAST(:conversations AS uuid[]), CAST(:seqs AS bigint[]), CAST(:holders AS text[]),
        CAST(:epochs AS bigint[]), CAST(:assignees AS uuid[]), CAST(:teams AS uuid[]),
        CAST(:queues AS uuid[]), CAST(:statuses AS text[]), CAST(:closed AS timestamptz[]))
        AS h (id, last_seq, holder, epoch, assignee, team, queue, status, closed)
    WHERE c.tenant_id = :tenant AND c.id = h.id
), added AS (
    INSERT INTO messages (conversation_id, seq, id, tenant_id, role, sender_id, message_type,
        visibility, content, payload, created_at)
    SELECT m.conversation_id, m.seq, m.id, :tenant, m.role, m.sender_id, m.message_type,
        m.visibility, m.content, CAST(m.payload AS jsonb), :at
    FROM unnest(CAST(:row_conversations AS uuid[]), CAST(:row_seqs AS bigint[]),
        CAST(:row_ids AS uuid[]), CAST(:roles AS text[]), CAST(:senders AS uuid[]),
        CAST(:types AS text[]), CAST(:visibilities AS text[]), CAST(:contents AS text[]),
        CAST(:payloads AS text[]))
        AS m (conversation_id, seq, id, role, sender_id, message_type, visibility, content,
            payload)
), told AS (
    INSERT INTO outbox (id, tenant_id, issuer, event, data)
    SELECT o.id, :tenant, o.issuer, o.event, CAST(o.data AS jsonb)
    FROM unnest(CAST(:event_ids AS uuid[]), CAST(:issuers AS text[]), CAST(:events AS text[]),
        CAST(:datas AS text[])) AS o (id, issuer, event, data)
)
INSERT INTO jobs (id, tenant_id, kind, key, payload, due_at)
SELECT t.id, :tenant, t.kind, t.key, jsonb_build_object('conversation_id', t.key), t.due
FROM unnest(CAST(:timer_ids AS uuid[]), CAST(:kinds AS text[]), CAST(:keys AS text[]),
    CAST(:dues AS timestamptz[])) AS t (id, kind, key, due)
ON CONFLICT (tenant_id, kind, key) DO UPDATE SET payload = excluded.payload,
    due_at = excluded.due_at, state = 'pending', lease_until = NULL, fence = jobs.fence + 1,
    attempts = 0, finished_at = NULL
""")


async def record(
    tx: Transaction, tenant_id: UUID, changes: Sequence[Change], *, at: datetime
) -> None:
    """Write the heads of held conversations, what happened, what is told, and the timers."""
    given: dict[str, Any] = {
        "tenant": tenant_id,
        "at": at,
        "conversations": [one.conversation_id for one in changes],
        "seqs": [one.last_seq for one in changes],
        "holders": [one.conversation.holder for one in changes],
        "epochs": [one.conversation.epoch for one in changes],
        "assignees": [one.conversation.assignee_id for one in changes],
        "teams": [one.conversation.team_id for one in changes],
        "queues": [one.queue_id for one in changes],
        "statuses": [one.conversation.status for one in changes],
        "closed": [one.closed_at for one in changes],
    }
    rows = [row for one in changes for row in one.rows]
    told = [row for one in changes for row in one.outbox]
    await tx.execute(_RECORD, given | _rows(rows) | _told(told) | _timed(changes))


def _rows(rows: Sequence[StoredRow]) -> dict[str, Any]:
    return {
        "row_conversations": [row.conversation_id for row in rows],
        "row_seqs": [row.seq for row in rows],
        "row_ids": [row.id for row in rows],
        "roles": [row.role for row in rows],
        "senders": [row.sender_id for row in rows],
        "types": [row.message_type for row in rows],
        "visibilities": [row.visibility for row in rows],
        "contents": [row.content for row in rows],
        "payloads": [orjson.dumps(row.payload).decode() for row in rows],
    }


def _told(outbox: Sequence[OutboxRow]) -> dict[str, Any]:
    return {
        "event_ids": [row.id for row in outbox],
        "issuers": [row.issuer for row in outbox],
        "events": [row.event for row in outbox],
        "datas": [row.data for row in outbox],
    }


def _timed(changes: Sequence[Change]) -> dict[str, Any]:
    timers = [(str(one.conversation_id), timer) for one in changes for timer in one.timers]
    return {
        "timer_ids": [uuid7() for _ in timers],
        "kinds": [timer.kind for _, timer in timers],
        "keys": [key for key, _ in timers],
        "dues": [timer.due_at for _, timer in timers],
    }


_REST = text(
    "UPDATE agents a SET idle_since = :at FROM ("
    " SELECT id FROM agents WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[]))"
    " ORDER BY id FOR NO KEY UPDATE) held WHERE a.id = held.id"
)


async def rest(tx: Transaction, tenant_id: UUID, agents: Sequence[UUID], *, at: datetime) -> None:
    """Note that a session of these agents is over: `longest_idle` counts from here."""
    await tx.execute(_REST, {"tenant": tenant_id, "ids": list(agents), "at": at})
