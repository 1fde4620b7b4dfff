"""Somebody asks for a person: the plan, which is made before anything is promised, and the act.

The plan reads queues and presence outside of the act's transaction. What it finds may be a moment
old when the session begins; the router looks again before it offers, and picks up who was deferred.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chat_service import conversations, eta, events, handoff, hours, queue_choice
from chat_service import session_facts as facts
from chat_service.deeds import Commands, Deed, Effects
from chat_service.deferral import CHOICES, Deferral, Why, chosen_later, options_of
from chat_service.handoff import Begun, Moved
from chat_service.handoff_draft import Beside, Scene
from chat_service.outlook import Outlook, look
from chat_service.queue_choice import ANGRY, ANGRY_PRIORITY, Asked, Circumstances, QueueRow
from chat_service.session_facts import Session
from chat_service.session_records import Refused
from chat_service.store import conversations as conversations_store
from chat_service.store import people, queues, sessions
from chat_service.store.conversations import Locked
from chat_service.store.people import Traits
from chat_service.store.queues import Joined, Newcomer, Wait
from chat_service.store.sessions import Known, Request
from chorus.auth import Principal
from chorus.db import Reader
from chorus.errors import ConversationClosed, NotFound
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


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is asked for, and what the tenant's queues can do."""

    wish: Wish
    outlook: Outlook


async def prepare(
    commands: Commands,
    principal: Principal,
    _conversation_id: UUID | None,
    asked: frames.Escalate | Wish,
) -> Prospect:
    """Look what the queues can do; who else asks meanwhile takes the same look."""
    wish = asked if isinstance(asked, Wish) else wish_of(asked)
    return Prospect(wish, await outlook_of(commands, principal.tenant_id))


def wish_of(frame: frames.Escalate) -> Wish:
    return Wish(frame.reason, frame.queue)


async def outlook_of(commands: Commands, tenant_id: UUID) -> Outlook:
    """What the queues of a tenant can do, read after this call."""
    return await commands.together.get(
        tenant_id, lambda: look(commands.db, commands.redis, tenant_id)
    )


async def plan(commands: Commands, principal: Principal, conversation_id: UUID, wish: Wish) -> Plan:
    """Say where a wish would go now, and ask for nothing.

    Raises:
        NotFound: no such conversation, or not theirs. UnknownQueue: with the list of those known.
    """
    outlook = await outlook_of(commands, principal.tenant_id)
    async with commands.db.read(principal.tenant_id) as session:
        await conversations.enter(session, principal, conversation_id)
        prospect = Prospect(wish, outlook)
        return await _plan(session, principal, conversation_id, prospect, now=commands.clock.now())


async def _plan(
    session: Reader,
    principal: Principal,
    conversation_id: UUID,
    prospect: Prospect,
    *,
    now: datetime,
) -> Plan:
    here = await queues.circumstances(session, principal.tenant_id, conversation_id)
    if here is None:
        raise NotFound
    return planned(principal, prospect, here, now=now)


def planned(
    principal: Principal, prospect: Prospect, here: Circumstances, *, now: datetime
) -> Plan:
    """Find the queue, and whether and when somebody of it can come.

    Raises:
        UnknownQueue: with the list of those known.
    """
    outlook = prospect.outlook
    wish = _raised(_trusted(principal, prospect.wish), here)
    asked = Asked(wish.queue, wish.source or "", by_customer=not principal.is_agent)
    queue = queue_choice.choose(outlook.queues, asked, here)
    if queue is None:
        return Plan(wish, None, None, "nobody_there", None, here.has_bot)
    service, opening = outlook.service(queue), hours.read_hours(queue.hours)
    if outlook.may_answer(here.holder_id):
        return Plan(wish, queue, service, None, None, here.has_bot)
    if not hours.is_open(opening, now):
        opens_at = hours.next_open(opening, now)
        return Plan(wish, queue, service, "closed", opens_at, here.has_bot)
    deferral = None if outlook.anybody_comes(queue) else "nobody_there"
    return Plan(wish, queue, service, deferral, None, here.has_bot)


def _trusted(principal: Principal, wish: Wish) -> Wish:
    default = SOURCES.get(principal.role, "api")
    if not principal.is_agent and principal.role != "internal":
        return replace(wish, skills=(), priority=0, source=default)
    return replace(wish, source=wish.source or default)


def _raised(wish: Wish, here: Circumstances) -> Wish:
    """Who is very cross waits less, whatever they ask for and whoever asks for them."""
    cross = here.sentiment == ANGRY
    return replace(wish, priority=max(wish.priority, ANGRY_PRIORITY)) if cross else wish


