"""What customers read when a session moves: complete in every language, and safe to fill in."""

import pytest

from chat_service.handoff_words import catalogues, text_of
from chat_service.session_facts import Say

NAMED = {Say.AGENT_JOINED, Say.BACK_WITH_AGENT}


@pytest.mark.parametrize("language", ["ar", "de", "en"])
def test_every_catalogue_has_every_sentence_and_names_whom_it_must(language: str) -> None:
    words = catalogues()[language]
    assert set(words) == {say.value for say in Say} | {"somebody"}
    assert {say for say in Say if "{agent}" in words[say]} == NAMED
    assert all(sentence == sentence.strip() != "" for sentence in words.values())


@pytest.mark.parametrize(
    ("locales", "start"),
    [
        (("de-AT", "en"), "Sind"),
        (("DE_ch",), "Sind"),
        ((None, "ar"), "هل"),
        (("tlh", "de"), "Sind"),
        (("tlh", None), "Are"),
        ((), "Are"),
    ],
)
def test_the_first_language_we_speak_is_spoken(locales: tuple[str | None, ...], start: str) -> None:
    assert text_of(Say.STILL_THERE, locales).startswith(start)


def test_a_name_is_filled_in_as_it_is() -> None:
    name = "{agent} %s {0}"
    assert text_of(Say.AGENT_JOINED, ("en",), agent=name) == f"{name} has joined the conversation."
    assert text_of(Say.AGENT_JOINED, ("en",)) == "Somebody of our team has joined the conversation."


def test_a_sentence_that_nobody_wrote_is_a_fault_of_ours() -> None:
    with pytest.raises(LookupError):
        text_of("handoff.unheard_of", ("en",), {})  # type: ignore[arg-type]
