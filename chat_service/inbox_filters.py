"""What narrows a view of the inbox: read from a frame, a query or a saved view alike."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args
from uuid import UUID

from ai.contracts import Intent, Mood
from chorus.errors import BadRequest
from chorus.wire.channels import CHANNELS
from chorus.wire.common import MAX_TAGS

STATUSES: Final = frozenset({"open", "snoozed", "closed"})
INTENTS: Final = tuple(one for one in get_args(Intent) if one != "other")
MOODS: Final = tuple(one for one in get_args(Mood) if one != "neutral")
"""What stands out: whose words say nothing of the kind may not have been read at all."""
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
ME: Final = "me"
NOBODY: Final = "none"


def narrowed(filters: Mapping[str, Any], *, agent_id: UUID) -> dict[str, Any]:
    """The fields of `store.inbox.Asked` that filters set; what is None or unknown narrows nothing.

    Raises:
        BadRequest: says which one does not fit, and what would.
    """
    found: dict[str, Any] = {}
    for name, read in _READERS.items():
        if (value := filters.get(name)) is not None:
            found |= read(value, agent_id)
    return found


def _status(value: object, _me: UUID) -> dict[str, Any]:
    if value not in STATUSES:
        raise BadRequest("`status` is open, snoozed or closed.", field="status")
    return {"status": value}


def _queue(value: object, _me: UUID) -> dict[str, Any]:
    if not isinstance(value, str) or len(value) > 80:
        raise BadRequest("`queue` is the name or id of a queue.", field="queue")
    return {"queue": value}


def _assignee(value: object, me: UUID) -> dict[str, Any]:
    if value == NOBODY:
        return {"nobodys": True}
    if value == ME:
        return {"assignee_id": me}
    what = "`assignee` is `me`, `none` or the id of an agent."
    return {"assignee_id": _uuid(value, what, "assignee")}


def _tags(value: object, _me: UUID) -> dict[str, Any]:
    named = [one for one in value if _is_tag(one)] if isinstance(value, list) else None
    if named is None or named != value or len(named) > MAX_TAGS:
        raise BadRequest(f"`tags` are at most {MAX_TAGS} names.", field="tags")
    return {"tags": tuple(named)} if named else {}


def _is_tag(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 50


def _priority(value: object, _me: UUID) -> dict[str, Any]:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
        raise BadRequest("`priority` goes from 0 to 100.", field="priority")
    return {"priority": value}


def _inbox(value: object, _me: UUID) -> dict[str, Any]:
    return {"inbox_id": _uuid(value, "`inbox` is the id of an inbox.", "inbox")}


def _channel(value: object, _me: UUID) -> dict[str, Any]:
    if value not in CHANNELS:
        raise BadRequest(f"`channel` is one of {', '.join(sorted(CHANNELS))}.", field="channel")
    return {"channel": value}


def _unread(value: object, _me: UUID) -> dict[str, Any]:
    if not isinstance(value, bool):
        raise BadRequest("`unread` is true or false.", field="unread")
    return {"unread": value}


def _intent(value: object, _me: UUID) -> dict[str, Any]:
    if value not in INTENTS:
        raise BadRequest(f"`intent` is one of {', '.join(INTENTS)}.", field="intent")
    return {"intent": value}


def _sentiment(value: object, _me: UUID) -> dict[str, Any]:
    if value not in MOODS:
        raise BadRequest(f"`sentiment` is one of {', '.join(MOODS)}.", field="sentiment")
    return {"sentiment": value}


def _language(value: object, _me: UUID) -> dict[str, Any]:
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise BadRequest("`language` is two or three letters, like `de`.", field="language")
    return {"language": value}


def _uuid(value: object, what: str, field: str) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise BadRequest(what, field=field) from error


_READERS: Final[Mapping[str, Callable[[object, UUID], dict[str, Any]]]] = {
    "status": _status,
    "queue": _queue,
    "assignee": _assignee,
    "tags": _tags,
    "priority": _priority,
    "inbox": _inbox,
    "channel": _channel,
    "unread": _unread,
    "intent": _intent,
    "sentiment": _sentiment,
    "language": _language,
}
