"""What people do with live-chat sessions by hand: accept, claim, hand on, resolve, give back.

Nobody is refused for capacity here. An agent's act on a conversation that nobody asked a person
for begins a session of theirs, so that every hand-over has a record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from chat_service import events, handoff, queue_choice
from chat_service import session_facts as facts
from chat_service.deeds import (
    Act,
    Commands,
    Deed,
    Effects,
    a_person_only,
    agents_only,
    not_a_colleagues,
)
from chat_service.handoff import Moved
from chat_service.handoff_draft import Beside, Note, Scene
from chat_service.homes import home_of
from chat_service.session_facts import SYSTEM, Happening, TransferMode
from chat_service.store import conversations as store
from chat_service.store import people, queues, sessions
from chat_service.store.conversations import Locked
from chat_service.store.sessions import Filed, Request
from chorus import presence
from chorus.auth import Principal
from chorus.errors import BadRequest, ConversationClosed, Forbidden, NotFound
from chorus.ids import uuid7
from chorus.wire import client as frames
from chorus.wire.common import ConversationStatus, Floor, PresenceStatus, SessionState

BOT: Final = "bot"
SOURCE: Final = "agent"
"""Of a session that begins by an act."""


async def accept(deed: Deed, where: Locked, _frame: frames.OfferAccept) -> Effects:
    """Take a session that was offered; one winner."""
    return await _happens(deed, where, facts.Accepted(a_person_only(deed)))


async def decline(deed: Deed, where: Locked, _frame: frames.OfferDecline) -> Effects:
    """Leave an offered session to a colleague."""
    return await _happens(deed, where, facts.Declined(a_person_only(deed)))


async def claim(deed: Deed, where: Locked, _frame: frames.Claim) -> Effects:
    """Take a conversation that nobody has; one winner."""
    agent_id = a_person_only(deed)
    scene, begun = await _with_session(deed, where)
    moved = await handoff.move(
        deed.tx,
        scene,
        facts.Claimed(agent_id),
        now=deed.now,
        beside=Beside(socket=deed.socket),
    )
    return Effects(moved=(*begun, moved))


async def assign(deed: Deed, where: Locked, frame: frames.Assign) -> Effects:
    """Give the conversation to an agent, whoever has it."""
    agents_only(deed)
    await _colleague(deed, frame.to)
    scene, begun = await _with_session(deed, where)
    happening = facts.Assigned(frame.to, deed.actor)
    moved = await handoff.move(deed.tx, scene, happening, now=deed.now)
    return Effects(moved=(*begun, moved))


@dataclass(frozen=True, slots=True)
class Handover:
    """A transfer, and whether the agent it names can be reached."""

    frame: frames.Transfer
    reachable: bool


async def prepare_transfer(
    commands: Commands, principal: Principal, _conversation_id: UUID | None, frame: frames.Transfer
) -> Handover:
    """Look whether the agent is there; presence that is unknown refuses nobody."""
    to = frame.to
    if isinstance(to, str) or to.agent is None:
        return Handover(frame, reachable=True)
    seen = await presence.read(commands.redis, principal.tenant_id, [to.agent])
    return Handover(frame, reachable=seen[to.agent].status != PresenceStatus.OFFLINE)


async def transfer(deed: Deed, where: Locked, wish: Handover) -> Effects:
    """Hand the conversation on, blind or warm, with a note that only agents see."""
    agents_only(deed)
    frame = wish.frame
    if isinstance(frame.to, str):
        return await _to_bot(deed, where, frame.note)
    scene, begun = await _with_session(deed, where)
    target = await _target(deed, scene, frame.to, reachable=wish.reachable)
    happening = facts.Transferred(target, TransferMode(frame.mode), deed.actor, frame.note)
    moved = await handoff.move(
        deed.tx, scene, happening, now=deed.now, beside=_beside(deed, frame.note)
    )
    return Effects(moved=(*begun, moved))


async def return_to_bot(deed: Deed, where: Locked, frame: frames.ReturnToBot) -> Effects:
    """Give the floor back to the bot."""
    agents_only(deed)
    return await _to_bot(deed, where, frame.note)


async def cancel(deed: Deed, where: Locked, _frame: frames.Cancel) -> Effects:
    """Take the wish for a person back: the customer's own, or a service for them."""
    if deed.principal.role not in ("visitor", "server"):
        raise Forbidden
    return await _happens(deed, where, facts.CancelledByCustomer(deed.actor))


