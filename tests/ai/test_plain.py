"""Any text becomes plain sentences that can be quoted."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.extract.plain import CHARS_MAX, SENTENCES_MAX, cut, plain, sentences


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("<p>Hi <b>you</b><!-- x --> &amp; me</p>", "Hi you & me"),
        ("3 < 4 and 5 > 4", "3 < 4 and 5 > 4"),
        ("zero\u200bwidth \u202eturned\u202c", "zerowidth turned"),
        ("Z\u0300\u0301\u0302\u0303\u0304algo", "Z\u0300\u0301algo"),
        ("it’s", "it's"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("card 4111 1111 1111 1111 please", "card •••• 1111 please"),
        ("4111-1111-1111-1111", "•••• 1111"),
        ("1234 5678 9012 3456", "1234 5678 9012 3456"),
        ("\ud800 lone", "lone"),
    ],
)
def test_markup_and_what_nobody_sees_is_taken_away(given_text: str, shown: str) -> None:
    assert plain(given_text) == shown


def test_a_huge_message_is_read_to_its_limit() -> None:
    assert len(plain("word " * 50_000)) <= CHARS_MAX
    assert plain("<" * 200_000) == "<" * CHARS_MAX


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("No. It did not.", ["No.", "It did not."]),
        ("Order no. 1234 is late. Help", ["Order no. 1234 is late.", "Help"]),
        (
            "Am 21. November kam es. Mit z. B. drei.",
            ["Am 21. November kam es.", "Mit z. B. drei."],
        ),
        ("He paid 50. Then left.", ["He paid 50.", "Then left."]),
        ("line one\nline two", ["line one", "line two"]),
        ("届きません。いつですか？はい", ["届きません。", "いつですか？", "はい"]),
        ("متى يصل؟ شكرا", ["متى يصل؟", "شكرا"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_sentences_end_where_people_end_them(text: str, pieces: list[str]) -> None:
    assert sentences(text) == pieces


def test_only_so_many_sentences_are_kept() -> None:
    assert len(sentences("a b. " * 500)) == SENTENCES_MAX


@given(st.text(max_size=400))
def test_every_sentence_is_a_piece_of_the_text(text: str) -> None:
    shown = plain(text)
    assert all(one in shown and one == one.strip() for one in sentences(shown))


@given(st.text(max_size=300))
def test_plain_text_stays_as_it_is_unless_it_is_markup_again(text: str) -> None:
    once = plain(text)
    if "<" not in once and "&" not in once:
        assert plain(once) == once


@given(st.text(max_size=200), st.integers(min_value=2, max_value=80))
def test_a_cut_text_is_short_enough(text: str, chars: int) -> None:
    assert len(cut(text, chars)) <= chars
    assert cut(text, chars).removesuffix("…") in text


def test_a_text_is_cut_between_words() -> None:
    assert cut("the quick brown fox", 12) == "the quick…"
    assert cut("thequickbrownfox", 6) == "thequ…"


@pytest.mark.parametrize(
    "text",
    ["a." * 2000, "<a " * 1500, "1 " * 2000, "&amp" * 1000, "@" * 4000, "no. " * 1000, "-1" * 2000],
)
def test_no_text_takes_more_than_a_multiple_of_an_ordinary_one(text: str) -> None:
    def cpu_s(given_text: str) -> float:
        began = time.process_time()
        for _ in range(5):
            sentences(plain(given_text))
        return time.process_time() - began

    ordinary = cpu_s("My order has not arrived yet, can you help? " * 90)
    assert cpu_s(text) < 60 * max(ordinary, 0.002)
