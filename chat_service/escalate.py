"""Somebody asks for a person: the plan, which is made before anything is promised, and the act.

The plan reads queues and presence outside of the act's transaction. What it finds may be a moment
old when the session begins; the router looks again before it offers, and picks up who was deferred.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chat_service import conversations, eta, events, handoff, hours, queue_choice
from chat_service import session_facts as facts
from chat_service.deeds import Commands, Deed, Effects
from chat_service.deferral import Deferral, Why, options_of
from chat_service.handoff import Moved
from chat_service.handoff_draft import Beside, Scene
from chat_service.queue_choice import Asked, Circumstances, QueueRow
from chat_service.store import conversations as conversations_store
from chat_service.store import lines, people, queues, sessions
from chat_service.store.conversations import Locked
from chat_service.store.people import Traits
from chat_service.store.queues import Wait
from chat_service.store.sessions import Request
from chorus import presence
from chorus.auth import Principal
from chorus.errors import BadRequest, ConversationClosed, NotFound
from chorus.ids import uuid7
from chorus.wire import client as frames
from chorus.wire.common import ConversationStatus, SessionState, Visibility

SOURCES: Final[Mapping[str, str]] = {
    "visitor": "widget",
    "agent": "agent",
    "supervisor": "agent",
    "admin": "agent",
    "server": "api",
    "internal": "bot",
}
"""Where a request comes from when its token alone says so."""
WAITING: Final = frozenset({SessionState.REQUESTED, SessionState.QUEUED, SessionState.OFFERED})


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for; `skills`, `priority` and `source` of customers do not count."""

    reason: str | None = None
    queue: str | None = None
    skills: tuple[str, ...] = ()
    priority: int = 0
    source: str | None = None
    contact: Traits | None = None
    """How the customer can be reached when nobody can come."""
    choice: str | None = None
    """Which of the options they take."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a request goes, and what can be promised now."""

    wish: Wish
    queue: QueueRow | None
    service: eta.Service | None
    """None: nothing is known of it."""
    deferral: str | None
    """Why nobody can come: `closed` or `nobody_there`."""
    opens_at: datetime | None
    has_bot: bool

    @property
    def options(self) -> list[str]:
        """What the customer may choose now."""
        return self.all_options[1:] if self.deferral else self.all_options

    @property
    def all_options(self) -> list[str]:
        """What somebody who waits may choose."""
        return ["wait", "message", "callback", *(["bot"] if self.has_bot else [])]

    def eta_s(self, position: int | None) -> int | None:
        if position is None or self.service is None or self.deferral:
            return None
        return eta.expected_wait_s(position, self.service)


async def prepare(
    commands: Commands,
    principal: Principal,
    conversation_id: UUID | None,
    asked: frames.Escalate | Wish,
) -> Plan:
    """Plan what is asked for. Raises as `plan`."""
    if conversation_id is None:
        raise BadRequest("`conv` is needed.")
    wish = asked if isinstance(asked, Wish) else Wish(asked.reason, asked.queue)
    return await plan(commands, principal, conversation_id, wish)


async def plan(commands: Commands, principal: Principal, conversation_id: UUID, wish: Wish) -> Plan:
    """Find the queue, and whether and when somebody of it can come.

    Raises:
        NotFound: no such conversation, or not theirs. UnknownQueue: with the list of those known.
    """
    tenant_id, now = principal.tenant_id, commands.clock.now()
    trusted = _trusted(principal, wish)
    async with commands.db.read(tenant_id) as session:
        here = await queues.circumstances(session, tenant_id, conversation_id)
        if not (here and conversations.may_act(principal, conversation_id, here.contact_id)):
            raise NotFound
        known = await queues.queues(session, tenant_id)
        asked = Asked(wish.queue, trusted.source or "", by_customer=not principal.is_agent)
        queue = queue_choice.choose(known, asked, here)
        if queue is None:
            return Plan(trusted, None, None, "nobody_there", None, here.has_bot)
        reach = queue_choice.reach(queue, known)
        members = {agent for one in reach for agent in one.members}
        desks = await lines.desks(session, tenant_id, members)
        times_s = await lines.handle_times_s(session, tenant_id, [queue.id])
    seen = await presence.read(commands.redis, tenant_id, sorted(members))
    own = [one for one in desks if one.id in queue.members]
    statuses = [queue_choice.status_of(one, seen) for one in desks]
    return _planned(
        trusted,
        queue,
        here,
        service=queue_choice.service(own, seen, times_s.get(queue.id, [])),
        comes=queue_choice.anybody_comes(queue, statuses),
        now=now,
    )


def _trusted(principal: Principal, wish: Wish) -> Wish:
    default = SOURCES.get(principal.role, "api")
    if not principal.is_agent and principal.role != "internal":
        return replace(wish, skills=(), priority=0, source=default)
    return replace(wish, source=wish.source or default)


