"""Why a session was routed as it was."""

from uuid import UUID

from chat_service.routes.shapes import Shape


class Candidate(Shape):
    agent_id: UUID
    name: str | None
    eligible: bool
    refused: str | None = None
    """The first reason that applies."""
    again: bool = False
    """They refused it before, and that has lapsed."""
    score: list[float] | None = None
    """The lowest wins."""


class Decision(Shape):
    at: str
    chosen: UUID | None
    why: str
    candidates: list[Candidate]
    others: dict[str, int]
    """Of more than 1,000 candidates: how many are not listed, by reason."""
    read: dict[str, str]
    """What the customer's words said then, by rules: `intent`, `sentiment`, `language`; {} where
    nothing was read yet. Language and intent decide who is fit, sentiment who comes first."""


class Decisions(Shape):
    items: list[Decision]
