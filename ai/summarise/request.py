"""What is summarised, and what a summariser gives back."""

from dataclasses import dataclass
from typing import Literal, Protocol

from ai.contracts import ConversationSummary, Msg
from ai.models.question import For

Kind = Literal["fast", "rich"]
"""`fast`: somebody looks at it now; `rich`: the note of a conversation that is over."""


@dataclass(frozen=True, slots=True)
class Request:
    """`floor` is what rules made of `messages`; it is what holds when nothing better comes."""

    whom: For
    messages: tuple[Msg, ...]
    floor: ConversationSummary
    kind: Kind
    task: str
    until_s: float
    """On the clock of the summariser."""


@dataclass(frozen=True, slots=True)
class Made:
    """A summary; `text` is what people read first."""

    summary: ConversationSummary
    text: str
    source: Literal["extractive", "model"]
    model: str
    prompt: str = ""
    tokens: int = 0
    micros: int = 0
    ms: int = 0


class Summariser(Protocol):
    """Whatever summarises: never raises for what a provider does, never later than asked for."""

    async def ainvoke(self, request: Request) -> Made: ...
