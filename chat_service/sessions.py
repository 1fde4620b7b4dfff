"""The state machine of live-chat sessions (DESIGN §6).

Pure: `step` takes what is so and what happens, and answers what is so then, with the durable
events to record in order. Every transition has exactly one `handoff` event, whoever speaks for
the customer has the floor, and the floor's epoch rises with each change of holder or assignee.

    requested → queued ⇄ offered → active → wrap_up → ended
    requested, queued, offered → deferred ⇄ offered; deferred → queued or active
    waiting or deferred → cancelled, ended; anything open → failed
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chat_service import session_facts as facts
from chat_service.session_facts import Conversation, Offer, Reason, Say, Session
from chat_service.session_moves import (
    FINAL,
    Here,
    Why,
    back_to_leaving,
    closed,
    foreign,
    moved,
    nobodys_is_the_bots,
    over,
    placed_in,
    released,
    too_late,
    with_floor,
    without_a_person,
)
from chat_service.session_records import HandoffRecord, Refused, Result, Transition, Unchanged
from chat_service.session_transfers import transferred, warm_done
from chat_service.session_waits import deferred, queue_gone, team_gone, waited_long
from chorus.codes import NackCode
from chorus.wire.common import ConversationStatus, Floor, SessionState

WAITING: Final = frozenset({SessionState.REQUESTED, SessionState.QUEUED, SessionState.OFFERED})
UNANSWERED: Final = WAITING | {SessionState.DEFERRED}
OPEN: Final = frozenset(SessionState) - FINAL


def step(
    session: Session | None,
    conversation: Conversation,
    happening: facts.Happening,
    *,
    now: datetime,
) -> Result:
    """Say what becomes of a session. `session` is the latest one of the conversation, if any."""
    if isinstance(happening, facts.Escalated):
        return _escalated(session, conversation, happening, now=now)
    if session is None:
        return Refused(NackCode.NOT_FOUND, "There is no session.")
    states, move = _MOVES[type(happening)]
    here = Here(session, conversation, now)
    if session.state not in states:
        return too_late(here)
    return move(here, happening)


def _escalated(
    session: Session | None,
    conversation: Conversation,
    happening: facts.Escalated,
    *,
    now: datetime,
) -> Result:
    if session is not None and session.state not in FINAL:
        return Unchanged(session)
    if conversation.status == ConversationStatus.CLOSED:
        return Refused(NackCode.CONVERSATION_CLOSED, "This conversation is closed.")
    asked = Session(
        happening.session_id, SessionState.REQUESTED, requested_at=now, queue_id=happening.queue_id
    )
    # Whom an earlier wish was handed to is no matter of this one.
    asked_in = replace(conversation, team_id=None)
    record = HandoffRecord(asked, asked_in, happening.reason, by=happening.by.user_id)
    return Transition(asked, asked_in, (record,))


def _queued(here: Here, happening: facts.Queued) -> Result:
    session = here.session
    if session.state == SessionState.QUEUED and session.queue_id == happening.queue_id:
        return Unchanged(session)
    placed = replace(
        session,
        state=SessionState.QUEUED,
        queue_id=happening.queue_id,
        queued_at=here.now,
        options=None,
    )
    told = session.state == SessionState.QUEUED or happening.reason == Reason.AGENT_LOST
    say = None if told else Say.LOOKING
    why = Why(happening.reason, None, say, happening.position, happening.eta_s)
    return moved(here, placed, placed_in(here, happening.queue_id), why)


def _offered(here: Here, happening: facts.Offered) -> Result:
    session, agent_id = here.session, happening.agent_id
    left_in_peace = agent_id in session.excluded and not happening.again
    if left_in_peace or agent_id == session.leaving_agent_id:
        return Refused(NackCode.INVALID, "This agent is not asked again.")
    offer = Offer(agent_id, happening.deadline_at)
    held_out = replace(session, state=SessionState.OFFERED, offer=offer, offered_at=here.now)
    return moved(here, held_out, here.conversation, Why(Reason.ROUTED))


def _accepted(here: Here, happening: facts.Accepted) -> Result:
    session, agent_id = here.session, happening.agent_id
    if session.state == SessionState.ACTIVE and session.agent_id == agent_id:
        return Unchanged(session)
    if session.offer is None or session.offer.agent_id != agent_id:
        return too_late(here)
    return _answered(here, agent_id, Why(Reason.ACCEPTED, agent_id))


def _answered(here: Here, agent_id: UUID, why: Why) -> Transition:
    """Give session and floor to an agent; who hands over warmly stays beside them."""
    session = here.session
    active = replace(
        session,
        state=SessionState.ACTIVE,
        agent_id=agent_id,
        leaving_agent_id=None if session.state == SessionState.ACTIVE else session.leaving_agent_id,
        offer=None,
        excluded=session.excluded - {agent_id},
        options=_left_by_customer(session),
        accepted_at=session.accepted_at or here.now,
        started_at=session.started_at or here.now,
        given_at=here.now,
    )
    floor = with_floor(here.conversation, Floor.HUMAN, agent_id)
    return moved(here, active, floor, replace(why, say=Say.AGENT_JOINED))


def _left_by_customer(session: Session) -> Mapping[str, Any] | None:
    """What stays of the options once somebody has come: what was chosen and left."""
    options = session.options or {}
    return {name: options[name] for name in ("chosen", "contact") if name in options} or None


def _declined(here: Here, happening: facts.Declined) -> Result:
    offer = here.session.offer
    if offer is None or offer.agent_id != happening.agent_id:
        return too_late(here)
    return _offer_failed(here, Reason.DECLINED, excluded=happening.agent_id)


def _offer_expired(here: Here, _happening: facts.OfferExpired) -> Result:
    offer = here.session.offer
    if offer is None or here.now < offer.deadline_at:
        return Unchanged(here.session)
    return _offer_failed(here, Reason.OFFER_EXPIRED, excluded=offer.agent_id)


def _offer_rescinded(here: Here, _happening: facts.OfferRescinded) -> Result:
    return _offer_failed(here, Reason.OFFER_RESCINDED)


def _offer_failed(here: Here, reason: Reason, *, excluded: UUID | None = None) -> Transition:
    """Go back to the front of the queue with its age, or to the agent who meant one colleague.

    Whoever was told to expect nobody is not told of each try.
    """
    session = here.session
    if excluded is not None:
        session = replace(session, excluded=session.excluded | {excluded})
    direct = session.offer is not None and session.offer.direct
    if direct and session.leaving_agent_id:
        return back_to_leaving(here, session, Why(reason))
    # A router's offer leaves the time in the queue running; a transfer brings a new wait.
    queued_at = here.now if direct else session.queued_at
    put_off = session.is_put_off
    state = SessionState.DEFERRED if put_off else SessionState.QUEUED
    back = replace(session, state=state, offer=None, queued_at=queued_at)
    say = None if put_off or session.leaving_agent_id else Say.STILL_LOOKING
    return moved(here, back, here.conversation, Why(reason, say=say))


def _agent_lost(here: Here, happening: facts.AgentLost) -> Result:
    session, agent_id = here.session, happening.agent_id
    if session.offer is not None and session.offer.agent_id == agent_id:
        return _offer_failed(here, Reason.AGENT_LOST, excluded=agent_id)
    if session.state == SessionState.ACTIVE and session.agent_id == agent_id:
        return _owner_lost(here, agent_id)
    if agent_id in (session.leaving_agent_id, here.conversation.assignee_id):
        return _beside_lost(here)
    return Unchanged(session)


def _owner_lost(here: Here, agent_id: UUID) -> Transition:
    session = replace(here.session, excluded=here.session.excluded | {agent_id})
    if session.leaving_agent_id is not None:
        return back_to_leaving(here, session, Why(Reason.AGENT_LOST, say=Say.BACK_WITH_AGENT))
    queued = replace(session, state=SessionState.QUEUED, agent_id=None, queued_at=here.now)
    why = Why(Reason.AGENT_LOST, say=Say.AGENT_LOST)
    return moved(here, queued, released(here.conversation), why)


def _beside_lost(here: Here) -> Result:
    """Lose an agent who hands over, or who had the floor before somebody asked for a person."""
    session = here.session
    alone = replace(session, leaving_agent_id=None)
    if session.state == SessionState.ACTIVE:
        return moved(here, alone, here.conversation, Why(Reason.AGENT_LOST))
    if session.state not in WAITING:
        return Unchanged(session)
    why = Why(Reason.AGENT_LOST, say=Say.AGENT_LOST)
    return moved(here, alone, released(here.conversation), why)


def _returned_to_bot(here: Here, happening: facts.ReturnedToBot) -> Result:
    refusal = foreign(here, happening.by)
    if refusal is not None:
        return refusal
    if not here.conversation.has_bot:
        return Refused(NackCode.INVALID, "There is no bot here.")
    why = Why(Reason.RETURNED_TO_BOT, happening.by.user_id, Say.BACK_WITH_BOT)
    return over(here, SessionState.ENDED, with_floor(here.conversation, Floor.BOT), why)


def _taken_over(here: Here, happening: facts.TakenOver) -> Result:
    session, agent_id = here.session, happening.agent_id
    if agent_id == here.owner_id:
        return Unchanged(session)
    if session.state == SessionState.ACTIVE:
        return too_late(here)
    asked = session.offer is not None and session.offer.agent_id == agent_id
    reason = Reason.FIRST_REPLY if asked else Reason.TAKEN_OVER
    return _answered(here, agent_id, Why(reason, agent_id))


def _claimed(here: Here, happening: facts.Claimed) -> Result:
    agent_id = happening.agent_id
    if agent_id == here.session.leaving_agent_id:
        return back_to_leaving(here, here.session, Why(Reason.TRANSFER_CANCELLED, agent_id))
    return _answered(here, agent_id, Why(Reason.CLAIMED, agent_id))


def _assigned(here: Here, happening: facts.Assigned) -> Result:
    refusal = foreign(here, happening.by)
    if refusal is not None:
        return refusal
    session, agent_id = here.session, happening.agent_id
    if session.state == SessionState.ACTIVE and agent_id == session.agent_id:
        return Unchanged(session)
    why = Why(Reason.ASSIGNED, happening.by.user_id)
    if agent_id == session.leaving_agent_id:
        return back_to_leaving(here, session, why)
    return _answered(here, agent_id, why)


def _picked_up(here: Here, happening: facts.DeferredPickedUp) -> Result:
    return _answered(here, happening.agent_id, Why(Reason.PICKED_UP, happening.agent_id))


def _resolved(here: Here, happening: facts.Resolved) -> Result:
    refusal = foreign(here, happening.by)
    if refusal is not None:
        return refusal
    conversation = closed(here.conversation)
    why = Why(Reason.RESOLVED, happening.by.user_id, Say.RESOLVED)
    if here.session.state != SessionState.ACTIVE or not happening.wrap_up:
        return over(here, SessionState.ENDED, conversation, why)
    wrapping_up = replace(
        here.session,
        state=SessionState.WRAP_UP,
        leaving_agent_id=None,
        wrap_up_until=here.now + happening.wrap_up,
    )
    return moved(here, wrapping_up, conversation, why)


def _wrap_up_over(here: Here, happening: facts.WrapUpOver) -> Result:
    refusal = foreign(here, happening.by)
    if refusal is not None:
        return refusal
    until = here.session.wrap_up_until
    if happening.by.user_id is None and until is not None and here.now < until:
        return Unchanged(here.session)
    why = Why(Reason.WRAPPED_UP, happening.by.user_id)
    return over(here, SessionState.ENDED, here.conversation, why)


def _reopened(here: Here, happening: facts.Reopened) -> Result:
    active = replace(here.session, state=SessionState.ACTIVE, wrap_up_until=None)
    conversation = replace(here.conversation, status=ConversationStatus.OPEN)
    return moved(here, active, conversation, Why(Reason.REOPENED, happening.by.user_id))


def _cancelled(here: Here, happening: facts.CancelledByCustomer) -> Result:
    by = happening.by.user_id
    if here.session.leaving_agent_id is not None:
        why = Why(Reason.TRANSFER_CANCELLED, by, Say.BACK_WITH_AGENT)
        return back_to_leaving(here, here.session, why)
    why = Why(Reason.CANCELLED, by, Say.CANCELLED)
    return over(here, SessionState.CANCELLED, nobodys_is_the_bots(here.conversation), why)


def _customer_idle(here: Here, happening: facts.CustomerIdle) -> Result:
    asked_at = here.session.idle_asked_at
    if asked_at is not None and asked_at >= happening.since:
        return Unchanged(here.session)
    asked = replace(here.session, idle_asked_at=here.now)
    return moved(here, asked, here.conversation, Why(Reason.CUSTOMER_IDLE, say=Say.STILL_THERE))


def _customer_gone(here: Here, happening: facts.CustomerGone) -> Result:
    answered = here.session.accepted_at is not None
    why = Why(Reason.CUSTOMER_GONE, say=Say.CUSTOMER_GONE, csat=answered)
    if happening.to_bot and here.conversation.has_bot:
        why = replace(why, say=Say.IDLE_TO_BOT)
        return over(here, SessionState.ENDED, with_floor(here.conversation, Floor.BOT), why)
    return over(here, SessionState.ENDED, closed(here.conversation), why)


def _failed(here: Here, _happening: facts.Failed) -> Result:
    why = Why(Reason.FAILED, say=Say.FAILED)
    return over(here, SessionState.FAILED, without_a_person(here.conversation), why)


_MOVES: Final[dict[type, tuple[frozenset[SessionState], Callable[[Here, Any], Result]]]] = {
    facts.Queued: (
        frozenset({SessionState.REQUESTED, SessionState.QUEUED, SessionState.DEFERRED}),
        _queued,
    ),
    facts.QueueGone: (UNANSWERED, queue_gone),
    facts.TeamGone: (frozenset({SessionState.QUEUED, SessionState.DEFERRED}), team_gone),
    facts.WaitedLong: (frozenset({SessionState.QUEUED}), waited_long),
    facts.Offered: (frozenset({SessionState.QUEUED, SessionState.DEFERRED}), _offered),
    facts.Accepted: (frozenset({SessionState.OFFERED, SessionState.ACTIVE}), _accepted),
    facts.Declined: (frozenset({SessionState.OFFERED}), _declined),
    facts.OfferExpired: (frozenset({SessionState.OFFERED}), _offer_expired),
    facts.OfferRescinded: (frozenset({SessionState.OFFERED}), _offer_rescinded),
    facts.AgentLost: (OPEN, _agent_lost),
    facts.Transferred: (
        frozenset(
            {
                SessionState.QUEUED,
                SessionState.OFFERED,
                SessionState.ACTIVE,
                SessionState.DEFERRED,
            }
        ),
        transferred,
    ),
    facts.WarmDone: (frozenset({SessionState.ACTIVE}), warm_done),
    facts.ReturnedToBot: (UNANSWERED | {SessionState.ACTIVE}, _returned_to_bot),
    facts.TakenOver: (UNANSWERED | {SessionState.ACTIVE}, _taken_over),
    facts.Claimed: (UNANSWERED, _claimed),
    facts.Assigned: (UNANSWERED | {SessionState.ACTIVE}, _assigned),
    facts.Resolved: (UNANSWERED | {SessionState.ACTIVE}, _resolved),
    facts.WrapUpOver: (frozenset({SessionState.WRAP_UP}), _wrap_up_over),
    facts.Reopened: (frozenset({SessionState.WRAP_UP}), _reopened),
    facts.CancelledByCustomer: (UNANSWERED, _cancelled),
    facts.Deferred: (WAITING, deferred),
    facts.DeferredPickedUp: (frozenset({SessionState.DEFERRED}), _picked_up),
    facts.CustomerIdle: (frozenset({SessionState.ACTIVE}), _customer_idle),
    facts.CustomerGone: (WAITING | {SessionState.ACTIVE}, _customer_gone),
    facts.Failed: (OPEN, _failed),
}
