"""Acts that a frame asks for (all but `message`): checked in SQL, once in 24 h, one transaction.

Each returns what happened as events; `perform` gives them seqs, remembers the answer, commits,
and publishes. Refusals are raised, roll everything back, and are not remembered.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service import conversations, events
from chat_service.emit import Publication, Publisher, control, delivered, durable, inbox_hint
from chat_service.frames import EVENT, StoredRow, seen_by_customer
from chat_service.store import conversations as store
from chat_service.store import people, timeline, work
from chat_service.store.conversations import Locked
from chat_service.store.ingest import OutboxRow
from chat_service.store.timeline import NewEvent
from chat_service.store.work import CommandKey
from chorus.auth import Principal
from chorus.clock import Clock, rfc3339, unix_ms
from chorus.db import Db, Transaction
from chorus.errors import (
    AlreadyAssigned,
    BadRequest,
    ConversationClosed,
    EditWindow,
    Forbidden,
    IdConflict,
    NotFound,
)
from chorus.jobs import JobKind
from chorus.wire import client as frames
from chorus.wire.common import ConversationStatus, Inbound, Visibility

SENIORS: Final = frozenset({"supervisor", "admin", "server"})
SNOOZE_MAX: Final = timedelta(days=365)
RATE_WINDOW: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Commands:
    """What this module uses."""

    db: Db
    publisher: Publisher
    clock: Clock
    edit_window: timedelta
    """How long a customer may change what they said."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does something, when, and in which conversation."""

    tx: Transaction
    principal: Principal
    now: datetime
    edit_window: timedelta

    @property
    def tenant_id(self) -> UUID:
        return self.principal.tenant_id

    def event(
        self, name: str, data: Mapping[str, Any], *, visibility: str = Visibility.PUBLIC
    ) -> NewEvent:
        return NewEvent(
            name, data, self.principal.speaks_as, self.principal.user_id, visibility=visibility
        )


@dataclass(frozen=True, slots=True)
class Effects:
    """What an act brought about: durable events, domain events, and words for all gateways."""

    events: tuple[NewEvent, ...] = ()
    outbox: tuple[OutboxRow, ...] = ()
    words: tuple[Publication, ...] = ()


Act = Callable[[Deed, Locked, Any], Awaitable[Effects]]
PersonalAct = Callable[[Deed, Any], Awaitable[Effects]]


async def edit(deed: Deed, where: Locked, frame: frames.Edit) -> Effects:
    """Change the content of one's own message; customers for a while only."""
    row = await _own_message(deed, where, frame.target)
    rev = int(row.payload.get("rev", 0)) + 1
    await timeline.edit(deed.tx, deed.tenant_id, row, content=frame.content, rev=rev, at=deed.now)
    data = {"target": str(row.id), "content": frame.content, "by": _by(deed), "rev": rev}
    event = deed.event("message.updated", data, visibility=row.visibility)
    return Effects((event,), (_changed(deed, row, "edited"),))


async def delete(deed: Deed, where: Locked, frame: frames.Delete) -> Effects:
    """Take a message back: a tombstone keeps its seq. Seniors may do so for others."""
    if deed.principal.role in SENIORS:
        row = await _message(deed, where, frame.target)
    else:
        row = await _own_message(deed, where, frame.target)
    await timeline.tombstone(deed.tx, deed.tenant_id, row, at=deed.now)
    data = {"target": str(row.id), "by": _by(deed)}
    event = deed.event("message.deleted", data, visibility=row.visibility)
    return Effects((event,), (_changed(deed, row, "deleted"),))


async def moderate(deed: Deed, where: Locked, frame: frames.Moderate) -> Effects:
    """Change who sees a message. Who sees it no longer is told so without its content."""
    _agents_only(deed)
    row = await _message(deed, where, frame.target)
    if row.visibility == frame.visibility:
        return Effects()
    rev = int(row.payload.get("rev", 0)) + 1
    await timeline.moderate(deed.tx, deed.tenant_id, row, visibility=frame.visibility, rev=rev)
    data = {
        "target": str(row.id),
        "visibility": str(frame.visibility),
        "by": _by(deed),
        "rev": rev,
    }
    if frame.visibility == Visibility.PUBLIC:
        data["content"] = row.content
    event = deed.event("message.updated", data, visibility=_told_to(row, frame.visibility))
    return Effects((event,), (_changed(deed, row, "moderated"),))


