"""Frames that a client sends."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from chorus.wire.common import (
    MAX_ATTACHMENTS,
    MAX_MENTIONS,
    MAX_SUBSCRIPTIONS,
    MAX_TAGS,
    MAX_TOKEN_BYTES,
    ChosenStatus,
    Content,
    Count,
    Inbound,
    InboxSort,
    InboxView,
    Meta,
    Name,
    ReceiptKind,
    Said,
    Seq,
    Shape,
    ShortText,
    StartStop,
    Tag,
    Timestamp,
    Uuid7,
    Visibility,
)


class ClientInfo(Shape):
    name: Name
    version: Name = ""
    batch: Annotated[bool, Field(strict=True)] = False
    """True when the client can read several objects joined by a newline in one frame."""
    idle_s: Annotated[int, Field(strict=True, ge=0)] = 0
    """For so long the person did nothing: coming back by itself is no sign of them."""


class ResumePoint(Shape):
    epoch: Name
    last_seq: Seq


class Auth(Inbound):
    """Opens the session of this socket, or refreshes its token in place."""

    event = "auth"
    nonce: Annotated[str, Field(strict=True, max_length=256)] | None = None
    """The nonce of `hello`; needed for the first `auth`, not for a refresh."""
    token: Annotated[str, Field(strict=True, max_length=MAX_TOKEN_BYTES)] | None = None
    """May be left out when the token came as subprotocol."""
    session: UUID | None = None
    """A client-made id kept per tab; needed for the first `auth`."""
    client: ClientInfo | None = None
    resume: ResumePoint | None = None


class Ping(Inbound):
    """Shows life, and lets the client compare its position with the server's."""

    event = "ping"
    n: Count
    head: Seq | None = None


class Pong(Inbound):
    """Answers the server's `ping`."""

    event = "pong"
    n: Count
    seq: Seq | None = None


class Position(Inbound):
    """Asks for the events after `seq`."""

    event = "position"
    seq: Seq
    epoch: Name


class Message(Inbound):
    """Says something. `id` is the idempotency key, unique per conversation."""

    event = "message"
    id: Uuid7
    content: Said
    """Empty only beside `attachments`."""
    type: Annotated[str, Field(strict=True, min_length=1, max_length=50)] = "text"
    """An unknown type is stored and shown as text."""
    visibility: Literal["public", "agents"] = "public"
    reply_to: UUID | None = None
    attachments: Annotated[list[UUID], Field(max_length=MAX_ATTACHMENTS)] = []
    mentions: Annotated[list[UUID], Field(max_length=MAX_MENTIONS)] = []
    meta: Meta | None = None
    floor_epoch: Count | None = None
    expected_seq: Seq | None = None
    role: Annotated[str, Field(strict=True, max_length=20)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.content and not self.attachments:
            raise PydanticCustomError("empty", "content or attachments are needed")
        return self


class Edit(Inbound):
    """Changes the content of one's own message."""

    event = "edit"
    id: Uuid7
    target: UUID
    content: Content


class Delete(Inbound):
    """Takes back one's own message; a tombstone keeps its place."""

    event = "delete"
    id: Uuid7
    target: UUID


class Moderate(Inbound):
    """Changes who may see a message (agents)."""

    event = "moderate"
    id: Uuid7
    target: UUID
    visibility: Visibility


class Receipt(Inbound):
    """Says how far this user has received or read. Cumulative, unanswered."""

    event = "receipt"
    kind: ReceiptKind
    up_to: Seq


class Typing(Inbound):
    """Says that this user types, or stopped. Never stored."""

    event = "typing"
    state: StartStop
    role: Annotated[str, Field(strict=True, max_length=20)] | None = None
    visibility: Literal["public", "agents"] = "public"


class Viewing(Inbound):
    """Says that this agent looks at the conversation."""

    event = "viewing"
    state: StartStop


class Active(Inbound):
    """Says that this agent touches the page: at most one a minute. Unanswered, never stored."""

    event = "active"


class Escalate(Inbound):
    """Asks for a person."""

    event = "escalate"
    id: Uuid7
    reason: ShortText | None = None
    queue: Name | None = None


class Cancel(Inbound):
    """Takes the wish for a person back."""

    event = "cancel"
    id: Uuid7


class Rate(Inbound):
    """Rates the conversation."""

    event = "rate"
    id: Uuid7
    score: Annotated[int, Field(strict=True, ge=1, le=5)]
    comment: ShortText | None = None


class InboxOpen(Inbound):
    """Opens a view of the agent inbox and keeps its rows up to date."""

    event = "inbox.open"
    view: InboxView
    filter: dict[str, Any] | None = None
    """What narrows it: `status`, `queue`, `assignee` (an id, `me`, `none`), `tags` (all of them),
    `priority` (at least), `inbox`, `channel`, `unread`, `intent`, `sentiment`, `language`."""
    sort: InboxSort = InboxSort.LATEST
    cursor: Annotated[str, Field(strict=True, max_length=500)] | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=100)] = 50


