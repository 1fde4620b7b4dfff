"""What canned replies, macros, labels and saved views look like over REST."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, RootModel, StringConstraints

from ai.contracts import Intent, Mood
from chat_service.inbox_filters import narrowed
from chat_service.routes.admin_shapes import Absent, LanguageTag, Name, Setting
from chat_service.routes.shapes import Delivered, Shape, Uuid7
from chat_service.variables import unknown_names
from chorus.errors import BadRequest
from chorus.wire.common import MAX_MENTIONS, MAX_TAGS, Content, InboxSort, InboxView, Tag

YEAR_MIN = 365 * 24 * 60


def _known_variables(value: str) -> str:
    if names := unknown_names(value):
        msg = f"there is no variable {names[0][:60]!r}"
        raise ValueError(msg)
    return value


Text = Annotated[Content, AfterValidator(_known_variables)]
Shortcut = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\s/]+$")]
Strict = Annotated[bool, Field(strict=True)]


class ReplyChange(Setting):
    """What of a canned reply is to be otherwise."""

    shortcut: Shortcut = Absent
    """Found by it after a `/`."""
    title: Name = Absent
    body: Text = Absent
    """With `{{contact.first_name}}` or `{{contact.first_name | there}}`."""
    language: LanguageTag = Absent
    shared: Strict = Absent
    """For everybody; supervisors and admins only."""


class NewReply(ReplyChange):
    shortcut: Shortcut
    title: Name
    body: Text
    language: LanguageTag = "en"


class Reply(Shape):
    id: UUID
    shortcut: str
    title: str
    body: str
    language: str
    shared: bool
    updated_at: str


class ReplyList(Shape):
    items: list[Reply]


class TextBody(Setting):
    text: Content


class RenderedText(Shape):
    text: str
    """Variables without a value stand in it as they were written."""
    missing: list[str]
    unknown: list[str]


class SayReply(Setting):
    do: Literal["reply"]
    text: Text


class SayNote(Setting):
    do: Literal["note"]
    text: Text
    mentions: Annotated[list[UUID], Field(max_length=MAX_MENTIONS)] = []


class DoUpdate(Setting):
    """Priority and tags."""

    do: Literal["update"]
    priority: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    add_tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []
    remove_tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []


class DoAssign(Setting):
    do: Literal["assign"]
    to: UUID | Literal["me"]


class Target(Setting):
    """Exactly one of them; by name or id."""

    queue: Annotated[str, Field(max_length=80)] = Absent
    team: Annotated[str, Field(max_length=80)] = Absent


def _one_target(value: Target | str) -> Target | str:
    if isinstance(value, Target) and len(value.model_fields_set) != 1:
        msg = "names a queue or a team"
        raise ValueError(msg)
    return value


class DoTransfer(Setting):
    do: Literal["transfer"]
    to: Annotated[Target | Literal["bot"], AfterValidator(_one_target)]
    note: Annotated[str, Field(max_length=500)] | None = None


class DoSnooze(Setting):
    do: Literal["snooze"]
    minutes: Annotated[int, Field(strict=True, ge=1, le=YEAR_MIN)]


class DoResolve(Setting):
    do: Literal["resolve"]


Action = Annotated[
    SayReply | SayNote | DoUpdate | DoAssign | DoTransfer | DoSnooze | DoResolve,
    Field(discriminator="do"),
]


def _in_order(value: list[Any]) -> list[Any]:
    done = [one.do for one in value]
    said = [one for one in done if one in ("reply", "note")]
    if done[: len(said)] != said:
        msg = "what is said comes first"
        raise ValueError(msg)
    if len(set(done)) < len(done):
        msg = "each kind of act stands once"
        raise ValueError(msg)
    if len({"transfer", "snooze", "resolve"} & set(done)) > 1:
        msg = "transfer, snooze and resolve exclude each other"
        raise ValueError(msg)
    return value


Actions = Annotated[list[Action], Field(min_length=1, max_length=7), AfterValidator(_in_order)]


class MacroChange(Setting):
    name: Name = Absent
    actions: Actions = Absent
    """What is said first, then what is done, in this order."""
    shared: Strict = Absent
    """For everybody; supervisors and admins only."""


class NewMacro(MacroChange):
    name: Name
    actions: Actions


class Macro(Shape):
    id: UUID
    name: str
    actions: list[dict[str, Any]]
    shared: bool
    updated_at: str


class MacroList(Shape):
    items: list[Macro]


class RunBody(Setting):
    id: Uuid7
    """Makes a repeat harmless."""
    expected_seq: Annotated[int, Field(strict=True, ge=0, le=2**53)] | None = None
    """As with a message: refuses the reply when a colleague has answered since."""


class MacroRun(Shape):
    """What was said, in order, and the answer to what was done; null: nothing was."""

    said: list[Delivered]
    done: Delivered | None


class LabelBody(Setting):
    color: Annotated[str, Field(pattern=r"^([a-z]{3,20}|#[0-9a-fA-F]{6})$")]
    """A name like `green`, or `#rrggbb`."""


class Label(Shape):
    name: str
    color: str
    conversations: int
    """Open and snoozed ones that carry it."""


class LabelList(Shape):
    items: list[Label]


class ViewFilter(Setting):
    """A view and what narrows it; all that is named must hold."""

    view: InboxView = InboxView.ALL
    status: Literal["open", "snoozed", "closed"] = Absent
    queue: Annotated[str, Field(max_length=80)] = Absent
    assignee: Annotated[str, Field(max_length=40)] = Absent
    """An id, `me` (whoever looks) or `none`."""
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = Absent
    priority: Annotated[int, Field(strict=True, ge=0, le=100)] = Absent
    inbox: UUID = Absent
    channel: Literal["web", "email", "sms", "whatsapp", "messenger"] = Absent
    unread: Strict = Absent
    intent: Intent = Absent
    sentiment: Mood = Absent
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")] = Absent


def _fits(value: ViewFilter) -> ViewFilter:
    try:
        narrowed(value.model_dump(mode="json", exclude_unset=True), agent_id=UUID(int=0))
    except BadRequest as error:
        raise ValueError(error.detail) from error
    return value


Narrowing = Annotated[ViewFilter, AfterValidator(_fits)]


class ViewChange(Setting):
    name: Name = Absent
    filter: Narrowing = Absent
    sort: InboxSort = Absent
    shared: Strict = Absent
    """For everybody; supervisors and admins only."""


class NewView(ViewChange):
    name: Name
    filter: Narrowing
    sort: InboxSort = InboxSort.LATEST


class SavedView(Shape):
    id: UUID
    name: str
    filter: dict[str, Any]
    """As `inbox.open` takes it, with its `view`."""
    sort: str
    shared: bool
    count: int
    """How many conversations you see in it, at most 1,000."""
    updated_at: str


class SavedViewList(Shape):
    items: list[SavedView]


class Counts(Shape):
    """How many conversations that are not closed stand in each view, as you see it."""

    queue: int
    mine: int
    all: int
    mentions: int
    snoozed: int
    bot: int


class Preferences(RootModel[dict[Annotated[str, Field(min_length=1, max_length=80)], Any]]):
    """By name; any JSON."""
