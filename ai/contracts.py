"""What is said about a conversation, and from which of its messages each line comes.

Whatever writes a summary (rules, a model, a person) fills these shapes. No line without a
source: `seqs` and `message_ids` name the messages that bear it out.
"""

from typing import Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

SCHEMA: Final = 1
"""Raised when a stored summary of before cannot be read any more."""
TEXT_CHARS: Final = 400
HEADLINE_CHARS: Final = 160
NEXT_STEP_CHARS: Final = 240

Role = Literal["customer", "agent", "bot", "system", "note"]
"""A `note` is what agents say among themselves: it never reaches anything a customer may see."""
Turn = Literal["", "waiting", "active", "over", "closed", "opened"]
"""What an event did to the handoff, or to the conversation."""
FactKind = Literal[
    "order",
    "email",
    "phone",
    "amount",
    "date",
    "error_code",
    "version",
    "url",
    "name",
    "account",
    "other",
]
Intent = Literal[
    "delivery",
    "refund",
    "billing",
    "technical",
    "account",
    "cancellation",
    "change",
    "product",
    "complaint",
    "human",
    "other",
]
Status = Literal["open", "waiting_customer", "waiting_us", "resolved", "escalated"]
Mood = Literal["positive", "neutral", "negative", "angry"]
Trend = Literal["better", "steady", "worse"]
Urgency = Literal["low", "normal", "high"]
Outcome = Literal["worked", "failed", "unknown"]
Flag = Literal["injection_suspected", "human_requested", "attachments", "messages_left_out"]


class Contract(BaseModel):
    """Unknown fields are our own mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Msg(Contract):
    """A durable event of a conversation, as a summariser sees it."""

    id: UUID
    seq: int
    role: Role
    content: str = ""
    turn: Turn = ""
    attachments: int = 0


class Evidence(Contract):
    """Words of the conversation, and the messages they stand in."""

    text: str = Field(max_length=TEXT_CHARS)
    message_ids: tuple[UUID, ...] = Field(min_length=1)
    seqs: tuple[int, ...] = Field(min_length=1)


class Fact(Contract):
    """Something that can be looked up; `value` as it was written."""

    kind: FactKind
    value: str = Field(max_length=TEXT_CHARS)
    source: Role
    """Who said it first."""
    message_ids: tuple[UUID, ...] = Field(min_length=1)
    seqs: tuple[int, ...] = Field(min_length=1)


class Tried(Contract):
    """A step somebody took or proposed, and what the customer said of it."""

    action: str = Field(max_length=TEXT_CHARS)
    by: Role
    outcome: Outcome = "unknown"
    message_ids: tuple[UUID, ...] = Field(min_length=1)
    seqs: tuple[int, ...] = Field(min_length=1)


class Sentiment(Contract):
    """How the customer sounds now, and at worst; from -1 to 1."""

    label: Mood = "neutral"
    score: float = Field(default=0.0, ge=-1, le=1)
    lowest: float = Field(default=0.0, ge=-1, le=1)
    trend: Trend = "steady"


class ConversationSummary(Contract):
    """What somebody who takes over needs to know."""

    schema_version: int = SCHEMA
    headline: str = Field(default="", max_length=HEADLINE_CHARS)
    issue: Evidence | None = None
    intent: Intent = "other"
    status: Status = "open"
    facts: tuple[Fact, ...] = ()
    tried: tuple[Tried, ...] = ()
    open_questions: tuple[Evidence, ...] = ()
    commitments: tuple[Evidence, ...] = ()
    sentiment: Sentiment = Sentiment()
    urgency: Urgency = "normal"
    next_step: str = Field(default="", max_length=NEXT_STEP_CHARS)
    language: str = ""
    """ISO 639-1; empty: too little was said to tell."""
    flags: tuple[Flag, ...] = ()
