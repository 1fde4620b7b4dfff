"""SQL of the router: who waits, who could answer, what was decided. A few statements a tenant."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.deferred_pages import Cursor
from chat_service.routing import RELAXATIONS, Demand, Policy, Relaxation, Waiting
from chat_service.routing_facts import AgentFacts, Place, QueueFacts
from chat_service.store.rows import every
from chorus.db import Reader, Transaction
from chorus.db_connect import RawConnection
from chorus.ids import uuid7

RECENT_MS: Final = 31_000
"""How far back offers are counted for the limit after a login, which is 30 s."""

# An inbox may say how much of an agent's capacity one of its conversations takes.
WEIGHT: Final = """
CASE WHEN jsonb_typeof(b.settings->'weight') = 'number'
    THEN greatest(0, least(100, (b.settings->>'weight')::numeric))::int ELSE 1 END
"""
_PLACE: Final = f"""
SELECT s.id, s.queue_id, q.policy, s.requested_at, coalesce(s.queued_at, s.requested_at),
    greatest(s.priority, c.priority) + q.priority, q.skills,
    s.skills || ARRAY(SELECT jsonb_array_elements_text(q.intent_skills->t.intent)),
    coalesce(nullif(t.language, ''), k.locale), s.sla_due_at,
    s.leaving_agent_id, owner.agent_id,
    CASE WHEN c.floor_holder = 'human' AND s.leaving_agent_id IS NULL THEN c.assignee_id END, {WEIGHT}, q.asked_again_after_s, s.excluded_agent_ids,
    CASE WHEN s.excluded_agent_ids <> '{{}}' THEN (
        SELECT json_object_agg(r.agent_id, r.at) FROM (
            SELECT o.agent_id, max(o.settled_at) AS at FROM session_offers o
            WHERE o.session_id = s.id AND o.agent_id = ANY(s.excluded_agent_ids)
                AND o.settled_at IS NOT NULL
            GROUP BY 1) r
    ) END,
    q.relaxations, s.conversation_id,
    (SELECT t.id FROM teams t WHERE t.id = c.team_id AND t.archived_at IS NULL),
    coalesce(s.options->'options' ? 'wait', false),
    CASE WHEN t.upto_seq > 0 THEN json_build_object('intent', t.intent, 'sentiment', t.sentiment,
        'language', t.language) END
FROM live_chat_sessions s
JOIN queues q ON q.id = s.queue_id
JOIN conversations c ON c.id = s.conversation_id
JOIN contacts k ON k.id = c.contact_id
JOIN inboxes b ON b.id = c.inbox_id
LEFT JOIN conversation_traits t ON t.conversation_id = c.id
LEFT JOIN LATERAL (
    SELECT e.agent_id FROM conversations d JOIN live_chat_sessions e ON e.conversation_id = d.id
    WHERE d.contact_id = c.contact_id AND e.accepted_at IS NOT NULL AND e.agent_id IS NOT NULL
        AND e.id <> s.id
    ORDER BY e.accepted_at DESC LIMIT 1
) owner ON true
WHERE s.tenant_id = :tenant AND c.status = 'open'
"""  # noqa: S608 - our own constants
# Sessions of a manual queue only matter where something follows from waiting too long, or where
# the queue was deleted. Whoever put a conversation off wants nobody to be asked before it wakes.
_QUEUED: Final = text(
    _PLACE + " AND s.status = 'queued' AND s.queue_id <> ALL(CAST(:but AS uuid[]))"
    " AND s.id NOT IN (SELECT unnest(CAST(:stuck AS uuid[]))) AND (q.policy <> 'manual' OR q.archived_at IS NOT NULL"
    " OR q.max_wait_s IS NOT NULL)"
)
# Of each line the oldest behind a place: the many who wait in one hide nobody of another.
_DEFERRED: Final = text(
    _PLACE  # noqa: S608 - our own constants
    + """ AND s.id IN (
    SELECT pick.id FROM unnest(CAST(:queues AS uuid[]), CAST(:moments AS timestamptz[]),
        CAST(:ids AS uuid[])) AS line (queue, at, id)
    CROSS JOIN LATERAL (
        SELECT w.id FROM live_chat_sessions w JOIN conversations d ON d.id = w.conversation_id
        WHERE w.tenant_id = :tenant AND w.queue_id = line.queue AND w.status = 'deferred'
            AND d.status = 'open'
            AND (line.at IS NULL OR (w.requested_at, w.id) > (line.at, line.id))
        ORDER BY w.requested_at, w.id LIMIT :limit
    ) pick
) AND (q.policy <> 'manual' OR q.archived_at IS NOT NULL) ORDER BY s.requested_at, s.id"""
)
_QUEUELESS: Final = text("""
SELECT s.id, s.conversation_id, s.status
FROM live_chat_sessions s JOIN conversations c ON c.id = s.conversation_id
WHERE s.tenant_id = :tenant AND s.queue_id IS NULL AND c.status = 'open'
    AND s.status IN ('requested', 'queued', 'deferred')
