"""What the bot does with a turn: a table of weights, hard rules first. Pure.

The table is data, one per bot; what it leaves out is as below. Points are hundredths, so that
sums are exact. Whatever makes a customer worse off never makes a person less likely.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ai.intent import matters
from bot.features import TurnFeatures

Points = Annotated[int, Field(strict=True, ge=0, le=100)]
Turns = Annotated[int, Field(strict=True, ge=1, le=100)]
Share = Annotated[float, Field(ge=-1.0, le=1.0)]


class Action(StrEnum):
    """What a turn comes to."""

    SMALLTALK = "smalltalk"
    ANSWER = "answer"
    CLARIFY = "clarify"
    OFFER = "offer"
    HANDOFF = "handoff"


class Severity(IntEnum):
    """How near a person is after an action."""

    BOT = 0
    CLARIFY = 1
    OFFER = 2
    HANDOFF = 3


SEVERITY: Final[Mapping[Action, Severity]] = {
    Action.SMALLTALK: Severity.BOT,
    Action.ANSWER: Severity.BOT,
    Action.CLARIFY: Severity.CLARIFY,
    Action.OFFER: Severity.OFFER,
    Action.HANDOFF: Severity.HANDOFF,
}


class Reason(StrEnum):
    """Why; stored with the handoff, and counted."""

    ASKED = "asked"
    ACCEPTED = "offer_accepted"
    SAFETY = "safety"
    LEGAL = "legal"
    FRAUD = "fraud"
    THREAT = "threat"
    MATTER = "matter"
    LOW_CONFIDENCE = "low_confidence"
    UNRESOLVED = "unresolved"
    ANGRY = "angry"
    MOOD = "mood"
    LOOP = "loop"
    FAILED_REMEDIES = "failed_remedies"
    CLARIFIED_IN_VAIN = "clarified_in_vain"
    MANY_TURNS = "many_turns"
    SENSITIVE = "sensitive"
    WORDLESS = "wordless"
    """Files without a word, which no bot of ours can look at."""
    DEGRADED = "degraded"
    FAILED = "failed"
    """Something of ours did not work: a tool, a model, the knowledge base."""
    SUSPENDED = "suspended"
    """The bot is switched off."""


class Policy(BaseModel):
    """The table. `version` names it in everything decided by it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: Annotated[str, Field(min_length=1, max_length=40)] = "2026-11-b"
    handoff_at: Points = 60
    offer_at: Points = 45
    confident_at: Share = 0.45
    """An answer below is none."""
    low_confidence: Points = 30
    further_unresolved: Points = 15
    """For each unresolved turn before a low confidence."""
    further_unresolved_max: Points = 30
    angry_at: Share = -0.50
    angry: Points = 50
    mood_at: Share = -0.35
    mood: Points = 25
    repeat_at: Share = 0.60
    repeat: Points = 35
    remedies_at: Turns = 2
    remedies: Points = 40
    unresolved_at: Turns = 4
    unresolved: Points = 30
    clarifications_max: Turns = 1
    """So many questions back in a row; then an answer, or a person."""
    clarified_in_vain: Points = 35
    turns_at: Turns = 12
    turns: Points = 60
    matter: Points = 45
    sensitive: Points = 20
    wordless: Points = 30
    """Files without a word, beside a low confidence; with less, a person is only offered."""
    degraded: Points = 20
    refusal_lasts: Turns = 3
    """Who would rather not have a person is not asked again for so many turns."""

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Self:
        """Read a tenant's table.

        Raises:
            BadPolicy: with the field and what is wrong with it.
        """
        try:
            return cls.model_validate(dict(table))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise BadPolicy(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


class BadPolicy(Exception):
    """A table of weights does not fit."""


URGENT: Final = 2
HIGH: Final = 1
NORMAL: Final = 0
FULL: Final = 100


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, why, and by which table. `priority` is that of the handoff."""

    action: Action
    reasons: tuple[Reason, ...]
    score: int
    priority: int
    version: str
    help_text: bool = False
    """Say the configured words of help first."""


def decide(features: TurnFeatures, policy: Policy) -> Decision:
    """Hard rules, then the table, then whether there is an answer."""
    told = tuple((reason, points) for reason, points in _soft(features, policy) if points)
    urgency = HIGH if Reason.ANGRY in dict(told) else NORMAL
    if hard := tuple(_hard(features)):
        reasons = tuple(dict.fromkeys(reason for reason, _ in hard))
        urgency = max(urgency, *(priority for _, priority in hard))
        help_text = Reason.SAFETY in reasons
        return Decision(Action.HANDOFF, reasons, FULL, urgency, policy.version, help_text)
    score = min(FULL, sum(points for _, points in told))
    reasons = tuple(reason for reason, _ in told)
    action = _action(features, policy, score)
    if action is Action.HANDOFF and not reasons:
        reasons = (Reason.LOW_CONFIDENCE,)
    return Decision(action, reasons, score, urgency, policy.version)


def _hard(features: TurnFeatures) -> Iterator[tuple[Reason, int]]:
    """What hands over whatever the bot knows, and how urgent it is."""
    about = features.matters
    rules = (
        (Reason.SAFETY, matters.SAFETY in about, URGENT),
        (Reason.THREAT, features.threatening, HIGH),
        (Reason.LEGAL, matters.LEGAL in about, HIGH),
        (Reason.FRAUD, matters.FRAUD in about, HIGH),
        (Reason.ASKED, features.asked, NORMAL),
        (Reason.ACCEPTED, features.accepted, NORMAL),
        (Reason.FAILED, features.failed, NORMAL),
        (Reason.SUSPENDED, features.suspended, NORMAL),
    )
    return ((reason, priority) for reason, applies, priority in rules if applies)


def _soft(features: TurnFeatures, policy: Policy) -> Iterator[tuple[Reason, int]]:
    """Each row of the table that applies, and its points."""
    low, about = is_low(features, policy), features.matters
    loops = features.bot_turns >= _TURNS_OF_A_LOOP and features.repetition >= policy.repeat_at
    in_vain = features.clarifications > policy.clarifications_max
    rows = (
        (Reason.MATTER, bool(about & _WEIGHTY), policy.matter),
        (Reason.LOW_CONFIDENCE, low, _low(features, policy)),
        (Reason.ANGRY, features.mood <= policy.angry_at, policy.angry),
        (Reason.MOOD, features.mood_mean <= policy.mood_at, policy.mood),
        (Reason.LOOP, loops, policy.repeat),
        (Reason.FAILED_REMEDIES, features.failed_remedies >= policy.remedies_at, policy.remedies),
        (Reason.UNRESOLVED, features.unresolved >= policy.unresolved_at, policy.unresolved),
        (Reason.CLARIFIED_IN_VAIN, low and in_vain, policy.clarified_in_vain),
        (Reason.MANY_TURNS, features.bot_turns >= policy.turns_at, policy.turns),
        (Reason.SENSITIVE, matters.SENSITIVE in about, policy.sensitive),
        (Reason.WORDLESS, features.wordless, policy.wordless),
        (Reason.DEGRADED, low and features.degraded, policy.degraded),
    )
    return ((reason, points) for reason, applies, points in rows if applies)


def _low(features: TurnFeatures, policy: Policy) -> int:
    further = features.unresolved * policy.further_unresolved
    return policy.low_confidence + min(further, policy.further_unresolved_max)


_TURNS_OF_A_LOOP: Final = 2
_WEIGHTY: Final = frozenset({matters.PRIVACY, matters.PRESS, matters.DISPUTE, matters.CHURN})


def is_low(features: TurnFeatures, policy: Policy) -> bool:
    """Whether there is nothing to answer with; who only says hello needs no answer."""
    unsure = not features.smalltalk and features.confidence < policy.confident_at
    return features.wordless or unsure


def _action(features: TurnFeatures, policy: Policy, score: int) -> Action:
    low = is_low(features, policy)
    in_vain = low and features.clarifications >= policy.clarifications_max
    refused = features.refused_ago is not None and features.refused_ago < policy.refusal_lasts
    keeps = refused and not low and score < FULL
    if in_vain or (score >= policy.handoff_at and not keeps):
        return Action.HANDOFF
    if score >= policy.offer_at and not features.offered and not refused:
        return Action.OFFER
    if low:
        return Action.CLARIFY
    return Action.SMALLTALK if features.smalltalk else Action.ANSWER