def _told_to(row: StoredRow, visibility: str) -> str:
    """Tell the customer only when what they see changes: a shadowed author shall not notice."""
    same = seen_by_customer(row.visibility, row.role) == seen_by_customer(visibility, row.role)
    return Visibility.AGENTS if same else Visibility.PUBLIC


async def resolve(deed: Deed, where: Locked, _frame: frames.Resolve) -> Effects:
    """End the conversation; its sockets stay open."""
    _agents_only(deed)
    if where.status == ConversationStatus.CLOSED:
        raise ConversationClosed
    _not_a_colleagues(deed, where)
    await store.set_status(
        deed.tx,
        deed.tenant_id,
        where.id,
        status=ConversationStatus.CLOSED,
        closed_at=deed.now,
    )
    ended = await store.end_session(deed.tx, deed.tenant_id, where.id, at=deed.now)
    floor = {"holder": where.floor_holder, "epoch": where.floor_epoch}
    handoffs = tuple(
        deed.event(
            "handoff",
            {"state": state, "session": str(session), "floor": floor, "by": _by(deed)},
        )
        for session, state in ended
    )
    event = deed.event("conversation.closed", {"by": _by(deed), "csat": True})
    told = {"conversation_id": str(where.id), "by": _by(deed)}
    outbox = events.outbox_row(events.CONVERSATION_CLOSED, deed.tenant_id, told)
    return Effects((*handoffs, event), (outbox,))


async def reopen(deed: Deed, where: Locked, _frame: frames.Reopen) -> Effects:
    """Open a closed or snoozed conversation again; an open one stays as it is."""
    _agents_only(deed)
    if where.status == ConversationStatus.OPEN:
        return Effects()
    await store.set_status(deed.tx, deed.tenant_id, where.id, status=ConversationStatus.OPEN)
    event = deed.event("conversation.updated", {"status": ConversationStatus.OPEN, "by": _by(deed)})
    told = {"conversation_id": str(where.id), "reason": "reopen"}
    outbox = events.outbox_row(events.CONVERSATION_REOPENED, deed.tenant_id, told)
    return Effects((event,), (outbox,))


async def snooze(deed: Deed, where: Locked, frame: frames.Snooze) -> Effects:
    """Put the conversation aside until a time to come; a timer opens it again."""
    _agents_only(deed)
    if where.status == ConversationStatus.CLOSED:
        raise ConversationClosed
    if not deed.now < frame.until <= deed.now + SNOOZE_MAX:
        raise BadRequest("`until` lies in the next 365 days.")
    _not_a_colleagues(deed, where)
    await store.set_status(
        deed.tx,
        deed.tenant_id,
        where.id,
        status=ConversationStatus.SNOOZED,
        until=frame.until,
    )
    await work.set_timer(
        deed.tx,
        deed.tenant_id,
        kind=JobKind.UNSNOOZE,
        conversation_id=where.id,
        due_at=frame.until,
    )
    until = rfc3339(frame.until)
    data = {"status": ConversationStatus.SNOOZED, "until": until, "by": _by(deed)}
    event = deed.event("conversation.updated", data, visibility=Visibility.AGENTS)
    told = {"conversation_id": str(where.id), "by": _by(deed), "until": until}
    outbox = events.outbox_row(events.CONVERSATION_SNOOZED, deed.tenant_id, told)
    return Effects((event,), (outbox,))


async def rate(deed: Deed, where: Locked, frame: frames.Rate) -> Effects:
    """Keep the customer's score; taken until 7 days after the end."""
    if deed.principal.role != "visitor":
        raise Forbidden
    if where.closed_at is not None and deed.now - where.closed_at > RATE_WINDOW:
        raise ConversationClosed
    await store.rate(deed.tx, deed.tenant_id, where.id, score=frame.score, comment=frame.comment)
    return Effects()


async def agent_status(deed: Deed, frame: frames.AgentStatus) -> Effects:
    """Choose one's availability."""
    if deed.principal.role == "server" or not deed.principal.is_agent:
        raise Forbidden
    agent_id = deed.principal.user_id
    if not await people.set_agent_status(
        deed.tx, deed.tenant_id, agent_id, status=frame.status, at=deed.now
    ):
        raise Forbidden
    told = {"agent_id": str(agent_id), "status": str(frame.status)}
    outbox = events.outbox_row(events.AGENT_STATUS_CHANGED, deed.tenant_id, told)
    said = {"agent": str(agent_id), "status": str(frame.status), "at_ms": unix_ms(deed.now)}
    return Effects((), (outbox,), (control({"status": said}),))


