"""Handing a session on, blind and warm."""

import pytest

from chat_service import session_facts as facts
from chat_service.session_facts import Actor, OfferResult, Reason, Say, TransferMode
from chorus.codes import NackCode
from chorus.wire.common import Floor, SessionState
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
    WRAP_UP,
    Story,
    active,
    offered,
    queued,
    reason_of,
    to_agent,
    told,
    transfer,
    warm,
)

TO_QUEUE = facts.ToQueue(OTHER_QUEUE, members=3)
SENIOR = Actor(CAT, senior=True)


def warm_and_accepted() -> Story:
    """Ada hands over to Ben, who has accepted and not spoken."""
    story = warm()
    story.goes(facts.Accepted(BEN))
    return story


def test_a_blind_transfer_to_a_queue_leaves_the_floor_to_nobody() -> None:
    moved = active().goes(transfer(TO_QUEUE), now=LATER)
    assert moved.session.queued_at == LATER
    assert (moved.session.state, moved.session.queue_id) == (SessionState.QUEUED, OTHER_QUEUE)
    assert moved.session.agent_id is None
    assert moved.session.requested_at == NOW
    assert moved.session.excluded == {ADA}
    assert (moved.conversation.holder, moved.conversation.assignee_id) == (Floor.NONE, None)
    assert moved.say == Say.TRANSFERRED
    assert told(moved) == [("handoff", "queued"), ("participant", "left")]


def test_a_transfer_to_a_team_asks_its_members_only() -> None:
    story = active()
    moved = story.goes(transfer(facts.ToTeam(TEAM, QUEUE, members=2)))
    assert moved.conversation.team_id == TEAM
    story.goes(facts.Claimed(BEN))
    elsewhere = story.goes(transfer(TO_QUEUE, by=Actor(BEN)))
    assert elsewhere.conversation.team_id is None


def test_a_blind_transfer_to_an_agent_is_an_offer() -> None:
    story = active()
    moved = story.goes(transfer(to_agent()), now=LATER)
    assert moved.session.offered_at == LATER
    assert moved.session.state == SessionState.OFFERED
    assert moved.session.offer == facts.Offer(BEN, LATER, direct=True)
    assert moved.conversation.holder == Floor.NONE
    declined = story.goes(facts.Declined(BEN), now=LATER)
    assert declined.session.state == SessionState.QUEUED
    assert declined.session.queued_at == LATER
    assert declined.session.excluded == {ADA, BEN}


def test_who_hands_over_warmly_keeps_the_floor_until_a_colleague_accepts() -> None:
    story = active()
    moved = story.goes(transfer(to_agent(), TransferMode.WARM))
    assert moved.session.leaving_agent_id == ADA
    assert moved.conversation.assignee_id == ADA
    assert moved.conversation.epoch == 2
    assert told(moved) == [("handoff", "offered")]
    accepted = story.goes(facts.Accepted(BEN))
    assert accepted.conversation.assignee_id == BEN
    assert accepted.session.leaving_agent_id == ADA
    assert told(accepted) == [("handoff", "active"), ("participant", "joined")]


def test_the_new_agents_first_message_ends_a_warm_transfer() -> None:
    story = warm_and_accepted()
    story.ignores(facts.WarmDone(ADA))
    done = story.goes(facts.WarmDone(BEN))
    assert done.session.leaving_agent_id is None
    assert done.conversation.epoch == 3
    assert told(done) == [("handoff", "active"), ("participant", "left")]
    story.ignores(facts.WarmDone(BEN))


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (facts.Declined(BEN), Reason.DECLINED),
        (facts.OfferExpired(), Reason.OFFER_EXPIRED),
        (facts.OfferRescinded(), Reason.OFFER_RESCINDED),
        (facts.AgentLost(BEN), Reason.AGENT_LOST),
        (facts.CancelledByCustomer(Actor(CUSTOMER)), Reason.TRANSFER_CANCELLED),
        (facts.Deferred({}), Reason.NOBODY_THERE),
        (facts.Claimed(ADA), Reason.TRANSFER_CANCELLED),
        (facts.Assigned(ADA, Actor(ADA)), Reason.ASSIGNED),
    ],
)
def test_a_warm_transfer_that_fails_leaves_the_session_where_it_was(
    failure: facts.Happening, reason: Reason
) -> None:
    back = warm().goes(failure, now=LATER)
    assert back.session.state == SessionState.ACTIVE
    assert (back.session.agent_id, back.session.leaving_agent_id) == (ADA, None)
    assert ADA not in back.session.excluded
    assert back.conversation.epoch == 2
    assert back.offer_result is not None
    assert told(back) == [("handoff", "active")]
    assert reason_of(back) == reason


