"""What became of a proposed reply, by its words alone."""

import pytest

from chat_service.taken import digest_of, outcome_of

RETURNS = "You can return an item within 30 days of delivery. Return shipping is free."
JAPANESE = "商品は到着後30日以内に返品できます。"


@pytest.mark.parametrize(
    "sent",
    [
        RETURNS,
        f"  {RETURNS}\n",
        RETURNS.replace(". ", ".\n\n"),
        f"Hello Nora,\n\n{RETURNS}\n\nBest, Ada",
    ],
)
def test_word_for_word_is_as_it_was_whatever_stands_around(sent: str) -> None:
    assert outcome_of(RETURNS, sent) == "as_is"


@pytest.mark.parametrize(
    "sent",
    [
        RETURNS.replace("30", "14"),
        RETURNS.split(". ", maxsplit=1)[0],
        RETURNS.upper(),
        "You can return the item up to 30 days from delivery, and return shipping is free.",
    ],
)
def test_with_half_of_its_words_left_it_was_changed(sent: str) -> None:
    assert outcome_of(RETURNS, sent) == "changed"


@pytest.mark.parametrize(
    "sent",
    [
        "Let me ask my colleague, I am back in a minute.",
        "Return shipping is free.",
        # The same words again are not more of them.
        "return return return return return return return return",
        "",
    ],
)
def test_with_fewer_it_is_another_reply(sent: str) -> None:
    assert outcome_of(RETURNS, sent) == "replaced"


def test_exactly_half_is_enough_and_scripts_without_blanks_count_by_letter() -> None:
    assert outcome_of("one two three four", "four, one") == "changed"
    assert outcome_of("one two three four", "four") == "replaced"
    assert outcome_of(JAPANESE, f"こんにちは。{JAPANESE}") == "as_is"
    assert outcome_of(JAPANESE, JAPANESE.replace("30日以内", "14日まで")) == "changed"
    assert outcome_of(JAPANESE, "少々お待ちください") == "replaced"


def test_what_has_no_words_is_taken_as_it_is_or_not_at_all() -> None:
    assert outcome_of("…", "…") == "as_is"
    assert outcome_of("…", "Hello") == "replaced"


def test_a_digest_is_of_words_and_not_of_blanks() -> None:
    assert digest_of("a  b\n") == digest_of(" a b")
    assert digest_of("a b") != digest_of("ab")
    assert len(digest_of(RETURNS)) == 64