async def resolve(deed: Deed, where: Locked, _frame: frames.Resolve) -> Effects:
    """End the conversation; its sockets stay open, and its agent may wrap up."""
    agents_only(deed)
    if where.status == ConversationStatus.CLOSED:
        raise ConversationClosed
    not_a_colleagues(deed, where)
    scene = await _entered(deed, where)
    if scene.filed is None or scene.open_session is None:
        return await _close(deed, where)
    wrap_up = timedelta(seconds=scene.filed.wrap_up_s)
    happening = facts.Resolved(deed.actor, wrap_up)
    return Effects(moved=(await handoff.move(deed.tx, scene, happening, now=deed.now),))


async def reopen(deed: Deed, where: Locked, _frame: frames.Reopen) -> Effects:
    """Open a closed or snoozed conversation again; while its agent wraps up, it is theirs."""
    agents_only(deed)
    if where.status == ConversationStatus.OPEN:
        return Effects()
    scene = await _entered(deed, where)
    session = scene.open_session
    if session is not None and session.state == SessionState.WRAP_UP:
        happening = facts.Reopened(deed.actor)
        return Effects(moved=(await handoff.move(deed.tx, scene, happening, now=deed.now),))
    await store.set_status(deed.tx, deed.tenant_id, where.id, status=ConversationStatus.OPEN)
    event = deed.event("conversation.updated", {"status": ConversationStatus.OPEN, "by": deed.by})
    told = {"conversation_id": str(where.id), "reason": "reopen"}
    outbox = events.outbox_row(events.CONVERSATION_REOPENED, deed.tenant_id, told)
    return Effects((event,), (outbox,))


async def wrapped_up(deed: Deed, agent_id: UUID) -> tuple[Moved, ...]:
    """End whatever an agent still wraps up."""
    places = await sessions.wrapping_up(deed.tx, deed.tenant_id, agent_id)
    over = dict.fromkeys(places, facts.WrapUpOver(deed.actor))
    answers = await handoff.apply_all(deed.tx, deed.tenant_id, over, now=deed.now)
    return tuple(one for one in answers.values() if isinstance(one, Moved))


ACTS: Final[Mapping[str, Act]] = {
    frames.OfferAccept.event: accept,
    frames.OfferDecline.event: decline,
    frames.Claim.event: claim,
    frames.Assign.event: assign,
    frames.Transfer.event: transfer,
    frames.ReturnToBot.event: return_to_bot,
    frames.Cancel.event: cancel,
    frames.Resolve.event: resolve,
    frames.Reopen.event: reopen,
}


async def _happens(deed: Deed, where: Locked, happening: Happening) -> Effects:
    scene = await _entered(deed, where)
    beside = Beside(socket=deed.socket if isinstance(happening, facts.Accepted) else None)
    moved = await handoff.move(deed.tx, scene, happening, now=deed.now, beside=beside)
    return Effects(moved=(moved,))


async def _entered(deed: Deed, where: Locked) -> Scene:
    scene = await handoff.enter(deed.tx, deed.tenant_id, where.id, session_id=deed.session_id)
    if deed.session_id is not None and scene.open_session is None:
        raise ConversationClosed("This session is over.")
    return scene


