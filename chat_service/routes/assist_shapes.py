"""What is proposed to agents."""

from uuid import UUID

from chat_service.routes.shapes import Shape
from chorus.wire.asks import Kind


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
    items: list[ProposedReply]
    """Best first, three at most; empty: nothing that is known fits."""
    basis: Basis | None
    """None: the customer has said nothing, or nothing is known at all."""
