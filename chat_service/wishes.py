"""Customers who ask for a person at the same time, carried out in one transaction.

Only what is plain is done here: whoever asked before, has a session already, came to a
conversation that is held by somebody or not open, or asks for an unknown queue, is left to
`commands.carry_out`, which does it alone and has the words for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chat_service import conversations, escalate, handoff
from chat_service.deeds import Commands, Deed, Effects
from chat_service.emit import delivered
from chat_service.escalate import Plan, Prospect, Wish
from chat_service.handoff import Begun
from chat_service.handoff_draft import Scene
from chat_service.outlook import Outlook
from chat_service.queue_choice import UnknownQueue
from chat_service.session_records import Refused
from chat_service.store import queues, work
from chat_service.store.queues import Joined
from chat_service.store.work import CommandKey
from chorus.auth import Principal
from chorus.db import Transaction
from chorus.wire.common import ConversationStatus

_OPEN: Final = ConversationStatus.OPEN


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish of a customer."""

    principal: Principal
    conversation_id: UUID
    key: CommandKey
    wish: Wish
    socket: str | None


Granted = tuple[dict[str, Any], Effects]
"""The answer, and what the wish brought about."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A wish whose session can begin now."""

    asked: Asked
    deed: Deed
    scene: Scene
    plan: Plan


@dataclass(frozen=True, slots=True)
class _Decided:
    """How the session of a wish begins, and what is answered."""

    ready: _Ready
    begun: Begun
    answer: dict[str, Any]


async def granted(commands: Commands, asked: Asked) -> Granted | None:
    """Carry a wish out with those that come meanwhile; None: nothing was done, do it alone.

    Raises:
        Overloaded: nothing was done.
    """
    tenant_id = asked.principal.tenant_id

    async def grant(some: Sequence[Asked]) -> list[Granted | None]:
        done = await _carry_out(commands, tenant_id, some)
        return [_granted(done.get(one.conversation_id), one) for one in some]

    found: Granted | None = await commands.gathering.ask(tenant_id, asked, grant)
    return found


def _granted(done: _Decided | None, asked: Asked) -> Granted | None:
    """What became of a wish; of two for one conversation the first was looked at."""
    if done is None or done.ready.asked is not asked:
        return None
    return done.answer, Effects(moved=done.begun.moved, plan=done.ready.plan)


async def _carry_out(
    commands: Commands, tenant_id: UUID, some: Sequence[Asked]
) -> dict[UUID, _Decided]:
    """Begin the sessions of all that are plain; by conversation."""
    async with commands.turn():
        outlook = await escalate.outlook_of(commands, tenant_id)
        now = commands.clock.now()
        async with commands.db.transaction(tenant_id) as tx:
            deeds = {
                one.conversation_id: (
                    one,
                    Deed(tx, one.principal, now, commands.edit_window, socket=one.socket),
                )
                for one in _firsts(some)
            }
            ready = await _ready(tx, tenant_id, deeds, outlook)
            claimed = await _claimed(tx, tenant_id, await _decided(tx, tenant_id, ready))
            moved = [one for decided in claimed for one in decided.begun.moved]
            if claimed:
                await handoff.begin_all(tx, tenant_id, [one.begun for one in claimed], now=now)
                tx.after_commit(lambda: handoff.tell(commands.publisher, moved, now=now))
    return {one.ready.asked.conversation_id: one for one in claimed}


def _firsts(some: Sequence[Asked]) -> list[Asked]:
    """Of those for one conversation, or with one id, the first: the others find it done."""
    firsts, taken = list[Asked](), set[object]()
    for one in some:
        both = one.conversation_id, _named(one.key)
        if taken.isdisjoint(both):
            firsts.append(one)
        taken.update(both)
    return firsts


async def _ready(
    tx: Transaction,
    tenant_id: UUID,
    deeds: Mapping[UUID, tuple[Asked, Deed]],
    outlook: Outlook,
) -> list[_Ready]:
    """Enter the conversations nobody holds, and plan for those a session may begin in."""
    scenes = await handoff.enter_all(tx, tenant_id, list(deeds), skip_locked=True)
    fit = {id_: scene for id_, scene in scenes.items() if _is_plain(scene, deeds[id_][0])}
    here = await queues.circumstances_of(tx, tenant_id, list(fit)) if fit else {}
    ready = []
    for id_ in (one for one in deeds if one in fit):
        asked, deed = deeds[id_]
        try:
            plan = escalate.planned(
                asked.principal, Prospect(asked.wish, outlook), here[id_], now=deed.now
            )
        except UnknownQueue:
            continue
        ready.append(_Ready(asked, deed, fit[id_], plan))
    return ready


def _is_plain(scene: Scene, asked: Asked) -> bool:
    held = scene.held
    mine = conversations.may_act(asked.principal, held.id, held.contact.id)
    return mine and scene.open_session is None and held.conversation.status == _OPEN


async def _decided(tx: Transaction, tenant_id: UUID, ready: Sequence[_Ready]) -> list[_Decided]:
    joining = [one for one in (escalate.newcomer_of(one.scene, one.plan) for one in ready) if one]
    joined: Mapping[UUID, Joined] = {}
    if joining:
        joined = await queues.join(tx, tenant_id, joining, now=ready[0].deed.now)
    decided = []
    for one in ready:
        place = joined.get(one.asked.conversation_id)
        begun = escalate.beginning(one.deed, one.scene, one.plan, place)
        if isinstance(begun, Refused):
            continue
        seq = begun.change.last_seq
        answer = delivered(one.asked.key.id, seq=seq, at=one.deed.now, dup=False)
        decided.append(_Decided(one, begun, answer))
    return decided


async def _claimed(tx: Transaction, tenant_id: UUID, decided: Sequence[_Decided]) -> list[_Decided]:
    """Keep the answers; without those whose id was used before."""
    if not decided:
        return []
    answered = [(one.ready.asked.key, one.answer) for one in decided]
    won = await work.claim_answered(tx, tenant_id, answered)
    return [one for one in decided if _named(one.ready.asked.key) in won]


def _named(key: CommandKey) -> tuple[UUID, UUID]:
    return key.user_id, key.id
