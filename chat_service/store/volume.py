"""SQL of what happened in some days: conversations, messages, first replies, ratings, agents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chat_service.report_figures import Spread
from chat_service.store.rows import every, first
from chorus.db import Reader


@dataclass(frozen=True, slots=True)
class Days:
    """Which days, by when each begins, in which time zone."""

    tenant_id: UUID
    starts: Sequence[datetime]
    until: datetime
    zone: str

    def given(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant_id,
            "starts": list(self.starts),
            "since": self.starts[0],
            "until": self.until,
        }


_DAY: Final = "width_bucket({0}, CAST(:starts AS timestamptz[])) - 1"
_OPENED: Final = text(f"""
SELECT {_DAY.format("created_at")}, inbox_id, count(*) FROM conversations
WHERE tenant_id = :tenant AND created_at >= :since AND created_at < :until GROUP BY 1, 2
""")  # noqa: S608 - our own constant
_CLOSED: Final = text(f"""
SELECT {_DAY.format("closed_at")}, inbox_id, count(*) FROM conversations
WHERE tenant_id = :tenant AND status = 'closed' AND closed_at >= :since AND closed_at < :until
GROUP BY 1, 2
""")  # noqa: S608
_SAID: Final = text(f"""
SELECT {_DAY.format("at")}, CASE WHEN visibility = 'agents' THEN 'note' ELSE role END, count(*)
FROM message_search WHERE tenant_id = :tenant AND at >= :since AND at < :until GROUP BY 1, 2
""")  # noqa: S608
_HOURS: Final = text("""
SELECT CAST(extract(isodow FROM created_at AT TIME ZONE :zone) AS integer) - 1,
    CAST(extract(hour FROM created_at AT TIME ZONE :zone) AS integer), count(*)
FROM conversations WHERE tenant_id = :tenant AND created_at >= :since AND created_at < :until
GROUP BY 1, 2
""")
_FIRST_REPLIES: Final = text("""
SELECT count(*), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY took_s) FROM (
    SELECT extract(epoch FROM min(f.at) FILTER (WHERE f.role = 'agent')
        - min(f.at) FILTER (WHERE f.role = 'customer'))::float8 AS took_s
    FROM conversations c JOIN message_search f ON f.conversation_id = c.id
    WHERE c.tenant_id = :tenant AND c.created_at >= :since AND c.created_at < :until
        AND f.tenant_id = :tenant AND f.visibility <> 'agents'
    GROUP BY c.id
) replied WHERE took_s >= 0
""")
_INBOXES: Final = text("SELECT id, name FROM inboxes WHERE tenant_id = :tenant ORDER BY name, id")


async def opened(session: Reader, days: Days) -> list[tuple[int, UUID, int]]:
    """How many conversations began: by place of the day, and inbox."""
    return [tuple(row) for row in await every(session, _OPENED, days.given())]


async def closed(session: Reader, days: Days) -> list[tuple[int, UUID, int]]:
    """How many ended, as `opened`."""
    return [tuple(row) for row in await every(session, _CLOSED, days.given())]


async def said(session: Reader, days: Days) -> list[tuple[int, str, int]]:
    """How many messages that still stand: by place of the day, and customer, agent, bot or note."""
    return [tuple(row) for row in await every(session, _SAID, days.given())]


async def hours(session: Reader, days: Days) -> list[tuple[int, int, int]]:
    """When conversations began: day of the week from Monday as 0, hour, how many."""
    given = {name: value for name, value in days.given().items() if name != "starts"}
    return [tuple(row) for row in await every(session, _HOURS, given | {"zone": days.zone})]


async def first_replies(session: Reader, days: Days) -> tuple[int, Spread]:
    """How long customers waited for an agent's first word, in conversations that began then."""
    given = {name: value for name, value in days.given().items() if name != "starts"}
    found = await first(session, _FIRST_REPLIES, given)
    count, spread = found or (0, None)
    return int(count), Spread(*spread) if spread else Spread()


