"""Words and limits that frames share."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from chorus.clock import rfc3339
from chorus.ids import is_uuid7

PROTOCOL = "chorus.v1"
BEARER_PREFIX = "chorus.bearer."
MAX_FRAME_BYTES = 65_536
MAX_CONTENT_BYTES = 16_384
MAX_TOKEN_BYTES = 4_096
MAX_JSON_DEPTH = 12
MAX_META_BYTES = 4_096
MAX_BATCH_FRAMES = 16
MAX_BATCH_BYTES = 32_768
MAX_SUBSCRIPTIONS = 200
MAX_REPLAY_EVENTS = 500
MAX_ATTACHMENTS = 10
MAX_MENTIONS = 50
MAX_TAGS = 50


class Role(StrEnum):
    """Who speaks in a conversation: the role of a message."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


class Visibility(StrEnum):
    """Who may see an event besides its author."""

    PUBLIC = "public"
    AGENTS = "agents"
    HIDDEN = "hidden"
    SHADOWED = "shadowed"


class Floor(StrEnum):
    """Who answers the customer now."""

    BOT = "bot"
    HUMAN = "human"
    NONE = "none"


class ConversationStatus(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class SessionState(StrEnum):
    """States of a live-chat session (DESIGN §6)."""

    REQUESTED = "requested"
    QUEUED = "queued"
    OFFERED = "offered"
    ACTIVE = "active"
    WRAP_UP = "wrap_up"
    ENDED = "ended"
    DEFERRED = "deferred"
    CANCELLED = "cancelled"
    FAILED = "failed"


class PresenceStatus(StrEnum):
    ONLINE = "online"
    AWAY = "away"
    BUSY = "busy"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class ChosenStatus(StrEnum):
    """What an agent may choose to be."""

    ONLINE = "online"
    AWAY = "away"
    BUSY = "busy"
    OFFLINE = "offline"


class StartStop(StrEnum):
    START = "start"
    STOP = "stop"


class ReceiptKind(StrEnum):
    DELIVERED = "delivered"
    READ = "read"


class InboxView(StrEnum):
    QUEUE = "queue"
    MINE = "mine"
    ALL = "all"
    MENTIONS = "mentions"
    SNOOZED = "snoozed"
    BOT = "bot"


class InboxSort(StrEnum):
    """In which order rows of a view come."""

    LATEST = "latest"
    OLDEST = "oldest"
    WAITING = "waiting"
    PRIORITY = "priority"


def _uuid7(value: UUID) -> UUID:
    if not is_uuid7(value):
        msg = "not a UUIDv7"
        raise ValueError(msg)
    return value


def _content(value: str) -> str:
    if len(value) * 4 > MAX_CONTENT_BYTES and len(value.encode()) > MAX_CONTENT_BYTES:
        raise ContentTooLarge
    if "\x00" in value:
        msg = "a NUL character cannot be stored"
        raise ValueError(msg)
    return value


def _tag(value: str) -> str:
    if not value.strip() or value != value.strip():
        msg = "begins and ends with a letter"
        raise ValueError(msg)
    return value


class ContentTooLarge(ValueError):
    """The content is larger than 16 KiB of UTF-8."""


Uuid7 = Annotated[UUID, AfterValidator(_uuid7)]
Content = Annotated[str, Field(strict=True, min_length=1), AfterValidator(_content)]
Said = Annotated[str, Field(strict=True), AfterValidator(_content)]
"""The same, and empty."""
ShortText = Annotated[str, Field(strict=True, max_length=500), AfterValidator(_content)]
Name = Annotated[str, Field(strict=True, max_length=80), AfterValidator(_content)]
Tag = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=50),
    AfterValidator(_content),
    AfterValidator(_tag),
]
Seq = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Count = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Timestamp = Annotated[AwareDatetime, PlainSerializer(rfc3339, return_type=str)]
Meta = dict[str, Any]


class Shape(BaseModel):
    """A part of a frame."""

    model_config = ConfigDict(
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )


class Inbound(Shape):
    """What a client sends. Unknown fields are ignored: the client may be newer than we are."""

    model_config = ConfigDict(extra="ignore")
    event: ClassVar[str]


class Outbound(Shape):
    """What the server sends. An undeclared field is our bug, so it is forbidden."""

    model_config = ConfigDict(extra="forbid")
    event: ClassVar[str]
    durable: ClassVar[bool] = False


class FloorState(Shape):
    holder: Floor
    epoch: Count


class Traits(Shape):
    """What rules read of the customer's words."""

    intent: str
    """What it is about: `delivery`, `refund`, …; `other` where nothing stands out."""
    sentiment: str
    """How the customer sounds: `positive`, `neutral`, `negative` or `angry`."""
    language: str
    """ISO 639-1 of what they write; empty: too little was said to tell."""
    suggested: list[str] = Field(default_factory=list)
    """Tags that the words bear out, and that nobody has put or taken away."""


class UserRef(Shape):
    userId: UUID
    name: str | None = None


class FileCard(Shape):
    """A file that a message carries; its bytes are behind `GET /livechat/attachments/{id}`."""

    id: UUID
    name: str
    mime: str
    """As recognised by the server."""
    size: Count
    width: Count | None = None
    """Of pictures, in pixels, as `height`."""
    height: Count | None = None
