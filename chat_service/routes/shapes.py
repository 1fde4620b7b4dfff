"""What REST takes and gives: camelCase, unknown fields ignored on the way in."""

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from chorus.ids import is_uuid7
from chorus.wire.common import (
    MAX_ATTACHMENTS,
    MAX_META_BYTES,
    MAX_TOKEN_BYTES,
    FileCard,
    ReceiptKind,
    SessionState,
    Visibility,
)

MAX_PAGE = 1000


class Shape(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        use_attribute_docstrings=True,
    )


def _small(value: dict[str, Any]) -> dict[str, Any]:
    try:
        packed = orjson.dumps(value)
    except TypeError as error:
        msg = "a whole number may have 64 bits"
        raise ValueError(msg) from error
    if len(packed) > MAX_META_BYTES:
        msg = "may have 4 KiB"
        raise ValueError(msg)
    return value


def _uuid7(value: UUID) -> UUID:
    if not is_uuid7(value):
        msg = "not a UUIDv7"
        raise ValueError(msg)
    return value


ShortText = Annotated[str, Field(max_length=500)]
SmallObject = Annotated[dict[str, Any], AfterValidator(_small)]
Uuid7 = Annotated[UUID, AfterValidator(_uuid7)]
Key = Annotated[str, Field(min_length=1, max_length=100)]
Secret = Annotated[str, Field(min_length=1, max_length=200)]


class LoginBody(Shape):
    email: Annotated[str, Field(min_length=3, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=200)]


class DevLoginBody(Shape):
    token: Secret


class RefreshBody(Shape):
    refresh_token: Secret


class LogoutBody(Shape):
    refresh_token: Secret | None = None


class AgentCard(Shape):
    id: UUID
    name: str
    role: str


class AgentTokens(Shape):
    access_token: str
    refresh_token: str
    expires_at: str
    """RFC 3339."""
    agent: AgentCard


class VisitorTokens(Shape):
    token: str
    refresh_token: str
    expires_at: str
    """RFC 3339."""
    contact_id: UUID
    conversation_id: UUID | None


class TraitsBody(Shape):
    """What a customer says of themselves; `attributes` may have 4 KiB."""

    name: Annotated[str, Field(max_length=80)] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    locale: Annotated[str, Field(max_length=35)] | None = None
    attributes: SmallObject = {}


class VisitorBody(Shape):
    inbox_key: Key
    traits: TraitsBody = TraitsBody()
    identity_token: Annotated[str, Field(max_length=MAX_TOKEN_BYTES)] | None = None
    """Signed by the tenant's backend: says who the visitor is."""
    conversation_id: UUID | None = None
    """An old conversation; only with proof that it is theirs."""


class OpenBody(Shape):
    """A new conversation. Agents name the contact; a visitor opens their own."""

    id: Uuid7 | None = None
    contact_id: UUID | None = None
    inbox_id: UUID | None = None
    attributes: SmallObject = {}


class MessageBody(Shape):
    """A message; the rules are those of the frame of that name."""

    id: UUID
    content: str
    type: str = "text"
    visibility: Literal["public", "agents"] = "public"
    reply_to: UUID | None = None
    attachments: Annotated[list[UUID], Field(max_length=MAX_ATTACHMENTS)] = []
    mentions: Annotated[list[UUID], Field(max_length=50)] = []
    meta: dict[str, Any] | None = None
    floor_epoch: int | None = None
    expected_seq: int | None = None
    role: str | None = None


class CommandBody(Shape):
    """A command frame: its name, and its data as on a socket."""

    event: Annotated[str, Field(max_length=40)]
    data: dict[str, Any]


