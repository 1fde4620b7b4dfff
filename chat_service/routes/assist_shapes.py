"""What is proposed to agents, and what became of it."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from chat_service.routes.shapes import Shape
from chat_service.taken import Outcome
from chorus.wire.asks import Kind
from chorus.wire.common import MAX_CONTENT_BYTES


class Citation(Shape):
    """A piece of what the tenant knows, which an answer rests on."""

    title: str
    source: UUID
    chunk: str


class ProposedReply(Shape):
    text: str
    kind: Kind
    """In a model's words, or in the source's own."""
    citations: list[Citation]


class Basis(Shape):
    """What is answered: all the customer said last, up to this message."""

    upto_seq: int
    confidence: float
    """From 0 to 1: how sure one can be that something known answers it."""


class ProposedReplies(Shape):
    id: UUID | None
    """To name it by when one of them is sent; null: nothing was proposed."""
    items: list[ProposedReply]
    """Best first, three at most; empty: nothing that is known fits."""
    basis: Basis | None
    """None: the customer has said nothing, or nothing is known at all."""


class TakenBody(Shape):
    message: UUID
    """The reply to the customer that it went into, once it is delivered."""
    text: Annotated[str, Field(min_length=1, max_length=MAX_CONTENT_BYTES)]
    """The answer as it was proposed."""


class TakenReply(Shape):
    outcome: Outcome
    """`as_is`: word for word, whatever stands around it; `changed`: half of its words are left at
    least; else `replaced`.
    """
    message: UUID
    dup: bool
    """It was told before; `outcome` and `message` are those of the first time."""


class AssistFigures(Shape):
    shown: int
    as_is: int
    changed: int
    replaced: int
    """Put into a reply that was then written anew: not taken."""
    share: float | None
    """`asIs` and `changed`, of what was shown."""


class AssistSources(Shape):
    asked: AssistFigures
    """Each time that an agent asked and was shown something."""
    suggested: AssistFigures
    """Each suggestion of a bot."""


class AssistDay(AssistFigures):
    day: date


class AssistReport(Shape):
    """A reply counts on the day it was proposed."""

    from_: Annotated[date, Field(alias="from")]
    to: date
    tz: str
    total: AssistFigures
    sources: AssistSources
    days: list[AssistDay]
