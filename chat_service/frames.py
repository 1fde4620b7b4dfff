"""A stored row becomes a frame: the one place that knows how, for live, replay and history.

A row of `messages` is what somebody said or, with `message_type` event, what happened; the
latter carries its frame in `payload` as `{event, data}`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chorus.clock import rfc3339
from chorus.topics import Audience
from chorus.wire.common import Role, Visibility
from chorus.wire.envelope import encode_raw

EVENT: Final = "event"
COLUMNS: Final = (
    "conversation_id, seq, id, role, sender_id, message_type, visibility, content, payload,"
    " created_at, delivered_at, read_at, edited_at, deleted_at"
)
"""What `StoredRow` is built from, in its order."""

AUDIENCES: Final = {
    Visibility.PUBLIC: Audience.EVERYONE,
    Visibility.AGENTS: Audience.AGENTS,
    Visibility.HIDDEN: Audience.AGENTS,
    Visibility.SHADOWED: Audience.AGENTS_AND_AUTHOR,
}
"""Who gets the frame of a row; everybody else gets `void` in its place."""

_CARRIED = ("reply_to", "attachments", "files", "mentions", "meta", "stream", "rev")


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row of `messages`, as much of it as readers get to see."""

    conversation_id: UUID
    seq: int
    id: UUID
    role: str
    sender_id: UUID | None
    message_type: str
    visibility: str
    content: str
    payload: dict[str, Any]
    created_at: datetime
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None


def frame_of(row: StoredRow) -> bytes:
    """The frame of a row, with `seq` and without `ref` and `conv`."""
    if row.message_type == EVENT:
        return encode_raw(row.payload["event"], row.payload["data"], row.seq)
    return encode_raw("message", message_data(row), row.seq)


def message_data(row: StoredRow) -> dict[str, Any]:
    """The `data` of a `message` frame; a tombstone has no content and carries nothing."""
    deleted = row.deleted_at is not None
    data: dict[str, Any] = {
        "id": str(row.id),
        "role": row.role,
        "content": None if deleted else row.content,
        "type": row.message_type,
        "visibility": row.visibility,
        "ts": rfc3339(row.created_at),
    }
    if row.sender_id is not None:
        data["userId"] = str(row.sender_id)
    if row.payload and not deleted:
        data.update((name, row.payload[name]) for name in _CARRIED if name in row.payload)
    if row.edited_at is not None:
        data["edited_at"] = rfc3339(row.edited_at)
    return data


def audience_of(visibility: str) -> Audience:
    return AUDIENCES[Visibility(visibility)]


def seen_by_customer(visibility: str, author: str) -> bool:
    """Say whether the customer sees a row: a shadowed one only when it is their own."""
    if visibility == Visibility.SHADOWED:
        return author == Role.CUSTOMER
    return visibility == Visibility.PUBLIC
