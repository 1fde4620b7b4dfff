"""SQL of what was proposed to agents, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.rows import every, first
from chat_service.store.volume import Days
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class Place:
    """A proposal: whose agent's, in which conversation."""

    tenant_id: UUID
    conversation_id: UUID
    id: UUID
    agent_id: UUID

    def given(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant_id,
            "conversation": self.conversation_id,
            "id": self.id,
            "agent": self.agent_id,
        }


@dataclass(frozen=True, slots=True)
class Shown:
    """What was proposed at a time."""

    source: str
    digests: Sequence[str]
    upto_seq: int
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposal that stands there, and what became of it, if anything has."""

    agent_id: UUID
    source: str
    digests: Sequence[str]
    upto_seq: int
    outcome: str | None
    message_id: UUID | None


@dataclass(frozen=True, slots=True)
class Taken:
    """How many of a source were shown on a day, and what became of them."""

    source: str
    day: int
    shown: int
    as_is: int
    changed: int
    replaced: int


_INSERT: Final = text("""
INSERT INTO proposals (conversation_id, id, tenant_id, agent_id, source, digests, upto_seq, shown_at)
VALUES (:conversation, :id, :tenant, :agent, :source, :digests, :upto_seq, :shown_at)
ON CONFLICT (conversation_id, id) DO NOTHING
""")
_STANDING: Final = text("""
SELECT agent_id, source, digests, upto_seq, outcome, message_id FROM proposals
WHERE tenant_id = :tenant AND conversation_id = :conversation AND id = :id FOR UPDATE
""")
_SUGGESTION: Final = text("""
SELECT content, seq, created_at FROM messages
WHERE tenant_id = :tenant AND conversation_id = :conversation AND id = :id
    AND role = 'bot' AND message_type = 'suggestion' AND deleted_at IS NULL
""")
_REPLY: Final = text("""
SELECT content FROM messages
WHERE tenant_id = :tenant AND conversation_id = :conversation AND id = :message
    AND role = 'agent' AND sender_id = :agent AND visibility = 'public'
    AND message_type <> 'event' AND deleted_at IS NULL AND seq > :after
""")
_SETTLE: Final = text("""
UPDATE proposals SET outcome = :outcome, message_id = :message
WHERE tenant_id = :tenant AND conversation_id = :conversation AND id = :id AND outcome IS NULL
""")
# A suggestion is shown by being said, and has a row only once somebody took it.
_SUMS: Final = text("""
SELECT source, width_bucket(at, CAST(:starts AS timestamptz[])) - 1, count(*),
    count(*) FILTER (WHERE outcome = 'as_is'), count(*) FILTER (WHERE outcome = 'changed'),
    count(*) FILTER (WHERE outcome = 'replaced')
FROM (
    SELECT source, shown_at AS at, outcome FROM proposals
    WHERE tenant_id = :tenant AND source = 'asked' AND shown_at >= :since AND shown_at < :until
    UNION ALL
    SELECT 'suggested', m.created_at, p.outcome
    FROM messages m LEFT JOIN proposals p ON p.tenant_id = :tenant
        AND p.conversation_id = m.conversation_id AND p.id = m.id
    WHERE m.tenant_id = :tenant AND m.role = 'bot' AND m.message_type = 'suggestion'
        AND m.created_at >= :since AND m.created_at < :until AND btrim(m.content) <> ''
) proposed GROUP BY 1, 2 ORDER BY 2, 1
""")


async def insert(tx: Transaction, place: Place, shown: Shown) -> None:
    """Write down what was proposed; what stands there already stays."""
    given = {
        "source": shown.source,
        "digests": list(shown.digests),
        "upto_seq": shown.upto_seq,
        "shown_at": shown.shown_at,
    }
    await tx.execute(_INSERT, place.given() | given)


async def standing(tx: Transaction, place: Place) -> Standing | None:
    """A proposal, held until the transaction ends."""
    given = place.given()
    del given["agent"]
    found = await first(tx, _STANDING, given)
    return None if found is None else Standing(*found)


async def suggestion(tx: Transaction, place: Place) -> tuple[str, int, datetime] | None:
    """What a bot suggested in a message of this id, where and when."""
    given = place.given()
    del given["agent"]
    found = await first(tx, _SUGGESTION, given)
    return None if found is None else (found[0], found[1], found[2])


async def reply(tx: Transaction, place: Place, message_id: UUID, *, after: int) -> str | None:
    """What this agent said to the customer in a message past `after`."""
    given = place.given() | {"message": message_id, "after": after}
    del given["id"]
    found = await first(tx, _REPLY, given)
    return None if found is None else str(found[0])


async def settle(tx: Transaction, place: Place, outcome: str, message_id: UUID) -> None:
    given = place.given() | {"outcome": outcome, "message": message_id}
    del given["agent"]
    await tx.execute(_SETTLE, given)


async def sums(session: Reader, days: Days) -> list[Taken]:
    """What was proposed in these days, by day and source."""
    return [Taken(*row) for row in await every(session, _SUMS, days.given())]
