"""Customers whom their bot does not answer: it is asked once more, and then a person is (DESIGN §5).

Whatever is wrong with a bot, its process or its model: who waits long enough gets a person.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chat_service import events, handoff
from chat_service import session_facts as facts
from chat_service.deferral import Deferral, Why, options_of
from chat_service.emit import Publisher
from chat_service.handoff import Moved
from chat_service.handoff_draft import Beside, Scene
from chat_service.homes import home_of
from chat_service.jobs import Tools
from chat_service.session_facts import SYSTEM, Happening
from chat_service.store import bots as store
from chat_service.store import work
from chat_service.store.bots import Silent
from chat_service.store.sessions import Request
from chorus.db import Transaction
from chorus.errors import Overloaded, Unavailable
from chorus.ids import uuid7
from chorus.log import get_logger
from chorus.wire.common import ConversationStatus, Floor

SOURCE: Final = "rule"
REASON: Final = "bot_silent"
log = get_logger(__name__)
AGAIN_AFTER: Final = timedelta(seconds=30)
PERSON_AFTER: Final = timedelta(seconds=60)
AT_ONCE: Final = 200


class Patience:
    """Remembers whose bot was asked once more; a new conductor asks again, which is harmless."""

    def __init__(self) -> None:
        self._asked: dict[UUID, datetime] = {}

    def to_ask(self, waiting: Iterable[Silent]) -> list[Silent]:
        """Those whose bot was not asked again yet; who waits no longer is forgotten."""
        now = {one.conversation_id: one.since for one in waiting}
        new = [one for one in waiting if self._asked.get(one.conversation_id) != one.since]
        self._asked = now
        return new


async def look(tools: Tools, patience: Patience, *, again_after: timedelta = AGAIN_AFTER) -> int:
    """Look once; says how many customers were given a person.

    Raises:
        Unavailable, Overloaded: PostgreSQL cannot be reached; the next look makes good for it.
    """
    now = tools.clock.now()
    async with tools.db.raw_transaction() as raw:
        waiting = await store.silent(raw, now - again_after, AT_ONCE)
    late = [one for one in waiting if one.since <= now - 2 * again_after]
    early = [one for one in waiting if one.since > now - 2 * again_after]
    await _ask_again(tools, patience.to_ask(early))
    return sum([await _rescued(tools, one) for one in late])


async def _ask_again(tools: Tools, waiting: list[Silent]) -> None:
    rows = [
        events.outbox_row(
            events.BOT_OVERDUE, one.tenant_id, {"conversation_id": str(one.conversation_id)}
        )
        for one in waiting
    ]
    if rows:
        async with tools.db.transaction(None) as tx:
            await work.tell_outbox(tx, rows)


async def _rescued(tools: Tools, one: Silent) -> bool:
    """Give one a person; whatever is wrong with that one, the others wait for nothing."""
    try:
        return await _give_a_person(tools, one)
    except (Unavailable, Overloaded):
        raise
    except Exception:
        log.exception("bot_silence_stays", conversation=str(one.conversation_id))
        return False


async def _give_a_person(tools: Tools, one: Silent) -> bool:
    async with tools.db.transaction(None) as tx:
        ids = [one.conversation_id]
        held = await handoff.enter_all(tx, one.tenant_id, ids, skip_locked=True)
        scene, now = held.get(one.conversation_id), tools.clock.now()
        if scene is None or not _still_waits(scene):
            return False
        moved: list[Moved] = []
        begun, placed = await _happenings(tx, scene)
        beside = Beside(Request(source=SOURCE, reason=REASON))
        moved.append(await handoff.move(tx, scene, begun, now=now, beside=beside))
        moved.append(await handoff.move(tx, moved[-1].scene, placed, now=now))
        tx.after_commit(lambda: handoff.tell(Publisher(tools.client), moved, now=now))
    return True


def _still_waits(scene: Scene) -> bool:
    conversation = scene.held.conversation
    open_ = conversation.status == ConversationStatus.OPEN
    return open_ and scene.open_session is None and conversation.holder == Floor.BOT


async def _happenings(tx: Transaction, scene: Scene) -> tuple[Happening, Happening]:
    queue_id = await home_of(tx, scene.tenant_id, scene.held.id, source=SOURCE)
    begun = facts.Escalated(uuid7(), SYSTEM, queue_id)
    if queue_id is None:
        nobody = Deferral(Why.NOBODY_THERE)
        options = options_of(nobody, has_bot=scene.held.conversation.has_bot)
        return begun, facts.Deferred(options)
    return begun, facts.Queued(queue_id)