async def escalate(deed: Deed, where: Locked, prospect: Prospect) -> Effects:
    """Begin a session and put it where the plan says; an open one is answered as it is.

    Raises:
        UnknownQueue: with the list of those known. ConversationClosed.
    """
    plan = await _plan(deed.tx, deed.principal, where.id, prospect, now=deed.now)
    scene = await handoff.enter(deed.tx, deed.tenant_id, where.id)
    await _note_contact(deed, where, plan.wish)
    woken = Effects()
    if where.status == ConversationStatus.SNOOZED:
        woken = await _wake(deed, where)
        scene = await handoff.enter(deed.tx, deed.tenant_id, where.id)
    moved: tuple[Moved, ...]
    if scene.open_session is not None:
        moved = (await _chosen(deed, scene, scene.open_session, plan),)
    elif where.status == ConversationStatus.CLOSED:
        raise ConversationClosed
    else:
        moved = await _begin(deed, scene, plan)
    return Effects(woken.events, woken.outbox, moved=moved, plan=plan)


async def _chosen(deed: Deed, scene: Scene, session: Session, plan: Plan) -> Moved:
    """Heed what somebody who waits already takes of the options: who would rather not, need not."""
    choice = plan.wish.choice
    moved = Moved(scene, session, None)
    if choice in CHOICES and session.state in WAITING:
        later = chosen_later(choice, has_bot=plan.has_bot)
        moved = await handoff.move(deed.tx, scene, later, now=deed.now)
    if choice is not None:
        await sessions.choose(deed.tx, deed.tenant_id, session.id, choice=choice)
    return moved


async def _begin(deed: Deed, scene: Scene, plan: Plan) -> tuple[Moved, ...]:
    newcomer = newcomer_of(scene, plan)
    joining = [newcomer] if newcomer is not None else []
    joined = await queues.join(deed.tx, deed.tenant_id, joining, now=deed.now) if joining else {}
    begun = beginning(deed, scene, plan, joined.get(scene.held.id))
    if isinstance(begun, Refused):
        raise await handoff.refusal(deed.tx, begun)
    await handoff.begin_all(deed.tx, deed.tenant_id, [begun], now=deed.now)
    return begun.moved


def newcomer_of(scene: Scene, plan: Plan) -> Newcomer | None:
    """Who joins a line by this plan; None: nobody can come, or they do not want to wait."""
    if plan.queue is None or plan.deferral is not None or plan.wish.choice in CHOICES:
        return None
    return Newcomer(scene.held.id, plan.queue.id, plan.wish.priority)


def beginning(deed: Deed, scene: Scene, plan: Plan, joined: Joined | None) -> Begun | Refused:
    """Decide how the session begins: at its place in the queue, or put off."""
    queue, promised_s = plan.queue, plan.eta_s(joined.position if joined else None)
    placed: facts.Queued | facts.Deferred
    if queue is None or joined is None:
        placed = _put_off(plan)
    else:
        placed = facts.Queued(queue.id, position=joined.position, eta_s=promised_s)
    return handoff.beginning(
        scene,
        (facts.Escalated(uuid7(), deed.actor, queue.id if queue else None), placed),
        now=joined.at if joined else deed.now,
        beside=Beside(_request(deed, plan, promised_s)),
        queue=Known({queue.id: queue.name}, {queue.id: queue.texts}) if queue else Known({}, {}),
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
        socket=None if deed.principal.is_agent else deed.socket,
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


def _put_off(plan: Plan) -> facts.Deferred:
    choice = plan.wish.choice
    if plan.deferral is None and choice is not None:
        return chosen_later(choice, has_bot=plan.has_bot)
    why = Deferral(Why(plan.deferral or Why.NOBODY_THERE), plan.opens_at)
    return facts.Deferred(options_of(why, has_bot=plan.has_bot, chosen=choice))


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
        now = commands.clock.now()
        return await queues.wait_of(session, principal.tenant_id, conversation_id, now=now)


async def eta_of(commands: Commands, principal: Principal, wait: Wait | None) -> int | None:
    """How long a session probably still waits, where that is known."""
    if wait is None or wait.queue_id is None or wait.position is None:
        return None
    outlook = await outlook_of(commands, principal.tenant_id)
    queue = queue_choice.queue_of(outlook.queues, wait.queue_id)
    if queue is None:
        return None
    # Of those who may be asked for it, it is the next: `queue` frames tell who else waits for them.
    return eta.longer(
        eta.expected_wait_s(wait.position, outlook.service(queue)),
        eta.expected_wait_s(1, outlook.service(queue, wait.circle)),
    )