ORDER BY s.requested_at, s.id LIMIT :limit
""")


async def queued(
    session: Reader, tenant_id: UUID, *, but: Collection[UUID] = (), stuck: Collection[UUID] = ()
) -> list[Place]:
    """Every session the router may move, `but` of some queues and those `stuck`; in no order."""
    given = {"tenant": tenant_id, "but": list(but), "stuck": list(stuck)}
    found = await every(session, _QUEUED, given)
    return [_place(row, deferred=False) for row in found]


async def deferred(
    session: Reader, tenant_id: UUID, lines: Mapping[UUID, Cursor | None], *, limit: int
) -> list[Place]:
    """The sessions of these automatic queues nobody could come to, the oldest behind each cursor
    first.
    """
    if not lines:
        return []
    given = {
        "tenant": tenant_id,
        "queues": list(lines),
        "moments": [one and one.requested_at for one in lines.values()],
        "ids": [one and one.session_id for one in lines.values()],
        "limit": limit,
    }
    return [_place(row, deferred=True) for row in await every(session, _DEFERRED, given)]


@dataclass(frozen=True, slots=True)
class Queueless:
    """A session that waits and stands nowhere."""

    session_id: UUID
    conversation_id: UUID
    deferred: bool


async def queueless(session: Reader, tenant_id: UUID, *, limit: int) -> list[Queueless]:
    """The oldest sessions that wait without a queue."""
    found = await every(session, _QUEUELESS, {"tenant": tenant_id, "limit": limit})
    return [Queueless(id_, place, status == "deferred") for id_, place, status in found]


def _place(row: list[Any], *, deferred: bool) -> Place:
    *waiting, excluded, settled, relaxations, conversation_id, team_id, told, read = row
    id_, queue_id, policy, requested_at, queued_at, priority, *wishes = waiting
    required, optional, language, sla_due_at, *people, weight, again_after_s = wishes
    leaving_id, owner_id, holder_id = people
    return Place(
        Waiting(
            session_id=id_,
            queue_id=queue_id,
            policy=Policy(policy),
            requested_at=requested_at,
            queued_at=queued_at,
            priority=priority,
            required_skills=frozenset(required),
            optional_skills=frozenset(optional),
            language=language,
            sla_due_at=sla_due_at,
            excluded=_refused(excluded, _json(settled) or {}, queued_at),
            asked_again_after_s=again_after_s,
            leaving_id=leaving_id,
            owner_id=owner_id,
            holder_id=holder_id,
            weight=weight,
            relaxations=_relaxations(_json(relaxations)),
            read=_json(read) or {},
        ),
        conversation_id,
        team_id,
        deferred,
        told,
    )


def _refused(
    excluded: Collection[UUID], settled: Mapping[str, str], queued_at: datetime
) -> dict[UUID, datetime]:
    """Since when each is excluded: their last refusal, or when the session came to stand here."""
    at = {UUID(agent): datetime.fromisoformat(moment) for agent, moment in settled.items()}
    return {one: max(queued_at, at.get(one, queued_at)) for one in excluded}


def _relaxations(stored: list[dict[str, Any]] | None) -> tuple[Relaxation, ...]:
    if stored is None:
        return RELAXATIONS
    return tuple(Relaxation(one["after_s"], Demand(one["demand"])) for one in stored)


_STAFF: Final = "SELECT id FROM agents WHERE tenant_id = $1 AND disabled_at IS NULL"
# Apart, and put together here: joined, they are planned badly as soon as there are many offers.
_AGENTS: Final = text(
    "SELECT id, status, status_at, capacity, skills, languages, idle_since FROM agents"
    " WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[])) AND disabled_at IS NULL"
)
_WEIGHTS: Final = text(f"SELECT b.id, {WEIGHT} FROM inboxes b WHERE b.tenant_id = :tenant")  # noqa: S608
# Conversations whose floor they have: by a session, or taken over without one.
_BUSY: Final = text("""
SELECT assignee_id, inbox_id, count(*) FROM conversations
WHERE tenant_id = :tenant AND assignee_id = ANY(CAST(:ids AS uuid[]))
    AND status = 'open' AND floor_holder = 'human'
