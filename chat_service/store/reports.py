"""SQL of reports: what became of the sessions that were asked for in some days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chat_service.report_figures import Offers, Spread, Sums
from chat_service.store.rows import every
from chorus.db import Reader


@dataclass(frozen=True, slots=True)
class Cut:
    """Which sessions: by when they were asked for, and by queue."""

    tenant_id: UUID
    starts: Sequence[datetime]
    """When each day begins."""
    until: datetime
    queue_id: UUID | None
    now: datetime

    def values(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant_id,
            "starts": list(self.starts),
            "since": self.starts[0],
            "until": self.until,
            "queue": self.queue_id,
        }


@dataclass(frozen=True, slots=True)
class Part:
    """Which sessions of a cut are summed up: all (neither), those of a queue, those of a day."""

    by: str
    queue_id: UUID | None = None
    day: int | None = None
    """Place of the day in the cut, from 0."""


TOTAL: Final = "total"
QUEUE: Final = "queue"
DAY: Final = "day"
_PARTS: Final = {3: TOTAL, 1: QUEUE, 2: DAY}

# An agent who acts on a conversation nobody asked in has a session that began answered.
# Who came in the night, when nobody could come, has no wait that says anything of the day.
_PICKED: Final = """
SELECT s.queue_id, width_bucket(s.requested_at, CAST(:starts AS timestamptz[])) - 1 AS day,
    s.status, s.end_reason, s.queued_at, s.offered_at, s.accepted_at, s.deferred_at, s.ended_at,
    s.rating, s.sla_due_at, s.promised_eta_s, k.unasked, k.cancelled,
    NOT (k.unasked OR k.cancelled) AS asked,
    CASE WHEN NOT k.unasked AND s.deferred_at IS NULL
        THEN extract(epoch FROM s.accepted_at - s.requested_at)::float8 END AS wait_s,
    CASE WHEN NOT (k.unasked OR k.cancelled) AND s.deferred_at IS NULL
        THEN extract(epoch FROM coalesce(s.accepted_at, s.ended_at, :now) - s.requested_at)::float8
        END AS stood_s,
    CASE WHEN NOT k.unasked AND s.status = 'ended'
        THEN extract(epoch FROM s.ended_at - s.accepted_at)::float8 END AS handle_s
FROM live_chat_sessions s
CROSS JOIN LATERAL (SELECT
    s.accepted_at IS NOT DISTINCT FROM s.requested_at AS unasked,
    s.status = 'cancelled' AND s.accepted_at IS NULL AS cancelled
) k
WHERE s.tenant_id = :tenant AND s.requested_at >= :since AND s.requested_at < :until
    AND (CAST(:queue AS uuid) IS NULL OR s.queue_id = CAST(:queue AS uuid))
"""
_SUMS: Final = text(f"""
SELECT grouping(queue_id, day), queue_id, day,
    count(*) FILTER (WHERE asked),
    count(*) FILTER (WHERE asked AND coalesce(queued_at, offered_at, accepted_at) IS NOT NULL),
    count(*) FILTER (WHERE asked AND coalesce(offered_at, accepted_at) IS NOT NULL),
    count(*) FILTER (WHERE asked AND accepted_at IS NOT NULL),
    count(*) FILTER (WHERE asked AND accepted_at IS NOT NULL
        AND (status = 'wrap_up' OR end_reason IN ('resolved', 'wrapped_up'))),
    count(*) FILTER (WHERE asked AND rating IS NOT NULL),
    count(*) FILTER (WHERE cancelled),
    count(*) FILTER (WHERE unasked),
    count(*) FILTER (WHERE asked AND deferred_at IS NOT NULL),
    count(*) FILTER (WHERE asked AND accepted_at IS NULL AND end_reason = 'customer_gone'),
    count(*) FILTER (WHERE asked AND status = 'failed'),
    count(*) FILTER (WHERE asked AND end_reason = 'returned_to_bot'),
    count(*) FILTER (WHERE asked AND accepted_at IS NULL AND ended_at IS NULL),
    count(*) FILTER (WHERE asked AND deferred_at IS NULL
        AND (accepted_at IS NOT NULL AND sla_due_at IS NOT NULL OR sla_due_at < :now)),
    count(*) FILTER (WHERE asked AND deferred_at IS NULL AND accepted_at <= sla_due_at),
    max(stood_s),
    count(wait_s) FILTER (WHERE promised_eta_s IS NOT NULL),
    avg(promised_eta_s) FILTER (WHERE wait_s IS NOT NULL)::float8,
    avg(wait_s) FILTER (WHERE promised_eta_s IS NOT NULL),
    count(rating),
    avg(rating)::float8,
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY wait_s),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY handle_s),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY wait_s - promised_eta_s)
FROM ({_PICKED}) picked
GROUP BY GROUPING SETS ((), (queue_id), (day))
""")  # noqa: S608 - our own constant


async def sums(session: Reader, cut: Cut) -> dict[Part, Sums]:
    """What became of the sessions of a cut: in all, by queue, and by day."""
    found = await every(session, _SUMS, cut.values() | {"now": cut.now})
    return {_part(row): Sums(*row[3:24], *map(_spread, row[24:])) for row in found}


def _part(row: list[Any]) -> Part:
    by = _PARTS[row[0]]
    return Part(by, row[1], row[2] if by == DAY else None)


def _spread(seconds: Sequence[float] | None) -> Spread:
    return Spread(*seconds) if seconds else Spread()


_OFFERS: Final = text("""
SELECT grouping(queue_id, day), queue_id, day, count(*),
    count(*) FILTER (WHERE state = 'accepted'), count(*) FILTER (WHERE state = 'declined'),
    count(*) FILTER (WHERE state = 'expired'), count(*) FILTER (WHERE state = 'rescinded')
FROM (
    SELECT s.queue_id, o.state,
        width_bucket(o.offered_at, CAST(:starts AS timestamptz[])) - 1 AS day
    FROM session_offers o JOIN live_chat_sessions s ON s.id = o.session_id
    WHERE o.tenant_id = :tenant AND o.offered_at >= :since AND o.offered_at < :until
        AND s.tenant_id = :tenant
        AND (CAST(:queue AS uuid) IS NULL OR s.queue_id = CAST(:queue AS uuid))
) made
GROUP BY GROUPING SETS ((), (queue_id), (day))
""")


async def offers(session: Reader, cut: Cut) -> dict[Part, Offers]:
    """What became of the offers that were made in the days of a cut."""
    found = await every(session, _OFFERS, cut.values())
    return {_part(row): Offers(*row[3:]) for row in found}


_QUEUES: Final = text("SELECT id, name FROM queues WHERE tenant_id = :tenant ORDER BY name, id")


async def queue_names(session: Reader, tenant_id: UUID) -> Mapping[UUID, str]:
    """What the queues of a tenant are called, also those that are no more."""
    return dict(await every(session, _QUEUES, {"tenant": tenant_id}))
