"""What becomes of customers nobody comes to, and of the teams and choices in their way."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from chat_service import session_facts as facts
from chat_service.deferral import Deferral, Why, chosen_later, options_of
from chat_service.idleness import Policy, Signs, judge
from chat_service.routing_plan import happening
from chat_service.session_facts import Actor, Reason, Say, TransferMode
from chat_service.sessions import step
from chorus.wire.common import Floor, SessionState
from tests.chat_service.session_story import (
    ADA,
    BEN,
    CUSTOMER,
    LATER,
    NOW,
    OTHER_QUEUE,
    QUEUE,
    TEAM,
    Story,
    active,
    queued,
    reason_of,
    told,
    transfer,
    warm,
)

TO_TEAM = facts.ToTeam(TEAM, QUEUE, members=1)
PUT_OFF = facts.Deferred(options_of(Deferral(Why.NOBODY_THERE), has_bot=True))
ASKED = facts.WaitedLong(options_of(Deferral(Why.WAITED_LONG, waits=True), has_bot=False))


def for_team(mode: TransferMode = TransferMode.BLIND) -> Story:
    story = active()
    story.goes(transfer(TO_TEAM, mode))
    assert story.conversation.team_id == TEAM
    return story


def test_a_team_that_does_not_come_is_given_up_in_the_same_place() -> None:
    story = for_team()
    before = story.session
    given_up = story.goes(facts.TeamGone(TEAM), now=LATER)
    assert (told(given_up), given_up.say) == ([("handoff", "queued")], None)
    assert reason_of(given_up) == Reason.TEAM_GONE
    assert (story.session, story.conversation.team_id) == (before, None)
    story.ignores(facts.TeamGone(TEAM))


def test_a_warm_transfer_to_a_team_that_does_not_come_goes_back() -> None:
    story = for_team(TransferMode.WARM)
    back = story.goes(facts.TeamGone(TEAM))
    assert (back.session.state, back.session.agent_id) == (SessionState.ACTIVE, ADA)
    assert (back.say, back.conversation.team_id) == (Say.BACK_WITH_AGENT, None)


@pytest.mark.parametrize(
    "leaves",
    [
        facts.Queued(OTHER_QUEUE, Reason.OVERFLOW),
        facts.QueueGone(QUEUE, OTHER_QUEUE),
        PUT_OFF,
    ],
    ids=["overflows", "its queue is gone", "is put off"],
)
def test_a_team_is_asked_in_one_queue_only(leaves: facts.Happening) -> None:
    story = for_team()
    assert story.goes(leaves).conversation.team_id is None


def test_a_new_wish_has_nothing_to_do_with_the_team_of_the_last() -> None:
    story = for_team()
    cancelled = story.goes(facts.CancelledByCustomer(Actor(CUSTOMER)))
    assert cancelled.conversation.team_id == TEAM
    again = story.goes(facts.Escalated(UUID(int=999), Actor(CUSTOMER)))
    assert again.conversation.team_id is None


def test_who_waited_too_long_keeps_their_place_and_is_told_once() -> None:
    story = queued()
    before = story.session
    assert before is not None
    asked = story.goes(ASKED)
    assert (asked.say, reason_of(asked)) == (Say.WAITED_LONG, Reason.WAITED_LONG)
    assert asked.session == replace(before, options=ASKED.options)
    assert asked.records[0].data({})["options"] == ["wait", "message", "callback"]
    story.ignores(ASKED)
    offered = story.goes(facts.Offered(ADA, LATER))
    assert "options" not in offered.records[0].data({})
    assert story.goes(facts.Declined(ADA)).session.state == SessionState.QUEUED
    story.ignores(ASKED)


def test_a_warm_transfer_nobody_takes_for_too_long_goes_back() -> None:
    story = warm(facts.ToQueue(QUEUE, members=1))
    back = story.goes(ASKED)
    assert (back.session.agent_id, back.say) == (ADA, Say.BACK_WITH_AGENT)
    assert back.session.options is None


def test_who_chose_not_to_wait_hears_that_and_keeps_what_they_left() -> None:
    story = queued()
    assert story.session is not None
    story.session = replace(story.session, options={"contact": {"phone": "1"}, "chosen": "wait"})
    put_off = story.goes(chosen_later("callback", has_bot=True))
    assert (put_off.say, reason_of(put_off)) == (Say.NOTED, Reason.CHOSE_LATER)
    assert put_off.conversation.holder == Floor.BOT
    assert put_off.session.options == {
        "options": ["message", "callback", "bot"],
        "why": "chosen",
        "chosen": "callback",
        "contact": {"phone": "1"},
    }
    story.goes(facts.Offered(ADA, LATER))
    accepted = story.goes(facts.Accepted(ADA))
    assert accepted.session.options == {"chosen": "callback", "contact": {"phone": "1"}}


def test_who_was_put_off_stays_so_while_agents_are_asked() -> None:
    story = queued()
    story.goes(PUT_OFF, facts.Offered(ADA, LATER))
    moved = story.goes(facts.QueueGone(QUEUE, OTHER_QUEUE))
    assert (moved.session.state, moved.say) == (SessionState.DEFERRED, None)
    handed = story.goes(transfer(facts.ToQueue(QUEUE, members=1), by=Actor(BEN)))
    assert (handed.session.state, handed.session.queue_id) == (SessionState.DEFERRED, QUEUE)
    back_in_line = story.goes(facts.Queued(QUEUE, Reason.OPEN_AGAIN))
    assert not back_in_line.session.is_put_off


@pytest.mark.parametrize(
    ("deferral", "expected"),
    [
        (Deferral(Why.CLOSED), Reason.NOBODY_THERE),
        (Deferral(Why.WAITED_LONG), Reason.WAITED_LONG),
    ],
)
def test_why_somebody_is_put_off_is_told(deferral: Deferral, expected: Reason) -> None:
    then = happening(deferral, has_bot=False)
    assert isinstance(then, facts.Deferred)
    assert then.reason == expected
    assert isinstance(happening(replace(deferral, waits=True), has_bot=False), facts.WaitedLong)


GONE = Signs(left_at=NOW)
LONG_AFTER = NOW + timedelta(days=1)


@pytest.mark.parametrize("wish", [PUT_OFF, chosen_later("message", has_bot=False)])
def test_who_need_not_wait_may_leave_while_agents_are_asked(wish: facts.Deferred) -> None:
    story = queued()
    story.goes(wish, facts.Offered(ADA, LATER))
    assert story.session is not None
    assert judge(story.session, GONE, Policy(), now=LONG_AFTER).happening is None


def test_what_somebody_left_is_answered_though_its_agent_is_lost() -> None:
    story = queued()
    story.goes(chosen_later("message", has_bot=False), facts.Offered(ADA, LATER))
    story.goes(facts.Accepted(ADA), facts.AgentLost(ADA))
    session = story.session
    assert session is not None
    assert session.state == SessionState.QUEUED
    assert judge(session, GONE, Policy(), now=LONG_AFTER).happening is None
    answered = replace(GONE, answered_at=NOW)
    gone = judge(session, answered, Policy(), now=LONG_AFTER).happening
    assert isinstance(gone, facts.CustomerGone)
    waits = replace(session, options={"chosen": "wait"})
    assert judge(waits, GONE, Policy(), now=LONG_AFTER).happening == gone


def test_no_step_is_taken_for_a_team_of_a_session_that_is_answered() -> None:
    story = active()
    result = step(story.session, story.conversation, facts.TeamGone(TEAM), now=NOW)
    assert result == story.refuses(facts.TeamGone(TEAM))