async def _with_session(deed: Deed, where: Locked) -> tuple[Scene, tuple[Moved, ...]]:
    """The open session; without one, a new one of whoever has the floor."""
    scene = await _entered(deed, where)
    if scene.open_session is not None:
        return scene, ()
    if where.status == ConversationStatus.CLOSED:
        raise ConversationClosed
    # Whoever has it may be lost, or leave it to others: then it has to stand somewhere.
    queue_id = await home_of(deed.tx, deed.tenant_id, where.id, source=SOURCE)
    begun = await handoff.move(
        deed.tx,
        scene,
        facts.Escalated(uuid7(), deed.actor, queue_id),
        now=deed.now,
        beside=Beside(Request(SOURCE, requested_by=deed.principal.user_id)),
    )
    if where.floor_holder != Floor.HUMAN or where.assignee_id is None:
        return begun.scene, (begun,)
    held = facts.Assigned(where.assignee_id, SYSTEM)
    kept = await handoff.move(deed.tx, begun.scene, held, now=deed.now)
    return kept.scene, (begun, kept)


async def _to_bot(deed: Deed, where: Locked, note: str | None) -> Effects:
    scene = await _entered(deed, where)
    if scene.open_session is None and where.floor_holder == Floor.BOT:
        return Effects()
    scene, begun = await _with_session(deed, where)
    moved = await handoff.move(
        deed.tx,
        scene,
        facts.ReturnedToBot(deed.actor),
        now=deed.now,
        beside=_beside(deed, note),
    )
    return Effects(moved=(*begun, moved))


def _beside(deed: Deed, note: str | None) -> Beside:
    return Beside(note=Note(deed.principal.user_id, note) if note else None)


async def _target(
    deed: Deed, scene: Scene, to: frames.TransferTarget, *, reachable: bool
) -> facts.ToAgent | facts.ToQueue | facts.ToTeam:
    if sum(one is not None for one in (to.agent, to.queue, to.team)) != 1:
        raise BadRequest("`to` names an agent, a queue or a team.")
    filed = scene.filed
    assert filed is not None
    if to.agent is not None:
        await _colleague(deed, to.agent)
        deadline = deed.now + timedelta(seconds=filed.offer_s)
        return facts.ToAgent(to.agent, deadline, reachable)
    known = await queues.queues(deed.tx, deed.tenant_id)
    if to.queue is not None:
        queue = queue_choice.named(known, to.queue)
        return facts.ToQueue(queue.id, len(queue.members))
    return await _team(deed, to.team or "", _serving(filed, known))


def _serving(filed: Filed, known: list[queue_choice.QueueRow]) -> UUID:
    """The queue in which a team is asked: the session's own, else the default."""
    if filed.session.queue_id is not None:
        return filed.session.queue_id
    default = next((one.id for one in known if one.is_default), None)
    if default is None:
        raise BadRequest("There is no queue in which this team could be asked.")
    return default


async def _team(deed: Deed, named: str, queue_id: UUID) -> facts.ToTeam:
    team = await queues.team(deed.tx, deed.tenant_id, named, queue_id=queue_id)
    if team is None:
        raise NotFound("There is no such team.")
    return facts.ToTeam(team.id, queue_id, team.members)


async def _colleague(deed: Deed, agent_id: UUID) -> None:
    """Raises NotFound for an agent who is none of this tenant, or may not work."""
    found = await people.agent(deed.tx, deed.tenant_id, agent_id)
    if found is None or found.disabled_at is not None:
        raise NotFound("There is no such agent.")


async def _close(deed: Deed, where: Locked) -> Effects:
    """End a conversation in which nobody was asked for."""
    await store.set_status(
        deed.tx,
        deed.tenant_id,
        where.id,
        status=ConversationStatus.CLOSED,
        closed_at=deed.now,
    )
    event = deed.event("conversation.closed", {"by": deed.by, "csat": True})
    told = {"conversation_id": str(where.id), "by": deed.by}
    outbox = events.outbox_row(events.CONVERSATION_CLOSED, deed.tenant_id, told)
    return Effects((event,), (outbox,))
