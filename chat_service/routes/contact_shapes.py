"""What contacts and found things look like over REST."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from chat_service.routes.admin_shapes import Absent, Setting
from chat_service.routes.shapes import Shape, SmallObject
from chorus.wire.common import Visibility

Trimmed = StringConstraints(strip_whitespace=True, min_length=1)


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    for one in value.values():
        if not isinstance(one, str | int | float | bool | None):
            msg = "an attribute is a text, a number, true, false, or null to take it away"
            raise ValueError(msg)  # noqa: TRY004 - pydantic asks for it
    return value


class ContactChange(Setting):
    """What is to be otherwise; null takes it away. What your backend signed stays (422)."""

    name: Annotated[str, Trimmed, Field(max_length=80)] | None = Absent
    email: Annotated[str, Trimmed, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = (
        Absent
    )
    phone: Annotated[str, Trimmed, Field(max_length=40)] | None = Absent
    locale: (
        Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$")]
        | None
    ) = Absent
    attributes: Annotated[SmallObject, AfterValidator(_plain)] = Absent
    """Merged into what is there."""


class Trait(Shape):
    name: str
    value: Any
    signed: bool
    """The tenant's own backend vouched for it; else somebody typed it."""


class Contact(Shape):
    id: UUID
    name: str | None
    email: str | None
    phone: str | None
    locale: str | None
    verified: bool
    """Their identity was signed by the tenant's own backend."""
    signed: list[str]
    """Of name, email, phone and locale, those that were signed."""
    attributes: list[Trait]
    last_seen_at: str | None
    created_at: str
    conversations: int


class ContactList(Shape):
    items: list[Contact]
    next_cursor: str | None


class ContactQuery(Shape):
    q: Annotated[str | None, Field(max_length=200)] = None
    """Name, e-mail address or phone number; left out: everybody, who was here last first."""
    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class PageQuery(Shape):
    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class SearchQuery(Shape):
    q: Annotated[str, Field(min_length=1, max_length=200)]
    """All words must be there; `"a phrase"` as it stands; `-word` must not; the last word may be
    the beginning of one."""
    kind: Literal["messages", "contacts", "conversations"] = "messages"
    role: Literal["customer", "agent", "bot"] | None = None
    notes: bool | None = None
    """True: only what the team wrote to itself; false: nothing of it."""
    sender: UUID | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    """Before this moment."""
    conversation: UUID | None = None
    contact: UUID | None = None
    inbox: UUID | None = None
    status: Literal["open", "snoozed", "closed"] | None = None
    assignee: UUID | Literal["me"] | None = None
    tag: Annotated[str | None, Field(max_length=50)] = None
    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class SnippetPiece(Shape):
    text: str
    hit: bool
    """It is what was looked for."""


class FoundContact(Shape):
    id: UUID
    name: str | None


class FoundMessage(Shape):
    conversation_id: UUID
    seq: int
    id: UUID
    role: str
    user_id: UUID | None
    visibility: Visibility
    created_at: str
    snippet: list[SnippetPiece]
    status: Literal["open", "snoozed", "closed"]
    contact: FoundContact


class Found(Shape):
    """What was found; of the kind that was asked for."""

    kind: Literal["messages", "contacts", "conversations"]
    items: list[dict[str, Any]]
    next_cursor: str | None
