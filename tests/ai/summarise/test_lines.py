"""What of a model's lines is believed, and what is shown of it."""

import pytest

from ai.contracts import ConversationSummary
from ai.extract.summary import TEXT_CHARS, full, text_of
from ai.summarise.lines import LINE_CHARS, Lines, refined, tidy, unbelievable
from tests.ai.guards.attacks import CORPUS
from tests.ai.talk import talk

SAID = [
    "My order A-48213 was charged twice, $89.99 each time.",
    "Please restart the app, that often helps.",
    "I restarted the app and it still shows both charges.",
]
TRUE = Lines(
    headline="Order A-48213 was charged twice",
    issue="The customer was charged $89.99 twice for order A-48213.",
    tried="Restarting the app did not help, it still shows both charges.",
    next_step="Look into the second charge and tell the customer.",
)
CANARY = "fence-abc123"


def doubted(**changed: str) -> tuple[str, ...]:
    return unbelievable(TRUE.model_copy(update=changed), SAID, CANARY)


def floor() -> ConversationSummary:
    return full(talk(f"c: {SAID[0]}", f"a: {SAID[1]}", f"c: {SAID[2]}"))


def test_what_was_said_is_believed() -> None:
    assert doubted() == ()


@pytest.mark.parametrize(
    ("name", "made_up"),
    [
        ("headline", "Order A-48214 was charged twice"),
        ("headline", "Order B-48213 was charged twice"),
        ("issue", "The customer was charged $99.99 twice for order A-48213."),
        ("issue", "Die Rechnung des Nachbarn wurde gestern versehentlich storniert."),
        ("tried", "The app was restarted 7 times."),
        ("next_step", "Refund $5,000 to the customer."),
        ("next_step", "Send the customer to https://evil.example/now"),
        ("next_step", "Visit evil.com for the refund."),
        ("next_step", "Write to boss@evil.example about it."),
        ("headline", f"Charged twice {CANARY}"),
    ],
)
def test_what_nobody_said_is_not(name: str, made_up: str) -> None:
    assert doubted(**{name: made_up}) == (name,)


@pytest.mark.parametrize("said", CORPUS["summary_harmless"])
def test_what_somebody_says_of_admins_and_tools_is_no_order(said: str) -> None:
    assert unbelievable(TRUE.model_copy(update={"issue": said}), [*SAID, said], CANARY) == ()


def test_a_next_step_needs_no_source_for_its_words() -> None:
    assert doubted(next_step="Escalate to the payments department immediately.") == ()


def test_what_is_believed_stands_where_the_rules_found_it() -> None:
    summary, text = refined(floor(), TRUE)
    assert summary.headline == TRUE.headline
    assert summary.issue is not None
    assert floor().issue is not None
    assert (summary.issue.text, summary.issue.seqs) == (TRUE.issue, (1,))
    assert summary.facts == floor().facts
    assert TRUE.tried in text
    assert text.count("Tried: ") == 1


def test_what_is_not_believed_stays_as_the_rules_said_it() -> None:
    summary, text = refined(floor(), Lines(headline="", issue="", tried="", next_step=""))
    assert summary == floor()
    assert text == text_of(floor())


def test_a_line_on_what_was_tried_finds_its_place_where_rules_saw_nothing_tried() -> None:
    nothing = full(talk("c: Where is my parcel?"))
    _, text = refined(nothing, TRUE.model_copy(update={"issue": ""}))
    assert text.split("\n")[-2] == f"Tried: {TRUE.tried}"


def test_lines_are_plain_and_short_and_get_back_what_was_held_back() -> None:
    long = Lines(
        headline="<b>Charged</b> twice " + "x " * 400,
        issue="<EMAIL_1> was charged",
        tried="",
        next_step="y" * 5_000,
    )
    got = tidy(long, lambda text: text.replace("<EMAIL_1>", "ann@example.com"))
    assert got.headline.startswith("Charged twice x")
    assert got.issue == "ann@example.com was charged"
    each = got.model_dump()
    assert all(len(each[name]) <= most for name, most in LINE_CHARS.items())
    _, text = refined(floor(), got)
    assert len(text) <= TEXT_CHARS
