"""What the live board and the reports on volume, ratings and agents look like."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from chat_service.routes.report_shapes import Percentiles
from chat_service.routes.shapes import Shape
from chorus.wire.common import PresenceStatus


class SpanQuery(Shape):
    from_: Annotated[date | None, Field(alias="from")] = None
    """The first day; by default 29 days before the last."""
    to: date | None = None
    """The last day, included; by default today."""
    tz: Annotated[str, Field(max_length=64)] = "UTC"
    """In which days begin and end."""
    format: Literal["json", "csv"] | None = None


class BoardTotals(Shape):
    waiting: int
    longest_wait_seconds: int | None
    late: int
    """Of those who wait, whose promised time is over."""
    deferred: int
    """Nobody could come to them."""
    active: int
    wrap_up: int
    bot: int
    """The bot answers them."""
    nobody: int
    """Open, with nobody who answers and nobody asked for."""
    snoozed: int


class BoardQueue(Shape):
    id: UUID
    name: str
    waiting: int
    longest_wait_seconds: int | None
    late: int
    deferred: int
    active: int
    members: int


class BoardWaiter(Shape):
    conversation_id: UUID
    session_id: UUID
    state: str
    queue: str | None
    contact_id: UUID
    contact: str | None
    waiting_seconds: int
    priority: int
    late: bool
    offered_to: UUID | None
    """Who is being asked just now."""


class BoardAgent(Shape):
    id: UUID
    name: str
    presence: PresenceStatus
    load: int
    capacity: int


class LiveBoard(Shape):
    at: str
    total: BoardTotals
    queues: list[BoardQueue]
    longest: list[BoardWaiter]
    """The 50 who have waited longest."""
    agents: list[BoardAgent]
    presence: dict[str, int]
    """How many agents are what."""


class MessageCounts(Shape):
    customer: int
    agent: int
    bot: int
    note: int


class FlowFigures(Shape):
    opened: int
    closed: int
    messages: MessageCounts
    """Those that still stand; of the last second some may be missing."""


class FlowDay(FlowFigures):
    day: date


class InboxFlow(Shape):
    inbox_id: UUID
    inbox: str
    opened: int
    closed: int


class VolumeReport(Shape):
    from_: Annotated[date, Field(alias="from")]
    to: date
    tz: str
    total: FlowFigures
    first_reply_seconds: Percentiles
    """From a customer's first word to an agent's, in conversations that began in these days."""
    replied: int
    days: list[FlowDay]
    inboxes: list[InboxFlow]
    hours: list[list[int]]
    """Conversations that began: seven days from Monday, 24 hours each, in `tz`."""


class RatingFigures(Shape):
    count: int
    mean: float | None
    scores: dict[str, int]
    """How often each of 1 to 5."""


class RatingDay(Shape):
    day: date
    count: int
    mean: float | None


class AgentRating(Shape):
    agent_id: UUID | None
    agent: str | None
    """Who answered there last; null: nobody."""
    count: int
    mean: float | None


class Comment(Shape):
    conversation_id: UUID
    score: int
    comment: str
    at: str
    agent: str | None


class RatingReport(Shape):
    """Ratings of conversations that ended in these days."""

    from_: Annotated[date, Field(alias="from")]
    to: date
    tz: str
    total: RatingFigures
    days: list[RatingDay]
    agents: list[AgentRating]
    comments: list[Comment]
    """The last 100."""


class AgentOffers(Shape):
    made: int
    declined: int
    expired: int


class AgentFigures(Shape):
    agent_id: UUID
    agent: str
    offers: AgentOffers
    accepted: int
    resolved: int
    handle_seconds: Percentiles
    csat_count: int
    csat_mean: float | None
    messages: int
    notes: int


class AgentReport(Shape):
    from_: Annotated[date, Field(alias="from")]
    to: date
    tz: str
    agents: list[AgentFigures]


class BotQuery(SpanQuery):
    reopened_within: Annotated[int, Field(ge=1, le=30)] = 7
    """Days in which a customer who comes back counts as reopened."""


class BotSuggestions(Shape):
    made: int
    used: int
    """Sent by an agent within a day as they were, or with words before or behind."""


class BotFigures(Shape):
    """Stretches: acts of a bot in a conversation, a day apart at most. Each is one of `resolved`,
    `handedOff`, `toPerson`, `open` and `left`.
    """

    conversations: int
    answered: int
    resolved: int
    """Answered, and for a day the customer neither wrote on nor was with a person."""
    handed_off: int
    to_person: int
    """A person came in without the bot: asked for by a button, sent for by a rule, or by themselves."""
    open: int
    """Not over yet."""
    left: int
    """Over without an answer that stood, and without a person."""
    reopened: int
    """Of those resolved, whose customer came back."""
    resolution_rate: float | None
    handoff_rate: float | None
    """Both of those that are over."""
    reopen_rate: float | None
    suggestions: BotSuggestions
    handoff_reasons: dict[str, int]


class BotTotal(BotFigures):
    bot_id: UUID
    bot: str | None


class BotDay(BotFigures):
    day: date


class BotReport(Shape):
    """Of conversations whose messages retention took, in whole or up to a day, nothing before counts."""

    from_: Annotated[date, Field(alias="from")]
    to: date
    tz: str
    reopened_within: int
    total: BotFigures
    bots: list[BotTotal]
    days: list[BotDay]