def test_a_warm_transfer_to_a_queue_goes_on_after_a_decline() -> None:
    story = warm(TO_QUEUE)
    story.goes(facts.Offered(BEN, LATER))
    declined = story.goes(facts.Declined(BEN))
    assert declined.session.state == SessionState.QUEUED
    assert declined.session.leaving_agent_id == ADA
    assert declined.conversation.assignee_id == ADA
    assert declined.say is None


def test_the_agent_who_hands_over_is_not_offered_the_session() -> None:
    story = warm(TO_QUEUE)
    assert story.refuses(facts.Offered(ADA, LATER)).code == NackCode.INVALID


def test_a_lost_agent_ends_their_side_of_a_warm_transfer() -> None:
    waiting = warm(TO_QUEUE).goes(facts.AgentLost(ADA))
    assert waiting.session.state == SessionState.QUEUED
    assert waiting.conversation.holder == Floor.NONE
    assert told(waiting) == [("handoff", "queued"), ("participant", "left")]
    beside = warm_and_accepted().goes(facts.AgentLost(ADA))
    assert beside.conversation.assignee_id == BEN
    assert told(beside) == [("handoff", "active"), ("participant", "left")]


def test_a_new_agent_who_is_lost_before_speaking_gives_the_session_back() -> None:
    lost = warm_and_accepted().goes(facts.AgentLost(BEN))
    assert (lost.session.state, lost.session.agent_id) == (SessionState.ACTIVE, ADA)
    assert lost.conversation.assignee_id == ADA
    assert lost.say == Say.BACK_WITH_AGENT
    assert told(lost) == [("handoff", "active"), ("participant", "left")]


def test_the_colleague_who_is_asked_in_passing_may_be_replaced() -> None:
    story = warm()
    other = story.goes(transfer(to_agent(CAT), TransferMode.WARM))
    assert other.session.offer == facts.Offer(CAT, LATER, direct=True)
    assert other.session.leaving_agent_id == ADA
    assert other.offer_result == OfferResult.RESCINDED


def test_a_second_transfer_ends_the_first() -> None:
    moved = warm_and_accepted().goes(transfer(to_agent(CAT), TransferMode.WARM, Actor(BEN)))
    assert moved.session.leaving_agent_id == BEN
    assert told(moved) == [("handoff", "offered"), ("participant", "left")]


def test_assigning_a_session_ends_a_warm_transfer() -> None:
    assigned = warm_and_accepted().goes(facts.Assigned(CAT, SENIOR))
    assert (assigned.session.agent_id, assigned.session.leaving_agent_id) == (CAT, None)
    assert told(assigned)[1:] == [
        ("participant", "left"),
        ("participant", "left"),
        ("participant", "joined"),
    ]


def test_resolving_ends_a_warm_transfer() -> None:
    resolved = warm_and_accepted().goes(facts.Resolved(Actor(BEN), WRAP_UP))
    assert resolved.session.leaving_agent_id is None
    assert ("participant", "left") in told(resolved)


def test_who_hands_over_answers_without_taking_over() -> None:
    warm(TO_QUEUE).ignores(facts.TakenOver(ADA))


def test_a_waiting_session_may_be_moved_by_any_agent() -> None:
    story = offered()
    moved = story.goes(transfer(TO_QUEUE, TransferMode.WARM, Actor(BEN)))
    assert moved.session.queue_id == OTHER_QUEUE
    assert moved.session.leaving_agent_id is None
    assert moved.offer_result == OfferResult.RESCINDED
    assert moved.conversation.holder == Floor.BOT


@pytest.mark.parametrize(
    "unfit",
    [
        transfer(to_agent(ADA)),
        transfer(to_agent(ADA), by=SENIOR),
        transfer(to_agent(CAT), by=SENIOR),
        transfer(facts.ToAgent(BEN, LATER, reachable=False)),
        transfer(facts.ToQueue(OTHER_QUEUE, members=0)),
        transfer(facts.ToTeam(TEAM, QUEUE, members=0)),
    ],
    ids=["oneself", "its agent", "the senior", "offline agent", "empty queue", "empty team"],
)
def test_a_transfer_needs_somebody_else_who_can_answer(unfit: facts.Transferred) -> None:
    story = active()
    assert story.refuses(unfit).code == NackCode.INVALID
    assert story.session is not None
    assert story.session.state == SessionState.ACTIVE


def test_a_finished_session_is_not_transferred() -> None:
    story = queued()
    story.goes(facts.CancelledByCustomer(Actor(CUSTOMER)))
    assert story.refuses(transfer(TO_QUEUE)).code == NackCode.CONVERSATION_CLOSED
