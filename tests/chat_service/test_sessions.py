"""What becomes of a live-chat session: DESIGN §6, fact by fact."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from chat_service import session_facts as facts
from chat_service.session_facts import (
    SYSTEM,
    Actor,
    Happening,
    OfferResult,
    Reason,
    Say,
    Session,
    TransferMode,
)
from chorus.codes import NackCode
from chorus.wire.common import ConversationStatus, Floor, SessionState
from tests.chat_service.session_story import (
    ADA,
    BEN,
    CAT,
    CUSTOMER,
    ID,
    LATER,
    NOW,
    OTHER_QUEUE,
    QUEUE,
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


def test_an_escalation_is_asked_for_and_then_queued() -> None:
    story = Story()
    asked = story.goes(facts.Escalated(ID, Actor(CUSTOMER)))
    assert asked.session.state == SessionState.REQUESTED
    placed = story.goes(facts.Queued(QUEUE, position=3, eta_s=60))
    assert placed.say == Say.LOOKING
    assert placed.conversation == asked.conversation
    assert placed.records[0].data({QUEUE: "Support"}) == {
        "state": "queued",
        "session": str(ID),
        "reason": "placed",
        "queue": "Support",
        "position": 3,
        "eta_s": 60,
        "floor": {"holder": "bot", "epoch": 1},
    }


def test_nothing_happens_to_a_session_that_is_not_there() -> None:
    assert Story().refuses(facts.Claimed(ADA)).code == NackCode.NOT_FOUND


def test_a_second_escalation_finds_the_open_session() -> None:
    story = offered()
    story.ignores(facts.Escalated(UUID(int=99), Actor(CUSTOMER)))


def test_a_new_escalation_may_follow_a_finished_one() -> None:
    story = queued()
    story.goes(facts.CancelledByCustomer(Actor(CUSTOMER)))
    again = story.goes(facts.Escalated(UUID(int=99), Actor(CUSTOMER)))
    assert again.session == Session(UUID(int=99), SessionState.REQUESTED, NOW)


def test_a_closed_conversation_takes_no_escalation() -> None:
    story = active()
    story.goes(facts.Resolved(Actor(ADA), timedelta()))
    refused = story.refuses(facts.Escalated(UUID(int=99), Actor(CUSTOMER)))
    assert refused.code == NackCode.CONVERSATION_CLOSED


def test_an_accept_gives_session_and_floor_to_the_agent() -> None:
    accepted = offered().goes(facts.Accepted(ADA))
    assert accepted.session.state == SessionState.ACTIVE
    assert accepted.session.agent_id == ADA
    assert accepted.session.accepted_at == accepted.session.started_at == NOW
    conversation = accepted.conversation
    assert (conversation.holder, conversation.epoch) == (Floor.HUMAN, 2)
    assert conversation.assignee_id == ADA
    assert accepted.offer_result == OfferResult.ACCEPTED
    assert accepted.say == Say.AGENT_JOINED
    assert told(accepted) == [("handoff", "active"), ("participant", "joined")]


def test_of_two_who_accept_the_second_learns_who_won() -> None:
    story = active()
    story.ignores(facts.Accepted(ADA))
    refused = story.refuses(facts.Accepted(BEN))
    assert (refused.code, refused.holder) == (NackCode.ALREADY_ASSIGNED, ADA)


@pytest.mark.parametrize("answer", [facts.Accepted(BEN), facts.Declined(BEN)])
def test_an_offer_is_answered_by_whom_it_was_made_to(answer: Happening) -> None:
    refused = offered().refuses(answer)
    assert (refused.code, refused.holder) == (NackCode.ALREADY_ASSIGNED, ADA)


def test_the_first_reply_of_the_asked_agent_accepts() -> None:
    replied = offered().goes(facts.TakenOver(ADA))
    assert replied.offer_result == OfferResult.ACCEPTED
    assert replied.session.agent_id == ADA
    assert reason_of(replied) == Reason.FIRST_REPLY


def test_the_reply_of_another_agent_takes_over_and_rescinds_the_offer() -> None:
    replied = offered().goes(facts.TakenOver(BEN))
    assert replied.offer_result == OfferResult.RESCINDED
    assert replied.session.agent_id == BEN
    assert reason_of(replied) == Reason.TAKEN_OVER


def test_a_floor_that_the_message_took_already_is_not_raised_again() -> None:
    story = queued()
    story.conversation = replace(story.conversation, holder=Floor.HUMAN, epoch=2, assignee_id=ADA)
    replied = story.goes(facts.TakenOver(ADA))
    assert replied.conversation.epoch == 2
    assert told(replied) == [("handoff", "active")]


def test_an_active_session_is_not_taken_over_by_speaking() -> None:
    story = active()
    story.ignores(facts.TakenOver(ADA))
    assert story.refuses(facts.TakenOver(BEN)).code == NackCode.ALREADY_ASSIGNED


@pytest.mark.parametrize(
    ("happening", "reason", "result"),
    [
        (facts.Declined(ADA), Reason.DECLINED, OfferResult.DECLINED),
        (facts.OfferExpired(), Reason.OFFER_EXPIRED, OfferResult.EXPIRED),
        (facts.AgentLost(ADA), Reason.AGENT_LOST, OfferResult.RESCINDED),
    ],
)
def test_a_failed_offer_goes_back_with_its_age_and_without_the_agent(
    happening: Happening, reason: Reason, result: OfferResult
) -> None:
    back = offered().goes(happening, now=LATER)
    assert back.session.state == SessionState.QUEUED
    assert back.session.requested_at == back.session.queued_at == NOW
    assert back.session.excluded == {ADA}
    assert back.session.offer is None
    assert (reason_of(back), back.offer_result, back.say) == (reason, result, Say.STILL_LOOKING)


def test_a_rescinded_offer_may_be_made_to_the_same_agent_again() -> None:
    story = offered()
    back = story.goes(facts.OfferRescinded())
    assert back.offer_result == OfferResult.RESCINDED
    assert back.session.excluded == frozenset()
    story.goes(facts.Offered(ADA, LATER))


def test_an_offer_carries_when_it_was_made_and_until_when_it_stands() -> None:
    held_out = queued().goes(facts.Offered(ADA, LATER + WRAP_UP), now=LATER)
    assert held_out.session.offered_at == LATER
    assert held_out.session.offer == facts.Offer(ADA, LATER + WRAP_UP)


def test_a_timer_that_comes_before_the_moved_deadline_changes_nothing() -> None:
    offered().ignores(facts.OfferExpired(), now=LATER - timedelta(milliseconds=1))


def test_an_excluded_agent_is_not_offered_the_session() -> None:
    story = offered()
    story.goes(facts.Declined(ADA))
    assert story.refuses(facts.Offered(ADA, LATER)).code == NackCode.INVALID


def test_an_accept_after_the_timeout_comes_too_late() -> None:
    story = offered()
    story.goes(facts.OfferExpired(), now=LATER)
    assert story.refuses(facts.Accepted(ADA)).code == NackCode.STALE_FLOOR


def test_a_lost_agent_leaves_the_floor_to_nobody() -> None:
    lost = active().goes(facts.AgentLost(ADA), now=LATER)
    assert lost.session.state == SessionState.QUEUED
    assert (lost.session.requested_at, lost.session.queued_at) == (NOW, LATER)
    assert lost.session.agent_id is None
    assert lost.session.excluded == {ADA}
    conversation = lost.conversation
    assert (conversation.holder, conversation.epoch) == (Floor.NONE, 3)
    assert conversation.assignee_id is None
    assert told(lost) == [("handoff", "queued"), ("participant", "left")]
    assert lost.say == Say.AGENT_LOST


def test_a_lost_bystander_changes_nothing() -> None:
    offered().ignores(facts.AgentLost(CAT))
    story = active()
    story.goes(facts.Resolved(Actor(ADA), WRAP_UP))
    story.ignores(facts.AgentLost(ADA))


def test_an_agent_lost_who_had_the_floor_before_the_escalation_gives_it_up() -> None:
    story = queued()
    story.conversation = replace(story.conversation, holder=Floor.HUMAN, assignee_id=ADA)
    lost = story.goes(facts.AgentLost(ADA))
    assert lost.session.state == SessionState.QUEUED
    assert lost.conversation.holder == Floor.NONE


def test_the_first_acceptance_is_remembered_over_a_requeue() -> None:
    story = active()
    story.goes(facts.AgentLost(ADA))
    again = story.goes(facts.Claimed(BEN), now=LATER)
    assert again.session.accepted_at == NOW


@pytest.mark.parametrize("make", [queued, offered])
def test_a_waiting_session_can_be_claimed_once(make: Callable[[], Story]) -> None:
    story = make()
    claimed = story.goes(facts.Claimed(BEN))
    assert claimed.session.agent_id == BEN
    for agent in (ADA, BEN):
        refused = story.refuses(facts.Claimed(agent))
        assert (refused.code, refused.holder) == (NackCode.ALREADY_ASSIGNED, BEN)


def test_an_agent_who_declined_may_still_claim() -> None:
    story = offered()
    story.goes(facts.Declined(ADA))
    claimed = story.goes(facts.Claimed(ADA))
    assert claimed.session.excluded == frozenset()


def test_only_its_agent_or_a_senior_assigns_an_active_session() -> None:
    story = active()
    assert story.refuses(facts.Assigned(BEN, Actor(BEN))).holder == ADA
    assigned = story.goes(facts.Assigned(BEN, Actor(CAT, senior=True)))
    assert assigned.conversation.assignee_id == BEN
    assert told(assigned)[1:] == [("participant", "left"), ("participant", "joined")]
    story.ignores(facts.Assigned(BEN, Actor(BEN)))


def test_overflow_moves_a_waiting_session_once() -> None:
    story = queued()
    moved = story.goes(facts.Queued(OTHER_QUEUE, Reason.OVERFLOW))
    assert (moved.session.queue_id, moved.say) == (OTHER_QUEUE, None)
    story.ignores(facts.Queued(OTHER_QUEUE, Reason.OVERFLOW))


def test_whose_queue_is_deleted_waits_in_another_with_the_same_age() -> None:
    story = offered()
    gone = story.goes(facts.QueueGone(QUEUE, OTHER_QUEUE), now=LATER)
    assert gone.session.state == SessionState.QUEUED
    assert (gone.session.queue_id, gone.session.requested_at) == (OTHER_QUEUE, NOW)
    assert (gone.offer_result, gone.say) == (OfferResult.RESCINDED, Say.STILL_LOOKING)
    assert ADA not in gone.session.excluded
    story.ignores(facts.QueueGone(QUEUE, OTHER_QUEUE))


def test_where_no_queue_is_left_nobody_can_come() -> None:
    gone = queued(has_bot=False).goes(facts.QueueGone(QUEUE, None))
    assert (gone.session.state, gone.session.queue_id) == (SessionState.DEFERRED, None)
    assert (gone.session.options or {})["options"] == ["message", "callback"]
    assert gone.say == Say.LEAVE_MESSAGE
    handing_over = warm(facts.ToQueue(QUEUE, members=1))
    back = handing_over.goes(facts.QueueGone(QUEUE, None))
    assert (back.session.state, back.session.agent_id) == (SessionState.ACTIVE, ADA)


def test_who_could_not_be_answered_there_is_deferred_elsewhere() -> None:
    story = queued()
    story.goes(facts.Deferred({"why": "closed"}))
    gone = story.goes(facts.QueueGone(QUEUE, OTHER_QUEUE))
    assert (gone.session.state, gone.session.queue_id) == (SessionState.DEFERRED, OTHER_QUEUE)
    assert (gone.session.options, gone.say) == ({"why": "closed"}, None)


def test_a_named_colleague_keeps_the_offer_of_a_deleted_queue() -> None:
    story = active()
    story.goes(transfer(to_agent()))
    story.ignores(facts.QueueGone(QUEUE, OTHER_QUEUE))


def test_resolving_closes_the_conversation_and_leaves_time_to_wrap_up() -> None:
    story = active()
    resolved = story.goes(facts.Resolved(Actor(ADA), WRAP_UP))
    assert resolved.session.state == SessionState.WRAP_UP
    assert resolved.session.wrap_up_until == NOW + WRAP_UP
    assert told(resolved) == [("handoff", "wrap_up"), ("conversation.closed", "")]
    story.ignores(facts.WrapUpOver())
    over = story.goes(facts.WrapUpOver(), now=NOW + WRAP_UP)
    assert (over.session.state, over.session.ended_at) == (SessionState.ENDED, NOW + WRAP_UP)
    assert over.session.end_reason == Reason.WRAPPED_UP


def test_resolving_without_wrap_up_ends_at_once() -> None:
    resolved = active().goes(facts.Resolved(Actor(ADA), timedelta()))
    assert (resolved.session.state, resolved.session.ended_at) == (SessionState.ENDED, NOW)


def test_an_agent_ends_their_own_wrap_up_early() -> None:
    story = active()
    story.goes(facts.Resolved(Actor(ADA), WRAP_UP))
    assert story.refuses(facts.WrapUpOver(Actor(BEN))).holder == ADA
    assert story.goes(facts.WrapUpOver(Actor(ADA))).session.state == SessionState.ENDED


def test_reopening_during_wrap_up_goes_on_with_the_same_agent() -> None:
    story = active()
    story.goes(facts.Resolved(Actor(ADA), WRAP_UP))
    reopened = story.goes(facts.Reopened(Actor(ADA)))
    assert reopened.session.state == SessionState.ACTIVE
    assert reopened.session.wrap_up_until is None
    assert told(reopened) == [("handoff", "active"), ("conversation.updated", "open")]


def test_resolving_twice_is_refused() -> None:
    story = active()
    story.goes(facts.Resolved(Actor(ADA), timedelta()))
    assert story.refuses(facts.Resolved(Actor(ADA), timedelta())).code == (
        NackCode.CONVERSATION_CLOSED
    )


def test_a_session_that_nobody_accepted_has_nothing_to_wrap_up() -> None:
    resolved = offered().goes(facts.Resolved(Actor(BEN), WRAP_UP))
    assert resolved.session.state == SessionState.ENDED
    assert resolved.offer_result == OfferResult.RESCINDED


@pytest.mark.parametrize(
    "happening",
    [
        facts.Resolved(Actor(BEN), WRAP_UP),
        facts.ReturnedToBot(Actor(BEN)),
        facts.Transferred(to_agent(CAT), TransferMode.BLIND, Actor(BEN)),
    ],
)
def test_a_colleague_decides_nothing_about_an_active_session(happening: Happening) -> None:
    refused = active().refuses(happening)
    assert (refused.code, refused.holder) == (NackCode.ALREADY_ASSIGNED, ADA)


def test_a_cancelled_offer_is_rescinded() -> None:
    cancelled = offered().goes(facts.CancelledByCustomer(Actor(CUSTOMER)))
    assert cancelled.session.state == SessionState.CANCELLED
    assert cancelled.offer_result == OfferResult.RESCINDED
    assert cancelled.say == Say.CANCELLED


def test_after_a_cancelled_wait_the_bot_speaks_again_where_nobody_did() -> None:
    story = active()
    story.goes(facts.AgentLost(ADA))
    cancelled = story.goes(facts.CancelledByCustomer(Actor(CUSTOMER)))
    assert (cancelled.conversation.holder, cancelled.conversation.epoch) == (Floor.BOT, 4)
    assert (
        queued(has_bot=False).goes(facts.CancelledByCustomer(Actor(CUSTOMER))).conversation.holder
        == Floor.NONE
    )


def test_an_answered_session_cannot_be_cancelled() -> None:
    refused = active().refuses(facts.CancelledByCustomer(Actor(CUSTOMER)))
    assert refused.code == NackCode.ALREADY_ASSIGNED


def test_a_customer_who_goes_while_offered_ends_the_session() -> None:
    gone = offered().goes(facts.CustomerGone())
    assert (gone.session.state, gone.session.end_reason) == (
        SessionState.ENDED,
        Reason.CUSTOMER_GONE,
    )
    assert gone.offer_result == OfferResult.RESCINDED
    assert gone.records[-1].data({}) == {"csat": False}


def test_a_customer_who_goes_may_be_left_to_the_bot() -> None:
    gone = active().goes(facts.CustomerGone(to_bot=True))
    assert gone.session.state == SessionState.ENDED
    assert gone.conversation.status == ConversationStatus.OPEN
    assert gone.conversation.holder == Floor.BOT
    story = queued(has_bot=False)
    assert story.goes(facts.CustomerGone(to_bot=True)).conversation.status == (
        ConversationStatus.CLOSED
    )


def test_returning_to_the_bot_ends_the_session_and_not_the_conversation() -> None:
    back = active().goes(facts.ReturnedToBot(Actor(ADA)))
    assert back.session.state == SessionState.ENDED
    conversation = back.conversation
    assert (conversation.holder, conversation.epoch) == (Floor.BOT, 3)
    assert conversation.assignee_id is None
    assert conversation.status == ConversationStatus.OPEN
    assert told(back) == [("handoff", "ended"), ("participant", "left")]


def test_nothing_returns_to_a_bot_that_is_not_there() -> None:
    refused = queued(has_bot=False).refuses(facts.ReturnedToBot(SYSTEM))
    assert refused.code == NackCode.INVALID


def test_a_deferred_session_forgets_who_declined_and_is_picked_up_later() -> None:
    story = offered()
    story.goes(facts.Declined(ADA))
    deferred = story.goes(facts.Deferred({"email": "a@b.example"}))
    assert deferred.session.state == SessionState.DEFERRED
    assert deferred.session.excluded == frozenset()
    assert deferred.session.options == {"email": "a@b.example"}
    picked_up = story.goes(facts.DeferredPickedUp(ADA))
    assert (picked_up.session.state, picked_up.session.agent_id) == (SessionState.ACTIVE, ADA)


def test_deferring_takes_an_open_offer_back() -> None:
    deferred = offered().goes(facts.Deferred({}))
    assert deferred.session.offer is None
    assert deferred.offer_result == OfferResult.RESCINDED


def test_a_deferred_session_may_be_queued_again() -> None:
    story = queued()
    story.goes(facts.Deferred({}))
    again = story.goes(facts.Queued(QUEUE, Reason.OPEN_AGAIN))
    assert (again.session.options, again.say) == (None, Say.LOOKING)


def test_a_failed_session_holds_neither_agent_nor_offer() -> None:
    failed = active().goes(facts.Failed())
    assert failed.session.state == SessionState.FAILED
    assert failed.conversation.assignee_id is None
    assert failed.conversation.holder == Floor.BOT


def test_a_silent_customer_is_asked_once_in_each_silence() -> None:
    story = active()
    assert story.goes(facts.CustomerIdle(NOW), now=LATER).say == Say.STILL_THERE
    story.ignores(facts.CustomerIdle(NOW), now=LATER)
    silent_again = LATER + timedelta(seconds=1)
    assert story.goes(facts.CustomerIdle(silent_again)).say == Say.STILL_THERE
