"""What a customer sees of an answer on its way: the beginning of it, or all of it, never with a hole."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.ports import BotCard, Chat, Talk, Where
from bot.speaking import Speaking
from chorus.errors import Unavailable
from chorus.ids import uuid7

pytestmark = pytest.mark.anyio
WHERE, BOT = Where(uuid7(), uuid7()), BotCard(uuid7(), "Robin")
TALK = Talk((), {}, "bot", 1, 1)


@dataclass
class Line:
    """A chat service that cannot be reached at some of the times it is asked."""

    away_at: set[int]
    asked: int = 0

    async def holds(self, where: Where, talk: Talk) -> bool:
        self.asked += 1
        if self.asked in self.away_at:
            raise Unavailable
        return True


@dataclass
class Window:
    """Implements `bot.ports.Stage`."""

    shown: list[str] = field(default_factory=list)

    async def typing(self, where: Where, bot: BotCard, *, on: bool) -> None:
        return

    async def delta(self, where: Where, bot: BotCard, data: dict[str, Any]) -> None:
        self.shown.append("dropped" if data.get("dropped") else data["text"].strip())


async def said(away_at: set[int], *, again: bool = False) -> list[str]:
    window = Window()
    chat = cast(Chat, Line(away_at))
    speaking = Speaking(chat, window, WHERE, BOT, TALK, uuid7(), lambda: False, kept=True)
    async with speaking:
        for one in ("One.", "Two.", "Three."):
            await speaking.say(one)
        if again:
            await speaking.drop()
            await speaking.say("Anew.")
    return window.shown


async def test_after_a_sentence_that_could_not_be_shown_none_is() -> None:
    assert await said(set()) == ["One.", "Two.", "Three."]
    assert await said({2}) == ["One."]
    assert await said({1}) == []


async def test_another_answer_may_be_shown_again() -> None:
    assert await said({2}, again=True) == ["One.", "dropped", "Anew."]
