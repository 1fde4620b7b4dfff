"""Acts on a conversation as a whole: open one, enter one, read where it stands and what was said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chat_service.frames import StoredRow, frame_of, seen_by_customer
from chat_service.store import conversations as store
from chat_service.store import people, timeline
from chat_service.store.conversations import Locked, NewConversation, Portrait, Standing
from chat_service.store.timeline import Stretch
from chorus.auth import OWN_ISSUER, Principal
from chorus.db import Db, Reader, Transaction
from chorus.db_connect import RawConnection
from chorus.errors import IdConflict, NotFound, Unauthenticated
from chorus.wire.calls import (
    AccessItem,
    AccessReply,
    AccessRequest,
    AgentState,
    ConversationState,
    ResumeReply,
    ResumeRequest,
    StoredEvent,
    Watermark,
)
from chorus.wire.common import ConversationStatus, Floor

CLOSED_LONG_AGO: Final = timedelta(days=7)
SNAPSHOT_MESSAGES: Final = 50


def may_enter(principal: Principal, conversation_id: UUID, contact_id: UUID) -> bool:
    """Agents enter all of their tenant; a visitor their own, and only `conv` if the token names one."""
    if principal.conversation_id not in (None, conversation_id):
        return False
    return principal.is_agent or contact_id == principal.user_id


async def enter(session: Reader, principal: Principal, conversation_id: UUID) -> Locked:
    """Find a conversation that this principal may enter; absent and foreign are one answer.

    Raises:
        NotFound: no such conversation, or not theirs.
    """
    found = await store.find(session, principal.tenant_id, conversation_id)
    if found is None or not may_act(principal, found.id, found.contact_id):
        raise NotFound
    return found


async def enter_locked(tx: Transaction, principal: Principal, conversation_id: UUID) -> Locked:
    """The same, and hold its row until the transaction ends."""
    found = await store.lock(tx, principal.tenant_id, conversation_id)
    if found is None or not may_act(principal, found.id, found.contact_id):
        raise NotFound
    return found


def may_act(principal: Principal, conversation_id: UUID, contact_id: UUID) -> bool:
    """Our own services act, as the bot that asks for a person does, but open no socket."""
    return principal.role == "internal" or may_enter(principal, conversation_id, contact_id)


async def ensure_person(db: Db, principal: Principal, *, now: datetime) -> None:
    """Keep a row for somebody whose issuer is not ours, under the id that every edge derives."""
    if principal.issuer == OWN_ISSUER or principal.role in ("server", "internal"):
        return
    tenant_id, user_id = principal.tenant_id, principal.user_id
    async with db.transaction(tenant_id) as tx:
        if principal.is_agent:
            await people.ensure_foreign_agent(
                tx, tenant_id, user_id, name=principal.subject, role=principal.role
            )
            return
        await people.save_contact(
            tx, tenant_id, user_id, traits=people.Traits(), verified=True, at=now
        )
        await people.save_identity(
            tx, tenant_id, user_id, issuer=principal.issuer, subject=principal.subject
        )


async def access(db: Db, request: AccessRequest, *, now: datetime) -> AccessReply:
    """Say where conversations stand for this principal, with the first events each resume still needs.

    Raises:
        Unauthenticated: an agent who is unknown or disabled.
    """
    principal = request.principal
    await ensure_person(db, principal, now=now)
    async with db.raw_transaction(principal.tenant_id) as raw:
        agent = await _agent_state(raw, principal)
        ids = [item.conversation_id for item in request.items]
        standing = await store.standings(raw, principal.tenant_id, ids) if ids else {}
        plans = {
            item.conversation_id: plan(standing[item.conversation_id], item, request.max_events)
            for item in request.items
            if item.conversation_id in standing
            and may_enter(
                principal, item.conversation_id, standing[item.conversation_id].contact_id
            )
        }
        events = await _replay(raw, principal.tenant_id, plans, request.max_bytes)
    return AccessReply(
        conversations=[
            _state(standing[one], replay, events.get(one, []), now) for one, replay in plans.items()
        ],
        refused=[one for one in ids if one not in plans],
        agent=agent,
    )


async def _agent_state(raw: RawConnection, principal: Principal) -> AgentState | None:
    if not principal.is_agent or principal.role == "server":
        return None
    duty = await people.duty(raw, principal.tenant_id, principal.user_id)
    if duty is None or duty.disabled:
        raise Unauthenticated
    return AgentState(duty.status, duty.capacity, duty.load)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a socket gets that joins: the events after `after`, or none when not `recovered`."""

    resumed: bool
    recovered: bool
    after: int
    upto: int


