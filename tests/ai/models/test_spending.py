"""What is set aside before a call: never less than it costs, and not much more for plain words."""

import pytest
from pydantic import BaseModel

from ai.models.spending import most_tokens
from ai.summarise.lines import Lines

ENGLISH = (
    "Hello, I ordered a lamp two weeks ago and it has still not arrived. The tracking page says that "
    "it left the warehouse on Monday, but nothing has happened since then. Could you please find out "
    "where it is? I would like to have it before the weekend because it is a present for my mother."
)


class Nothing(BaseModel):
    """An answer with no fields."""


def tokens_of(text: str) -> int:
    return most_tokens([text], Nothing) - most_tokens([], Nothing)


@pytest.mark.parametrize(
    "text",
    [
        "\N{UNICORN FACE}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}" * 40,
        "\N{ETHIOPIC SYLLABLE HA}\N{ETHIOPIC SYLLABLE LA}" * 40,
        "\N{CHEROKEE LETTER A}\N{TIFINAGH LETTER YA}" * 40,
    ],
    ids=["emoji", "ethiopic", "old"],
)
def test_what_no_tokenizer_knows_is_a_token_for_each_byte(text: str) -> None:
    assert tokens_of(text) >= len(text.encode())


@pytest.mark.parametrize(
    "text",
    ["4929173" * 40, "{[(<&%$#@!>)]}" * 20, "1 2 3 " * 40, "\n\t" * 90],
    ids=["digits", "signs", "apart", "blanks"],
)
def test_digits_and_signs_are_a_token_each(text: str) -> None:
    assert tokens_of(text) >= len(text)


def test_words_of_one_letter_are_a_token_each() -> None:
    assert tokens_of("a b c " * 40) >= 120


def test_noise_in_letters_is_not_taken_for_words() -> None:
    noise = "aGVsbG8gd29ybGQhIFRoaXMgaXMgbm90aGluZyBidXQgbm9pc2Ug" * 10
    assert tokens_of(noise) >= len(noise) / 1.5


def test_plain_english_is_set_aside_at_half_a_token_a_byte_at_most() -> None:
    assert tokens_of(ENGLISH) <= 1.5 * len(ENGLISH) / 3


def test_the_schema_an_answer_shall_have_is_paid_for_too() -> None:
    asked = most_tokens([ENGLISH], Lines)
    assert asked > most_tokens([ENGLISH], Nothing) > tokens_of(ENGLISH)
