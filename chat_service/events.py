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

ISSUER: Final = "chat"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event. A field is added under the same version, removed under the next."""

    name: str
    version: int
    says: str
    fields: dict[str, str]
    emitted_by: str


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
        "reason": "why: take_over, or the reason of the session's move",
    },
    "messages.ingest, handoff.move",
)
HANDOFF_CHANGED: Final = EventKind(
    "handoff.changed",
    1,
    "A live-chat session moved: somebody asks for a person, or what became of that.",
    {
        "conversation_id": "the conversation",
        "session_id": "the session",
        "state": "requested, queued, offered, active, wrap_up, ended, deferred, cancelled or failed",
        "reason": "why: asked, placed, routed, accepted, declined, …",
        "queue_id": "the queue, or null",
        "agent_id": "who answers, or answered last, or null",
        "offered_to": "the agent it is held out to, or null",
        "by": "who did it, or null: the system",
    },
    "messages.ingest, handoff.move",
)
SESSION_DEFERRED: Final = EventKind(
    "session.deferred",
    1,
    "Nobody can come to a customer who asked for a person: somebody may want to know of it.",
    {
        "conversation_id": "the conversation",
        "session_id": "the session",
        "queue_id": "the queue, or null",
        "why": "closed, nobody_there, waited_long or chosen",
        "opens_at": "when the queue opens again as RFC 3339, or null",
    },
    "handoff.move",
)
SESSION_CONTACT_LEFT: Final = EventKind(
    "session.contact_left",
    1,
    "A customer nobody could come to left how they can be reached.",
    {
        "conversation_id": "the conversation",
        "session_id": "the session",
        "reached_by": "list of email, phone",
        "choice": "message or callback",
    },
    "left_contact.leave",
)
CONVERSATION_REOPENED: Final = EventKind(
    "conversation.reopened",
    1,
    "A snoozed or closed conversation is open again.",
    {"conversation_id": "the conversation", "reason": "why: snooze_over, customer_message, …"},
    "messages.ingest, jobs.unsnooze, commands.reopen, handoff.move",
)
CONVERSATION_CREATED: Final = EventKind(
    "conversation.created",
    1,
    "A conversation was opened; nothing is said in it yet.",
    {
        "conversation_id": "the conversation",
        "contact_id": "whose it is",
        "inbox_id": "where it came in",
    },
    "visitors.open, conversations.open_conversation",
)
CONVERSATION_CLOSED: Final = EventKind(
    "conversation.closed",
    1,
    "A conversation was resolved.",
    {"conversation_id": "the conversation", "by": "who resolved it, or null: the system"},
    "handoff_acts.resolve, handoff.move",
)
CONVERSATION_SNOOZED: Final = EventKind(
    "conversation.snoozed",
    1,
    "A conversation was put aside.",
    {"conversation_id": "the conversation", "by": "who did it", "until": "RFC 3339"},
    "properties.snooze",
)
CONVERSATION_CHANGED: Final = EventKind(
    "conversation.changed",
    1,
    "Priority, tags, or what rules read of the customer's words (`traits`) became another.",
    {
        "conversation_id": "the conversation",
        "by": "who did it, or null: a rule",
        "changed": "list of priority, tags, traits",
    },
    "properties.update, traits.read",
)
MESSAGE_CHANGED: Final = EventKind(
    "message.changed",
    1,
    "A message was edited, deleted, or shown to others than before.",
    {
        "conversation_id": "the conversation",
        "message_id": "the message",
        "change": "edited, deleted or moderated",
        "by": "who did it",
    },
    "message_acts",
)
AGENT_STATUS_CHANGED: Final = EventKind(
    "agent.status_changed",
    1,
    "An agent chose to be available, or not.",
    {"agent_id": "the agent", "status": "online, away, busy or offline"},
    "commands.agent_status",
)
BOT_OVERDUE: Final = EventKind(
    "bot.overdue",
    1,
    "A customer has waited for their bot; after as long again a person is called.",
    {"conversation_id": "the conversation"},
    "bot_silence.look",
)
ROUTING_CHANGED: Final = EventKind(
    "routing.changed",
    1,
    "A queue, a team, an inbox or what an agent takes was changed: who is asked may be another.",
    {
        "kind": "queue, team, inbox, bot, agent, api_key or tenant",
        "id": "which one",
        "action": "created, changed, deleted, member_added, member_removed, invited, disabled or enabled",
        "by": "who did it",
    },
    "administration.record",
)

REGISTRY: Final[dict[str, EventKind]] = {
    kind.name: kind
    for kind in (
        MESSAGE_CREATED,
        OWNER_CHANGED,
        HANDOFF_CHANGED,
        SESSION_DEFERRED,
        SESSION_CONTACT_LEFT,
        CONVERSATION_REOPENED,
        CONVERSATION_CREATED,
        CONVERSATION_CLOSED,
        CONVERSATION_SNOOZED,
        CONVERSATION_CHANGED,
        MESSAGE_CHANGED,
        AGENT_STATUS_CHANGED,
        BOT_OVERDUE,
        ROUTING_CHANGED,
    )
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
