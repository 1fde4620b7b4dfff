"""Message by message: `fold(fold(before, a), b)` is `fold(before, a + b)`, and twice is once.

Only words of the customer are read. Every rule is one that the bot decides by, too: whoever
answers first, a conversation reads the same.
"""

from collections.abc import Iterable, Mapping
from typing import Final, cast, get_args

from pydantic import Field

from ai.contracts import Contract, Intent, Mood, Msg
from ai.extract.language import language_of
from ai.extract.plain import plain
from ai.intent.asks import asks_for_person
from ai.intent.classify import topic_of
from ai.intent.matters import MATTERS, matters_of
from ai.traits.mood import labelled, mood_of, moved

TOPICS: Final = tuple(one for one in get_args(Intent) if one not in ("human", "other"))
TAGS: Final = (*MATTERS, *TOPICS)
"""All that may be found; they are names that agents use too."""
TAG_SHARE: Final = 0.6
"""A topic is a tag once so much of all that was said is about it."""
_FADES: Final = 0.7
"""How much of what was spoken of before stays with each message."""
_ENOUGH: Final = 0.3
_LEAD: Final = 0.25
"""So much more than what is believed already has to speak for something else."""
_LEAST: Final = 0.01
HUMAN: Final = "human"


class Reading(Contract):
    """What is known of a customer's words. `fold` is the only one who makes these."""

    upto_seq: int = 0
    """The last message of the customer that was read."""
    mood: float | None = None
    """From -1 to 1; None: nothing was said yet."""
    sentiment: Mood = "neutral"
    topics: dict[str, float] = Field(default_factory=dict)
    intent: Intent = "other"
    languages: dict[str, float] = Field(default_factory=dict)
    language: str = ""
    """ISO 639-1 of what they write now; empty: too little was said to tell."""
    tags: tuple[str, ...] = ()
    """What was borne out at some time, in the order of `TAGS`."""


def fold(reading: Reading, messages: Iterable[Msg]) -> Reading:
    """Go on with later messages, in order of seq; what was read is not read again."""
    for message in messages:
        if message.role == "customer" and message.seq > reading.upto_seq:
            reading = _read(reading, message)
    return reading


def _read(before: Reading, message: Msg) -> Reading:
    text = plain(message.content)
    if not text:
        return before.model_copy(update={"upto_seq": message.seq})
    spoken = language_of(text, before.language)
    languages = _faded(before.languages, {spoken: 1.0} if spoken else {})
    mood = moved(before.mood, mood_of(text, spoken or before.language))
    topics = _faded(before.topics, _spoken_of(text, spoken or before.language))
    intent = cast("Intent", _leader(_without_human(topics), before.intent))
    if intent == "other" and topics.get(HUMAN):
        intent = HUMAN
    return Reading(
        upto_seq=message.seq,
        mood=mood,
        sentiment=labelled(before.sentiment, mood),
        topics=topics,
        intent=intent,
        languages=languages,
        language=_leader(languages, before.language, nothing=before.language),
        tags=_tags(before.tags, text, topics),
    )


def _spoken_of(text: str, language: str) -> Mapping[str, float]:
    guess = topic_of(text, language)
    found: dict[str, float] = {guess.intent: guess.clarity} if guess.clarity else {}
    return {**found, HUMAN: 1.0} if asks_for_person(text) else found


def _faded(before: Mapping[str, float], heard: Mapping[str, float]) -> dict[str, float]:
    """What was heard now beside what was before; a message that tells nothing changes nothing."""
    if not heard:
        return dict(before)
    names = sorted({*before, *heard})
    weights = {one: _FADES * before.get(one, 0.0) + heard.get(one, 0.0) for one in names}
    return {one: weight for one, weight in weights.items() if weight >= _LEAST}


def _without_human(topics: Mapping[str, float]) -> dict[str, float]:
    return {one: weight for one, weight in topics.items() if one != HUMAN}


def _leader(weights: Mapping[str, float], believed: str, *, nothing: str = "other") -> str:
    """What most speaks for; what is believed stays until something else clearly leads."""
    best = max(weights, key=lambda one: (weights[one], one), default=nothing)
    known = weights.get(believed, 0.0)
    if weights.get(best, 0.0) < _ENOUGH:
        return believed if known else nothing
    return best if weights[best] >= known + _LEAD or not known else believed


def _tags(before: Iterable[str], text: str, topics: Mapping[str, float]) -> tuple[str, ...]:
    weights = _without_human(topics)
    total = sum(weights.values())
    clear = {one for one, weight in weights.items() if total and weight >= TAG_SHARE * total}
    found = {*before, *matters_of(text), *clear}
    return tuple(one for one in TAGS if one in found)