class SubscribeItem(Shape):
    conv: UUID
    last_seq: Seq | None = None
    epoch: Name | None = None


class Subscribe(Inbound):
    """Follows up to 200 conversations on the inbox socket."""

    event = "subscribe"
    items: Annotated[list[SubscribeItem], Field(max_length=MAX_SUBSCRIPTIONS)]


class Unsubscribe(Inbound):
    """Stops following conversations."""

    event = "unsubscribe"
    conv: Annotated[list[UUID], Field(max_length=MAX_SUBSCRIPTIONS)]


class Claim(Inbound):
    """Takes a waiting conversation; one winner."""

    event = "claim"
    id: Uuid7


class Assign(Inbound):
    """Gives the conversation to an agent by hand."""

    event = "assign"
    id: Uuid7
    to: UUID


class TransferTarget(Shape):
    agent: UUID | None = None
    queue: Name | None = None
    team: Name | None = None


class Transfer(Inbound):
    """Hands the conversation on."""

    event = "transfer"
    id: Uuid7
    to: TransferTarget | Literal["bot"]
    mode: Literal["blind", "warm"]
    note: ShortText | None = None


class Resolve(Inbound):
    """Ends the conversation."""

    event = "resolve"
    id: Uuid7


class Reopen(Inbound):
    """Opens a closed conversation again."""

    event = "reopen"
    id: Uuid7


class Snooze(Inbound):
    """Puts the conversation aside until a time."""

    event = "snooze"
    id: Uuid7
    until: Timestamp


class Update(Inbound):
    """Changes what the team keeps of the conversation: its priority and its tags (agents)."""

    event = "update"
    id: Uuid7
    priority: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    """Higher is sooner; 0 is normal."""
    add_tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []
    remove_tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []


class Mark(Inbound):
    """Puts the conversation back among the unread ones, for the whole team, or takes it out (agents)."""

    event = "mark"
    id: Uuid7
    unread: Annotated[bool, Field(strict=True)]


class ReturnToBot(Inbound):
    """Gives the floor back to the bot."""

    event = "return_to_bot"
    id: Uuid7
    note: ShortText | None = None


class OfferAccept(Inbound):
    """Accepts an offered session."""

    event = "offer.accept"
    id: Uuid7
    session: UUID


class OfferDecline(Inbound):
    """Declines an offered session."""

    event = "offer.decline"
    id: Uuid7
    session: UUID


class AgentStatus(Inbound):
    """Chooses one's availability."""

    event = "agent.status"
    id: Uuid7
    status: ChosenStatus
    reason: ShortText | None = None


CONVERSATION_COMMANDS: tuple[type[Inbound], ...] = (
    Edit,
    Delete,
    Moderate,
    Escalate,
    Cancel,
    Rate,
    Claim,
    Assign,
    Transfer,
    Resolve,
    Reopen,
    Snooze,
    Update,
    Mark,
    ReturnToBot,
)
"""Frames that go through `Act` with a conversation."""

AGENT_COMMANDS: tuple[type[Inbound], ...] = (OfferAccept, OfferDecline, AgentStatus)
"""Frames that go through `Act` without one."""

SESSION_FRAMES: tuple[type[Inbound], ...] = (Auth, Ping, Pong, Position)
EPHEMERAL_FRAMES: tuple[type[Inbound], ...] = (Receipt, Typing, Viewing, Active)
INBOX_FRAMES: tuple[type[Inbound], ...] = (InboxOpen, Subscribe, Unsubscribe)

_ALL: tuple[type[Inbound], ...] = (
    *SESSION_FRAMES,
    Message,
    *EPHEMERAL_FRAMES,
    *CONVERSATION_COMMANDS,
    *INBOX_FRAMES,
    *AGENT_COMMANDS,
)
CLIENT_FRAMES: dict[str, type[Inbound]] = {frame.event: frame for frame in _ALL}
