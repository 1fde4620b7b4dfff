"""What the chat API asks a process that holds the index and the models, and what that answers.

It goes by Redis (ADR-0038). The id of an ask is in the list `ASKS`, what is asked under its own
name for as long as somebody waits to see it taken. Who takes it takes it away; the answer is a list
of one, which who asked waits for. All of it lapses by itself.
"""

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

ASKS: Final = "asks"
WAITING_MAX: Final = 100
"""Asks that nobody has taken yet; more push out the oldest, which nobody waits for any more."""
LAPSE_MS: Final = 15_000
"""After so long nothing of an ask is left, whoever died."""

What = Literal["passages", "replies"]
Why = Literal["", "knowledge", "chat", "late", "failed"]
"""Why there is no answer: the index is away, or the chat service; it took too long; our own fault."""
Kind = Literal["written", "quoted"]
"""In a model's words, or in those of a piece."""


def ask_key(id_: str) -> str:
    return f"ask:{id_}"


def answer_key(id_: str) -> str:
    return f"answer:{id_}"


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class Ask(_Shape):
    """`passages` for a question; `replies` to what the customer of a conversation said last."""

    what: What
    tenant_id: UUID
    conversation_id: UUID | None = None
    question: str = ""
    most: Annotated[int, Field(ge=1, le=20)]
    answer_ms: Annotated[int, Field(ge=1)]
    """How long who asks waits once it is taken."""


class Piece(_Shape):
    """A passage: a piece of a source of the tenant."""

    id: str
    source_id: UUID
    title: str
    text: str = ""
    score: float = 0.0


class Proposal(_Shape):
    """What an agent could say, and the pieces that bear it out."""

    text: str
    kind: Kind
    rests_on: list[Piece]


class Answer(_Shape):
    """Of whom it is says `tenant_id`: who asks for another tenant does not look at it."""

    tenant_id: UUID
    why: Why = ""
    confidence: float = 0.0
    upto_seq: int | None = None
    """The message that is answered; None: the customer has said nothing."""
    pieces: list[Piece] = []
    proposals: list[Proposal] = []
