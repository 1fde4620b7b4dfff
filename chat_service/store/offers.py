"""SQL on `session_offers`: at most one is open in a session.

`reason` is why an offer was made while it is open, and why it ended afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from chat_service.session_facts import Offer, OfferResult, Reason
from chat_service.store.statements import run, statement
from chorus.db import Transaction
from chorus.db_connect import RawConnection
from chorus.ids import uuid7


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the open offer of a session."""

    session_id: UUID
    result: OfferResult
    reason: Reason


_SETTLE = statement("""
UPDATE session_offers o SET state = n.state, reason = n.reason, settled_at = :at
FROM unnest(CAST(:sessions AS uuid[]), CAST(:states AS text[]), CAST(:reasons AS text[]))
    AS n (session, state, reason)
WHERE o.session_id = n.session AND o.state = 'open'
""")


async def settle(
    where: Transaction | RawConnection, settled: Sequence[Settled], *, at: datetime
) -> None:
    """End the open offers of sessions whose locks are held."""
    given = {
        "at": at,
        "sessions": [one.session_id for one in settled],
        "states": [one.result for one in settled],
        "reasons": [one.reason for one in settled],
    }
    await run(where, _SETTLE, given)


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is held out to an agent now."""

    conversation_id: UUID
    session_id: UUID
    offer: Offer
    reason: Reason


_OPEN = text("""
INSERT INTO session_offers (id, tenant_id, session_id, conversation_id, agent_id, offered_at,
    deadline_at, reason)
SELECT n.id, :tenant, n.session, n.conversation, n.agent, :at, n.deadline, n.reason
FROM unnest(CAST(:ids AS uuid[]), CAST(:sessions AS uuid[]), CAST(:conversations AS uuid[]),
    CAST(:agents AS uuid[]), CAST(:deadlines AS timestamptz[]), CAST(:reasons AS text[]))
    AS n (id, session, conversation, agent, deadline, reason)
""")


async def open_all(
    tx: Transaction, tenant_id: UUID, opened: Sequence[Opened], *, at: datetime
) -> None:
    given = {
        "tenant": tenant_id,
        "at": at,
        "ids": [uuid7() for _ in opened],
        "sessions": [one.session_id for one in opened],
        "conversations": [one.conversation_id for one in opened],
        "agents": [one.offer.agent_id for one in opened],
        "deadlines": [one.offer.deadline_at for one in opened],
        "reasons": [one.reason for one in opened],
    }
    await tx.execute(_OPEN, given)