async def inbox_names(session: Reader, tenant_id: UUID) -> dict[UUID, str]:
    return dict(await every(session, _INBOXES, {"tenant": tenant_id}))


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating, who answered there last, and what the customer wrote with it."""

    day: int
    conversation_id: UUID
    score: int
    comment: str | None
    at: datetime
    agent_id: UUID | None
    agent: str | None


_RATED: Final = text(f"""
SELECT {_DAY.format("c.closed_at")}, c.id, c.csat_score, c.csat_comment, c.closed_at, a.id, a.name
FROM conversations c
LEFT JOIN LATERAL (
    SELECT s.agent_id FROM live_chat_sessions s
    WHERE s.conversation_id = c.id AND s.accepted_at IS NOT NULL
    ORDER BY s.requested_at DESC, s.id DESC LIMIT 1
) last ON true
LEFT JOIN agents a ON a.id = last.agent_id
WHERE c.tenant_id = :tenant AND c.status = 'closed' AND c.closed_at >= :since
    AND c.closed_at < :until AND c.csat_score IS NOT NULL
ORDER BY c.closed_at DESC, c.id DESC
""")  # noqa: S608 - our own constant


async def rated(session: Reader, days: Days) -> list[Rated]:
    """Ratings of conversations that ended then, the latest first."""
    return [Rated(*row) for row in await every(session, _RATED, days.given())]


@dataclass(frozen=True, slots=True)
class AgentSums:
    """What an agent did."""

    agent_id: UUID
    name: str
    offered: int
    declined: int
    expired: int
    accepted: int
    resolved: int
    handle: Spread
    ratings: int
    rating_mean: float | None
    messages: int
    notes: int


_AGENTS: Final = text("""
SELECT a.id, a.name, coalesce(o.made, 0), coalesce(o.declined, 0), coalesce(o.expired, 0),
    coalesce(s.accepted, 0), coalesce(s.resolved, 0), s.handle, coalesce(s.ratings, 0),
    s.rating_mean, coalesce(m.messages, 0), coalesce(m.notes, 0)
FROM agents a
LEFT JOIN (
    SELECT agent_id, count(*) AS made, count(*) FILTER (WHERE state = 'declined') AS declined,
        count(*) FILTER (WHERE state = 'expired') AS expired
    FROM session_offers WHERE tenant_id = :tenant AND offered_at >= :since AND offered_at < :until
    GROUP BY 1
) o ON o.agent_id = a.id
LEFT JOIN (
    SELECT agent_id, count(*) AS accepted,
        count(*) FILTER (WHERE end_reason IN ('resolved', 'wrapped_up')) AS resolved,
        percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
            ORDER BY CASE WHEN status = 'ended'
                THEN extract(epoch FROM ended_at - accepted_at)::float8 END) AS handle,
        count(rating) AS ratings, avg(rating)::float8 AS rating_mean
    FROM live_chat_sessions WHERE tenant_id = :tenant AND accepted_at IS NOT NULL
        AND requested_at >= :since AND requested_at < :until
    GROUP BY 1
) s ON s.agent_id = a.id
LEFT JOIN (
    SELECT sender_id, count(*) FILTER (WHERE visibility <> 'agents') AS messages,
        count(*) FILTER (WHERE visibility = 'agents') AS notes
    FROM message_search WHERE tenant_id = :tenant AND at >= :since AND at < :until
        AND role = 'agent' GROUP BY 1
) m ON m.sender_id = a.id
WHERE a.tenant_id = :tenant
    AND (a.disabled_at IS NULL OR o.made > 0 OR s.accepted > 0 OR m.messages > 0)
ORDER BY a.name, a.id
""")


async def agents(session: Reader, days: Days) -> list[AgentSums]:
    """What each agent did, in order of name; who is shut out only where they did something."""
    given = {name: value for name, value in days.given().items() if name != "starts"}
    found = await every(session, _AGENTS, given)
    return [AgentSums(*[*row[:7], _spread(row[7]), *row[8:]]) for row in found]


def _spread(seconds: Sequence[float | None] | None) -> Spread:
    return Spread(*seconds) if seconds else Spread()