ACTS: Final[Mapping[str, Act]] = {
    frames.Edit.event: edit,
    frames.Delete.event: delete,
    frames.Moderate.event: moderate,
    frames.Resolve.event: resolve,
    frames.Reopen.event: reopen,
    frames.Snooze.event: snooze,
    frames.Rate.event: rate,
}
"""Acts in a conversation, by the frame that asks for them."""

PERSONAL_ACTS: Final[Mapping[str, PersonalAct]] = {frames.AgentStatus.event: agent_status}
"""Acts without one."""


def known(event: str) -> bool:
    return event in ACTS or event in PERSONAL_ACTS


async def perform(
    commands: Commands, principal: Principal, frame: Inbound, *, conversation_id: UUID | None
) -> dict[str, Any]:
    """Do what a frame asks, once; answers the `data` of its `delivered`.

    Raises:
        ChorusError: refused, nothing changed. Unavailable: it may or may not be done; the same
            id may be sent again.
    """
    command_id: UUID = vars(frame)["id"]
    key = CommandKey(
        principal.tenant_id, principal.user_id, command_id, _body_hash(frame, conversation_id)
    )
    now = commands.clock.now()
    async with commands.db.transaction(principal.tenant_id) as tx:
        deed = Deed(tx, principal, now, commands.edit_window)
        where = await _enter(deed, frame, conversation_id)
        if not await work.claim_command(tx, key):
            return await _answered(tx, key)
        effects = await _do(deed, where, frame)
        rows = await _record(deed, where, effects)
        answer = delivered(command_id, seq=rows[-1].seq if rows else None, at=now, dup=False)
        await work.save_answer(tx, key, answer)
        messages = [*_publications(deed, where, rows), *effects.words]
        tx.after_commit(lambda: commands.publisher.publish(messages))
    return answer


async def _enter(deed: Deed, frame: Inbound, conversation_id: UUID | None) -> Locked | None:
    if frame.event in PERSONAL_ACTS:
        return None
    if conversation_id is None:
        raise BadRequest("`conv` is needed.")
    where = await conversations.enter_locked(deed.tx, deed.principal, conversation_id)
    if deed.principal.is_agent and deed.principal.role != "server":
        agent = await people.agent(deed.tx, deed.tenant_id, deed.principal.user_id)
        if agent is None or agent.disabled_at is not None:
            raise Forbidden
    return where


async def _do(deed: Deed, where: Locked | None, frame: Inbound) -> Effects:
    if where is None:
        return await PERSONAL_ACTS[frame.event](deed, frame)
    return await ACTS[frame.event](deed, where, frame)


async def _record(deed: Deed, where: Locked | None, effects: Effects) -> list[StoredRow]:
    await work.tell_outbox(deed.tx, effects.outbox)
    if where is None:
        return []
    return await timeline.append(
        deed.tx, deed.tenant_id, where.id, events=effects.events, at=deed.now
    )


def _publications(deed: Deed, where: Locked | None, rows: list[StoredRow]) -> list[Publication]:
    if where is None:
        return []
    head = rows[-1].seq if rows else where.last_seq
    return [*map(durable, rows), inbox_hint(deed.tenant_id, {where.id: head})]


async def _answered(tx: Transaction, key: CommandKey) -> dict[str, Any]:
    """Give a repeat the answer of the first time.

    Raises:
        IdConflict: the id was used for something else.
    """
    found = await work.command_answer(tx, key)
    if found is None or found[0] != key.body_hash:
        raise IdConflict
    return {**found[1], "dup": True}


def _body_hash(frame: Inbound, conversation_id: UUID | None) -> bytes:
    body = [frame.event, str(conversation_id or ""), frame.model_dump(mode="json")]
    return blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


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


def _agents_only(deed: Deed) -> None:
    if not deed.principal.is_agent:
        raise Forbidden


def _not_a_colleagues(deed: Deed, where: Locked) -> None:
    mine = where.assignee_id in (None, deed.principal.user_id)
    if not mine and deed.principal.role not in SENIORS:
        raise AlreadyAssigned


def _changed(deed: Deed, row: StoredRow, change: str) -> OutboxRow:
    told = {
        "conversation_id": str(row.conversation_id),
        "message_id": str(row.id),
        "change": change,
        "by": _by(deed),
    }
    return events.outbox_row(events.MESSAGE_CHANGED, deed.tenant_id, told)


def _by(deed: Deed) -> str:
    return str(deed.principal.user_id)
