"""Domain events: what happened, for whoever cares, in `outbox` and in `events:{issuer}` streams.

At least once and in no promised order: a consumer remembers event ids. Ids travel, contents never.
`make gen` lists this registry in `docs/events.md`.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service.store.ingest import OutboxRow
from chorus.ids import uuid7
from chorus.jobs import Queue

ISSUER: Final = "chat"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event. A field is added under the same version, removed under the next."""

    name: str
    version: int
    says: str
    fields: dict[str, str]
    emitted_by: str
    queue: Queue | None = None
    """The Celery queue whose workers the relay wakes."""


MESSAGE_CREATED: Final = EventKind(
    "message.created",
    1,
    "Messages were stored. One event per tenant and transaction, however many they are.",
    {
        "conversations": "list of {conversation_id, first_seq, last_seq, roles}: the seqs that are new, "
        "both ends included, and who spoke",
    },
    "messages.ingest",
)
OWNER_CHANGED: Final = EventKind(
    "owner.changed",
    1,
    "Somebody else answers the customer now.",
    {
        "conversation_id": "the conversation",
        "assignee_id": "the agent who is responsible, or null",
        "floor": "{holder, epoch}: who has the floor",
        "reason": "why: take_over, …",
    },
    "messages.ingest",
)
CONVERSATION_REOPENED: Final = EventKind(
    "conversation.reopened",
    1,
    "A snoozed conversation is open again.",
    {"conversation_id": "the conversation", "reason": "why: snooze_over, …"},
    "jobs.unsnooze",
)

REGISTRY: Final[dict[str, EventKind]] = {
    kind.name: kind for kind in (MESSAGE_CREATED, OWNER_CHANGED, CONVERSATION_REOPENED)
}


def outbox_row(kind: EventKind, tenant_id: UUID, data: dict[str, Any]) -> OutboxRow:
    """Make a row for the outbox; the act inserts it in its own transaction.

    Raises:
        ValueError: `data` has other fields than the registry says.
    """
    if data.keys() != kind.fields.keys():
        raise ValueError(f"{kind.name} has the fields {sorted(kind.fields)}")
    packed = orjson.dumps(data | {"v": kind.version}).decode()
    return OutboxRow(uuid7(), tenant_id, ISSUER, kind.name, packed)