def plan(standing: Standing, item: AccessItem, max_events: int) -> Replay:
    """Decide whether a client can be brought up to date event by event (PROTOCOL §3, `ready`)."""
    head, oldest = standing.last_seq, standing.first_seq - 1
    if item.resume is None:
        return Replay(resumed=False, recovered=head - oldest <= max_events, after=oldest, upto=head)
    last = item.resume.last_seq
    known = item.resume.epoch == standing.epoch and oldest <= last <= head
    if not known:
        return Replay(resumed=True, recovered=False, after=oldest, upto=head)
    return Replay(resumed=True, recovered=head - last <= max_events, after=last, upto=head)


async def _replay(
    raw: RawConnection, tenant_id: UUID, plans: Mapping[UUID, Replay], max_bytes: int | None
) -> dict[UUID, list[StoredEvent]]:
    wanted = [
        Stretch(one, replay.after, replay.upto)
        for one, replay in plans.items()
        if replay.recovered and replay.after < replay.upto
    ]
    events: dict[UUID, list[StoredEvent]] = {}
    rows = await timeline.stretches(raw, tenant_id, wanted, max_bytes) if wanted else []
    for row in rows:
        events.setdefault(row.conversation_id, []).append(stored_event(row))
    return events


def stored_event(row: StoredRow) -> StoredEvent:
    return StoredEvent(row.seq, row.visibility, row.sender_id, frame_of(row).decode(), row.id)


def _state(
    standing: Standing, replay: Replay, events: list[StoredEvent], now: datetime
) -> ConversationState:
    closed_at = standing.closed_at
    return ConversationState(
        conversation_id=standing.id,
        epoch=standing.epoch,
        head_seq=standing.last_seq,
        first_seq=standing.first_seq,
        status=standing.status,
        floor_holder=standing.floor_holder,
        floor_epoch=standing.floor_epoch,
        recovered=replay.recovered,
        resumed=replay.resumed,
        replay_from=replay.after + 1,
        receipts=_watermarks(standing),
        events=events,
        queue=standing.queue,
        position=standing.position,
        closed_long_ago=closed_at is not None and now - closed_at > CLOSED_LONG_AGO,
    )


def _watermarks(standing: Standing) -> list[Watermark]:
    """Everyone's, and the customer's from the start: these are also whose presence is shown."""
    marks = [Watermark(mark.user_id, mark.delivered, mark.read) for mark in standing.receipts]
    if any(mark.user_id == standing.contact_id for mark in marks):
        return marks
    return [*marks, Watermark(standing.contact_id, 0, 0)]


async def resume(db: Db, request: ResumeRequest) -> ResumeReply:
    """Read the events of a conversation after a seq, at most `limit`, and its head.

    Raises:
        NotFound: no such conversation in this tenant.
    """
    async with db.raw_transaction(request.tenant_id) as raw:
        standing = await store.standings(raw, request.tenant_id, [request.conversation_id])
        if request.conversation_id not in standing:
            raise NotFound
        found = standing[request.conversation_id]
        upto = min(found.last_seq, request.after + request.limit)
        wanted = [Stretch(found.id, request.after, upto)]
        rows = await timeline.stretches(raw, request.tenant_id, wanted, request.max_bytes)
    return ResumeReply(
        epoch=found.epoch,
        head_seq=found.last_seq,
        first_seq=found.first_seq,
        floor_holder=found.floor_holder,
        floor_epoch=found.floor_epoch,
        events=[stored_event(row) for row in rows],
    )


