"""SQL on `routing_decisions` as somebody reads them who asks why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.rows import every
from chorus.db import Reader


@dataclass(frozen=True, slots=True)
class Decision:
    """What the router made of a session once, with every candidate."""

    at: datetime
    chosen: UUID | None
    why: str
    candidates: Mapping[str, Any]
    others: Mapping[str, int]
    """How many more there were, by reason."""
    read: Mapping[str, str]
    """What the customer's words said then."""


_DECISIONS = text(
    "SELECT at, chosen, why, candidates FROM routing_decisions"
    " WHERE tenant_id = :tenant AND session_id = :session ORDER BY at DESC, id DESC LIMIT :limit"
)


async def decisions(
    session: Reader, tenant_id: UUID, session_id: UUID, *, limit: int
) -> list[Decision]:
    """What the router decided about a session, latest first."""
    given = {"tenant": tenant_id, "session": session_id, "limit": limit}
    found = await every(session, _DECISIONS, given)
    decided = []
    for at, chosen, why, some in found:
        candidates = orjson.loads(some) if isinstance(some, str | bytes) else some
        others, read = candidates.pop("others", {}), candidates.pop("read", {})
        decided.append(Decision(at, chosen, why, candidates, others, read))
    return decided
