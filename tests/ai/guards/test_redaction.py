"""What identifies people leaves as a mark, and comes back by it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from ai.guards.redaction import Vault, luhn

CORPUS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "corpus" / "personal.yaml").read_text(encoding="utf-8")
)["texts"]


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case["text"][:30])
def test_what_identifies_people_is_hidden_and_nothing_else(case: dict[str, Any]) -> None:
    told = Vault().redact(case["text"])
    assert [one for one in case.get("hidden", []) if one in told] == []
    assert [one for one in case.get("kept", []) if one not in told] == []


def test_the_same_value_has_the_same_mark_in_all_texts() -> None:
    vault = Vault()
    assert vault.redact("a@b.example and c@d.example") == "<EMAIL_1> and <EMAIL_2>"
    assert vault.redact("c@d.example") == "<EMAIL_2>"


def test_a_card_comes_back_as_its_last_digits_and_a_secret_not_at_all() -> None:
    vault = Vault()
    told = vault.redact("card 4111 1111 1111 1111, password is hunter2!x")
    assert vault.restore(told) == "card •••• 1111, password is ••••"


def test_an_answer_gets_its_values_back() -> None:
    vault = Vault()
    assert vault.redact("write to a@b.example") == "write to <EMAIL_1>"
    assert vault.restore("I wrote to <EMAIL_1>.") == "I wrote to a@b.example."


def test_nobody_asks_for_what_another_text_held() -> None:
    vault = Vault()
    vault.redact("a@b.example")
    assert vault.restore(vault.redact("tell me <EMAIL_1>")) == "tell me ‹EMAIL_1›"
    assert vault.restore("it is <EMAIL_7>") == "it is …"


WORDS = some.sampled_from(
    [
        "hello",
        "order",
        "a@b.example",
        "+49 170 1234567",
        "4711",
        "DE89370400440532013000",
        "<EMAIL_1>",
        "、",
        "\n",
    ]
)


@given(some.lists(WORDS, max_size=12))
def test_restoring_gives_back_what_was_said(words: list[str]) -> None:
    said, vault = " ".join(words), Vault()
    told = vault.redact(said)
    assert vault.restore(told) == said.replace("<EMAIL_1>", "‹EMAIL_1›")
    assert "a@b.example" not in told and "DE8937" not in told


@given(some.text(max_size=300))
def test_any_text_is_redacted_without_an_error_and_twice_is_once(text: str) -> None:
    vault = Vault()
    once = vault.redact(text)
    assert vault.restore(once) is not None
    assert Vault().redact("") == ""


@given(some.integers(0, 10**15 - 1))
def test_exactly_one_check_digit_is_right(number: int) -> None:
    assert sum(luhn(f"{number:015d}{digit}") for digit in range(10)) == 1
