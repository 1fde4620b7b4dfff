"""What the bot needs of the world, and the shapes that go back and forth."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from ai.contracts import Msg
from ai.knowledge.passages import Found, Passage


@dataclass(frozen=True, slots=True)
class Where:
    """A conversation of a tenant."""

    tenant_id: UUID
    conversation_id: UUID


@dataclass(frozen=True, slots=True)
class BotCard:
    """A bot as its tenant has set it up."""

    id: UUID
    name: str
    persona: str = ""
    instructions: str = ""
    mode: str = "answer"
    enabled: bool = True
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def suggests(self) -> bool:
        return self.mode == "suggest"


@dataclass(frozen=True, slots=True)
class Brief:
    """How a conversation stands; `bot` is None where none of ours is bound."""

    status: str
    head_seq: int
    session: str | None
    tenant_slug: str
    tenant_tier: str
    bot: BotCard | None


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said lately, as the customer sees it, and who has the floor as of then."""

    messages: tuple[Msg, ...]
    actions: dict[int, str]
    """What the bot's own messages were, by seq."""
    floor_holder: str
    floor_epoch: int
    head_seq: int
    handed_seq: int = 0
    """Where the first step of the last handoff stands; 0: there was none lately."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer, or a sentence of one, before it was looked at. `by` names what made it."""

    text: str
    cited: tuple[str, ...]
    by: str
    known: tuple[str, ...] = ()
    """Words of ours in it that need no source."""
    canary: str = ""


class Interrupted(Exception):
    """Nobody wants the rest of an answer: a person took the floor, or the customer writes on."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Unanswerable(Exception):
    """Who has read the passages says that they do not answer; or, with `harms`, the question is unfit.

    `harms` are those of `ai.guards.moderation.Harm` that a model found.
    """

    def __init__(self, harms: Iterable[str] = ()) -> None:
        self.harms = frozenset(harms)
        super().__init__(*sorted(self.harms))


class Aloud(Protocol):
    """Where an answer is heard while it is made, sentence by sentence."""

    async def begin(self) -> None:
        """An answer begins; what was heard of another one counts for nothing."""
        ...

    async def sentence(self, draft: Draft) -> bool:
        """Look at a sentence and let it be heard; False: it has a fault, and so has the answer.

        Raises:
            Interrupted: nobody wants the rest.
        """
        ...


class Silent:
    """Nobody listens: only the whole answer is looked at."""

    async def begin(self) -> None:
        return

    async def sentence(self, draft: Draft) -> bool:
        return bool(draft.text)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and all an answer may rest on."""

    where: Where
    brief: Brief
    question: str
    language: str
    passages: tuple[Passage, ...]
    talk: tuple[Msg, ...]
    until_s: float
    """On the loop's clock."""
    aloud: Aloud = field(default_factory=Silent)


class Knowledge(Protocol):
    """What the tenant knows."""

    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        """The passages that answer best, and how sure one can be. Bounded in time."""
        ...


class Answerer(Protocol):
    """Makes an answer of passages."""

    async def answer(self, asked: Asked) -> Draft | None:
        """None: it has no answer; another is asked then. Ends before `until_s`.

        Raises:
            Unanswerable: nobody else is to be asked. Interrupted.
        """
        ...


class Chat(Protocol):
    """The chat service. All raise `ChorusError`; `Unavailable`: it may be asked again."""

    async def which(self, tenant_id: UUID, conversations: list[UUID]) -> set[UUID]:
        """Those of these conversations that have a bot."""
        ...

    async def standing(self, tenant_id: UUID, passages: list[str]) -> set[str]:
        """Those of these passages that the tenant has as of now."""
        ...

    async def brief(self, where: Where) -> Brief:
        """How the conversation stands."""
        ...

    async def talk(self, where: Where, head_seq: int) -> Talk:
        """What was said lately."""
        ...

    async def holds(self, where: Where, talk: Talk) -> bool:
        """Whether the floor is still as it was then."""
        ...

    async def say(self, where: Where, bot: BotCard, data: dict[str, Any]) -> str | None:
        """Store a message; answers why not, or None."""
        ...

    async def hand_over(self, where: Where, bot: BotCard, data: dict[str, Any]) -> str | None:
        """Call a person; answers why not, or None."""
        ...


class Hearing(Protocol):
    """The customer, who sees an answer before it is there."""

    async def say(self, sentence: str) -> None:
        """Show one more sentence. Raises Interrupted."""
        ...

    async def drop(self) -> None:
        """Take back what was shown."""
        ...


class Stage(Protocol):
    """What customers see of an answer before it is there. Nothing of it is promised."""

    async def typing(self, where: Where, bot: BotCard, *, on: bool) -> None: ...
    async def delta(self, where: Where, bot: BotCard, data: dict[str, Any]) -> None: ...
