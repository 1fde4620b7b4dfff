"""Which rows belong to a view of an agent's inbox: the same rules as the SQL of its page. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from chorus.wire.common import InboxView

Row = dict[str, Any]
WAITING: Final = frozenset({"requested", "queued", "offered", "deferred"})


def belongs(row: Row, view: InboxView, filters: Mapping[str, Any] | None, agent_id: str) -> bool:
    """Say whether a row stands in a view of this agent, as it was narrowed when it was opened."""
    narrowing = filters or {}
    wanted = {name: value for name, value in narrowing.items() if value is not None}
    if not _in_view(row, view, agent_id, any_status="status" in wanted):
        return False
    return all(_FITS[name](row, value, agent_id) for name, value in wanted.items() if name in _FITS)


def _in_view(row: Row, view: InboxView, agent_id: str, *, any_status: bool) -> bool:
    status = row["status"]
    match view:
        case InboxView.MINE:
            return row.get("assignee") == agent_id and status == "open"
        case InboxView.ALL:
            return any_status or bool(status == "open")
        case InboxView.SNOOZED:
            return bool(status == "snoozed")
        case InboxView.BOT:
            return bool(status == "open" and row["floor"]["holder"] == "bot")
        case InboxView.QUEUE:
            return bool(status != "closed" and row.get("session") in WAITING)
        case InboxView.MENTIONS:
            return status != "closed" and agent_id in row.get("mentions", ())


def _assignee(row: Row, value: object, agent_id: str) -> bool:
    assignee = row.get("assignee")
    if value == "none":
        return assignee is None
    return assignee == (agent_id if value == "me" else str(value).lower())


def _queue(row: Row, value: object, _agent_id: str) -> bool:
    # A row shows the name only; what an id hides is put right when the page is sent anew.
    return row.get("queue") == value or _is_id(value)


def _is_id(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


_FITS: Final[Mapping[str, Callable[[Row, Any, str], bool]]] = {
    "status": lambda row, value, _: row["status"] == value,
    "queue": _queue,
    "assignee": _assignee,
    "tags": lambda row, value, _: set(value) <= set(row["tags"]),
    "priority": lambda row, value, _: row["priority"] >= value,
    "inbox": lambda row, value, _: row.get("inbox") == str(value).lower(),
    "channel": lambda row, value, _: row["channel"] == value,
    "unread": lambda row, value, _: (row["unread"] > 0) == value,
    "intent": lambda row, value, _: row.get("intent", "other") == value,
    "sentiment": lambda row, value, _: row.get("sentiment", "neutral") == value,
    "language": lambda row, value, _: row.get("language") == value,
}
