"""What a customer's words say of a conversation: topic, mood, language, tags."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ai.contracts import Msg, Role
from ai.traits.mood import KEEP, labelled, mean_of, mood_of
from ai.traits.reading import TAGS, Reading, fold
from evals.golden import read_summaries

ID = UUID(int=7)
SAID = (
    "Where is my parcel?",
    "I want a refund, this is useless!!",
    "This is unacceptable, the worst shop ever. I am furious",
    "Thanks, great, that works perfectly",
    "Let me talk to a human please",
    "My lawyer will hear of it, the charger caught fire",
    "Wo ist meine Bestellung? Das dauert viel zu lange",
    "Das ist eine Frechheit, ich will mein Geld zurück",
    "¿Dónde está mi pedido?",
    "注文をキャンセルしたいです",
    "ok",
    "👍",
    "",
)
ROLES: tuple[Role, ...] = ("customer", "customer", "customer", "agent", "bot", "note")
talks = some.lists(
    some.tuples(
        some.sampled_from(ROLES),
        some.sampled_from(SAID) | some.text(max_size=60),
    ),
    max_size=12,
).map(lambda said: [_msg(at, text, role) for at, (role, text) in enumerate(said, 1)])


def _msg(seq: int, text: str, role: Role = "customer") -> Msg:
    return Msg(id=ID, seq=seq, role=role, content=text)


def _read(*said: str) -> Reading:
    return fold(Reading(), [_msg(at, one) for at, one in enumerate(said, 1)])


@pytest.mark.parametrize(
    ("said", "intent", "language", "tags"),
    [
        (("I want a refund for my order",), "refund", "en", ("refund",)),
        (("Wo ist mein Paket? Es ist nicht da",), "delivery", "de", ("delivery",)),
        (("Je veux parler à un conseiller, s'il vous plaît",), "human", "fr", ()),
        (("hello there",), "other", "en", ()),
        (("I want a refund", "let me talk to a human please"), "refund", "en", ("refund",)),
        (
            ("My lawyer says the charger caught fire",),
            "complaint",
            "en",
            ("safety", "legal", "complaint"),
        ),
        (("",), "other", "", ()),
    ],
)
def test_words_tell_topic_language_and_tags(
    said: tuple[str, ...], intent: str, language: str, tags: tuple[str, ...]
) -> None:
    found = _read(*said)
    assert (found.intent, found.language, found.tags) == (intent, language, tags)


def test_somebody_who_changes_the_subject_is_followed_once_that_is_clear() -> None:
    once = _read("I want a refund", "I want a refund please", "where is my parcel?")
    assert once.intent == "refund"
    assert fold(once, [_msg(4, "when will my parcel arrive?")]).intent == "delivery"


def test_somebody_who_changes_the_language_is_followed_one_word_is_not() -> None:
    talk = _read("Hello, where is it?", "I have waited for my order", "What is the status of it?")
    once = fold(talk, [_msg(4, "Ich verstehe das nicht")])
    assert (once.language, once.upto_seq) == ("en", 4)
    assert fold(once, [_msg(5, "Können Sie mir bitte auf Deutsch helfen?")]).language == "de"


def test_anger_stays_until_it_is_clearly_over() -> None:
    angry = _read("This is unacceptable, the worst shop ever. I am furious")
    calmer = fold(angry, [_msg(2, "My order is 33871")])
    calm = fold(calmer, [_msg(3, "It is a blue lamp"), _msg(4, "It is from last week")])
    happy = fold(calm, [_msg(5, "Thanks, great, that works perfectly")])
    said = [one.sentiment for one in (angry, calmer, calm, happy)]
    assert said == ["angry", "angry", "neutral", "positive"]


def test_one_furious_message_after_a_calm_one_is_enough_one_bad_word_is_not() -> None:
    calm = _read("Where is my parcel?")
    furious = fold(calm, [_msg(2, "This is unacceptable, the worst shop ever. I am furious")])
    cross = fold(calm, [_msg(2, "That is bad")])
    assert (furious.sentiment, cross.sentiment) == ("angry", "negative")


def test_clauses_are_heard_apart() -> None:
    assert mood_of("it didn't help, annoying") < 0 == mood_of("")
    assert mean_of(()) == 0 and mean_of((-1.0, 1.0)) == -KEEP + (1 - KEEP)


@given(talks, some.integers(0, 12))
def test_reading_on_is_reading_all(talk: list[Msg], cut: int) -> None:
    whole = fold(Reading(), talk)
    assert fold(fold(Reading(), talk[:cut]), talk[cut:]) == whole
    assert fold(whole, talk) == whole, "what was read is not read again"
    assert Reading.model_validate_json(whole.model_dump_json()) == whole


@given(talks)
def test_whatever_is_said_stays_within_bounds(talk: list[Msg]) -> None:
    found = fold(Reading(), talk)
    assert -1 <= (found.mood or 0) <= 1
    assert list(found.tags) == [one for one in TAGS if one in found.tags]
    assert all(0 < one <= 1 / (1 - 0.7) + 1e-9 for one in found.topics.values())
    assert fold(Reading(), [one for one in talk if one.role == "customer"]) == found


@given(some.lists(some.floats(-1, 1), max_size=40))
def test_a_mood_that_trembles_changes_no_label(means: list[float]) -> None:
    labels = [labelled("neutral", 0.0)]
    for one in means:
        labels.append(labelled(labels[-1], one))
    order = ("angry", "negative", "neutral", "positive")
    for (was, became), (before, now) in zip(pairwise(labels), pairwise([0.0, *means]), strict=True):
        assert labelled(became, now) == became, "the same again is the same"
        if order.index(became) < order.index(was):
            assert now < before or now <= -0.1 or was == "positive"


def test_the_golden_conversations_read_as_they_are_labelled() -> None:
    """Intent and mood as the summaries of them should say; the same sets, the same labels."""
    golden = read_summaries()
    found = [(one, fold(Reading(), one.messages)) for one in golden]
    intents = [
        (one.id, read.intent) for one, read in found if one.wanted.intent not in (None, read.intent)
    ]
    moods = [
        (one.id, read.sentiment)
        for one, read in found
        if one.wanted.mood not in (None, read.sentiment)
    ]
    assert (intents, moods) == ([], [])
