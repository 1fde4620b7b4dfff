"""How what acts return is spelled in REST. A visitor's view is built from what visitors may see,
never from an agent's view with parts taken away.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from chat_service.conversations import View, may_see
from chat_service.frames import EVENT, StoredRow
from chat_service.identity import Grant
from chat_service.routes.summary_shapes import summary_card
from chat_service.store.decisions import Decision
from chat_service.store.inbox import InboxRecord
from chat_service.store.sessions import SessionCard
from chorus.auth import Principal
from chorus.clock import rfc3339, rfc3339_ms

_CARRIED = {
    "reply_to": "replyTo",
    "attachments": "attachments",
    "files": "files",
    "mentions": "mentions",
    "meta": "meta",
    "rev": "rev",
}


def item(row: StoredRow, principal: Principal) -> dict[str, Any]:
    """A row of the history for one reader."""
    if not may_see(principal, row):
        return {"seq": row.seq, "id": row.id, "type": "void"}
    if row.message_type == EVENT:
        return {
            "seq": row.seq,
            "id": row.id,
            "type": EVENT,
            "event": row.payload["event"],
            "data": row.payload["data"],
            "visibility": row.visibility,
            "createdAt": rfc3339(row.created_at),
        }
    return _message(row)


def _message(row: StoredRow) -> dict[str, Any]:
    deleted = row.deleted_at is not None
    shown: dict[str, Any] = {
        "seq": row.seq,
        "id": row.id,
        "role": row.role,
        "userId": row.sender_id,
        "type": row.message_type,
        "visibility": row.visibility,
        "content": None if deleted else row.content,
        "createdAt": rfc3339(row.created_at),
        "deliveredAt": _at(row.delivered_at),
        "readAt": _at(row.read_at),
        "editedAt": _at(row.edited_at),
        "deletedAt": _at(row.deleted_at),
    }
    if not deleted:
        carried = {_CARRIED[name]: row.payload[name] for name in _CARRIED if name in row.payload}
        shown.update(carried)
    return shown


def items(rows: Iterable[StoredRow], principal: Principal) -> list[dict[str, Any]]:
    return [item(row, principal) for row in rows]


def snapshot(view: View, principal: Principal, *, eta_s: int | None = None) -> dict[str, Any]:
    """All a reconnecting client needs (DESIGN §10)."""
    portrait, standing = view.portrait, view.portrait.standing
    shown: dict[str, Any] = {
        "id": standing.id,
        "status": standing.status,
        "epoch": standing.epoch,
        "headSeq": standing.last_seq,
        "firstSeq": standing.first_seq,
        "floor": {"holder": standing.floor_holder, "epoch": standing.floor_epoch},
        "session": _session(portrait.session, principal),
        "queue": standing.queue,
        "position": standing.position,
        "etaSeconds": eta_s,
        "assignee": portrait.assignee,
        "team": portrait.team,
        "contact": _contact(portrait.contact, principal),
        "participants": _participants(view),
        "receipts": [
            {"userId": mark.user_id, "delivered": mark.delivered, "read": mark.read}
            for mark in standing.receipts
        ],
        "messages": items(view.rows, principal),
        "summary": _summary(portrait.summary, principal),
    }
    if principal.is_agent:
        shown |= {"priority": portrait.priority, "tags": portrait.tags}
        shown |= {"visibleMessages": view.visible, **_about(portrait.about)}
    return shown


def _summary(found: dict[str, Any] | None, principal: Principal) -> dict[str, Any] | None:
    return None if found is None or not principal.is_agent else summary_card(found)


def _about(found: dict[str, Any]) -> dict[str, Any]:
    moments = {name: found[name] for name in ("createdAt", "snoozedUntil", "closedAt")}
    return found | {
        name: at and rfc3339(datetime.fromisoformat(at)) for name, at in moments.items()
    }


def _session(found: dict[str, Any] | None, principal: Principal) -> dict[str, Any] | None:
    if found is None:
        return None
    if principal.is_agent:
        return {**found, "requestedAt": rfc3339(datetime.fromisoformat(found["requestedAt"]))}
    return {"id": found["id"], "state": found["state"]}


def _contact(found: dict[str, Any], principal: Principal) -> dict[str, Any]:
    if principal.is_agent:
        return found
    return {name: found[name] for name in ("id", "name", "verified")}


def _participants(view: View) -> list[dict[str, Any]]:
    contact, assignee = view.portrait.contact, view.portrait.assignee
    people = {contact["id"]: {"userId": contact["id"], "name": contact["name"], "role": "customer"}}
    if assignee is not None:
        card = {"userId": assignee["id"], "name": assignee["name"], "role": "agent"}
        people[assignee["id"]] = card
    for speaker in view.portrait.speakers:
        people.setdefault(speaker["userId"], speaker)
    return list(people.values())


def list_item(row: InboxRecord, principal: Principal) -> dict[str, Any]:
    """A conversation in a list."""
    shown: dict[str, Any] = {
        "id": row.id,
        "headSeq": row.last_seq,
        "status": row.status,
        "floor": {"holder": row.floor_holder, "epoch": row.floor_epoch},
        "session": row.session,
        "queue": row.queue,
        "preview": row.preview,
        "channel": row.channel,
        "lastTs": rfc3339(row.last_ts),
    }
    if not principal.is_agent:
        return shown
    return shown | {
        "assignee": row.assignee_id,
        "contact": {
            "id": row.contact_id,
            "name": row.contact_name,
            "verified": row.contact_verified,
        },
        "unread": row.unread,
        "waitingSince": _at(row.waiting_since),
        "priority": row.priority,
        "tags": row.tags,
        "inboxId": row.inbox_id,
        "snoozedUntil": _at(row.snoozed_until),
        "intent": row.intent,
        "sentiment": row.sentiment,
        "language": row.language,
    }


def session_answer(card: SessionCard, answer: Mapping[str, Any]) -> dict[str, Any]:
    """A session after an act, and what the act was answered."""
    agent = None if card.agent_id is None else {"id": card.agent_id, "name": card.agent_name}
    return {
        "sessionId": card.id,
        "conversationId": card.conversation_id,
        "state": card.state,
        "queue": card.queue,
        "agent": agent,
        "seq": answer.get("seq"),
        "dup": answer["dup"],
    }


def decision(found: Decision, names: Mapping[UUID, str]) -> dict[str, Any]:
    """What the router decided once."""
    return {
        "at": rfc3339(found.at),
        "chosen": found.chosen,
        "why": found.why,
        "candidates": [
            {"agentId": agent_id, "name": names.get(UUID(agent_id)), **verdict}
            for agent_id, verdict in found.candidates.items()
        ],
        "others": found.others,
        "read": found.read,
    }


def agent_tokens(grant: Grant) -> dict[str, Any]:
    return {
        "accessToken": grant.token,
        "refreshToken": grant.refresh_token,
        "expiresAt": rfc3339_ms(grant.expires_at * 1000),
        "agent": {"id": grant.principal_id, "name": grant.agent_name, "role": grant.role},
    }


def visitor_tokens(grant: Grant) -> dict[str, Any]:
    return {
        "token": grant.token,
        "refreshToken": grant.refresh_token,
        "expiresAt": rfc3339_ms(grant.expires_at * 1000),
        "contactId": grant.principal_id,
        "conversationId": grant.conversation_id,
    }


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
