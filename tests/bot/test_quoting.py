"""What needs no model: quoting, our own few words, and reading what was said."""

from dataclasses import replace
from uuid import UUID

import orjson
import pytest

from ai.contracts import Msg, Role
from ai.guards.links import foreign_links
from ai.knowledge.clean import clean_markdown
from ai.knowledge.passages import Passage
from bot.aloud import has_faults
from bot.ports import Asked, BotCard, Brief, Where
from bot.quoting import WHOLE_CHARS, Quoting, quote, without_links
from bot.replies import LANGUAGES, WORDS, help_text, reply
from bot.talk import question_of, talk_of
from chorus.wire.calls import ResumeReply, StoredEvent

pytestmark = pytest.mark.anyio
NOBODY = UUID(int=1)
LONG = (
    "The tent has two rooms and a porch. It weighs four kilograms. The poles are made of aluminium. "
    "Wash the tent by hand with cold water. Do not use a washing machine. Let it dry before you "
    "pack it. The zip needs some wax once a year. The bag fits on a bicycle. Spare pegs are sold "
    "apart. The colour fades a little in the sun. We repair tears for a small fee, send it to us "
    "with a short note. The floor keeps water out at a column of five metres for many years."
)


def passage(text: str, lang: str = "") -> Passage:
    return Passage("p1", NOBODY, "Tents", text, lang, "editor", 1, 0.9, 0.9, 0.9)


def asked(*passages: Passage, language: str = "en", **settings: object) -> Asked:
    brief = Brief("open", 1, None, "shop", "free", BotCard(NOBODY, "Robin", settings=settings))
    return Asked(Where(NOBODY, NOBODY), brief, "wash?", language, passages, (), 0.0)


def test_a_short_passage_is_quoted_whole_and_a_long_one_where_it_answers() -> None:
    assert quote(passage("It weighs four kilograms."), "how heavy") == "It weighs four kilograms."
    assert len(LONG) > WHOLE_CHARS
    said = quote(passage(LONG), "Can I wash the tent in a washing machine?")
    assert "Do not use a washing machine." in said
    assert said in LONG and len(said) < len(LONG) / 2


def test_scripts_without_blanks_are_quoted_without_blanks() -> None:
    text = (
        "テントは二部屋です。" * 30
        + "洗濯機は使わないでください。手で洗ってください。"
        + "袋は自転車に載ります。" * 20
    )
    said = quote(passage(text), "洗濯機で洗えますか")
    assert "洗濯機は使わないでください。" in said and said in text


async def test_nothing_is_quoted_from_nothing_or_in_another_language() -> None:
    assert await Quoting().answer(asked()) is None
    assert await Quoting().answer(asked(passage("Es wiegt vier Kilo.", "de"))) is None
    for one in (passage("Four kilos.", "en"), passage("Four kilos.")):
        draft = await Quoting().answer(asked(one))
        assert draft is not None and (draft.text, draft.cited) == ("Four kilos.", ("p1",))


@pytest.mark.parametrize(
    ("confidences", "cited"),
    [((0.2, 0.4), None), ((0.2, 0.9), None), ((0.5, 0.9), "p1"), ((0.45, 0.2), "p1")],
)
async def test_the_best_passage_is_quoted_if_it_is_sure_by_itself(
    confidences: tuple[float, ...], cited: str | None
) -> None:
    found = [
        replace(passage(f"It weighs {at} kilos."), id=f"p{at}", confidence=sure)
        for at, sure in enumerate(confidences, 1)
    ]
    draft = await Quoting().answer(asked(*found))
    assert (draft.cited if draft else None) == ((cited,) if cited else None)


SURE, UNSURE = 0.9, 0.2
EN, DE, ANY = "en", "de", ""


