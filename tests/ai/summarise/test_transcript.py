"""What a model is told: bounded, in order, nothing that is not for customers."""

import json
from typing import Any
from uuid import UUID

from ai.extract.summary import full
from ai.guards.redaction import Vault
from ai.models.question import For
from ai.summarise.llm import sources_of
from ai.summarise.request import Request
from ai.summarise.transcript import DOCUMENT_CHARS, HEAD, PICKED, TAIL, document
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


def long_talk(**between: str) -> list[str]:
    """A thousand lines that say nothing, and some that do: `m500="a: …"` is the 500th."""
    lines = ["c: My parcel did not arrive.", *(f"c: Well, well, {n}." for n in range(2, 1_001))]
    for place, line in between.items():
        lines[int(place[1:]) - 1] = line
    return lines


def middle_of(found: dict[str, Any]) -> list[int]:
    return [one["seq"] for one in found["conversation"]][HEAD:-TAIL]


PROMISED = "a: I will send you a replacement by Friday."
ORDER = "c: My order number is AB-123456."


def test_of_the_middle_a_model_is_told_what_the_rules_rest_on_in_order() -> None:
    found = told(*long_talk(m400=ORDER, m500=PROMISED))
    assert middle_of(found) == [400, 500]
    assert found["left_out"] == 1_000 - HEAD - TAIL - 2
    assert found["conversation"][HEAD + 1] == {"seq": 500, "who": "agent", "said": PROMISED[3:]}


def test_what_is_told_of_the_middle_is_bounded() -> None:
    orders = {f"m{100 + n}": f"c: My order number is AB-1234{n:02}." for n in range(24)}
    assert len(middle_of(told(*long_talk(**orders)))) == PICKED


def test_a_promise_is_told_before_facts_whose_values_are_told_anyway() -> None:
    orders = {f"m{100 + n}": f"c: My order number is AB-1234{n:02}." for n in range(24)}
    assert 90 in middle_of(told(*long_talk(m90=PROMISED, **orders)))


def test_a_note_in_the_middle_never_leaves_whatever_names_it() -> None:
    messages = talk(*long_talk(m400="n: Order AB-123456 is a fraud.", m500=ORDER))
    floor = full(messages)
    (fact,) = floor.facts
    floor = floor.model_copy(update={"facts": (fact.model_copy(update={"seqs": (400, 500)}),)})
    assert middle_of(json.loads(document(messages, floor))) == [500]


def test_in_a_talk_of_long_messages_what_was_picked_outlasts_the_older_end() -> None:
    lines = [f"{one} " + "word " * 120 for one in long_talk(m500=PROMISED)]
    found = told(*lines)
    seqs = [one["seq"] for one in found["conversation"]]
    assert sum(len(one["said"]) for one in found["conversation"]) <= DOCUMENT_CHARS
    assert seqs[HEAD] == 500
    assert seqs[HEAD + 1] > 1_001 - TAIL
    assert seqs[-1] == 1_000


def test_a_line_may_rest_on_what_was_told_of_the_middle() -> None:
    messages = talk(*long_talk(m500=PROMISED, m600="c: Nothing of that."))
    whom = For(UUID(int=1), "acme", "pro", None)
    request = Request(whom, tuple(messages), full(messages), "fast", "t", 0.0)
    sources = sources_of(request)
    assert PROMISED[3:] in sources
    assert "Nothing of that." not in sources


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
