"""A client message on its way to the writer: through a stream, or by `Ingest` when Redis is away.

One stream entry holds one JSON array of items under the field `items`: all that one gateway took
for one partition in one tick, in arrival order.
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from chorus.wire.client import Message

FIELD = b"items"


@dataclass(frozen=True, slots=True)
class IngestItem:
    """A message with who sent it and where its answer goes. `None` fields are left out in JSON."""

    tenant_id: UUID
    conversation_id: UUID
    id: UUID
    sender_id: UUID
    sender_role: str
    """The role of the token: visitor, agent, supervisor, admin, server."""
    role: str
    type: str
    visibility: str
    content: str
    body_hash: str
    sent_ms: int
    node: int = 0
    conn: int = 0
    slot: int = 0
    payload: dict[str, Any] | None = None
    floor_epoch: int | None = None
    expected_seq: int | None = None


def body_hash(sender_id: UUID, message: Message) -> str:
    """Hash the frame as sent: sender, type, visibility, content, reply, attachments (G3)."""
    parts = (
        str(sender_id),
        message.type,
        message.visibility,
        message.content,
        str(message.reply_to or ""),
        ",".join(map(str, message.attachments)),
    )
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def payload_of(message: Message) -> dict[str, Any] | None:
    """What a message carries besides its text, as it is stored."""
    payload: dict[str, Any] = {}
    if message.reply_to:
        payload["reply_to"] = str(message.reply_to)
    if message.attachments:
        payload["attachments"] = [str(one) for one in message.attachments]
    if message.mentions:
        payload["mentions"] = [str(one) for one in message.mentions]
    if message.meta:
        payload["meta"] = message.meta
    return payload or None


def dump_items(items: list[IngestItem]) -> bytes:
    return orjson.dumps(items)


def load_items(packed: bytes | str) -> list[IngestItem]:
    """Read an entry.

    Raises:
        ValueError: the entry is not an array of items: poison.
    """
    try:
        rows = orjson.loads(packed)
        return [_item(row) for row in rows]
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError) as error:
        raise ValueError("not an array of ingest items") from error


def _item(row: dict[str, Any]) -> IngestItem:
    for key in ("tenant_id", "conversation_id", "id", "sender_id"):
        row[key] = UUID(row[key])
    return IngestItem(**row)
