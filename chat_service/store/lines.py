"""SQL on the lines of waiting customers: who stands where, who serves, how long it takes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from chat_service.queue_choice import EVERYBODY, Circle, Desk
from chat_service.routing import Policy, Waiting
from chat_service.store.routing import WEIGHT
from chat_service.store.rows import every
from chat_service.store.viewers import VISIBLE
from chorus.db import Reader

HANDLED_MAX: Final = 50
"""Sessions of a queue that say how long one takes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer who waits in a queue."""

    waiting: Waiting
    conversation_id: UUID
    circle: Circle = EVERYBODY


# Of a session `s` of a queue `q` in a conversation `c`: whom the router leaves in peace, and which
# team it asks alone.
CIRCLE: Final = """
CASE WHEN s.excluded_agent_ids <> '{}' OR s.leaving_agent_id IS NOT NULL THEN ARRAY(
    SELECT refused.id FROM unnest(s.excluded_agent_ids) AS refused (id)
    WHERE q.asked_again_after_s IS NULL
        OR greatest(coalesce(s.queued_at, s.requested_at), (
            SELECT max(o.settled_at) FROM session_offers o
            WHERE o.session_id = s.id AND o.agent_id = refused.id
        )) + q.asked_again_after_s * interval '1 s' > :now
    UNION SELECT s.leaving_agent_id WHERE s.leaving_agent_id IS NOT NULL
) END, CASE WHEN c.team_id IS NOT NULL THEN (
    SELECT ARRAY(SELECT m.agent_id FROM team_members m WHERE m.team_id = t.id)
    FROM teams t WHERE t.id = c.team_id AND t.archived_at IS NULL
) END
"""


def circle_of(without: Iterable[UUID] | None, team: Iterable[UUID] | None) -> Circle:
    """Read the columns of `CIRCLE`."""
    if without is None and team is None:
        return EVERYBODY
    return Circle(frozenset(without or ()), None if team is None else frozenset(team))


_STANDING: Final = text(f"""
SELECT s.id, s.queue_id, q.policy, s.requested_at, coalesce(s.queued_at, s.requested_at),
    greatest(s.priority, c.priority) + q.priority, s.sla_due_at, s.conversation_id, {CIRCLE}
FROM live_chat_sessions s
JOIN queues q ON q.id = s.queue_id
JOIN conversations c ON c.id = s.conversation_id
WHERE s.tenant_id = :tenant AND s.status IN ('requested', 'queued', 'offered')
""")  # noqa: S608 - our own constants


async def standing(session: Reader, tenant_id: UUID, *, now: datetime) -> list[Standing]:
    """Everybody who waits, in no order."""
    found = await every(session, _STANDING, {"tenant": tenant_id, "now": now})
    return [
        Standing(
            Waiting(
                session_id=id_,
                queue_id=queue_id,
                policy=Policy(policy),
                requested_at=requested_at,
                queued_at=queued_at,
                priority=priority,
                sla_due_at=sla_due_at,
            ),
            conversation_id,
            circle_of(*circle),
        )
        for id_, queue_id, policy, requested_at, queued_at, priority, sla_due_at, conversation_id, *circle in found
    ]


# Each part has its index; what has ended is not read, however much of it there is.
_COUNTS: Final = """
SELECT q.name, count(*) FILTER (WHERE s.status IN ('requested', 'queued', 'offered')),
    count(*) FILTER (WHERE s.status = 'offered'), count(*) FILTER (WHERE s.status = 'active'),
    count(*) FILTER (WHERE s.status = 'wrap_up'), count(*) FILTER (WHERE s.status = 'deferred')
FROM queues q LEFT JOIN (
    SELECT queue_id, status FROM live_chat_sessions
    WHERE tenant_id = :tenant AND status IN ('requested', 'queued', 'offered')
    UNION ALL SELECT queue_id, status FROM live_chat_sessions
    WHERE tenant_id = :tenant AND status IN ('active', 'wrap_up')
    UNION ALL SELECT queue_id, status FROM live_chat_sessions
    WHERE tenant_id = :tenant AND status = 'deferred'
) s ON s.queue_id = q.id
WHERE q.tenant_id = :tenant AND q.archived_at IS NULL AND {visible} GROUP BY 1
"""
_COUNTED: Final = ("waiting", "offered", "active", "wrap_up", "deferred")
_COUNTS_ALL: Final = text(_COUNTS.format(visible="true"))
_COUNTS_SEEN: Final = text(_COUNTS.format(visible=VISIBLE))


Counts = dict[str, dict[str, int]]
"""How many sessions of a queue stand where (`QueueCounts`), by the name of the queue."""


async def counts(session: Reader, tenant_id: UUID, *, viewer_id: UUID | None = None) -> Counts:
    """How each queue stands that `viewer_id` sees."""
    if viewer_id is None:
        found = await every(session, _COUNTS_ALL, {"tenant": tenant_id})
    else:
        found = await every(session, _COUNTS_SEEN, {"tenant": tenant_id, "viewer": viewer_id})
    return {name: dict(zip(_COUNTED, counted, strict=True)) for name, *counted in found}


_DESKS: Final = text(f"""
SELECT a.id, a.status, a.status_at, a.capacity, coalesce(busy.load, 0)
FROM agents a LEFT JOIN (
    SELECT c.assignee_id AS id, sum({WEIGHT}) AS load
    FROM conversations c JOIN inboxes b ON b.id = c.inbox_id
    WHERE c.tenant_id = :tenant AND c.assignee_id = ANY(CAST(:ids AS uuid[]))
        AND c.status = 'open' AND c.floor_holder = 'human'
    GROUP BY 1
) busy ON busy.id = a.id
WHERE a.tenant_id = :tenant AND a.id = ANY(CAST(:ids AS uuid[])) AND a.disabled_at IS NULL
""")  # noqa: S608 - our own constant


async def desks(session: Reader, tenant_id: UUID, ids: Collection[UUID]) -> list[Desk]:
    """What those who serve a queue have to do; what they are asked just now still stands in line."""
    found = await every(session, _DESKS, {"tenant": tenant_id, "ids": list(ids)})
    return [Desk(*row) for row in found]


_HANDLED: Final = text("""
SELECT n.id, extract(epoch FROM h.took)::float8
FROM unnest(CAST(:queues AS uuid[])) AS n (id)
CROSS JOIN LATERAL (
    SELECT s.ended_at - s.accepted_at AS took
    FROM live_chat_sessions s
    WHERE s.tenant_id = :tenant AND s.queue_id = n.id AND s.accepted_at IS NOT NULL
        AND s.status = 'ended' AND s.requested_at > now() - interval '7 days'
    ORDER BY s.requested_at DESC LIMIT :most
) h
""")


async def handle_times_s(
    session: Reader, tenant_id: UUID, queue_ids: Collection[UUID]
) -> dict[UUID, list[float]]:
    """How long the last sessions of each queue took, from accept to resolve."""
    given = {"tenant": tenant_id, "queues": list(queue_ids), "most": HANDLED_MAX}
    found: dict[UUID, list[float]] = {}
    for queue_id, took_s in await every(session, _HANDLED, given):
        found.setdefault(queue_id, []).append(took_s)
    return found
