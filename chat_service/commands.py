"""Acts that a frame asks for (all but `message`): checked in SQL, once in 24 h, one transaction.

Each returns what happened as events; `perform` gives them seqs, remembers the answer, commits,
and publishes. Refusals are raised, roll everything back, and are not remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service import (
    bots,
    conversations,
    escalate,
    events,
    handoff,
    handoff_acts,
    left_contact,
    macros,
    message_acts,
    properties,
)
from chat_service.bots import HandOver
from chat_service.deeds import (
    Act,
    Commands,
    Deed,
    Effects,
    PersonalAct,
    Prepare,
    a_person_only,
)
from chat_service.emit import Publication, control, delivered, durable, inbox_hint
from chat_service.frames import StoredRow
from chat_service.handoff import Moved
from chat_service.left_contact import LeaveContact
from chat_service.macros import RunMacro
from chat_service.store import conversations as store
from chat_service.store import people, sessions, timeline, work
from chat_service.store.conversations import Locked
from chat_service.store.work import CommandKey
from chat_service.wishes import Asked, granted
from chorus.auth import Principal
from chorus.clock import unix_ms
from chorus.db import Transaction
from chorus.errors import (
    BadRequest,
    ConversationClosed,
    Forbidden,
    IdConflict,
    KeyReused,
    NotFound,
)
from chorus.wire import client as frames
from chorus.wire.common import ChosenStatus, ConversationStatus, Inbound

RATE_WINDOW: Final = timedelta(days=7)


async def rate(deed: Deed, where: Locked, frame: frames.Rate) -> Effects:
    """Keep the customer's score; taken from the end on, for 7 days."""
    if deed.principal.role != "visitor":
        raise Forbidden
    if where.status != ConversationStatus.CLOSED or where.closed_at is None:
        raise BadRequest("A conversation is rated when it has ended.")
    if deed.now - where.closed_at > RATE_WINDOW:
        raise ConversationClosed("It can be rated for 7 days after its end.")
    await store.rate(deed.tx, deed.tenant_id, where.id, score=frame.score, comment=frame.comment)
    return Effects()


async def agent_status(deed: Deed, frame: frames.AgentStatus) -> Effects:
    """Choose one's availability. Whoever is back online has wrapped up."""
    agent_id = a_person_only(deed)
    moved: tuple[Moved, ...] = ()
    if frame.status == ChosenStatus.ONLINE:
        moved = await handoff_acts.wrapped_up(deed, agent_id)
    if not await people.set_agent_status(
        deed.tx, deed.tenant_id, agent_id, status=frame.status, at=deed.now
    ):
        raise Forbidden
    told = {"agent_id": str(agent_id), "status": str(frame.status)}
    outbox = events.outbox_row(events.AGENT_STATUS_CHANGED, deed.tenant_id, told)
    said = {"agent": str(agent_id), "status": str(frame.status), "at_ms": unix_ms(deed.now)}
    return Effects((), (outbox,), (control({"status": said}),), moved)


ACTS: Final[Mapping[str, Act]] = {
    **message_acts.ACTS,
    **properties.ACTS,
    frames.Rate.event: rate,
    frames.Escalate.event: escalate.escalate,
    LeaveContact.event: left_contact.leave,
    RunMacro.event: macros.run,
    HandOver.event: bots.hand_over,
    **handoff_acts.ACTS,
}
"""Acts in a conversation, by the frame that asks for them."""

PERSONAL_ACTS: Final[Mapping[str, PersonalAct]] = {frames.AgentStatus.event: agent_status}
"""Acts without one."""

PREPARED: Final[Mapping[str, Prepare]] = {
    frames.Escalate.event: escalate.prepare,
    frames.Transfer.event: handoff_acts.prepare_transfer,
    RunMacro.event: macros.prepare_run,
    HandOver.event: bots.prepare,
}
"""What an act must know of Redis, read before its transaction begins: the act gets it."""


def known(event: str) -> bool:
    return event in ACTS or event in PERSONAL_ACTS


async def perform(
    commands: Commands,
    principal: Principal,
    frame: Inbound,
    *,
    conversation_id: UUID | None,
    socket: str | None = None,
) -> dict[str, Any]:
    """Do what a frame asks, once; answers the `data` of its `delivered`.

    Raises:
        ChorusError: refused, nothing changed. Unavailable: it may or may not be done; the same
            id may be sent again.
    """
    order = Order(frame, vars(frame)["id"], conversation_id, socket=socket)
    return (await carry_out(commands, principal, order)).answer


@dataclass(frozen=True, slots=True)
class Order:
    """A frame that asks for something, and where. `id` makes a repeat harmless."""

    frame: Inbound
    id: UUID
    conversation_id: UUID | None
    session_id: UUID | None = None
    """The live-chat session that is meant, where the caller named one."""
    wish: Any = None
    """What is asked, where an edge knows more than a frame says."""
    body: Mapping[str, Any] | None = None
    """What a repeat must say again, where that is more than the frame."""
    keyed: bool = False
    """`id` stands for an Idempotency-Key."""
    socket: str | None = None
    """The socket it came by; None: REST."""


