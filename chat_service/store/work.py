"""SQL on answers already given, the outbox, and timers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.ingest import OutboxRow
from chat_service.store.rows import every, first
from chorus.db import Transaction
from chorus.db_connect import RawConnection
from chorus.ids import uuid7
from chorus.jobs import JobKind

_CLAIM_COMMAND = text(
    "INSERT INTO command_results (tenant_id, user_id, command_id, body_hash)"
    " VALUES (:tenant, :user, :id, :hash) ON CONFLICT DO NOTHING RETURNING true"
)
_COMMAND = text(
    "SELECT body_hash, answer FROM command_results"
    " WHERE tenant_id = :tenant AND user_id = :user AND command_id = :id"
)
_ANSWER = text(
    "UPDATE command_results SET answer = CAST(:answer AS jsonb)"
    " WHERE tenant_id = :tenant AND user_id = :user AND command_id = :id"
)


@dataclass(frozen=True, slots=True)
class CommandKey:
    tenant_id: UUID
    user_id: UUID
    id: UUID
    body_hash: bytes

    def values(self) -> dict[str, Any]:
        return {"tenant": self.tenant_id, "user": self.user_id, "id": self.id}


async def claim_command(tx: Transaction, key: CommandKey) -> bool:
    """Reserve a command id; False when it was used. Waits for one that is being used now."""
    given = {**key.values(), "hash": key.body_hash}
    return await tx.scalar(_CLAIM_COMMAND, given) is not None


async def command_answer(tx: Transaction, key: CommandKey) -> tuple[bytes, dict[str, Any]] | None:
    """The body hash and answer of a used command id."""
    found = await first(tx, _COMMAND, key.values())
    if found is None:
        return None
    answer = found[1]
    return bytes(found[0]), answer if isinstance(answer, dict) else orjson.loads(answer)


_CLAIM_ANSWERED = text("""
INSERT INTO command_results (tenant_id, user_id, command_id, body_hash, answer)
SELECT :tenant, n.user_id, n.id, n.hash, CAST(n.answer AS jsonb)
FROM unnest(CAST(:users AS uuid[]), CAST(:ids AS uuid[]), CAST(:hashes AS bytea[]),
    CAST(:answers AS text[])) AS n (user_id, id, hash, answer)
ORDER BY n.user_id, n.id
ON CONFLICT DO NOTHING RETURNING user_id, command_id
""")


async def claim_answered(
    tx: Transaction, tenant_id: UUID, answered: Sequence[tuple[CommandKey, Mapping[str, Any]]]
) -> set[tuple[UUID, UUID]]:
    """Reserve command ids with their answers; those (user, id) that were not used before."""
    given = {
        "tenant": tenant_id,
        "users": [key.user_id for key, _ in answered],
        "ids": [key.id for key, _ in answered],
        "hashes": [key.body_hash for key, _ in answered],
        "answers": [orjson.dumps(dict(answer)).decode() for _, answer in answered],
    }
    return {(user, id_) for user, id_ in await every(tx, _CLAIM_ANSWERED, given)}


async def save_answer(tx: Transaction, key: CommandKey, answer: Mapping[str, Any]) -> None:
    await tx.execute(_ANSWER, {**key.values(), "answer": orjson.dumps(dict(answer)).decode()})


_OUTBOX = text(
    "INSERT INTO outbox (id, tenant_id, issuer, event, data)"
    " VALUES (:id, :tenant, :issuer, :event, CAST(:data AS jsonb))"
)


async def tell_outbox(tx: Transaction, rows: Sequence[OutboxRow]) -> None:
    """Write domain events in the transaction of what they tell."""
    if not rows:
        return
    given = [
        {
            "id": row.id,
            "tenant": row.tenant_id,
            "issuer": row.issuer,
            "event": row.event,
            "data": row.data,
        }
        for row in rows
    ]
    await tx.execute(_OUTBOX, given)


# A later wish moves the timer; a worker that still holds the old one finds another fence.
_TIMER = text(
    "INSERT INTO jobs (id, tenant_id, kind, key, payload, due_at)"
    " VALUES (:id, :tenant, :kind, :key, CAST(:payload AS jsonb), :due)"
    " ON CONFLICT (tenant_id, kind, key) DO UPDATE SET payload = excluded.payload,"
    " due_at = excluded.due_at, state = 'pending', lease_until = NULL, fence = jobs.fence + 1,"
    " attempts = 0, finished_at = NULL"
)


async def set_timer(
    tx: Transaction, tenant_id: UUID, *, kind: JobKind, conversation_id: UUID, due_at: datetime
) -> None:
    """Have a job done for a conversation at a time; a timer of that kind moves."""
    given = {
        "id": uuid7(),
        "tenant": tenant_id,
        "kind": kind,
        "key": str(conversation_id),
        "payload": orjson.dumps({"conversation_id": str(conversation_id)}).decode(),
        "due": due_at,
    }
    await tx.execute(_TIMER, given)


_LED = "SELECT count(*) > 0 AND bool_and(lease_until > now()) FROM ingest_partitions"


async def all_partitions_led(raw: RawConnection) -> bool:
    """Say whether every ingest partition has a writer."""
    return bool(await raw.fetchval(_LED))
