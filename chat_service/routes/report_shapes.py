"""What reports look like. Seconds are seconds, shares go from 0 to 1; null: nothing to measure."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chat_service.routes.shapes import Shape


class EscalationQuery(Shape):
    from_: Annotated[date | None, Field(alias="from")] = None
    """The first day; by default 29 days before the last."""
    to: date | None = None
    """The last day, included; by default today."""
    queue: Annotated[str, Field(max_length=200)] | None = None
    """A name or an id."""
    tz: Annotated[str, Field(max_length=64)] = "UTC"
    """In which days begin and end."""
    format: Literal["json", "csv"] | None = None


class Funnel(Shape):
    """How far the wishes for a person came."""

    requested: int
    """Without those that are `cancelled` or `unasked`."""
    queued: int
    offered: int
    accepted: int
    resolved: int
    rated: int


class Apart(Shape):
    """What became of the others."""

    cancelled: int
    """Taken back by the customer before anybody came; not among `requested`."""
    unasked: int
    """Agents took a conversation in which nobody had asked for a person; not among `requested`."""
    deferred: int
    """Nobody could come at first; some were picked up later."""
    abandoned: int
    """The customer left before anybody came."""
    failed: int
    returned_to_bot: int
    waiting: int
    """Still without an answer."""


class OfferCounts(Shape):
    """What became of offers made in these days."""

    made: int
    accepted: int
    declined: int
    expired: int
    rescinded: int


class Wait(Shape):
    """From the wish to an agent, without those that were deferred."""

    p50: float | None
    p90: float | None
    max: float | None
    """Also of those who left or still wait."""


class Percentiles(Shape):
    p50: float | None
    p90: float | None


class Promise(Shape):
    """Waits that were promised, of those who were answered."""

    promised: int
    promised_mean: float | None
    actual_mean: float | None
    late: Percentiles
    """How much later than promised somebody came; below zero is earlier."""


class Csat(Shape):
    mean: float | None
    count: int


class Figures(Shape):
    funnel: Funnel
    apart: Apart
    success_rate: float | None
    """`accepted` ÷ `requested`."""
    abandon_rate: float | None
    service_level: float | None
    """Of those with a target of their queue: the share answered within it."""
    wait_seconds: Wait
    handle_seconds: Percentiles
    """From the first accept to the end, wrap-up included."""
    eta_seconds: Promise
    csat: Csat
    offers: OfferCounts


class QueueFigures(Figures):
    queue_id: UUID | None
    queue: str | None
    """Null: no queue was found."""


class DayFigures(Figures):
    day: date


class TargetFigure(Shape):
    """A figure of `total` beside its service level objective."""

    figure: str
    bound: Literal["min", "max"]
    target: float
    value: float | None
    met: bool | None


class EscalationReport(Shape):
    from_: Annotated[date, Field(alias="from")]
    to: date
    tz: str
    queue: str | None
    total: Figures
    queues: list[QueueFigures]
    """By the queue that a session stood in last."""
    days: list[DayFigures]
    """By when a person was asked for, in `tz`; offers by when they were made."""
    targets: list[TargetFigure]
