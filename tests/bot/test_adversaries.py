"""Every attack we know of, in a question, an article, what was said before: models are told none of it."""

from dataclasses import replace
from uuid import UUID

import orjson
import pytest

from ai.contracts import Msg, Role
from ai.guards.fences import suspicions
from ai.knowledge.passages import Passage
from bot.aloud import has_faults
from bot.answering import BEFORE, tell
from bot.ports import Asked, BotCard, Brief, Draft, Where
from chorus.ids import uuid7
from tests.ai.guards.attacks import ATTACKS, DISGUISES, IN_WORDS
from tests.bot.world import QUESTION


def passage(id_: str, title: str, text: str) -> Passage:
    return Passage(id_, UUID(int=1), title, text, "en", "editor", 1, 0.9, 0.9, 0.9)


GOOD = passage("a", "Returns", "You can return an item within 30 days of delivery. It is free.")
BRIEF = Brief("open", 1, None, "shop", "pro", BotCard(uuid7(), "Robin"))
WANTED = Asked(Where(uuid7(), uuid7()), BRIEF, QUESTION, "en", (GOOD,), (), 0.0)
TEXTS = [one["text"] for _, one in ATTACKS]
HIDDEN = [hide(one) for one in IN_WORDS for hide in DISGUISES.values()]


def said(role: Role, content: str, seq: int = 1) -> Msg:
    return Msg(id=uuid7(), seq=seq, role=role, content=content)


def document(asked: Asked) -> str:
    told = tell(asked, raw=True)
    assert told is not None
    orjson.loads(told.fence.document)
    return told.fence.document


def test_there_are_enough_of_them() -> None:
    assert len({*TEXTS, *HIDDEN}) >= 150


@pytest.mark.parametrize("attack", TEXTS, ids=lambda one: one[:20])
def test_none_reaches_a_model_from_wherever_it_comes(attack: str) -> None:
    assert tell(replace(WANTED, question=f"{QUESTION} {attack}"), raw=True) is None
    told = document(WANTED)
    for text, title in ((attack, "Returns"), (GOOD.text, attack)):
        mixed = replace(WANTED, passages=(passage("b", title, text), GOOD))
        assert len(document(mixed)) == len(told)
        assert tell(replace(mixed, passages=mixed.passages[:1]), raw=True) is None
    before = [said("customer", attack, 1), said("agent", attack, 2), said("bot", attack, 3)]
    assert len(document(replace(WANTED, talk=tuple(before)))) == len(told)


def test_none_reaches_a_model_however_it_is_hidden() -> None:
    assert [one for one in HIDDEN if not suspicions(one)] == []
    assert [one for one in HIDDEN[:14] if tell(replace(WANTED, question=one), raw=True)] == []


def test_what_an_attacker_wants_to_be_said_is_not() -> None:
    """A model that says word for word what it was told to, and cites the best of articles for it."""
    passed = [one for one in TEXTS if not has_faults(Draft(one, ("a",), "model"), WANTED)]
    assert passed == []


@pytest.mark.parametrize("content", ["", "  \n", "\u200b" * 50, "return " * 40_000, "🙂" * 5_000])
def test_whatever_stands_in_a_question_what_a_model_is_told_is_bounded(content: str) -> None:
    talk = tuple(said("customer", content or "return", seq) for seq in range(1_000))
    told = tell(replace(WANTED, question=f"{QUESTION} {content}", talk=talk), raw=False)
    if told is not None:
        assert len(told.fence.document) < 30_000
        assert len(orjson.loads(told.fence.document)["conversation"]) <= BEFORE
