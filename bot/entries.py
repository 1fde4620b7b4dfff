"""What a domain event means for bots. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from bot.ports import Where
from chorus.log import get_logger

log = get_logger(__name__)

FIELD: Final = b"event"
STALE: Final = timedelta(minutes=10)
"""Who waited longer was seen to by the conductor."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the stream, and where somebody may wait for a bot because of it."""

    id: bytes
    wheres: tuple[Where, ...]
    forget: UUID | None = None
    """A tenant whose inboxes were changed."""


def read_entry(id_: bytes, fields: dict[bytes, bytes], now: datetime) -> Entry:
    """What an event means for bots; what cannot be read means nothing."""
    try:
        event = orjson.loads(fields[FIELD])
        tenant_id, data = UUID(event["tenant_id"]), event["data"]
        if event["event"] == "routing.changed":
            return Entry(id_, (), tenant_id)
        if datetime.fromisoformat(event["ts"]) < now - STALE:
            return Entry(id_, ())
        ids = _conversations(event["event"], data)
        return Entry(id_, tuple(Where(tenant_id, UUID(one)) for one in ids))
    except (AttributeError, KeyError, TypeError, ValueError):
        log.warning("bot_event_unreadable", entry=id_.decode())
        return Entry(id_, ())


def _conversations(event: str, data: dict[str, Any]) -> list[str]:
    if event == "message.created":
        return [
            one["conversation_id"] for one in data["conversations"] if "customer" in one["roles"]
        ]
    if event == "bot.overdue":
        return [data["conversation_id"]]
    if event == "owner.changed" and data["floor"]["holder"] == "bot":
        return [data["conversation_id"]]
    return []