class EscalateBody(Shape):
    """A wish for a person. `skills`, `priority` and `source` of a customer do not count."""

    conversation_id: UUID
    reason: ShortText | None = None
    queue: Annotated[str, Field(max_length=80)] | None = None
    """Name or id; left out, the queue is found."""
    skills: Annotated[list[Key], Field(max_length=20)] = []
    """Wished for, and given up with time; a queue's own skills stay."""
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    source: Literal["widget", "agent", "bot", "rule", "api"] | None = None
    contact: TraitsBody | None = None
    """How the customer can be reached where nobody can come; asked again, it is added."""
    choice: Literal["wait", "message", "callback"] | None = None
    """Which of the options the customer takes; the bot is chosen by `cancel`."""
    idempotency_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The same as the header `Idempotency-Key`."""


class TransferTarget(Shape):
    """Exactly one of them; queues and teams by name or id."""

    agent: UUID | None = None
    queue: Annotated[str, Field(max_length=80)] | None = None
    team: Annotated[str, Field(max_length=80)] | None = None


class TransferBody(Shape):
    to: TransferTarget | Literal["bot"]
    mode: Literal["blind", "warm"] = "blind"
    note: ShortText | None = None
    """For agents only."""


class NoteBody(Shape):
    note: ShortText | None = None
    """For agents only."""


class AckBody(Shape):
    conversation_id: UUID | None = None
    """Agents must name it."""
    kind: ReceiptKind = ReceiptKind.READ


class Delivered(Shape):
    id: UUID
    seq: int | None = None
    ts: str
    dup: bool


class Floor(Shape):
    holder: Literal["bot", "human", "none"]
    epoch: int


class Item(Shape):
    """A message, an event (`type` event), or `void` for what this reader may not see."""

    seq: int
    id: UUID
    type: str
    role: str | None = None
    user_id: UUID | None = None
    visibility: Visibility | None = None
    content: str | None = None
    created_at: str | None = None
    delivered_at: str | None = None
    read_at: str | None = None
    edited_at: str | None = None
    deleted_at: str | None = None
    reply_to: UUID | None = None
    attachments: list[UUID] | None = None
    files: list[FileCard] | None = None
    """What `attachments` names, in the same order."""
    mentions: list[UUID] | None = None
    meta: dict[str, Any] | None = None
    rev: int | None = None
    event: str | None = None
    data: dict[str, Any] | None = None


class HistoryPage(Shape):
    items: list[Item]
    next_cursor: int | None
    """The `after` of the next page, or the `before` of the one before it."""
    head_seq: int
    epoch: str


class ContactCard(Shape):
    id: UUID
    name: str | None
    verified: bool
    email: str | None = None
    locale: str | None = None


class PersonCard(Shape):
    id: UUID
    name: str | None
    role: str | None = None


class Participant(Shape):
    user_id: UUID
    name: str | None
    role: str


class Mark(Shape):
    user_id: UUID
    delivered: int
    read: int


class SessionCard(Shape):
    id: UUID
    state: SessionState
    reason: str | None = None
    agent_id: UUID | None = None
    requested_at: str | None = None


class Escalation(Shape):
    """Where the session stands; `options` is what the customer may choose instead of waiting."""

    session_id: UUID
    state: SessionState
    queue: str | None
    position: int | None
    eta_seconds: int | None
    """Promised only where it can be known."""
    options: list[Literal["wait", "message", "callback", "bot"]]
    opens_at: str | None = None
    """When the queue opens again, where it is closed now."""


class SessionAnswer(Shape):
    """A session after what was done, and the `seq` of the last event that this made."""

    session_id: UUID
    conversation_id: UUID
    state: SessionState
    queue: str | None
    agent: PersonCard | None
    seq: int | None
    dup: bool


class InboxCard(Shape):
    id: UUID
    name: str
    channel: str


class BotVoice(Shape):
    """Who a bot's messages are of, from `fromSeq` to the next; null: a bot that nobody named, or none."""

    from_seq: int
    id: UUID | None
    name: str | None
    """What it is called now, also where it was removed."""


class Snapshot(Shape):
    id: UUID
    status: Literal["open", "snoozed", "closed"]
    epoch: str
    head_seq: int
    first_seq: int
    floor: Floor
    session: SessionCard | None
    queue: str | None
    position: int | None
    eta_seconds: int | None
    assignee: PersonCard | None
    team: PersonCard | None
    contact: ContactCard
    participants: list[Participant]
    receipts: list[Mark]
    messages: list[Item]
    summary: dict[str, Any] | None
    priority: int | None = None
    """For agents, like what follows."""
    tags: list[str] | None = None
    visible_messages: int | None = None
    """How many messages the customer sees."""
    inbox: InboxCard | None = None
    attributes: dict[str, Any] | None = None
    """What the page said of the conversation."""
    created_at: str | None = None
    snoozed_until: str | None = None
    closed_at: str | None = None
    marked_unread: bool | None = None
    csat: dict[str, Any] | None = None
    """`score` and `comment`."""
    bots: list[BotVoice] | None = None
    """Which bot spoke in the last 500 events, and which is bound from the next on."""
    traits: dict[str, Any] | None = None
    """What rules read of the customer's words: `intent`, `sentiment`, `language`, and tags that are
    `suggested`."""


class ListItem(Shape):
    """A conversation in a list; what stands below `lastTs` is for agents."""

    id: UUID
    head_seq: int
    status: Literal["open", "snoozed", "closed"]
    floor: Floor
    session: SessionState | None = None
    queue: str | None = None
    preview: str
    channel: str
    last_ts: str
    assignee: UUID | None = None
    contact: ContactCard | None = None
    unread: int | None = None
    waiting_since: str | None = None
    priority: int | None = None
    tags: list[str] | None = None
    inbox_id: UUID | None = None
    snoozed_until: str | None = None
    intent: str | None = None
    """What the customer's words say, by rules; null: nothing that stands out."""
    sentiment: str | None = None
    language: str | None = None


class ConversationList(Shape):
    items: list[ListItem]
    next_cursor: str | None


class Problem(BaseModel):
    """RFC 9457; `code` is stable, `detail` is for people."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    code: str
    detail: str
