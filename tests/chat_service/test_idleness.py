"""When a silent customer is asked, and when their session ends: pure rules under a virtual clock."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chat_service import session_facts as facts
from chat_service.idleness import OVER, WAITING, Policy, Signs, Verdict, judge, quiet_since
from chat_service.session_facts import CustomerGone, CustomerIdle, Session
from chorus.wire.common import SessionState
from tests.chat_service.session_story import ID, NOW, Story, active, queued

POLICY = Policy()
SECONDS = st.integers(0, 4_000)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def session_of(story: Story) -> Session:
    assert story.session is not None
    return story.session


ANSWERED = session_of(active())


def live(signs: Signs, until_s: int, *, step_s: int = 1) -> list[tuple[int, facts.Happening]]:
    """Look whenever the verdict says so, as the timer does, and say what happened when."""
    story, happened, look_s = active(), [], 15
    while look_s <= until_s:
        verdict = judge(session_of(story), signs, POLICY, now=at(look_s))
        if verdict.happening is not None:
            happened.append((look_s, verdict.happening))
            story.goes(verdict.happening, now=at(look_s))
        if verdict.look_at is None:
            break
        assert verdict.look_at > at(look_s), "the timer would spin"
        look_s = max(look_s + step_s, round((verdict.look_at - NOW).total_seconds()))
    return happened


def test_a_silent_customer_is_asked_after_5_minutes_and_let_go_after_15() -> None:
    signs = Signs(wrote_at=at(-60), answered_at=at(0))
    assert live(signs, 4_000) == [(300, CustomerIdle(at(0))), (900, CustomerGone())]


def test_who_waits_for_an_answer_is_never_idle() -> None:
    assert live(Signs(wrote_at=at(10)), 20_000) == []
    assert live(Signs(), 20_000) == []


def test_typing_is_a_sign() -> None:
    signs = Signs(answered_at=at(0), typed_at=at(200))
    assert live(signs, 4_000) == [(500, CustomerIdle(at(200))), (1_100, CustomerGone())]


def test_who_left_is_gone_whoever_was_to_speak() -> None:
    signs = Signs(wrote_at=at(10), left_at=at(100))
    assert live(signs, 4_000) == [(400, CustomerIdle(at(100))), (1_000, CustomerGone())]


def test_who_was_asked_late_has_as_long_to_answer() -> None:
    signs = Signs(answered_at=at(0))
    asked = replace(ANSWERED, idle_asked_at=at(5_000))
    assert judge(asked, signs, POLICY, now=at(5_500)).happening is None
    assert judge(asked, signs, POLICY, now=at(5_600)).happening == CustomerGone()


def test_a_word_ends_the_silence_and_the_next_one_is_asked_about_anew() -> None:
    asked = replace(ANSWERED, idle_asked_at=at(300))
    wrote = Signs(wrote_at=at(899))
    assert judge(asked, wrote, POLICY, now=at(900)).happening is None
    again = Signs(wrote_at=at(899), answered_at=at(950))
    assert judge(asked, again, POLICY, now=at(1_249)).happening is None
    assert judge(asked, again, POLICY, now=at(1_250)).happening == CustomerIdle(at(950))


def test_who_waits_and_left_is_kept_their_place_for_a_while() -> None:
    waiting = session_of(queued())
    assert judge(waiting, Signs(), POLICY, now=at(9_000)).happening is None
    left = Signs(left_at=at(100))
    assert judge(waiting, left, POLICY, now=at(999)).happening is None
    assert judge(waiting, left, POLICY, now=at(1_000)).happening == CustomerGone()


def test_the_queue_says_how_long_and_whether_the_bot_goes_on() -> None:
    short = Policy(timedelta(seconds=10), timedelta(seconds=30), to_bot=True)
    signs = Signs(answered_at=at(0))
    assert judge(ANSWERED, signs, short, now=at(10)).happening == CustomerIdle(at(0))
    asked = replace(ANSWERED, idle_asked_at=at(10))
    assert judge(asked, signs, short, now=at(30)).happening == CustomerGone(to_bot=True)


@pytest.mark.parametrize("state", sorted(OVER))
def test_what_is_over_is_looked_at_no_more(state: SessionState) -> None:
    verdict = judge(replace(ANSWERED, state=state), Signs(), POLICY, now=at(0))
    assert (verdict.happening, verdict.look_at) == (None, None)


def test_a_deferred_session_waits_for_its_customer_for_ever() -> None:
    deferred = Story()
    deferred.goes(facts.Escalated(ID, facts.Actor(None)), facts.Deferred({}))
    left = Signs(left_at=at(0))
    verdict = judge(session_of(deferred), left, POLICY, now=at(100_000))
    assert (verdict.happening, verdict.look_at) == (None, at(100_300))


MOMENTS = st.none() | SECONDS.map(at)
SIGNS = st.builds(Signs, MOMENTS, MOMENTS, MOMENTS, MOMENTS)
STATES = st.sampled_from([*sorted(WAITING), SessionState.ACTIVE, SessionState.DEFERRED])


@given(signs=SIGNS, state=STATES, now_s=SECONDS, asked=MOMENTS)
def test_nobody_is_let_go_who_gave_a_sign_within_the_time(
    signs: Signs, state: SessionState, now_s: int, asked: datetime | None
) -> None:
    now, session = at(now_s), replace(ANSWERED, state=state, idle_asked_at=asked)
    past = (asked, signs.wrote_at, signs.answered_at, signs.typed_at, signs.left_at)
    assume(all(one is None or one <= now for one in past))
    verdict = judge(session, signs, POLICY, now=now)
    recent: Callable[[timedelta], bool] = lambda within: any(  # noqa: E731
        sign is not None and sign + within > now for sign in (signs.wrote_at, signs.typed_at)
    )
    if isinstance(verdict.happening, CustomerGone):
        assert not recent(POLICY.ends_after)
        assert state != SessionState.ACTIVE or asked is not None
        assert verdict.look_at is None
    elif isinstance(verdict.happening, CustomerIdle):
        assert not recent(POLICY.asks_after)
        assert verdict.happening.since == quiet_since(session, signs)
    if verdict.look_at is not None:
        assert now < verdict.look_at <= now + POLICY.asks_after


@pytest.mark.parametrize("state", sorted(OVER))
def test_a_session_that_is_over_needs_no_look(state: SessionState) -> None:
    over = replace(ANSWERED, state=state)
    assert judge(over, Signs(), POLICY, now=at(9_000)) == Verdict(None, None)


@pytest.mark.parametrize("choice", ["message", "callback"])
def test_who_left_a_message_may_leave(choice: str) -> None:
    left = replace(session_of(queued()), options={"chosen": choice})
    gone = Signs(wrote_at=at(0), left_at=at(10))
    assert judge(left, gone, POLICY, now=at(9_000)) == Verdict(None, at(9_300))
