"""What a model is told: bounded, in order, nothing that is not for customers."""

import json
from typing import Any

from ai.extract.summary import full
from ai.guards.redaction import Vault
from ai.summarise.transcript import DOCUMENT_CHARS, HEAD, TAIL, document
from tests.ai.talk import talk


def told(*lines: str, vault: Vault | None = None) -> dict[str, Any]:
    messages = talk(*lines)
    clean = vault.redact if vault is not None else str
    found: dict[str, Any] = json.loads(document(messages, full(messages), clean=clean))
    return found


def test_notes_and_words_of_the_system_are_left_out() -> None:
    found = told("c: My parcel is late.", "n: He is a liar.", "e: waiting", "a: I look into it.")
    assert [(one["who"], one["said"]) for one in found["conversation"]] == [
        ("customer", "My parcel is late."),
        ("agent", "I look into it."),
    ]
    assert "liar" not in json.dumps(found)


def test_a_long_conversation_is_told_by_its_ends() -> None:
    found = told(*(f"c: This is message number {n}." for n in range(1_000)))
    seqs = [one["seq"] for one in found["conversation"]]
    assert seqs == [*range(1, HEAD + 1), *range(1_001 - TAIL, 1_001)]
    assert found["left_out"] == 1_000 - HEAD - TAIL


def test_however_much_was_said_the_document_is_bounded() -> None:
    found = told(*(f"c: {n} " + "word " * 40_000 for n in range(60)))
    assert sum(len(one["said"]) for one in found["conversation"]) <= DOCUMENT_CHARS
    assert found["conversation"][0]["said"].startswith("0 word")
    assert found["conversation"][-1]["said"].startswith("59 word")


def test_what_identifies_people_stays_here_and_comes_back() -> None:
    vault = Vault()
    found = told("c: I am ann@example.com, call +49 151 23456789.", "a: Thanks!", vault=vault)
    whole = json.dumps(found)
    assert "ann@example.com" not in whole
    assert "23456789" not in whole
    assert vault.restore("Write to <EMAIL_1>.") == "Write to ann@example.com."


def test_a_card_number_never_leaves_whole() -> None:
    assert "4111 1111 1111 1111" not in json.dumps(told("c: My card is 4111 1111 1111 1111."))