GROUP BY 1, 2
""")
_ASKED: Final = text("""
SELECT o.agent_id, c.inbox_id, count(*)
FROM session_offers o JOIN conversations c ON c.id = o.conversation_id
WHERE o.tenant_id = :tenant AND o.agent_id = ANY(CAST(:ids AS uuid[])) AND o.state = 'open'
GROUP BY 1, 2
""")
_WRAPPING: Final = text(
    "SELECT DISTINCT agent_id FROM live_chat_sessions"
    " WHERE tenant_id = :tenant AND agent_id = ANY(CAST(:ids AS uuid[])) AND status = 'wrap_up'"
)
_RECENT: Final = text(
    "SELECT agent_id, array_agg(offered_at) FROM session_offers"
    " WHERE id >= :recent AND tenant_id = :tenant AND agent_id = ANY(CAST(:ids AS uuid[]))"
    " GROUP BY 1"
)


async def staff(raw: RawConnection, tenant_id: UUID) -> list[UUID]:
    """The enabled agents of a tenant."""
    return [UUID(int=row["id"].int) for row in await raw.fetch(_STAFF, tenant_id)]


async def agents(
    session: Reader, tenant_id: UUID, ids: Collection[UUID], *, now: datetime
) -> list[AgentFacts]:
    """What each of these agents does now."""
    given = {"tenant": tenant_id, "ids": list(ids)}
    weights = dict(await every(session, _WEIGHTS, {"tenant": tenant_id}))
    busy = _loads(await every(session, _BUSY, given), weights)
    asked = _loads(await every(session, _ASKED, given), weights)
    wrapping = {row[0] for row in await every(session, _WRAPPING, given)}
    # Ids of offers are made when the offer is: the primary key finds the recent ones.
    since = UUID(int=(int(now.timestamp() * 1000) - RECENT_MS) << 80)
    recent = {
        row[0]: tuple(row[1]) for row in await every(session, _RECENT, given | {"recent": since})
    }
    facts = []
    for row in await every(session, _AGENTS, given):
        id_, status, status_at, capacity, skills, languages, idle_since = row
        facts.append(
            AgentFacts(
                id_,
                status,
                status_at,
                capacity,
                frozenset(skills),
                frozenset(languages),
                idle_since,
                busy.get(id_, 0),
                asked.get(id_, 0),
                id_ in wrapping,
                recent.get(id_, ()),
            )
        )
    return facts


def _loads(rows: Sequence[list[Any]], weights: Mapping[UUID, int]) -> dict[UUID, int]:
    """Sum up what agents have to do, by the weight of the inbox it came from."""
    loads: dict[UUID, int] = {}
    for agent_id, inbox_id, count in rows:
        loads[agent_id] = loads.get(agent_id, 0) + count * weights[inbox_id]
    return loads


_LOCK_AGENTS: Final = text(
    "SELECT id FROM agents WHERE tenant_id = :tenant AND id = ANY(CAST(:ids AS uuid[]))"
    " ORDER BY id FOR NO KEY UPDATE"
)


async def lock_agents(tx: Transaction, tenant_id: UUID, ids: Collection[UUID]) -> None:
    """Hold these agents' rows, so that nobody gives them anything meanwhile."""
    await tx.execute(_LOCK_AGENTS, {"tenant": tenant_id, "ids": list(ids)})


