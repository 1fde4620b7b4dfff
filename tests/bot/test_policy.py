"""Each row of the table alone, hard rules before it, and what must hold for any turn."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ai.intent.matters import MATTERS
from bot.features import TurnFeatures
from bot.policy import SEVERITY, Action, BadPolicy, Policy, Reason, decide

TABLE = Policy()
SURE = TurnFeatures(confidence=0.9)


def decided(**facts: Any) -> tuple[Action, int]:
    decision = decide(replace(SURE, **facts), TABLE)
    return decision.action, decision.score


def test_who_is_sure_answers() -> None:
    assert decided() == (Action.ANSWER, 0)
    assert decided(confidence=0.45) == (Action.ANSWER, 0)
    assert decided(confidence=0.0, smalltalk=True) == (Action.SMALLTALK, 0)


def test_who_is_not_asks_back_once_and_then_calls_a_person() -> None:
    assert decided(confidence=0.44) == (Action.CLARIFY, 30)
    again = decide(replace(SURE, confidence=0.44, clarifications=1), TABLE)
    assert (again.action, again.reasons) == (Action.HANDOFF, (Reason.LOW_CONFIDENCE,))
    assert decided(confidence=0.44, clarifications=2) == (Action.HANDOFF, 65)
    assert decided(confidence=0.44, unresolved=1) == (Action.OFFER, 45)
    assert decided(confidence=0.44, unresolved=2) == (Action.HANDOFF, 60)
    assert decided(confidence=0.44, unresolved=3) == (Action.HANDOFF, 60)


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"mood": -0.5}, (Action.OFFER, 50)),
        ({"mood": -0.49}, (Action.ANSWER, 0)),
        ({"mood_mean": -0.35}, (Action.ANSWER, 25)),
        ({"mood": -0.6, "mood_mean": -0.4}, (Action.HANDOFF, 75)),
        ({"repetition": 0.6, "bot_turns": 2}, (Action.ANSWER, 35)),
        ({"repetition": 0.9, "bot_turns": 1}, (Action.ANSWER, 0)),
        ({"failed_remedies": 2}, (Action.ANSWER, 40)),
        ({"failed_remedies": 2, "mood_mean": -0.4}, (Action.HANDOFF, 65)),
        ({"unresolved": 4}, (Action.ANSWER, 30)),
        ({"bot_turns": 12}, (Action.HANDOFF, 60)),
        ({"matters": frozenset({"privacy"})}, (Action.OFFER, 45)),
        ({"matters": frozenset({"churn", "sensitive"})}, (Action.HANDOFF, 65)),
        ({"matters": frozenset({"sensitive"})}, (Action.ANSWER, 20)),
        ({"confidence": 0.1, "degraded": True}, (Action.OFFER, 50)),
        ({"degraded": True}, (Action.ANSWER, 0)),
        ({"wordless": True}, (Action.HANDOFF, 60)),
        ({"wordless": True, "smalltalk": True}, (Action.HANDOFF, 60)),
    ],
)
def test_a_row_weighs_what_the_table_says(
    facts: dict[str, Any], wanted: tuple[Action, int]
) -> None:
    assert decided(**facts) == wanted


@pytest.mark.parametrize(
    ("points", "action"),
    [(30, Action.HANDOFF), (29, Action.OFFER), (15, Action.OFFER), (14, Action.CLARIFY)],
)
def test_a_file_without_words_is_for_a_person_as_far_as_the_table_says(
    points: int, action: Action
) -> None:
    found = decide(replace(SURE, wordless=True), TABLE.model_copy(update={"wordless": points}))
    assert found.action is action
    assert found.reasons[-1] is Reason.WORDLESS or not points


@pytest.mark.parametrize(
    ("facts", "reason", "priority"),
    [
        ({"matters": frozenset({"safety"})}, Reason.SAFETY, 2),
        ({"threatening": True}, Reason.THREAT, 1),
        ({"matters": frozenset({"legal"})}, Reason.LEGAL, 1),
        ({"matters": frozenset({"fraud"})}, Reason.FRAUD, 1),
        ({"asked": True}, Reason.ASKED, 0),
        ({"accepted": True}, Reason.ACCEPTED, 0),
        ({"failed": True}, Reason.FAILED, 0),
        ({"suspended": True}, Reason.SUSPENDED, 0),
    ],
)
def test_a_hard_rule_hands_over_whatever_is_known(
    facts: dict[str, Any], reason: Reason, priority: int
) -> None:
    decision = decide(replace(SURE, refused_ago=0, **facts), TABLE)
    assert (decision.action, decision.reasons, decision.priority) == (
        Action.HANDOFF,
        (reason,),
        priority,
    )
    assert decision.help_text == (reason is Reason.SAFETY)
    assert decision.version == "2026-11-b"


def test_hard_rules_add_up_and_the_most_urgent_counts() -> None:
    facts: dict[str, Any] = {"asked": True, "matters": frozenset({"safety", "legal"})}
    decision = decide(replace(SURE, **facts), TABLE)
    assert decision.reasons == (Reason.SAFETY, Reason.LEGAL, Reason.ASKED)
    assert decision.priority == 2


def test_a_person_is_offered_once() -> None:
    assert decided(mood=-0.5, offered=True) == (Action.ANSWER, 50)


def test_who_would_rather_not_is_left_alone_for_three_turns() -> None:
    for ago in (0, 1, 2):
        assert decided(bot_turns=12, refused_ago=ago) == (Action.ANSWER, 60)
        assert decided(mood=-0.5, refused_ago=ago) == (Action.ANSWER, 50)
    assert decided(bot_turns=12, refused_ago=3) == (Action.HANDOFF, 60)


def test_who_would_rather_not_gets_a_person_all_the_same_when_nothing_is_known() -> None:
    assert decided(confidence=0.1, unresolved=2, refused_ago=0)[0] is Action.HANDOFF


def test_anger_makes_a_handoff_a_hurried_one() -> None:
    decision = decide(replace(SURE, mood=-0.9, mood_mean=-0.9), TABLE)
    assert (decision.action, decision.priority) == (Action.HANDOFF, 1)


def test_a_table_is_data_and_is_checked() -> None:
    shy = Policy.read({"version": "shy-1", "confident_at": 0.8})
    assert decide(replace(SURE, confidence=0.7), shy).action is Action.CLARIFY
    assert decide(SURE, shy).version == "shy-1"
    with pytest.raises(BadPolicy, match="handoff_at"):
        Policy.read({"handoff_at": 101})
    with pytest.raises(BadPolicy, match="handof_at"):
        Policy.read({"handof_at": 60})


SHARES = some.floats(-1, 1)
ANY_TURN = some.builds(
    TurnFeatures,
    asked=some.booleans(),
    accepted=some.booleans(),
    matters=some.frozensets(some.sampled_from(MATTERS), max_size=2),
    threatening=some.booleans(),
    smalltalk=some.booleans(),
    wordless=some.booleans(),
    mood=SHARES,
    mood_mean=SHARES,
    repetition=some.floats(0, 1),
    failed_remedies=some.integers(0, 5),
    unresolved=some.integers(0, 8),
    clarifications=some.integers(0, 4),
    bot_turns=some.integers(0, 20),
    offered=some.booleans(),
    refused_ago=some.none() | some.integers(0, 5),
    confidence=some.floats(0, 1),
    degraded=some.booleans(),
    failed=some.booleans(),
    suspended=some.booleans(),
)
POINTS = some.integers(0, 100)
ANY_TABLE = some.builds(
    Policy,
    handoff_at=POINTS,
    offer_at=POINTS,
    low_confidence=POINTS,
    angry=POINTS,
    matter=POINTS,
    turns=POINTS,
)
WORSE = (
    lambda turn, by: replace(turn, mood=max(-1.0, turn.mood - by)),
    lambda turn, by: replace(turn, mood_mean=max(-1.0, turn.mood_mean - by)),
    lambda turn, by: replace(turn, confidence=max(0.0, turn.confidence - by)),
    lambda turn, by: replace(turn, repetition=min(1.0, turn.repetition + by)),
    lambda turn, _: replace(turn, unresolved=turn.unresolved + 1),
    lambda turn, _: replace(turn, clarifications=turn.clarifications + 1),
    lambda turn, _: replace(turn, failed_remedies=turn.failed_remedies + 1),
    lambda turn, _: replace(turn, bot_turns=turn.bot_turns + 1),
    lambda turn, _: replace(turn, asked=True),
    lambda turn, _: replace(turn, accepted=True),
    lambda turn, _: replace(turn, threatening=True),
    lambda turn, _: replace(turn, wordless=True),
    lambda turn, _: replace(turn, degraded=True),
    lambda turn, _: replace(turn, failed=True),
    lambda turn, _: replace(turn, suspended=True),
    lambda turn, _: replace(turn, refused_ago=None),
    *(lambda turn, _, one=one: replace(turn, matters=turn.matters | {one}) for one in MATTERS),
)


def test_who_is_angry_and_asks_for_a_person_is_no_less_urgent_than_who_is_only_angry() -> None:
    angry = replace(SURE, mood=-0.6, mood_mean=-0.4)
    both = decide(replace(angry, asked=True), TABLE)
    assert decide(angry, TABLE).priority == both.priority == 1
    assert both.reasons == (Reason.ASKED,)


@given(ANY_TURN, ANY_TABLE, some.sampled_from(WORSE), some.floats(0, 2))
def test_what_is_worse_for_a_customer_never_keeps_a_person_away(
    turn: TurnFeatures, table: Policy, worse: Any, by: float
) -> None:
    before, after = decide(turn, table), decide(worse(turn, by), table)
    assert SEVERITY[after.action] >= SEVERITY[before.action]
    assert after.score >= before.score
    assert after.priority >= before.priority


@given(ANY_TURN, ANY_TABLE)
def test_every_decision_says_why(turn: TurnFeatures, table: Policy) -> None:
    decision = decide(turn, table)
    assert 0 <= decision.score <= 100
    assert decision.reasons or decision.action in (Action.ANSWER, Action.SMALLTALK, Action.OFFER)
    assert decision.action is not Action.ANSWER or turn.confidence >= table.confident_at
    if turn.asked or turn.failed or turn.suspended or "safety" in turn.matters:
        assert decision.action is Action.HANDOFF
