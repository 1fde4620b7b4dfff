"""A router in a nutshell: the real rounds and the real state machine over one session, no tables."""

from datetime import datetime, timedelta
from uuid import UUID

from chat_service.deferral import Group, since_when
from chat_service.routing import Policy, Waiting
from chat_service.routing_facts import AgentFacts, Facts, Place, QueueFacts
from chat_service.routing_plan import happening, moves
from chat_service.routing_round import Round
from chat_service.session_facts import Happening, QueueGone
from chat_service.session_records import Transition
from chat_service.sessions import step
from chorus.presence import Seen
from chorus.wire.common import ConversationStatus, Floor, PresenceStatus, SessionState
from tests.chat_service.session_story import ADA, BEN, CAT, QUEUE, TEAM, Story

DAN = UUID(int=99)
"""Able and present: serves every queue, is of no team, refused nothing."""
ROUND_EVERY = timedelta(seconds=15)
ROUNDS = 30
UNTAKEN = {SessionState.REQUESTED, SessionState.QUEUED, SessionState.DEFERRED}


def goes_on(story: Story, *queues: UUID, now: datetime) -> bool:
    """Route a session for some minutes; says whether it was offered to Dan, or is in good hands."""
    empty: dict[Group, datetime] = {}
    for _ in range(ROUNDS):
        session, conversation = story.session, story.conversation
        if session is None or session.state not in UNTAKEN:
            return True
        if conversation.status is ConversationStatus.CLOSED:
            return True
        for then in _round(story, queues, empty, now=now):
            result = step(session, conversation, then, now=now)
            if isinstance(result, Transition):
                story.session, story.conversation = result.session, result.conversation
        now += ROUND_EVERY
    return False


def _round(
    story: Story, queues: tuple[UUID, ...], empty: dict[Group, datetime], *, now: datetime
) -> list[Happening]:
    session = story.session
    assert session is not None
    if session.queue_id is None or session.state is SessionState.REQUESTED:
        # A request stands somewhere before it is committed.
        return [QueueGone(session.queue_id, QUEUE)]
    round_ = Round(_facts(story, queues), now=now)
    known = since_when(round_.without_anybody(), empty, now=now)
    empty.clear()
    empty.update(known)
    plan = round_.plan(limit=9, empty_since=empty)
    return [happening(then, has_bot=story.conversation.has_bot) for _, then in moves(plan)]


def _facts(story: Story, queues: tuple[UUID, ...]) -> Facts:
    people = [_agent(one, present=one == DAN) for one in (ADA, BEN, CAT, DAN)]
    seen = {
        one.id: Seen(PresenceStatus.ONLINE if one.id == DAN else PresenceStatus.OFFLINE, 0)
        for one in people
    }
    lines = {
        one: QueueFacts(one, str(one), 30, 60, None, None, dict.fromkeys(seen)) for one in queues
    }
    return Facts([_place(story)], people, seen, lines, {}, {TEAM: frozenset({ADA, BEN})})


def _agent(id_: UUID, *, present: bool) -> AgentFacts:
    skills, status = frozenset[str](), "online" if present else "offline"
    return AgentFacts(id_, status, None, 1, skills, skills, None, 0, 0, False, ())


def _place(story: Story) -> Place:
    session, conversation = story.session, story.conversation
    assert session is not None
    assert session.queue_id is not None
    queued_at = session.queued_at or session.requested_at
    answered = conversation.holder is Floor.HUMAN and session.leaving_agent_id is None
    waiting = Waiting(
        session.id,
        session.queue_id,
        Policy.LONGEST_IDLE,
        session.requested_at,
        queued_at,
        excluded=dict.fromkeys(session.excluded, queued_at),
        leaving_id=session.leaving_agent_id,
        holder_id=conversation.assignee_id if answered else None,
    )
    return Place(
        waiting,
        UUID(int=200),
        conversation.team_id,
        deferred=session.state is SessionState.DEFERRED,
        told=session.was_asked_to_choose,
    )
