"""An answer on its way to the customer: seen in sentences, and taken back unless it is stored.

Each sentence is shown only while the floor is the one the turn began with.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import UUID

from bot.ports import BotCard, Chat, Interrupted, Stage, Talk, Where
from chorus.errors import ChorusError

LATE: Final = "late"
SUPERSEDED: Final = "superseded"
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(slots=True)
class Speaking:
    """Implements `bot.ports.Hearing`; what was shown goes at the end of the block, unless kept."""

    chat: Chat
    stage: Stage
    where: Where
    bot: BotCard
    talk: Talk
    stream: UUID
    superseded: Callable[[], bool]
    kept: bool = False
    said: list[str] = field(default_factory=list)
    _blind: bool = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        if not self.kept:
            await self.drop()

    async def say(self, sentence: str) -> None:
        """Show one more sentence.

        Raises:
            Interrupted: a person has taken the floor, or the customer writes on.
        """
        if self.superseded():
            raise Interrupted(SUPERSEDED)
        if self._blind:
            return
        try:
            holds = await self.chat.holds(self.where, self.talk)
        except ChorusError:
            # Nobody can tell: nothing more is shown, or the customer would see an answer with a hole. What is
            # said at the end is fenced anyway.
            self._blind = True
            return
        if not holds:
            raise Interrupted(LATE)
        await self.show(sentence)

    async def show(self, sentence: str) -> None:
        """Show it without asking, where the message follows at once."""
        await self._tell(text=sentence + gap(sentence))
        self.said.append(sentence)

    async def drop(self) -> None:
        self._blind = False
        if self.said:
            self.said.clear()
            await self._tell(text="", dropped=True)

    async def _tell(self, **facts: Any) -> None:
        told = {"stream": str(self.stream), "n": len(self.said), **facts}
        await self.stage.delta(self.where, self.bot, told)


def gap(sentence: str) -> str:
    """What stands between a sentence and the next."""
    return "" if _UNSPACED.search(sentence) else " "


def joined(sentences: list[str]) -> str:
    return "".join(one + gap(one) for one in sentences).rstrip()