@pytest.mark.parametrize(
    ("found", "language", "cited"),
    [
        # The best speaks another language, a later one that is sure the customer's.
        ([(DE, SURE), (EN, SURE)], EN, "p2"),
        ([(DE, UNSURE), (EN, SURE)], EN, "p2"),
        # Whom the best that can be read leaves unsure is not told what comes after it.
        ([(DE, SURE), (EN, UNSURE), (EN, SURE)], EN, None),
        ([(EN, UNSURE), (DE, SURE), (EN, SURE)], EN, None),
        ([(DE, SURE), (ANY, SURE), (EN, SURE)], EN, "p2"),
        # Sure and readable are never two different passages.
        ([(DE, SURE), (EN, UNSURE)], EN, None),
        ([(EN, UNSURE), (DE, SURE)], EN, None),
        ([(DE, SURE), (ANY, UNSURE)], EN, None),
        ([(DE, SURE), ("fr", SURE)], EN, None),
        ([("en-GB", SURE), (DE, SURE)], "es", None),
        # Who comes first stays first where it can be read, or nobody knows what the customer writes.
        ([(EN, SURE), (DE, SURE)], EN, "p1"),
        ([(DE, SURE), (EN, SURE)], DE, "p1"),
        ([(DE, SURE), (EN, SURE)], ANY, "p1"),
    ],
)
async def test_the_best_in_the_customers_language_is_quoted_if_it_is_sure(
    found: list[tuple[str, float]], language: str, cited: str | None
) -> None:
    passages = [
        replace(passage(f"Four kilos, {at}.", lang), id=f"p{at}", confidence=sure)
        for at, (lang, sure) in enumerate(found, 1)
    ]
    draft = await Quoting().answer(asked(*passages, language=language))
    assert (draft.cited if draft else None) == ((cited,) if cited else None)


async def test_how_sure_a_quoted_passage_must_be_is_the_tenants_to_say() -> None:
    unsure = replace(passage("Four kilos."), confidence=0.2)
    assert await Quoting().answer(asked(unsure)) is None
    assert await Quoting().answer(asked(unsure, policy={"confident_at": 0.1})) is not None


RETURNS = "Send it back within 30 days by [Returns](https://shop.example/r?a=(b)). It is free."


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ([], "Send it back within 30 days by Returns. It is free."),
        (["other.example"], "Send it back within 30 days by Returns. It is free."),
        (
            ["shop.example"],
            "Send it back within 30 days by Returns (https://shop.example/r?a=(b)). It is free.",
        ),
    ],
)
async def test_an_article_with_a_link_is_quoted_without_it_where_it_may_not_lead(
    hosts: list[str], said: str
) -> None:
    wanted = asked(passage(clean_markdown(RETURNS).text), allowedHosts=hosts)
    draft = await Quoting().answer(wanted)
    assert draft is not None and draft.text == said
    assert not has_faults(draft, wanted)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("See https://evil.example/r. It is free.", "See …. It is free."),
        ("Ask shop.com or help@shop.com.", "Ask … or help@shop.com."),
        ("At evil.co/x, never at good.com.", "At …, never at good.com."),
        ("Both (https://evil.co/a) and (https://evil.co/a/b).", "Both and."),
        ("Free.\n- https://evil.example/a\n- Quick", "Free.\n- Quick"),
        ("詳細は https://evil.co/r をご覧ください。", "詳細は … をご覧ください。"),
        ("詳細は https://evil.co/rをご覧ください。手で。", "詳細は …をご覧ください。手で。"),
        ("Free (https://good.com/a). \n***\n", "Free (https://good.com/a). \n***\n"),
        ("https://evil.example", ""),
        ("", ""),
    ],
)
def test_links_are_left_out_and_words_stay(text: str, said: str) -> None:
    assert without_links(text, ["good.com"]) == said


@pytest.mark.parametrize(
    "text",
    [
        "Go to 例え.jp now.",
        "Go to https://例え.jp/x now.",
        "Open shop.app:// or app://x.",
        "![a](b)",
    ],
)
async def test_what_cannot_be_left_out_is_never_said(text: str) -> None:
    wanted = asked(passage(f"It is free. {text}"))
    draft = await Quoting().answer(wanted)
    assert draft is None or has_faults(draft, wanted) or not foreign_links(draft.text, ())


