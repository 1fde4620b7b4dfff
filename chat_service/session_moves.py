"""How a session moves: new rows and, from what differs, the events to record. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from chat_service.session_facts import Actor, Conversation, OfferResult, Reason, Say, Session
from chat_service.session_records import (
    ClosedRecord,
    HandoffRecord,
    OpenedRecord,
    ParticipantRecord,
    Record,
    Refused,
    Transition,
)
from chorus.codes import NackCode
from chorus.wire.common import ConversationStatus, Floor, SessionState

FINAL: Final = frozenset({SessionState.ENDED, SessionState.CANCELLED, SessionState.FAILED})


@dataclass(frozen=True, slots=True)
class Here:
    """Where a step begins."""

    session: Session
    conversation: Conversation
    now: datetime

    @property
    def owner_id(self) -> UUID | None:
        """The agent who answers now, also while handing over warmly."""
        if self.session.state == SessionState.ACTIVE:
            return self.session.agent_id
        return self.session.leaving_agent_id


@dataclass(frozen=True, slots=True)
class Why:
    """What the events say beside the new state."""

    reason: Reason
    by: UUID | None = None
    say: Say | None = None
    position: int | None = None
    eta_s: int | None = None
    csat: bool = True


def moved(here: Here, session: Session, conversation: Conversation, why: Why) -> Transition:
    """Record the way from `here` to these rows: `handoff`, who left, who joined, open or closed."""
    handoff = HandoffRecord(session, conversation, why.reason, why.by, why.position, why.eta_s)
    before = _responders(here.session, here.conversation)
    after = _responders(session, conversation)
    return Transition(
        session,
        conversation,
        (
            handoff,
            *(ParticipantRecord(agent, joined=False) for agent in sorted(before - after)),
            *(ParticipantRecord(agent, joined=True) for agent in sorted(after - before)),
            *_status_records(here.conversation, conversation, why),
        ),
        why.say,
        _offer_result(here.session, session, why.reason),
    )


def over(here: Here, state: SessionState, conversation: Conversation, why: Why) -> Transition:
    """Bring the session to a final state."""
    ended = replace(
        here.session,
        state=state,
        offer=None,
        leaving_agent_id=None,
        ended_at=here.now,
        end_reason=why.reason,
    )
    return moved(here, ended, conversation, why)


def with_floor(
    conversation: Conversation, holder: Floor, assignee_id: UUID | None = None
) -> Conversation:
    """Give the floor to a holder; the epoch rises only when holder or assignee change."""
    if (conversation.holder, conversation.assignee_id) == (holder, assignee_id):
        return conversation
    return replace(
        conversation, holder=holder, epoch=conversation.epoch + 1, assignee_id=assignee_id
    )


def released(conversation: Conversation) -> Conversation:
    """Take the floor from a person; what the bot holds it keeps."""
    human = conversation.holder == Floor.HUMAN
    return with_floor(conversation, Floor.NONE) if human else conversation


def without_a_person(conversation: Conversation) -> Conversation:
    """Take the floor from a person and let the bot have it, where there is one."""
    return with_floor(conversation, Floor.BOT if conversation.has_bot else Floor.NONE)


def nobodys_is_the_bots(conversation: Conversation) -> Conversation:
    """A customer who stops waiting talks to the bot again, unless a person has the floor."""
    return without_a_person(conversation) if conversation.holder == Floor.NONE else conversation


def placed_in(here: Here, queue_id: UUID | None) -> Conversation:
    """The conversation of a session that comes to stand there: a team is asked in one queue only."""
    if queue_id is not None and queue_id == here.session.queue_id:
        return here.conversation
    return replace(here.conversation, team_id=None)


def closed(conversation: Conversation) -> Conversation:
    return replace(conversation, status=ConversationStatus.CLOSED)


def _responders(session: Session, conversation: Conversation) -> frozenset[UUID]:
    people = (conversation.assignee_id, session.leaving_agent_id)
    return frozenset(one for one in people if one is not None)


def _status_records(before: Conversation, after: Conversation, why: Why) -> tuple[Record, ...]:
    if before.status == after.status:
        return ()
    if after.status == ConversationStatus.CLOSED:
        return (ClosedRecord(csat=why.csat, by=why.by),)
    return (OpenedRecord(why.by),)


def _offer_result(before: Session, after: Session, reason: Reason) -> OfferResult | None:
    if before.offer is None or before.offer == after.offer:
        return None
    if after.state == SessionState.ACTIVE and after.agent_id == before.offer.agent_id:
        return OfferResult.ACCEPTED
    failed = {Reason.DECLINED: OfferResult.DECLINED, Reason.OFFER_EXPIRED: OfferResult.EXPIRED}
    return failed.get(reason, OfferResult.RESCINDED)


def back_to_leaving(here: Here, session: Session, why: Why) -> Transition:
    """Give the session back to the agent who was handing over."""
    leaving = session.leaving_agent_id
    assert leaving is not None
    back = replace(
        session,
        state=SessionState.ACTIVE,
        agent_id=leaving,
        leaving_agent_id=None,
        offer=None,
        excluded=session.excluded - {leaving},
    )
    return moved(here, back, with_floor(here.conversation, Floor.HUMAN, leaving), why)


def foreign(here: Here, by: Actor) -> Refused | None:
    """Refuse agents who are neither the session's nor senior."""
    owner = here.owner_id
    if here.session.state == SessionState.WRAP_UP:
        owner = here.session.agent_id
    if owner in (None, by.user_id) or by.senior:
        return None
    return Refused(NackCode.ALREADY_ASSIGNED, "A colleague has this conversation.", owner)


def too_late(here: Here) -> Refused:
    """Say what the session has become meanwhile."""
    session = here.session
    if session.state in FINAL:
        return Refused(NackCode.CONVERSATION_CLOSED, "This session is over.")
    if session.state in (SessionState.ACTIVE, SessionState.WRAP_UP):
        holder = session.agent_id
        return Refused(NackCode.ALREADY_ASSIGNED, "A colleague has this conversation.", holder)
    if session.offer is not None:
        holder = session.offer.agent_id
        return Refused(NackCode.ALREADY_ASSIGNED, "A colleague is being asked.", holder)
    return Refused(NackCode.STALE_FLOOR, "The session has moved on meanwhile.")
