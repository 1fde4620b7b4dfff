"""What a round of routing is decided by, read in a few statements."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chat_service import homes
from chat_service.asleep import Power, Stuck, asleep, powers_of, staffed
from chat_service.deferred_pages import PAGE, Cursor
from chat_service.hours import Hours, is_open, read_hours
from chat_service.routing_facts import Facts, QueueFacts
from chat_service.session_facts import QueueGone
from chat_service.store import routing as store
from chat_service.store.routing import Queueless
from chorus.db import Transaction
from chorus.errors import BadRequest
from chorus.log import get_logger
from chorus.presence import Seen

log = get_logger(__name__)

HOMED_AT_ONCE: Final = 50
SOURCE: Final = "rule"


@dataclass(frozen=True, slots=True)
class Look:
    """The facts of a round, the lines whose deferred sessions are among them, and who stands nowhere."""

    facts: Facts
    lines: Mapping[UUID, Cursor | None]
    homing: Mapping[UUID, tuple[Queueless, QueueGone]]
    """By conversation: a session without a queue, and where it goes."""
    powers: Mapping[UUID, Power]
    unread: Collection[UUID]
    """The queues of which nothing was read."""


@dataclass(frozen=True, slots=True)
class Before:
    """What rounds before found."""

    cursors: Mapping[UUID, Cursor | None]
    stuck: Stuck


async def look(
    tx: Transaction,
    tenant_id: UUID,
    seen: Mapping[UUID, Seen],
    before: Before,
    *,
    now: datetime,
    whole: bool,
) -> Look:
    """Read the facts; what cannot move, and sessions without a line, only for a `whole`."""
    queues = await store.queues(tx, tenant_id)
    agents = await store.agents(tx, tenant_id, list(seen), now=now)
    powers = powers_of(queues.values(), agents, seen)
    but = [] if whole else asleep(queues.values(), agents, seen)
    stuck = [] if whole else before.stuck.still(powers, now)
    gone = {one.id for one in queues.values() if one.gone}
    busy = staffed(queues.values(), agents, seen)
    # Why nobody takes the others is to be told, too; a few of them will do.
    told = queues.keys() - busy if whole else set[UUID]()
    hours = {one: _hours(queues[one]) for one in (busy | told) - gone}
    open_ = {one for one, known in hours.items() if is_open(known, now)}
    lines = {one: before.cursors.get(one) for one in gone | (busy & open_)}
    heads = dict.fromkeys(told & open_)
    places = [
        *await store.queued(tx, tenant_id, but=but, stuck=stuck),
        *await store.deferred(tx, tenant_id, lines | heads, limit=PAGE),
    ]
    teams = await store.teams(tx, tenant_id, {one.team_id for one in places if one.team_id})
    asked = {one.waiting.queue_id for one in places}
    hours |= {one: _hours(queues[one]) for one in asked - hours.keys()}
    homing = await _homing(tx, tenant_id) if whole else {}
    return Look(Facts(places, agents, seen, queues, hours, teams), lines, homing, powers, but)


async def _homing(tx: Transaction, tenant_id: UUID) -> dict[UUID, tuple[Queueless, QueueGone]]:
    """Where those go who wait without a queue; who is put off stays so until there is one."""
    lost = await store.queueless(tx, tenant_id, limit=HOMED_AT_ONCE)
    if not lost:
        return {}
    ids = [one.conversation_id for one in lost]
    found = await homes.homes_of(tx, tenant_id, ids, source=SOURCE)
    return {
        one.conversation_id: (one, QueueGone(None, found.get(one.conversation_id)))
        for one in _movable(lost, found)
    }


def _movable(lost: Iterable[Queueless], found: Mapping[UUID, UUID | None]) -> list[Queueless]:
    return [one for one in lost if found.get(one.conversation_id) or not one.deferred]


def _hours(queue: QueueFacts) -> Hours | None:
    try:
        return read_hours(queue.hours)
    except BadRequest:
        log.warning("queue_hours_unreadable", queue=str(queue.id))
        return None
