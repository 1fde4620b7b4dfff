"""SQL on what agents have begun to write."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.rows import every, first
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class DraftRow:
    conversation_id: UUID
    mode: str
    content: str
    details: dict[str, Any]
    version: int
    updated_at: datetime


_COLUMNS: Final = "d.conversation_id, d.mode, d.content, d.details, d.version, d.updated_at"
# What its writer has said since, in the same mode, was the draft.
_UNSENT: Final = """
NOT EXISTS (
    SELECT 1 FROM messages m WHERE m.conversation_id = d.conversation_id AND m.seq > d.seq
        AND m.sender_id = d.agent_id AND m.role = 'agent' AND m.message_type <> 'event'
        AND (m.visibility = 'agents') = (d.mode = 'note')
)
"""
_LIST: Final = text(
    f"SELECT {_COLUMNS} FROM drafts d WHERE d.tenant_id = :tenant"  # noqa: S608
    " AND d.agent_id = :agent AND (CAST(:conversation AS uuid) IS NULL"
    f" OR d.conversation_id = CAST(:conversation AS uuid)) AND {_UNSENT}"
    " ORDER BY d.updated_at DESC, d.conversation_id, d.mode LIMIT :limit"
)
_VERSION: Final = text(
    "SELECT d.version FROM drafts d WHERE d.tenant_id = :tenant AND d.agent_id = :agent"  # noqa: S608
    f" AND d.conversation_id = :conversation AND d.mode = :mode AND {_UNSENT} FOR UPDATE"
)
_SAVE: Final = text(f"""
INSERT INTO drafts AS d (conversation_id, agent_id, mode, tenant_id, content, details, seq,
    updated_at)
VALUES (:conversation, :agent, :mode, :tenant, :content, CAST(:details AS jsonb), :seq, :at)
ON CONFLICT (conversation_id, agent_id, mode) DO UPDATE SET content = excluded.content,
    details = excluded.details, seq = excluded.seq, version = d.version + 1,
    updated_at = excluded.updated_at
RETURNING {_COLUMNS}
""")  # noqa: S608
_DELETE: Final = text(
    "DELETE FROM drafts WHERE tenant_id = :tenant AND agent_id = :agent"
    " AND conversation_id = :conversation AND mode = :mode"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose draft, where, and for whom it is written."""

    tenant_id: UUID
    agent_id: UUID
    conversation_id: UUID
    mode: str

    def given(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant_id,
            "agent": self.agent_id,
            "conversation": self.conversation_id,
            "mode": self.mode,
        }


async def page(
    session: Reader, tenant_id: UUID, agent_id: UUID, *, conversation_id: UUID | None, limit: int
) -> list[DraftRow]:
    """What an agent has not sent, the latest first; of one conversation, or of all."""
    given = {"tenant": tenant_id, "agent": agent_id, "conversation": conversation_id}
    return [_row(one) for one in await every(session, _LIST, given | {"limit": limit})]


async def version(tx: Transaction, place: Place) -> int:
    """The version that stands there, 0 for none; it is held until the transaction ends."""
    return int(await tx.scalar(_VERSION, place.given()) or 0)


async def save(
    tx: Transaction,
    place: Place,
    *,
    content: str,
    details: Mapping[str, Any],
    seq: int,
    at: datetime,
) -> DraftRow:
    """Put a draft in the place of the one before."""
    packed = orjson.dumps(dict(details)).decode()
    given = place.given() | {"content": content, "details": packed, "seq": seq, "at": at}
    found = await first(tx, _SAVE, given)
    assert found is not None
    return _row(found)


async def delete(tx: Transaction, place: Place) -> None:
    await tx.execute(_DELETE, place.given())


def _row(found: list[Any]) -> DraftRow:
    details = found[3] if isinstance(found[3], dict) else orjson.loads(found[3])
    return DraftRow(*[*found[:3], details, *found[4:]])