@dataclass(frozen=True, slots=True)
class Done:
    """What is answered, now and to a repeat; `effects` are None for a repeat."""

    answer: dict[str, Any]
    effects: Effects | None


async def carry_out(commands: Commands, principal: Principal, order: Order) -> Done:
    """Do what is ordered, once, in one transaction. Raises as `perform`."""
    if isinstance(order.frame, frames.Escalate):
        asked = _asked(principal, order, order.frame)
        done = asked and await granted(commands, asked)
        if done:
            return Done(*done)
    async with commands.turn():
        prepared = await _prepared(commands, principal, order)
        return await _done(commands, principal, order, prepared)


async def _done(commands: Commands, principal: Principal, order: Order, prepared: Any) -> Done:
    now = commands.clock.now()
    async with commands.db.transaction(principal.tenant_id) as tx:
        key = _key(principal, order)
        session_id = _session_of(order)
        deed = Deed(tx, principal, now, commands.edit_window, session_id, order.socket)
        where = await _enter(deed, order)
        if not await work.claim_command(tx, key):
            return Done(await _answered(tx, key, order), None)
        effects = await _do(deed, where, order.frame.event, prepared)
        added = await _record(deed, where, effects)
        seq = _last_seq(where, effects, added)
        answer = delivered(order.id, seq=seq, at=now, dup=False)
        await work.save_answer(tx, key, answer)
        messages = [*_publications(deed, where, added), *effects.words]
        tx.after_commit(lambda: handoff.tell(commands.publisher, effects.moved, now=now))
        tx.after_commit(lambda: commands.publisher.publish(messages))
    return Done(answer, effects)


async def _prepared(commands: Commands, principal: Principal, order: Order) -> Any:
    asked, prepare = order.wish or order.frame, PREPARED.get(order.frame.event)
    if prepare is None:
        return asked
    return await prepare(commands, principal, order.conversation_id, asked)


def _session_of(order: Order) -> UUID | None:
    return order.session_id or getattr(order.frame, "session", None)


async def _enter(deed: Deed, order: Order) -> Locked | None:
    if order.frame.event in PERSONAL_ACTS:
        return None
    conversation_id = order.conversation_id
    if conversation_id is None and deed.session_id is not None:
        conversation_id = await sessions.conversation_of(deed.tx, deed.tenant_id, deed.session_id)
        if conversation_id is None:
            raise NotFound
    if conversation_id is None:
        raise BadRequest("`conv` is needed.")
    where = await conversations.enter_locked(deed.tx, deed.principal, conversation_id)
    if deed.principal.is_agent and deed.principal.role != "server":
        agent = await people.agent(deed.tx, deed.tenant_id, deed.principal.user_id)
        if agent is None or agent.disabled_at is not None:
            raise Forbidden
    return where


async def _do(deed: Deed, where: Locked | None, event: str, wish: Any) -> Effects:
    if where is None:
        return await PERSONAL_ACTS[event](deed, wish)
    return await ACTS[event](deed, where, wish)


async def _record(deed: Deed, where: Locked | None, effects: Effects) -> list[StoredRow]:
    await work.tell_outbox(deed.tx, effects.outbox)
    if where is None:
        return []
    return await timeline.append(
        deed.tx, deed.tenant_id, where.id, events=effects.events, at=deed.now
    )


def _last_seq(where: Locked | None, effects: Effects, added: list[StoredRow]) -> int | None:
    """The place of the last thing that happened here, None when nothing did."""
    if where is None:
        return None
    rows = [*(row for one in effects.moved for row in one.rows), *added]
    return rows[-1].seq if rows else None


def _publications(deed: Deed, where: Locked | None, added: list[StoredRow]) -> list[Publication]:
    if where is None:
        return []
    head = added[-1].seq if added else where.last_seq
    return [*map(durable, added), inbox_hint(deed.tenant_id, {where.id: head})]


async def _answered(tx: Transaction, key: CommandKey, order: Order) -> dict[str, Any]:
    """Give a repeat the answer of the first time.

    Raises:
        IdConflict, KeyReused: the id was used for something else.
    """
    found = await work.command_answer(tx, key)
    if found is None or found[0] != key.body_hash:
        raise KeyReused if order.keyed else IdConflict
    return {**found[1], "dup": True}


def _key(principal: Principal, order: Order) -> CommandKey:
    return CommandKey(principal.tenant_id, principal.user_id, order.id, _body_hash(order))


def _asked(principal: Principal, order: Order, frame: frames.Escalate) -> Asked | None:
    """A wish as those are that can be carried out together; None: it has to be looked at alone."""
    plain = principal.role == "visitor" and order.session_id is None
    if not plain or order.conversation_id is None:
        return None
    wish = order.wish or escalate.wish_of(frame)
    if wish.contact is not None:
        return None
    return Asked(principal, order.conversation_id, _key(principal, order), wish, order.socket)


def _body_hash(order: Order) -> bytes:
    said = order.body or order.frame.model_dump(mode="json")
    place = order.conversation_id or order.session_id or ""
    body = [order.frame.event, str(place), said]
    return blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