def _planned(
    wish: Wish,
    queue: QueueRow,
    here: Circumstances,
    *,
    service: eta.Service,
    comes: bool,
    now: datetime,
) -> Plan:
    opening = hours.read_hours(queue.hours)
    if not hours.is_open(opening, now):
        opens_at = hours.next_open(opening, now)
        return Plan(wish, queue, service, "closed", opens_at, here.has_bot)
    deferral = None if comes else "nobody_there"
    return Plan(wish, queue, service, deferral, None, here.has_bot)


async def escalate(deed: Deed, where: Locked, plan: Plan) -> Effects:
    """Begin a session and put it where the plan says; an open one is answered as it is."""
    scene = await handoff.enter(deed.tx, deed.tenant_id, where.id)
    await _note_contact(deed, where, plan.wish)
    if scene.open_session is not None:
        if plan.wish.choice is not None:
            await sessions.choose(
                deed.tx, deed.tenant_id, scene.open_session.id, choice=plan.wish.choice
            )
        return Effects(moved=(Moved(scene, scene.session, None),))
    if where.status == ConversationStatus.CLOSED:
        raise ConversationClosed
    woken = Effects()
    if where.status == ConversationStatus.SNOOZED:
        woken = await _wake(deed, where)
        scene = await handoff.enter(deed.tx, deed.tenant_id, where.id)
    moved = await _begin(deed, scene, plan)
    return Effects(woken.events, woken.outbox, moved=moved)


async def _begin(deed: Deed, scene: Scene, plan: Plan) -> tuple[Moved, ...]:
    queue = plan.queue
    placed: facts.Queued | facts.Deferred
    if queue is None or plan.deferral is not None:
        placed, promised_s = facts.Deferred(_left(plan)), None
    else:
        position = await queues.next_position(
            deed.tx,
            deed.tenant_id,
            queue.id,
            conversation_id=scene.held.id,
            priority=plan.wish.priority,
        )
        promised_s = plan.eta_s(position)
        placed = facts.Queued(queue.id, position=position, eta_s=promised_s)
    return await handoff.begin(
        deed.tx,
        scene,
        (facts.Escalated(uuid7(), deed.actor, queue.id if queue else None), placed),
        now=deed.now,
        beside=Beside(_request(deed, plan, promised_s)),
        names={queue.id: queue.name} if queue else {},
    )


def _request(deed: Deed, plan: Plan, promised_s: int | None) -> Request:
    sla_s = plan.queue.sla_s if plan.queue else None
    return Request(
        source=plan.wish.source or "api",
        reason=plan.wish.reason,
        requested_by=deed.principal.user_id,
        priority=plan.wish.priority,
        skills=plan.wish.skills,
        sla_due_at=deed.now + timedelta(seconds=sla_s) if sla_s else None,
        promised_eta_s=promised_s,
    )


async def _note_contact(deed: Deed, where: Locked, wish: Wish) -> None:
    if wish.contact is not None:
        await people.save_contact(
            deed.tx,
            deed.tenant_id,
            where.contact_id,
            traits=wish.contact,
            verified=False,
            at=deed.now,
        )


def _left(plan: Plan) -> dict[str, Any]:
    why = Deferral(Why(plan.deferral or Why.NOBODY_THERE), plan.opens_at)
    return options_of(why, has_bot=plan.has_bot, chosen=plan.wish.choice)


async def _wake(deed: Deed, where: Locked) -> Effects:
    """Open a snoozed conversation: whoever put it off waited for the customer."""
    await conversations_store.set_status(
        deed.tx, deed.tenant_id, where.id, status=ConversationStatus.OPEN
    )
    event = deed.event(
        "conversation.updated",
        {"status": ConversationStatus.OPEN, "by": deed.by},
        visibility=Visibility.AGENTS,
    )
    told = {"conversation_id": str(where.id), "reason": "escalated"}
    return Effects(
        (event,), (events.outbox_row(events.CONVERSATION_REOPENED, deed.tenant_id, told),)
    )


async def standing(commands: Commands, principal: Principal, conversation_id: UUID) -> Wait | None:
    """Where the latest session of a conversation stands now."""
    async with commands.db.read(principal.tenant_id) as session:
        return await queues.wait_of(session, principal.tenant_id, conversation_id)


async def eta_of(
    commands: Commands, principal: Principal, *, queue_id: UUID | None, position: int | None
) -> int | None:
    """How long a session that waits at `position` probably still waits, where that is known."""
    if queue_id is None or position is None:
        return None
    tenant_id = principal.tenant_id
    async with commands.db.read(tenant_id) as session:
        known = await queues.queues(session, tenant_id)
        queue = queue_choice.queue_of(known, queue_id)
        if queue is None:
            return None
        desks = await lines.desks(session, tenant_id, queue.members)
        times_s = await lines.handle_times_s(session, tenant_id, [queue_id])
    seen = await presence.read(commands.redis, tenant_id, queue.members)
    service = queue_choice.service(desks, seen, times_s.get(queue_id, []))
    return eta.expected_wait_s(position, service)
