"""What people do to messages that are said already: edit, take back, show to others than before."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from chat_service import audit, conversations, events
from chat_service.deeds import SENIORS, Act, Deed, Effects, agents_only
from chat_service.frames import EVENT, StoredRow, seen_by_customer
from chat_service.store import attachments, timeline
from chat_service.store.conversations import Locked
from chat_service.store.ingest import OutboxRow
from chorus.errors import BadRequest, ConversationClosed, EditWindow, Forbidden, NotFound
from chorus.wire import client as frames
from chorus.wire.common import ConversationStatus, Role, Visibility


async def edit(deed: Deed, where: Locked, frame: frames.Edit) -> Effects:
    """Change the content of one's own message; customers for a while only."""
    row = await _own_message(deed, where, frame.target)
    rev = int(row.payload.get("rev", 0)) + 1
    await timeline.edit(deed.tx, deed.tenant_id, row, content=frame.content, rev=rev, at=deed.now)
    data = {"target": str(row.id), "content": frame.content, "by": deed.by, "rev": rev}
    event = deed.event("message.updated", data, visibility=row.visibility)
    return Effects((event,), (_changed(deed, row, "edited"),))


async def delete(deed: Deed, where: Locked, frame: frames.Delete) -> Effects:
    """Take a message back: a tombstone keeps its seq. Seniors may do so for others."""
    if deed.principal.role in SENIORS:
        row = await _message(deed, where, frame.target)
    else:
        row = await _own_message(deed, where, frame.target)
    await timeline.tombstone(deed.tx, deed.tenant_id, row, at=deed.now)
    if row.payload.get("attachments"):
        await attachments.withdraw(deed.tx, deed.tenant_id, where.id, row.seq)
    visible = await timeline.visible(deed.tx, deed.tenant_id, where.id)
    if row.sender_id != deed.principal.user_id:
        await _audit(deed, row, "deleted", {"visible": visible})
    data = {"target": str(row.id), "by": deed.by, "visible": visible}
    event = deed.event("message.deleted", data, visibility=row.visibility)
    return Effects((event,), (_changed(deed, row, "deleted"),))


async def moderate(deed: Deed, where: Locked, frame: frames.Moderate) -> Effects:
    """Change who sees a message. Who sees it no longer is told so without its content.

    Raises:
        BadRequest: a note stays a note, and only a customer's words can be shadowed.
    """
    agents_only(deed)
    row = await _message(deed, where, frame.target)
    if row.visibility == frame.visibility:
        return Effects()
    _check_moderation(row, frame.visibility)
    rev = int(row.payload.get("rev", 0)) + 1
    await timeline.moderate(deed.tx, deed.tenant_id, row, visibility=frame.visibility, rev=rev)
    visible = await timeline.visible(deed.tx, deed.tenant_id, where.id)
    await _audit(deed, row, _DONE[frame.visibility], {"from": row.visibility, "visible": visible})
    data = {
        "target": str(row.id),
        "visibility": str(frame.visibility),
        "by": deed.by,
        "rev": rev,
        "visible": visible,
    }
    if frame.visibility == Visibility.PUBLIC:
        data["content"] = row.content
    event = deed.event("message.updated", data, visibility=_told_to(row, frame.visibility))
    return Effects((event,), (_changed(deed, row, "moderated"),))


_DONE: Final = {
    Visibility.PUBLIC: "shown",
    Visibility.HIDDEN: "hidden",
    Visibility.SHADOWED: "shadowed",
}


def _check_moderation(row: StoredRow, visibility: Visibility) -> None:
    if row.visibility == Visibility.AGENTS:
        raise BadRequest("What only the team sees stays with the team.", field="visibility")
    if visibility not in _DONE:
        raise BadRequest(
            "A message is public, hidden or shadowed; write a note instead.", field="visibility"
        )
    if visibility == Visibility.SHADOWED and row.role != Role.CUSTOMER:
        raise BadRequest("Only a customer's words can be shadowed.", field="visibility")


async def _audit(deed: Deed, row: StoredRow, done: str, detail: Mapping[str, Any]) -> None:
    told = {"conversation": str(row.conversation_id), "author": row.sender_id, **detail}
    await audit.write(
        deed.tx, deed.principal, f"message.{done}", subject=f"message:{row.id}", detail=told
    )


def _told_to(row: StoredRow, visibility: str) -> str:
    """Tell the customer only when what they see changes: a shadowed author shall not notice."""
    same = seen_by_customer(row.visibility, row.role) == seen_by_customer(visibility, row.role)
    return Visibility.AGENTS if same else Visibility.PUBLIC


async def _message(deed: Deed, where: Locked, target: UUID) -> StoredRow:
    """A message that this principal can see and that still has content.

    Raises:
        NotFound: there is none.
    """
    row = await timeline.find(deed.tx, deed.tenant_id, where.id, target)
    if row is None or row.message_type == EVENT or row.deleted_at is not None:
        raise NotFound
    if not conversations.may_see(deed.principal, row):
        raise NotFound
    return row


async def _own_message(deed: Deed, where: Locked, target: UUID) -> StoredRow:
    row = await _message(deed, where, target)
    if row.sender_id != deed.principal.user_id:
        raise Forbidden
    if where.status == ConversationStatus.CLOSED:
        raise ConversationClosed
    if not deed.principal.is_agent and deed.now - row.created_at > deed.edit_window:
        raise EditWindow
    return row


def _changed(deed: Deed, row: StoredRow, change: str) -> OutboxRow:
    told = {
        "conversation_id": str(row.conversation_id),
        "message_id": str(row.id),
        "change": change,
        "by": deed.by,
    }
    return events.outbox_row(events.MESSAGE_CHANGED, deed.tenant_id, told)


ACTS: Final[Mapping[str, Act]] = {
    frames.Edit.event: edit,
    frames.Delete.event: delete,
    frames.Moderate.event: moderate,
}