@dataclass(frozen=True, slots=True)
class Opening:
    """A conversation somebody wants; the id makes a repeat harmless."""

    id: UUID
    contact_id: UUID
    inbox: people.InboxRow
    attributes: Mapping[str, Any]


async def open_conversation(
    tx: Transaction, tenant_id: UUID, opening: Opening, *, now: datetime
) -> bool:
    """Make a conversation; False when this contact already has one of that id.

    Raises:
        IdConflict: the id is used for something else.
    """
    new = NewConversation(
        id=opening.id,
        tenant_id=tenant_id,
        inbox_id=opening.inbox.id,
        contact_id=opening.contact_id,
        floor=Floor.BOT if opening.inbox.bot_enabled else Floor.NONE,
        attributes=dict(opening.attributes),
        at=now,
    )
    if await store.insert(tx, new):
        return True
    existing = await store.find(tx, tenant_id, opening.id)
    if existing is None or existing.contact_id != opening.contact_id:
        raise IdConflict
    return False


@dataclass(frozen=True, slots=True)
class View:
    """A conversation as one reader sees it, in one snapshot of the database."""

    portrait: Portrait
    rows: list[StoredRow]
    visible: int | None = None
    """For agents: how many messages the customer sees."""


async def view(db: Db, principal: Principal, conversation_id: UUID) -> View:
    """Read all a reconnecting client needs in one snapshot.

    Raises:
        NotFound: no such conversation, or not theirs.
    """
    async with db.read(principal.tenant_id) as session:
        found = await store.portrait(session, principal.tenant_id, conversation_id)
        if found is None or not may_enter(principal, conversation_id, found.standing.contact_id):
            raise NotFound
        rows = await timeline.before(
            session,
            principal.tenant_id,
            conversation_id,
            seq=found.standing.last_seq + 1,
            limit=SNAPSHOT_MESSAGES,
        )
        visible = None
        if principal.is_agent:
            visible = await timeline.visible(session, principal.tenant_id, conversation_id)
    return View(found, rows, visible)


@dataclass(frozen=True, slots=True)
class History:
    rows: list[StoredRow]
    next_cursor: int | None
    """The `after` (or `before`) of the next page."""
    head_seq: int
    epoch: str


@dataclass(frozen=True, slots=True)
class Stride:
    """Which way through a history, from where, and how far."""

    after: int | None = None
    before: int | None = None
    limit: int = 50


async def history(db: Db, principal: Principal, conversation_id: UUID, stride: Stride) -> History:
    """Read a page of what happened, in order of seq, by key and never by offset.

    Raises:
        NotFound: no such conversation, or not theirs.
    """
    tenant_id = principal.tenant_id
    async with db.read(tenant_id) as session:
        found = await enter(session, principal, conversation_id)
        if stride.before is not None and stride.after is None:
            rows = await timeline.before(
                session, tenant_id, conversation_id, seq=stride.before, limit=stride.limit
            )
            more = rows[0].seq if rows and rows[0].seq > found.first_seq else None
        else:
            start = stride.after if stride.after is not None else found.first_seq - 1
            rows = await timeline.after(
                session, tenant_id, conversation_id, seq=start, limit=stride.limit
            )
            if stride.before is not None:
                rows = [row for row in rows if row.seq < stride.before]
            more = rows[-1].seq if rows and rows[-1].seq < _end(found, stride) else None
        epoch = await store.epoch_of(session)
    return History(rows, more, found.last_seq, epoch)


def _end(found: Locked, stride: Stride) -> int:
    return found.last_seq if stride.before is None else min(found.last_seq, stride.before - 1)


def may_see(principal: Principal, row: StoredRow) -> bool:
    """Say whether a reader sees a row, or `void` in its place."""
    return principal.is_agent or seen_by_customer(row.visibility, row.role)


def is_closed(found: Locked) -> bool:
    return found.status == ConversationStatus.CLOSED
