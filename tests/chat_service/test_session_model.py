"""The state machine of sessions against a naive model, under anything in any order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chat_service import session_facts as facts
from chat_service.session_facts import SYSTEM, Actor, Happening, TransferMode
from chat_service.session_records import HandoffRecord, Refused, Result, Transition
from chorus.wire.common import ConversationStatus, Floor, SessionState
from chorus.wire.server_chat import ConversationClosed, ConversationUpdated, Handoff, Participant
from tests.chat_service.going_on import goes_on
from tests.chat_service.session_story import (
    ADA,
    BEN,
    CAT,
    CUSTOMER,
    LATER,
    NOW,
    OTHER_QUEUE,
    QUEUE,
    TEAM,
    Story,
)
from tests.support.examples import examples

OVER = {"ended", "cancelled", "failed"}
NOT_OPEN = OVER | {"none"}
UNANSWERED = {"requested", "queued", "offered", "deferred"}
AGENTS = st.sampled_from([ADA, BEN, CAT])
ACTORS = st.builds(Actor, AGENTS, st.booleans())
FRAMES: dict[str, Any] = {
    frame.event: frame for frame in (Handoff, Participant, ConversationClosed, ConversationUpdated)
}


PUT_OFF = {"options": ["message", "callback"]}
CHOICES = {"options": ["wait", "message", "callback"]}
ENDLESS: list[Happening] = [
    facts.Queued(QUEUE),
    facts.QueueGone(QUEUE, OTHER_QUEUE),
    facts.TeamGone(TEAM),
    facts.WaitedLong(CHOICES),
    facts.Offered(ADA, LATER),
    facts.Accepted(ADA),
    facts.Declined(ADA),
    facts.OfferExpired(),
    facts.OfferRescinded(),
    facts.AgentLost(ADA),
    facts.Transferred(facts.ToQueue(QUEUE, members=1), TransferMode.WARM, SYSTEM),
    facts.WarmDone(ADA),
    facts.ReturnedToBot(SYSTEM),
    facts.TakenOver(ADA),
    facts.Claimed(ADA),
    facts.Assigned(ADA, SYSTEM),
    facts.Resolved(SYSTEM, timedelta()),
    facts.WrapUpOver(),
    facts.Reopened(SYSTEM),
    facts.CancelledByCustomer(Actor(CUSTOMER)),
    facts.Deferred(PUT_OFF),
    facts.DeferredPickedUp(ADA),
    facts.CustomerIdle(NOW),
    facts.CustomerGone(),
    facts.Failed(),
]


def aside(story: Story) -> Story:
    """The same, for things that happen to it aside."""
    copy = Story()
    copy.session, copy.conversation = story.session, story.conversation
    return copy


while_open = precondition(lambda self: self.state not in NOT_OPEN)


class Sessions(RuleBasedStateMachine):
    """`state`, `owner` and `asked` are the model: what a person at a blackboard would keep."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.state = "none"
        self.owner: UUID | None = None
        self.asked: UUID | None = None
        self.count = 0
        self.handoffs = 0
        self.transitions = 0
        self.seen_epoch = 1
        self.put_off = False
        """Whether the customer was told to expect nobody."""

    def meet(self, happening: Happening, *, late: bool = False) -> Result:
        before = self.story.session, self.story.conversation
        result = self.story.meets(happening, now=LATER if late else NOW)
        if isinstance(result, Transition):
            self.transitions += 1
            self.handoffs += self.recorded(result)
            if before[0] is not None and before[0].id == result.session.id:
                assert result.session.requested_at == before[0].requested_at
            assert result.conversation.epoch - before[1].epoch == (
                (before[1].holder, before[1].assignee_id)
                != (result.conversation.holder, result.conversation.assignee_id)
            )
            assert (result.offer_result is None) == (
                before[0] is None
                or before[0].offer is None
                or before[0].offer == result.session.offer
            )
        else:
            assert (self.story.session, self.story.conversation) == before
        return result

    def recorded(self, result: Transition) -> int:
        for record in result.records:
            FRAMES[record.event](**record.data({}))
        first = result.records[0].data({})
        assert first["state"] == result.session.state
        assert first["floor"]["epoch"] == result.conversation.epoch
        return sum(isinstance(one, HandoffRecord) for one in result.records)

    def expect(self, result: Result, state: str, owner: UUID | None = None) -> None:
        assert isinstance(result, Transition), result
        self.state, self.owner, self.asked = state, owner, None
        if state == "deferred":
            self.put_off = True
        elif state != "offered":
            self.put_off = False

    def refused(self, result: Result) -> None:
        assert isinstance(result, Refused), result

    @precondition(lambda self: self.state in NOT_OPEN)
    @rule(steps=st.integers(0, 6), has_bot=st.booleans())
    def begin(self, steps: int, has_bot: bool) -> None:
        """Ask in the same conversation while it is open, else in a new one; go some way at once."""
        if self.state == "none" or self.story.conversation.status == ConversationStatus.CLOSED:
            self.story, self.seen_epoch = Story(has_bot=has_bot), 1
        self.count += 1
        self.put_off = False
        asked = self.meet(facts.Escalated(UUID(int=1000 + self.count), Actor(CUSTOMER)))
        self.expect(asked, "requested")
        to_ben = facts.ToAgent(BEN, LATER, reachable=True)
        way: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
            (self.queue, (QUEUE,)),
            (self.offer, (ADA,)),
            (self.accept, (ADA,)),
            (self.transfer, (Actor(ADA), TransferMode.WARM, to_ben)),
            (self.accept, (BEN,)),
            (self.resolve, (Actor(BEN), 30)),
        ]
        for act, given in way[:steps]:
            act(*given)

    @while_open
    @rule()
    def escalate_again(self) -> None:
        result = self.meet(facts.Escalated(UUID(int=999), Actor(CUSTOMER)))
        assert not isinstance(result, (Transition, Refused))

    @while_open
    @rule(queue=st.sampled_from([QUEUE, OTHER_QUEUE]))
    def queue(self, queue: UUID) -> None:
        result = self.meet(facts.Queued(queue))
        if self.state in {"requested", "deferred"}:
            self.expect(result, "queued")
        elif self.state != "queued":
            self.refused(result)

    @while_open
    @rule(gone=st.sampled_from([QUEUE, OTHER_QUEUE]), to=st.sampled_from([None, TEAM]))
    def queue_goes(self, gone: UUID, to: UUID | None) -> None:
        before = self.story.session
        assert before is not None
        result = self.meet(facts.QueueGone(gone, to))
        if self.state not in UNANSWERED:
            self.refused(result)
        elif before.queue_id != gone or (before.offer is not None and before.offer.direct):
            assert not isinstance(result, (Transition, Refused))
        elif self.state == "deferred" or to is not None:
            self.expect(result, "deferred" if self.put_off else "queued", self.owner)
            assert isinstance(result, Transition)
            assert result.session.queue_id == to
        else:
            self.stop_waiting(result, UNANSWERED, "deferred")

    @while_open
    @rule(agent=AGENTS)
    def offer(self, agent: UUID) -> None:
        result = self.meet(facts.Offered(agent, LATER))
        if isinstance(result, Transition):
            assert self.state in {"queued", "deferred"}
            assert agent != self.story.conversation.assignee_id
            owner = self.owner
            self.expect(result, "offered", owner)
            self.asked = agent

    @while_open
    @rule(agent=AGENTS)
    def accept(self, agent: UUID) -> None:
        result = self.meet(facts.Accepted(agent))
        if self.state == "offered" and self.asked == agent:
            self.expect(result, "active", agent)
        else:
            assert not isinstance(result, Transition)

    @while_open
    @rule(agent=AGENTS)
    def decline(self, agent: UUID) -> None:
        result = self.meet(facts.Declined(agent))
        if self.state == "offered" and self.asked == agent:
            self.back(result)
        else:
            self.refused(result)

    @while_open
    @rule(late=st.booleans())
    def expire(self, late: bool) -> None:
        result = self.meet(facts.OfferExpired(), late=late)
        if self.state != "offered":
            self.refused(result)
        elif late:
            self.back(result)
        else:
            assert not isinstance(result, (Transition, Refused))

    @while_open
    @rule()
    def rescind(self) -> None:
        result = self.meet(facts.OfferRescinded())
        if self.state == "offered":
            self.back(result)
        else:
            self.refused(result)

    def back(self, result: Result) -> None:
        assert isinstance(result, Transition)
        agent = result.session.agent_id
        if agent is not None:
            assert agent == self.owner, "only who hands over gets a session back"
        stays = "deferred" if self.put_off else "queued"
        self.expect(result, "active" if agent else stays, self.owner)

    @while_open
    @rule(agent=AGENTS)
    def lose(self, agent: UUID) -> None:
        result = self.meet(facts.AgentLost(agent))
        if not isinstance(result, Transition):
            assert agent != self.asked
            assert agent != self.owner or self.state not in {"queued", "offered", "active"}
        elif agent == self.asked:
            self.back(result)
        else:
            assert result.conversation.assignee_id != agent
            asked, state = self.asked, str(result.session.state)
            self.expect(result, state, result.conversation.assignee_id)
            self.asked = asked

    @while_open
    @rule(
        by=ACTORS,
        mode=st.sampled_from(TransferMode),
        to=st.one_of(
            st.builds(facts.ToAgent, AGENTS, st.just(LATER), st.booleans()),
            st.builds(facts.ToQueue, st.sampled_from([QUEUE, OTHER_QUEUE]), st.integers(0, 2)),
            st.builds(facts.ToTeam, st.just(TEAM), st.just(QUEUE), st.integers(0, 2)),
        ),
    )
    def transfer(self, by: Actor, mode: TransferMode, to: Any) -> None:
        result = self.meet(facts.Transferred(to, mode, by))
        if not isinstance(result, Transition):
            self.refused(result)
            return
        assert self.state in {"queued", "offered", "active", "deferred"}
        assert self.owner in {None, by.user_id} or by.senior
        owner = self.owner if mode == TransferMode.WARM else None
        direct = isinstance(to, facts.ToAgent)
        stays = "deferred" if self.put_off else "queued"
        self.expect(result, "offered" if direct else stays, owner)
        self.asked = to.agent_id if direct else None

    @while_open
    @rule(agent=AGENTS)
    def speak(self, agent: UUID) -> None:
        done = self.meet(facts.WarmDone(agent))
        if self.state != "active":
            self.refused(done)
        result = self.meet(facts.TakenOver(agent))
        if self.state in UNANSWERED and agent != self.owner:
            self.expect(result, "active", agent)
        else:
            assert not isinstance(result, Transition)

    @while_open
    @rule(agent=AGENTS, make=st.sampled_from([facts.Claimed, facts.DeferredPickedUp]))
    def take(self, agent: UUID, make: Any) -> None:
        allowed = UNANSWERED if make is facts.Claimed else {"deferred"}
        result = self.meet(make(agent))
        if self.state in allowed:
            self.expect(result, "active", agent)
        else:
            self.refused(result)

    @while_open
    @rule(agent=AGENTS, by=ACTORS)
    def assign(self, agent: UUID, by: Actor) -> None:
        result = self.meet(facts.Assigned(agent, by))
        theirs = self.owner in {None, by.user_id} or by.senior
        if self.state == "active" and theirs and agent == self.owner:
            assert not isinstance(result, (Transition, Refused))
        elif self.state in UNANSWERED | {"active"} and theirs:
            self.expect(result, "active", agent)
        else:
            self.refused(result)

    @while_open
    @rule(by=ACTORS, wrap_up_s=st.sampled_from([0, 30]))
    def resolve(self, by: Actor, wrap_up_s: int) -> None:
        result = self.meet(facts.Resolved(by, timedelta(seconds=wrap_up_s)))
        theirs = self.owner in {None, by.user_id} or by.senior
        if self.state in UNANSWERED | {"active"} and theirs:
            wraps_up = self.state == "active" and wrap_up_s
            self.expect(result, "wrap_up" if wraps_up else "ended", self.owner)
        else:
            self.refused(result)

    @while_open
    @rule(reopened=st.booleans())
    def leave_wrap_up(self, reopened: bool) -> None:
        by = Actor(self.owner)
        result = self.meet(facts.Reopened(by) if reopened else facts.WrapUpOver(by))
        if self.state == "wrap_up":
            self.expect(result, "active" if reopened else "ended", self.owner)
        else:
            self.refused(result)

    @while_open
    @rule(
        how=st.sampled_from(["cancel", "defer", "goes", "to_bot", "fails"]),
        by=ACTORS,
        to_bot=st.booleans(),
    )
    def leave(self, how: str, by: Actor, to_bot: bool) -> None:
        if how == "cancel":
            result = self.meet(facts.CancelledByCustomer(Actor(CUSTOMER)))
            self.stop_waiting(result, UNANSWERED, "cancelled")
        elif how == "defer":
            result = self.meet(facts.Deferred(PUT_OFF))
            self.stop_waiting(result, UNANSWERED - {"deferred"}, "deferred")
        elif how == "goes":
            self.customer_goes(to_bot)
        elif how == "to_bot":
            self.return_to_bot(by)
        else:
            self.expect(self.meet(facts.Failed()), "failed")

    @while_open
    @rule(team=st.sampled_from([TEAM, OTHER_QUEUE]))
    def team_goes(self, team: UUID) -> None:
        named = self.story.conversation.team_id == team
        result = self.meet(facts.TeamGone(team))
        if self.state not in {"queued", "deferred"}:
            self.refused(result)
        elif not named:
            assert not isinstance(result, (Transition, Refused))
        else:
            self.expect(result, "active" if self.owner else self.state, self.owner)
            assert self.story.conversation.team_id is None

    @while_open
    @rule()
    def wait_too_long(self) -> None:
        before = self.story.session
        assert before is not None
        result = self.meet(facts.WaitedLong(CHOICES))
        if self.state != "queued":
            self.refused(result)
        elif self.owner is None and before.was_asked_to_choose:
            assert not isinstance(result, (Transition, Refused))
        else:
            self.expect(result, "active" if self.owner else "queued", self.owner)

    def stop_waiting(self, result: Result, allowed: set[str], state: str) -> None:
        if self.state not in allowed:
            self.refused(result)
        elif self.owner is not None:
            self.expect(result, "active", self.owner)
        else:
            self.expect(result, state)

    def customer_goes(self, to_bot: bool) -> None:
        result = self.meet(facts.CustomerGone(to_bot))
        if self.state in {"requested", "queued", "offered", "active"}:
            self.expect(result, "ended")
            closed = self.story.conversation.status == ConversationStatus.CLOSED
            assert closed == (not (to_bot and self.story.conversation.has_bot))
        else:
            self.refused(result)

    @while_open
    @rule(late=st.booleans())
    def customer_is_silent(self, late: bool) -> None:
        """They are asked once in each silence, and it changes nothing else."""
        before = self.story.session
        result = self.meet(facts.CustomerIdle(LATER if late else NOW), late=late)
        if self.state != "active":
            self.refused(result)
        elif isinstance(result, Transition):
            assert before is not None
            assert before.idle_asked_at is None or (late and before.idle_asked_at < LATER)
            assert result.session == replace(before, idle_asked_at=LATER if late else NOW)
        else:
            assert before is not None
            assert before.idle_asked_at is not None

    def return_to_bot(self, by: Actor) -> None:
        result = self.meet(facts.ReturnedToBot(by))
        theirs = self.owner in {None, by.user_id} or by.senior
        if self.state in UNANSWERED | {"active"} and theirs and self.story.conversation.has_bot:
            self.expect(result, "ended")
            assert self.story.conversation.holder == Floor.BOT
        else:
            self.refused(result)

    @invariant()
    def the_rows_say_what_the_model_says(self) -> None:
        session, conversation = self.story.session, self.story.conversation
        if session is None:
            return
        assert session.state == self.state
        assert (session.offer.agent_id if session.offer else None) == self.asked
        assert (session.offer is not None) == (self.state == "offered")
        if self.state not in OVER:
            assert conversation.assignee_id == self.owner
            assert (conversation.holder == Floor.HUMAN) == (self.owner is not None)

    @invariant()
    def the_rows_can_be_stored(self) -> None:
        session = self.story.session
        if session is None:
            return
        assert (session.ended_at is not None) == (session.state in OVER)
        assert (session.end_reason is not None) == (session.state in OVER)
        if session.state in {SessionState.ACTIVE, SessionState.WRAP_UP}:
            assert session.agent_id is not None
            assert session.agent_id not in session.excluded
        assert session.agent_id is None or session.agent_id != session.leaving_agent_id
        assert session.leaving_agent_id is None or session.state in {"queued", "offered", "active"}

    @invariant()
    def it_goes_on(self) -> None:
        """Whatever happened, somebody able and present is asked in the end."""
        here = aside(self.story)
        assert goes_on(here, QUEUE, OTHER_QUEUE, TEAM, now=LATER)

    @invariant()
    def what_is_over_stays_so(self) -> None:
        if self.state in OVER:
            for happening in ENDLESS:
                self.refused(self.meet(happening))

    @invariant()
    def the_epoch_only_rises(self) -> None:
        assert self.story.conversation.epoch >= self.seen_epoch
        self.seen_epoch = self.story.conversation.epoch

    @invariant()
    def every_transition_is_one_handoff(self) -> None:
        assert self.handoffs == self.transitions


TestSessions = Sessions.TestCase
TestSessions.settings = settings(max_examples=examples(200), stateful_step_count=50, deadline=None)


def test_no_happening_is_forgotten() -> None:
    """A new happening needs a rule above, and to be refused when all is over."""
    assert {type(one) for one in ENDLESS} | {facts.Escalated} == set(get_args(facts.Happening))
