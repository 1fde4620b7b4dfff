"""What sources of knowledge look like to those who bring them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from chat_service.routes.admin_shapes import Absent, Setting
from chat_service.routes.shapes import Shape

CONTENT_CHARS_MAX = 1_000_000
PAIRS_MAX = 2_000

SourceName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Content = Annotated[str, Field(min_length=1, max_length=CONTENT_CHARS_MAX)]
Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Answer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]


class Pair(Setting):
    """A question and what is answered."""

    question: Question
    answer: Answer


class SourceChange(Setting):
    """What of a source is to be otherwise; `content` and `pairs` exclude each other."""

    name: SourceName = Absent
    trust: Literal["editor", "imported"] = Absent
    """Who vouches for it: somebody here wrote it, or it was brought along."""
    language: Annotated[str, Field(pattern="^([a-z]{2,3})?$")] = Absent
    """Without a region: `de`; empty: unknown."""
    format: Literal["markdown", "text"] = Absent
    """Of `content`."""
    content: Content = Absent
    """Markdown or plain text. What could run in it is taken out."""
    pairs: Annotated[list[Pair], Field(min_length=1, max_length=PAIRS_MAX)] = Absent

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if {"content", "pairs"} <= self.model_fields_set:
            raise ValueError("either content or pairs")
        return self


class NewSource(SourceChange):
    name: SourceName

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not {"content", "pairs"} & self.model_fields_set:
            raise ValueError("content or pairs must be there")
        return self


class SourceAnswer(Shape):
    id: UUID
    name: str
    kind: Literal["qa", "markdown", "text"]
    trust: Literal["editor", "imported", "web"]
    language: str
    state: Literal["queued", "indexing", "ready", "failed"]
    note: str
    """Why it failed or waits, or what was taken out of it: a sentence."""
    version: int
    chunks: int
    """Pieces it was cut into."""
    held_back: int
    """Pieces that are not found because they look like orders to a model."""
    size_bytes: int
    created_at: datetime
    updated_at: datetime
    indexed_at: datetime | None
    content: str | None = None
    """Where one is read by itself; of pairs none."""
    pairs: list[Pair] | None = None


class SourceList(Shape):
    items: list[SourceAnswer]
    next_cursor: str | None


class Trial(Setting):
    question: Question


class PassageAnswer(Shape):
    """A piece of a source."""

    id: str
    source_id: UUID
    title: str
    text: str
    score: float


class TrialAnswer(Shape):
    confidence: float
    """From 0 to 1: how sure the bot could be that one of them answers."""
    items: list[PassageAnswer]
    """Best first."""
