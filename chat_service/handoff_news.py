"""What a session's move tells others: domain events, words for agents' sockets, metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chat_service import events
from chat_service.emit import Publication, offer_word
from chat_service.session_facts import Conversation, Reason, Say, Session
from chat_service.session_records import ClosedRecord, HandoffRecord, OpenedRecord, Transition
from chat_service.store.ingest import OutboxRow
from chat_service.store.sessions import Contact
from chorus import metrics
from chorus.wire.common import SessionState
from chorus.wire.envelope import encode_raw


def handoff_of(transition: Transition) -> HandoffRecord:
    """The record that every move has exactly once."""
    first = transition.records[0]
    assert isinstance(first, HandoffRecord)
    return first


def domain_events(
    tenant_id: UUID, conversation_id: UUID, before: Conversation, transition: Transition
) -> list[OutboxRow]:
    """Say that the session moved, and what else is new of the conversation."""
    record, after = handoff_of(transition), transition.conversation
    where = {"conversation_id": str(conversation_id)}
    kinds: list[tuple[events.EventKind, dict[str, Any]]] = [
        (events.HANDOFF_CHANGED, where | _moved(record))
    ]
    if transition.say is Say.LEAVE_MESSAGE:
        kinds.append((events.SESSION_DEFERRED, where | _put_off(record.session)))
    if (before.holder, before.assignee_id) != (after.holder, after.assignee_id):
        floor = {"holder": after.holder, "epoch": after.epoch}
        owner = {"assignee_id": _spelled(after.assignee_id), "floor": floor}
        kinds.append((events.OWNER_CHANGED, where | owner | {"reason": record.reason}))
    for one in transition.records:
        if isinstance(one, ClosedRecord):
            kinds.append((events.CONVERSATION_CLOSED, where | {"by": _spelled(one.by)}))
        if isinstance(one, OpenedRecord):
            kinds.append((events.CONVERSATION_REOPENED, where | {"reason": "reopen"}))
    return [events.outbox_row(kind, tenant_id, data) for kind, data in kinds]


def _moved(record: HandoffRecord) -> dict[str, Any]:
    session = record.session
    return {
        "session_id": str(session.id),
        "state": session.state,
        "reason": record.reason,
        "queue_id": _spelled(session.queue_id),
        "agent_id": _spelled(session.agent_id),
        "offered_to": _spelled(session.offer.agent_id if session.offer else None),
        "by": _spelled(record.by),
    }


def _put_off(session: Session) -> dict[str, Any]:
    options = session.options or {}
    return {
        "session_id": str(session.id),
        "queue_id": _spelled(session.queue_id),
        "why": options.get("why"),
        "opens_at": options.get("opens_at"),
    }


def _spelled(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


@dataclass(frozen=True, slots=True)
class Packet:
    """What an agent is told of a session that is held out to them."""

    conversation_id: UUID
    session_id: UUID
    agent_id: UUID
    deadline_at: datetime
    requested_at: datetime
    reason: str | None
    contact: Contact
    summary: str | None = None


def offer_frame(packet: Packet, *, now: datetime) -> bytes:
    """The `offer` frame, without `conv`: the gateway adds it."""
    contact = packet.contact
    shown: dict[str, Any] = {
        "summary": packet.summary,
        "reason": packet.reason,
        "waiting_s": max(0, round((now - packet.requested_at).total_seconds())),
        "contact": {
            "id": str(contact.id),
            "name": contact.name,
            "verified": contact.verified,
        },
    }
    left_ms = max(0, round((packet.deadline_at - now).total_seconds() * 1000))
    session = str(packet.session_id)
    return encode_raw("offer", {"session": session, "deadline_ms": left_ms, "packet": shown})


def offered(tenant_id: UUID, packet: Packet, *, now: datetime) -> Publication:
    """Show an offer on all sockets of its agent."""
    word = _word(packet.conversation_id, packet.session_id, packet.agent_id)
    return offer_word(tenant_id, word | {"frame": offer_frame(packet, now=now).decode()})


def offer_gone(
    tenant_id: UUID,
    conversation_id: UUID,
    before: Session,
    transition: Transition,
    names: Mapping[UUID, str],
) -> Publication | None:
    """Take a settled offer off all sockets of its agent, and say who was faster."""
    if transition.offer_result is None or before.offer is None:
        return None
    record = handoff_of(transition)
    data: dict[str, Any] = {"session": str(before.id), "reason": record.reason.value}
    if record.by is not None and record.by in names:
        data["by"] = {"userId": str(record.by), "name": names[record.by]}
    word = _word(conversation_id, before.id, before.offer.agent_id)
    frame = encode_raw("offer.rescinded", data).decode()
    return offer_word(tenant_id, word | {"frame": frame})


def _word(conversation_id: UUID, session_id: UUID, agent_id: UUID) -> dict[str, Any]:
    return {"agent": str(agent_id), "conv": str(conversation_id), "session": str(session_id)}


def count(before: Session | None, transition: Transition, *, now: datetime) -> None:
    """Keep the metrics of a move that is committed."""
    after = transition.session
    if before is None or before.id != after.id or before.state != after.state:
        metrics.escalations_total.labels(_shown(after)).inc()
    if transition.offer_result is not None:
        metrics.offers_total.labels(transition.offer_result.value).inc()
    if before is not None and before.accepted_at is None and _waited(after, now):
        metrics.queue_wait_s.observe((now - after.requested_at).total_seconds())
    if after.state == SessionState.ENDED and after.accepted_at is not None:
        metrics.handle_time_s.observe((now - after.accepted_at).total_seconds())


def _shown(session: Session) -> str:
    """A state; who left before anybody came did not just end."""
    left = session.end_reason == Reason.CUSTOMER_GONE and session.accepted_at is None
    return "abandoned" if left else session.state.value


def _waited(session: Session, now: datetime) -> bool:
    """Whether somebody came now; an agent who began the session with their own act did not."""
    return session.accepted_at == now != session.requested_at