def test_every_language_has_every_word() -> None:
    assert len(LANGUAGES) >= 9
    assert {frozenset(words) for words in WORDS.values()} == {frozenset(WORDS["en"])}
    for language in LANGUAGES:
        assert "Robin" in reply("hello", language, name="Robin")
    assert reply("clarify", "xx") == reply("clarify", "en")


def test_words_of_help_are_the_tenants_where_they_have_some() -> None:
    own = {"helpText": {"en": "Call 112.", "de": " "}}
    assert help_text(own, "en") == "Call 112."
    assert help_text(own, "fr") == "Call 112."
    assert help_text(own, "de") == reply("safety", "de")
    assert help_text({"helpText": "x"}, "ja") == reply("safety", "ja")


def event(seq: int, name: str, visibility: str = "public", **data: object) -> StoredEvent:
    frame = orjson.dumps({"event": name, "seq": seq, "data": {"id": str(NOBODY), **data}}).decode()
    return StoredEvent(seq, visibility, None, frame, NOBODY)


def test_a_talk_is_what_was_said_in_public() -> None:
    found = ResumeReply(
        "e", 8, 1, "bot", 3,
        [
            event(1, "message", role="customer", content="hi", attachments=["a"]),
            event(2, "message", role="bot", content="Hello", meta={"bot": {"action": "smalltalk"}}),
            event(3, "message", "agents", role="agent", content="a note"),
            event(4, "conversation.updated", by="x"),
            event(5, "message", role="system", content="Nobody is here"),
            event(6, "message", role="customer", content=None),
            event(7, "message", role="bot", content="?", meta={"bot": "odd"}),
            event(8, "message", role="agent", content=None),
        ],
    )  # fmt: skip
    talk = talk_of(found)
    assert [(one.seq, one.role, one.content) for one in talk.messages] == [
        (1, "customer", "hi"),
        (2, "bot", "Hello"),
        (7, "bot", "?"),
        (8, "agent", ""),
    ]
    assert talk.messages[0].attachments == 1
    assert talk.actions == {2: "smalltalk"}
    assert (talk.floor_holder, talk.floor_epoch, talk.head_seq) == ("bot", 3, 8)


def answer(seq: int, **marks: object) -> StoredEvent:
    return event(seq, "message", role="bot", content="!", meta={"bot": marks})


def word(seq: int) -> StoredEvent:
    return event(seq, "message", role="customer", content="?")


@pytest.mark.parametrize(
    ("events", "heard", "open_"),
    [
        ([word(1), word(2), answer(3, upto=2)], [1, 2, 3], []),
        ([word(1), word(2), answer(3, upto=1)], [1, 3, 2], [2]),
        ([word(1), word(2), answer(3, upto=1), word(4)], [1, 3, 2, 4], [2, 4]),
        ([word(1), word(2), answer(3, upto=1), answer(4, upto=2)], [1, 3, 2, 4], []),
        ([word(1), word(2), answer(3, upto=2), answer(4, upto=1)], [1, 4, 2, 3], []),
        ([word(1), word(2), answer(3)], [1, 2, 3], []),
        ([word(1), answer(2, upto=9), word(3)], [1, 2, 3], [3]),
    ],
)
def test_what_came_while_the_bot_made_an_answer_stands_behind_it(
    events: list[StoredEvent], heard: list[int], open_: list[int]
) -> None:
    talk = talk_of(ResumeReply("e", 4, 1, "bot", 3, events))
    assert [one.seq for one in talk.messages] == heard
    assert [one.seq for one in question_of(talk.messages)] == open_


def test_a_question_is_what_nobody_has_answered() -> None:
    roles: list[Role] = ["customer", "bot", "customer", "customer"]
    said = [
        Msg(id=NOBODY, seq=seq, role=role, content=str(seq)) for seq, role in enumerate(roles, 1)
    ]
    assert [one.seq for one in question_of(said)] == [3, 4]
    assert question_of(said[:2]) == ()
    assert question_of([]) == ()