_QUEUES: Final = text("""
SELECT q.id, q.name, q.offer_s, q.max_wait_s, q.overflow_queue_id, q.hours, q.is_default,
    q.archived_at IS NOT NULL, q.max_wait_then, q.team_wait_s, (SELECT json_agg(json_build_array(m.agent_id, m.last_offered_at))
     FROM queue_members m WHERE m.queue_id = q.id)
FROM queues q WHERE q.tenant_id = :tenant
""")


async def queues(session: Reader, tenant_id: UUID) -> dict[UUID, QueueFacts]:
    """All queues, deleted ones too: somebody may have come to stand there a moment ago."""
    found = await every(session, _QUEUES, {"tenant": tenant_id})
    return {one.id: one for one in map(_queue, found)}


def _queue(row: list[Any]) -> QueueFacts:
    *known, hours, is_default, gone, then, team_wait_s, members = row
    served = [_json(hours), _members(members), is_default, gone, then, team_wait_s]
    return QueueFacts(*[*known, *served])


def _members(value: Any) -> dict[UUID, datetime | None]:
    listed = _json(value) or []
    return {UUID(agent): at and datetime.fromisoformat(at) for agent, at in listed}


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


_TEAMS: Final = text(
    "SELECT team_id, agent_id FROM team_members"
    " WHERE tenant_id = :tenant AND team_id = ANY(CAST(:ids AS uuid[]))"
)


async def teams(
    session: Reader, tenant_id: UUID, ids: Collection[UUID]
) -> dict[UUID, frozenset[UUID]]:
    """Who is in each of these teams."""
    if not ids:
        return {}
    members: dict[UUID, set[UUID]] = {one: set() for one in ids}
    for team_id, agent_id in await every(session, _TEAMS, {"tenant": tenant_id, "ids": list(ids)}):
        members[team_id].add(agent_id)
    return {team_id: frozenset(some) for team_id, some in members.items()}


LOCK_TENANT: Final = "SELECT pg_advisory_xact_lock(:key)"
_LOCK_TENANT: Final = text(LOCK_TENANT)


async def lock_tenant(tx: Transaction, tenant_id: UUID) -> None:
    """Route this tenant alone until the transaction ends."""
    key = int.from_bytes(tenant_id.bytes[8:], signed=True)
    await tx.execute(_LOCK_TENANT, {"key": key})


_DECISION: Final = text(
    "INSERT INTO routing_decisions (id, tenant_id, session_id, at, candidates, chosen, why)"
    " VALUES (:id, :tenant, :session, :at, CAST(:candidates AS jsonb), :chosen, :why)"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A decision as it is kept."""

    session_id: UUID
    chosen: UUID | None
    why: str
    candidates: dict[str, Any]


async def store_decisions(
    tx: Transaction, tenant_id: UUID, decisions: Sequence[Stored], *, at: datetime
) -> None:
    if not decisions:
        return
    given = [
        {
            "id": uuid7(),
            "tenant": tenant_id,
            "session": one.session_id,
            "at": at,
            "candidates": orjson.dumps(one.candidates).decode(),
            "chosen": one.chosen,
            "why": one.why,
        }
        for one in decisions
    ]
    await tx.execute(_DECISION, given)


_OFFERED: Final = text(
    "UPDATE queue_members m SET last_offered_at = :at"
    " FROM unnest(CAST(:queues AS uuid[]), CAST(:agents AS uuid[])) AS n (queue_id, agent_id)"
    " WHERE m.tenant_id = :tenant AND m.queue_id = n.queue_id AND m.agent_id = n.agent_id"
)


async def note_offers(
    tx: Transaction, tenant_id: UUID, pairs: Collection[tuple[UUID, UUID]], *, at: datetime
) -> None:
    """Remember when these members (queue, agent) were last asked."""
    queues_, agents_ = [queue for queue, _ in pairs], [agent for _, agent in pairs]
    given = {"tenant": tenant_id, "queues": queues_, "agents": agents_, "at": at}
    await tx.execute(_OFFERED, given)


_THAT_WAIT: Final = """
SELECT tenant_id, count(*) AS waiting FROM live_chat_sessions
WHERE status IN ('queued', 'deferred') GROUP BY 1
"""


async def tenants_that_wait(raw: RawConnection) -> dict[UUID, int]:
    """Whose customers wait for somebody, and how many do."""
    return {UUID(int=row[0].int): row[1] for row in await raw.fetch(_THAT_WAIT)}
