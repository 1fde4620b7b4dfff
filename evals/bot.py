"""What customers get who ask a bot: real turns, from their first message to what is stored of the answer.

Everything is what an installation without models runs: turns one at a time, features, policy of a
new bot, the search over all golden articles, quoting, the look at what is said. Only the chat
service is `evals.desk`, and nobody sees sentences before their message.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from ai.knowledge.embed import HashingEmbedder
from bot.act import Voice, take_turn
from bot.chat import GrpcChat
from bot.policy import Action, Reason
from bot.ports import BotCard, Where
from bot.quoting import Quoting
from bot.standing import Standing
from bot.talk import META
from bot.turn import Mind
from bot.turns import Pace, Turns
from evals import handoff
from evals.desk import Desk, Thread
from evals.knowledge import Asked, Shelf, library_of, read_knowledge

FOLDER: Final = Path(__file__).parent / "golden"
WISHES: Final = ("explicit", "polite", "languages")
LOOKALIKES: Final = "hard_negative"
PATIENCE_S: Final = 60.0
"""Longer than a turn or a search may take in a product, so that a busy machine changes no figure."""
_BOT_ID: Final = UUID(int=3)
_AT_ONCE: Final = Pace(quiet_s=0.0, quiet_max_s=0.0, at_once=1)


class Kind(StrEnum):
    """What is asked for."""

    KNOWN = "known"
    """An article answers it."""
    UNKNOWN = "unknown"
    WISH = "wish"
    """A person is asked for."""
    LOOKALIKE = "lookalike"
    """The words of such a wish without the wish."""


class Came(StrEnum):
    """What came of a turn."""

    RIGHT = "right"
    """Answered, from the article that is wanted and no other."""
    WRONG = "wrong"
    """Answered from another one."""
    ASKED_BACK = "asked back"
    PERSON = "person"
    """One was called, or offered without an answer."""
    TALK = "small talk"
    FAILED = "failed"
    """Nothing was said, or something of ours did not work."""


_WITHOUT_ANSWER: Final[Mapping[str, Came]] = {
    Action.CLARIFY: Came.ASKED_BACK,
    Action.OFFER: Came.PERSON,
    Action.HANDOFF: Came.PERSON,
    Action.SMALLTALK: Came.TALK,
}


@dataclass(frozen=True, slots=True)
class Case:
    """The first message of a conversation; `wanted` is the article of what is KNOWN."""

    kind: Kind
    text: str
    language: str
    held_out: bool
    name: str
    wanted: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case."""

    case: Case
    came: Came
    action: str
    """The bot's own word for it; empty: nothing was done."""
    reasons: tuple[str, ...]
    """Why a person was called."""
    cited: str
    """Titles of what was cited."""

    @property
    def held_out(self) -> bool:
        return self.case.held_out

    @property
    def contained(self) -> bool:
        """Rightly answered, and nobody else is needed."""
        return self.came is Came.RIGHT and self.action == Action.ANSWER

    @property
    def heard_a_wish(self) -> bool:
        return Reason.ASKED in self.reasons


class Unseen:
    """Implements `bot.ports.Stage` where nobody looks."""

    async def typing(self, where: Where, bot: BotCard, *, on: bool) -> None:
        return

    async def delta(self, where: Where, bot: BotCard, data: dict[str, Any]) -> None:
        return


def outcomes(
    folder: Path = FOLDER, settings: Mapping[str, Any] = MappingProxyType({})
) -> list[Outcome]:
    """Ask everything of a folder; `settings` are those of the bot, by default a new one's.

    Raises:
        BadGolden: of the knowledge, or of handoffs.
    """
    knowledge = read_knowledge(folder / "knowledge")
    cases = [*map(_asked, knowledge.asked), *_wishes(folder / "handoff")]
    bot = BotCard(_BOT_ID, "Robin", settings=dict(settings))
    return asyncio.run(_taken(bot, cases, knowledge.shelves))


def _asked(one: Asked) -> Case:
    kind = Kind.UNKNOWN if one.wanted is None else Kind.KNOWN
    name = f"{one.name} {one.family}"
    return Case(kind, one.question, one.language, one.held_out, name, one.wanted)


def _wishes(folder: Path) -> Iterator[Case]:
    for one in handoff.read(folder):
        kind = Kind.WISH if one.family in WISHES else Kind.LOOKALIKE
        if one.family in (*WISHES, LOOKALIKES):
            yield Case(kind, one.lines[0].text, "", one.held_out, one.id)


async def _taken(bot: BotCard, cases: Sequence[Case], shelves: Sequence[Shelf]) -> list[Outcome]:
    library = replace(await library_of(shelves, HashingEmbedder()), timeout_s=PATIENCE_S)
    desk, loop = Desk(bot), asyncio.get_running_loop()
    chat = GrpcChat(desk)
    mind = Mind(Standing(library, chat), (Quoting(),), PATIENCE_S, loop.time)
    voice = Voice(chat, Unseen(), PATIENCE_S, answers=True)
    titles = {shelf.id: shelf.title for shelf in shelves}
    async with Turns(lambda where, over: take_turn(mind, voice, where, over), _AT_ONCE) as turns:
        return [_outcome(one, await _thread(desk, turns, one.text), titles) for one in cases]


async def _thread(desk: Desk, turns: Turns, text: str) -> Thread:
    """The conversation after the bot's turn."""
    where, over = desk.open(text), asyncio.Event()
    turns.heard(where, over.set)
    await over.wait()
    return desk.threads[where.conversation_id]


def _outcome(case: Case, thread: Thread, titles: Mapping[UUID, str]) -> Outcome:
    said = [one["meta"][META] for one in thread.said("bot")]
    action = said[-1]["action"] if said else ""
    cited = [UUID(one["id"].split(":")[0]) for told in said for one in told.get("citations", ())]
    reasons = thread.called_for
    if reasons is not None:
        action = Action.HANDOFF.value
    came = Came.FAILED if Reason.FAILED in (reasons or ()) else _came(case, action, cited)
    return Outcome(case, came, action, reasons or (), ", ".join(titles[one] for one in cited))


def _came(case: Case, action: str, cited: Sequence[UUID]) -> Came:
    if cited:
        return Came.RIGHT if set(cited) == {case.wanted} else Came.WRONG
    return _WITHOUT_ANSWER.get(action, Came.FAILED)
