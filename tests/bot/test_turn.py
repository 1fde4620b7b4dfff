"""A turn from the question to what is in the books, with the real chat service."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, ClassVar
from uuid import UUID

import orjson
import pytest

from ai.contracts import Msg
from ai.knowledge.passages import Found, Passage
from bot.act import turn_id
from bot.policy import Policy, Reason
from bot.ports import Asked, BotCard, Brief, Draft, Talk, Where
from bot.quoting import Quoting
from bot.turn import Mind, Part, Scene, think
from chorus.ids import is_uuid7, uuid7
from tests.bot.world import EPOCH, QUESTION, Shop

pytestmark = pytest.mark.anyio


class Says:
    """An answerer that was told what to say, as a model may."""

    def __init__(self, text: str, *, cites: bool = True) -> None:
        self._text, self._cites = text, cites

    async def answer(self, asked: Asked) -> Draft | None:
        cited = (asked.passages[0].id,) if self._cites else ()
        return Draft(self._text, cited, "told")


class Breaks:
    """An answerer, or knowledge, that fails."""

    async def answer(self, asked: Asked) -> Draft | None:
        raise RuntimeError(asked.language)

    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        raise RuntimeError(question)


class Hangs:
    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        await asyncio.Event().wait()
        return Found((), 1.0)


class Away:
    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        return Found((), 0.0, degraded=True)


def meta_of(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(row["payload"])["meta"]["bot"]
    return found


async def test_what_is_known_is_answered_and_cited(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await shop.turn(where) == "answer"
    (said,) = await shop.said(where)
    assert "within 30 days" in said["content"] and said["visibility"] == "public"
    meta = meta_of(said)
    assert meta["action"] == "answer"
    assert [one["title"] for one in meta["citations"]] == ["Returning an item"]
    assert orjson.loads(said["payload"])["stream"]
    assert await shop.sessions(where) == []


@pytest.mark.parametrize(
    ("question", "known"),
    [
        ("Innerhalb wie vieler Tage kann ich einen Artikel zurückgeben?", "innerhalb von 30 Tagen"),
        ("¿Puedo devolver un artículo? ¿En qué plazo?", "30 días"),
        ("商品の返品はできますか", "30日以内"),
    ],
)
async def test_it_answers_in_the_language_of_its_articles(
    shop: Shop, question: str, known: str
) -> None:
    where = await shop.open()
    await shop.ask(where, question)
    assert await shop.turn(where) == "answer"
    (said,) = await shop.said(where)
    assert known in said["content"]


async def test_a_turn_taken_twice_says_it_once(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await shop.turn(where) == "answer"
    assert await shop.turn(where) == "nothing"
    assert len(await shop.said(where)) == 1


async def test_it_asks_back_once_and_then_calls_a_person(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, "The purple thing hums at night")
    assert await shop.turn(where) == "clarify"
    await shop.ask(where, "It goes brr next to the lamp")
    assert await shop.turn(where) == "handoff"
    assert len(await shop.said(where)) == 1
    ((source, reason, _, _),) = await shop.sessions(where)
    assert source == "bot" and "low_confidence" in reason


@pytest.mark.parametrize(
    ("said", "reason", "priority"),
    [
        ("I want to talk to a human", "asked", 0),
        ("Ich möchte mit einem Mitarbeiter sprechen", "asked", 0),
        ("My lawyer will contact you", "legal", 1),
        ("The battery exploded and I am injured", "safety", 2),
    ],
)
async def test_a_person_is_called_at_once(
    shop: Shop, said: str, reason: str, priority: int
) -> None:
    where = await shop.open()
    await shop.ask(where, said)
    assert await shop.turn(where) == "handoff"
    ((source, why, urgency, _),) = await shop.sessions(where)
    assert (source, why, urgency) == ("bot", reason, priority)
    assert len(await shop.said(where)) == (reason == "safety")
    assert await shop.turn(where) == "nothing"


async def test_hello_is_answered_without_looking_anything_up(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, "Hi there!")
    assert await shop.thinking(knowledge=Breaks()).turn(where) == "smalltalk"
    assert "Robin" in (await shop.said(where))[0]["content"]


@pytest.mark.parametrize(
    "text",
    [
        "You can return it within 90 days.",
        "Within 30 days, see https://evil.example.",
        "I promise you a refund within 30 days.",
        "",
        "Model call limits exceeded: run limit (3/3)",
        "You idiot can return it within 30 days.",
    ],
)
async def test_an_answer_with_a_fault_is_never_sent(shop: Shop, text: str) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await shop.thinking(Says(text)).turn(where) == "clarify"
    (said,) = await shop.said(where)
    assert not text or text not in said["content"]


async def test_an_uncited_answer_is_not_sent_but_the_quoted_one_is(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    told = shop.thinking(Says("Within 30 days.", cites=False), Breaks(), Quoting())
    assert await told.turn(where) == "answer"
    assert meta_of((await shop.said(where))[0])["by"] == "quote"


async def test_whatever_fails_ends_at_a_person(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await shop.thinking(knowledge=Breaks()).turn(where) == "handoff"
    assert [one["reason"] for one in await shop.sessions(where)] == ["failed"]


async def test_who_takes_too_long_hands_over(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await shop.thinking(knowledge=Hangs(), turn_s=0.05).turn(where) == "handoff"
    assert [one["reason"] for one in await shop.sessions(where)] == ["failed"]


async def test_without_its_knowledge_it_offers_a_person_and_a_yes_is_a_wish(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    blind = shop.thinking(knowledge=Away())
    assert await blind.turn(where) == "offer"
    await shop.ask(where, "yes please")
    assert await blind.turn(where) == "handoff"
    assert [one["reason"] for one in await shop.sessions(where)] == ["offer_accepted"]


async def test_a_switched_off_bot_calls_a_person(shop: Shop) -> None:
    await shop.set_bot(state="disabled")
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await shop.turn(where) == "handoff"
    assert [one["reason"] for one in await shop.sessions(where)] == ["suspended"]


async def test_a_bot_that_suggests_speaks_to_agents_only(shop: Shop) -> None:
    await shop.set_bot(mode="suggest")
    where = await shop.open(floor="none")
    await shop.ask(where, QUESTION)
    assert await shop.turn(where) == "suggested"
    (said,) = await shop.said(where)
    assert (said["visibility"], said["message_type"]) == ("agents", "suggestion")
    other = await shop.open(floor="none")
    await shop.ask(other, "The purple thing hums at night")
    assert await shop.turn(other) == "nothing"


async def test_a_person_who_answers_is_left_alone(shop: Shop) -> None:
    where = await shop.open()
    await shop.act(shop.tenant.principal("agent"), where, "message", content="Ada here")
    await shop.ask(where, QUESTION)
    assert await shop.turn(where) == "nothing"
    assert await shop.said(where) == []


async def test_a_customer_who_writes_on_is_not_answered_yet(shop: Shop) -> None:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await shop.turn(where, superseded=True) == "superseded"
    assert await shop.said(where) == []


async def test_no_inbox_without_a_bot_is_answered(shop: Shop) -> None:
    where = await shop.open()
    await shop.api.rows("UPDATE inboxes SET bot_id = NULL WHERE id = $1", shop.tenant.inbox_id)
    await shop.ask(where, QUESTION)
    assert await shop.turn(where) == "nothing"


async def show(shop: Shop, where: Where) -> None:
    """The customer sends a picture and not a word."""
    picture = {"id": str(uuid7()), "name": "lamp.png", "type": "image/png", "size": 9}
    await shop.api.rows(
        "INSERT INTO messages (conversation_id, seq, id, tenant_id, role, sender_id, payload)"
        " VALUES ($1, 1, $2, $3, 'customer', $4, $5)",
        where.conversation_id, uuid7(), where.tenant_id, shop.tenant.contact,
        orjson.dumps({"attachments": [picture]}).decode(),
    )  # fmt: skip
    await shop.api.rows(
        "UPDATE conversations SET last_seq = 1 WHERE id = $1", where.conversation_id
    )


@pytest.mark.parametrize(
    ("points", "done", "begins"),
    [(30, "handoff", ""), (15, "offer", "I can't look at files"), (0, "clarify", "I can't look")],
)
async def test_a_picture_without_words_is_no_thank_you(
    shop: Shop, points: int, done: str, begins: str
) -> None:
    await shop.set_bot(settings=orjson.dumps({"policy": {"wordless": points}}).decode())
    where = await shop.open()
    await show(shop, where)
    assert await shop.turn(where) == done
    said = [one["content"] for one in await shop.said(where)]
    assert (len(said), len(await shop.sessions(where))) == ((0, 1) if not begins else (1, 0))
    assert all(one.startswith(begins) for one in said)


async def test_a_tenants_table_decides_and_a_bad_one_is_ours(shop: Shop) -> None:
    await shop.set_bot(settings='{"policy": {"version": "shy-1", "handoff_at": 0}}')
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await shop.turn(where) == "handoff"
    await shop.set_bot(settings='{"policy": {"no_such_row": 1}}')
    where = await shop.open()
    await shop.ask(where, QUESTION)
    assert await shop.turn(where) == "answer"


class Speaks:
    """Knowledge in German, whatever is asked."""

    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        text = "Der Versand nach Spanien kostet 9,90 EUR und dauert drei bis fünf Werktage."
        return Found(
            (Passage("p1", uuid7(), "Versand", text, "de", "editor", 1, 1.0, 1.0, 1.0),), 1.0
        )


@pytest.mark.parametrize(
    ("said", "translates", "passes"),
    [
        ("Shipping to Spain costs 9.90 EUR and takes three to five working days.", True, True),
        ("Shipping to Spain costs 9.90 EUR and takes three to five working days.", False, False),
        ("Shipping to Spain costs 9.50 EUR and takes three to five working days.", True, False),
        ("Shipping to Spain takes seven working days, whatever the weather is like.", True, False),
        ("Read all about the shipping of our parcels at https://evil.example/spain", True, False),
        # In the language of its passage its words can be looked up, and so they are.
        ("Unsere Lampen werden von freundlichen Leuten in der Werkstatt gemacht.", True, False),
    ],
)
async def test_facts_of_an_answer_in_another_language_must_stand_in_its_passages(
    said: str, translates: bool, passes: bool
) -> None:
    asked = Msg(id=uuid7(), seq=1, role="customer", content="How much is shipping to Spain?")
    card = BotCard(uuid7(), "Robin", settings={"translates": translates})
    scene = Scene(
        Where(uuid7(), uuid7()),
        Brief("open", 1, None, "shop", "pro", card),
        Talk((asked,), {}, "bot", EPOCH, 1),
        (asked,),
        Part.ANSWERS,
        Policy(),
    )
    verdict = await think(Mind(Speaks(), (Says(said),), 20.0, lambda: 0.0), scene)
    assert (verdict.draft is not None) is passes


class Mixed:
    """Knowledge whose best by words is not what makes it sure."""

    def __init__(self, *confidences: float) -> None:
        words = ("Lamps are sold in pairs.", "You can return lamps within 30 days.")
        self.passages = tuple(
            Passage(f"p{at}", uuid7(), "Lamps", text, "en", "editor", 1, 0.5, 1.0, 1.0, sure)
            for at, (text, sure) in enumerate(zip(words, confidences, strict=True))
        )

    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        return Found(self.passages, 0.9)


@pytest.mark.parametrize(
    ("confidences", "cited", "action"),
    [((0.9, 0.2), ("p0",), "answer"), ((0.2, 0.9), (), "clarify"), ((0.2, 0.3), (), "clarify")],
)
async def test_what_is_quoted_is_itself_sure_enough(
    confidences: tuple[float, ...], cited: tuple[str, ...], action: str
) -> None:
    asked = Msg(id=uuid7(), seq=1, role="customer", content="How long can I return a lamp?")
    scene = Scene(
        Where(uuid7(), uuid7()),
        Brief("open", 1, None, "shop", "pro", BotCard(uuid7(), "Robin")),
        Talk((asked,), {}, "bot", EPOCH, 1),
        (asked,),
        Part.ANSWERS,
        Policy(),
    )
    verdict = await think(Mind(Mixed(*confidences), (Quoting(),), 20.0, lambda: 0.0), scene)
    assert (verdict.draft.cited if verdict.draft else ()) == cited
    assert verdict.decision.action == action


class Talked(tuple[Msg, ...]):
    """What was said, and which thread reads it."""

    __slots__ = ()
    readers: ClassVar[set[int]] = set()

    def __iter__(self) -> Iterator[Msg]:
        self.readers.add(threading.get_ident())
        return super().__iter__()


async def test_a_long_talk_is_not_read_on_the_loop() -> None:
    said = Talked([Msg(id=uuid7(), seq=1, role="customer", content="I want to talk to a human")])
    card = BotCard(uuid7(), "Robin")
    scene = Scene(
        Where(uuid7(), uuid7()),
        Brief("open", 1, None, "shop", "pro", card),
        Talk(said, {}, "bot", EPOCH, 1),
        tuple(said),
        Part.ANSWERS,
        Policy(),
    )
    Talked.readers.clear()
    verdict = await think(Mind(Breaks(), (), 5.0, lambda: 0.0), scene)
    assert verdict.decision.reasons == (Reason.ASKED,)
    assert Talked.readers and threading.get_ident() not in Talked.readers


def test_the_id_of_an_answer_is_that_of_its_question() -> None:
    question = uuid7()
    assert turn_id(question, "answer") == turn_id(question, "answer")
    assert is_uuid7(turn_id(question, "answer"))
    assert len({turn_id(question, "answer"), turn_id(question, "handoff"), question}) == 3
    assert EPOCH == 3
