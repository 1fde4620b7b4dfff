"""What customers want: a person, a topic, a yes or a no."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ai.intent.asks import asks_for_person
from ai.intent.classify import intent_of
from ai.intent.consent import Consent, consent_of
from ai.intent.matters import matters_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yes", Consent.YES),
        ("Ja, gerne!", Consent.YES),
        ("はい", Consent.YES),
        ("no thanks", Consent.NO),
        ("yes, no, not now", Consent.NO),
        ("لا شكرا", Consent.NO),
        ("where is my order", None),
        ("yes I would like to know how long the cable of the new lamp is", None),
        ("", None),
    ],
)
def test_a_few_words_are_a_yes_or_a_no(text: str, said: Consent | None) -> None:
    assert consent_of(text) is said


def test_who_is_clear_is_clearer_than_who_mixes() -> None:
    clear, mixed = intent_of("I want a refund"), intent_of("refund or invoice")
    assert (clear.intent, intent_of("hello").intent) == ("refund", "other")
    assert clear.clarity > mixed.clarity > 0 == intent_of("hello").clarity
    assert intent_of("talk to an agent please").intent == "human"
    assert intent_of("this is horrible, terrible and pathetic").intent == "complaint"


def test_matters_add_up() -> None:
    assert matters_of("My lawyer says the charger caught fire") == {"legal", "safety"}
    assert matters_of("Where is my order?") == frozenset()


@given(some.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(asks_for_person(text), bool)
    assert 0 <= intent_of(text).clarity <= 1
    assert matters_of(text) is not None
