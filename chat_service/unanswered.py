"""Customers who wait for an agent that took them by a message and is gone: back in line with them.

A conversation without a session is an agent's own for days, and nobody takes it from them for
going home. But once its customer waits for an answer, and the agent has been gone for as long as
sessions are kept for them, it is somebody else's to answer.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from uuid import UUID

from chat_service import handoff
from chat_service import session_facts as facts
from chat_service.absence import CHATS_AFTER_MS, TENANTS_AT_ONCE
from chat_service.deferral import Deferral, Why, options_of
from chat_service.emit import Publisher
from chat_service.handoff import Moved
from chat_service.handoff_draft import Beside, Scene
from chat_service.homes import home_of
from chat_service.jobs import Tools
from chat_service.lanes import Lanes
from chat_service.session_facts import SYSTEM, Happening, Reason
from chat_service.store import absence as store
from chat_service.store.absence import Pair
from chat_service.store.sessions import Request
from chorus import presence
from chorus.clock import unix_ms
from chorus.db import Transaction
from chorus.errors import Overloaded, Unavailable
from chorus.ids import uuid7
from chorus.log import get_logger
from chorus.presence import Seen
from chorus.wire.common import ConversationStatus, PresenceStatus

log = get_logger(__name__)

SOURCE = "rule"


async def release(tools: Tools, *, after_ms: int = CHATS_AFTER_MS) -> int:
    """Look once, and put into line whoever waits for somebody gone; says how many.

    Raises:
        Unavailable, Overloaded: PostgreSQL cannot be reached; the next look makes good for it.
    """
    async with tools.db.raw_transaction() as raw:
        waiting = await store.unanswered(raw)
    released: list[int] = []

    async def look_at(tenant_id: UUID, pairs: list[Pair]) -> None:
        before_ms = unix_ms(tools.clock.now()) - after_ms
        try:
            released.append(await _release_of(tools, tenant_id, pairs, before_ms))
        except (Unavailable, Overloaded) as error:
            log.warning("unanswered_postponed", error=type(error).__name__)
        except Exception:
            log.exception("unanswered_failed", tenant=str(tenant_id))

    async with Lanes(TENANTS_AT_ONCE) as lanes:
        for tenant_id, pairs in waiting.items():
            await lanes.start(tenant_id, partial(look_at, tenant_id, pairs))
    return sum(released)


async def _release_of(tools: Tools, tenant_id: UUID, pairs: list[Pair], before_ms: int) -> int:
    """Put into line whom the agents of a tenant left who were gone before then."""
    agents = sorted({agent for agent, _ in pairs})
    seen = await presence.read(tools.client, tenant_id, agents)
    count = 0
    for agent, conversation_id in _of_the_gone(pairs, seen, before_ms):
        count += await _back_in_line(tools, tenant_id, agent, conversation_id)
    return count


def _of_the_gone(pairs: list[Pair], seen: Mapping[UUID, Seen], before_ms: int) -> Iterator[Pair]:
    for agent, conversation_id in pairs:
        status, since_ms = seen[agent]
        if status is PresenceStatus.OFFLINE and since_ms <= before_ms:
            yield agent, conversation_id


async def _back_in_line(
    tools: Tools, tenant_id: UUID, agent_id: UUID, conversation_id: UUID
) -> bool:
    async with tools.db.transaction(None) as tx:
        held = await handoff.enter_all(tx, tenant_id, [conversation_id], skip_locked=True)
        scene, now = held.get(conversation_id), tools.clock.now()
        if scene is None or not _still_theirs(scene, agent_id):
            return False
        moved: list[Moved] = []
        begun, *rest = await _happenings(tx, scene, agent_id)
        beside = Beside(Request(source=SOURCE))
        moved.append(await handoff.move(tx, scene, begun, now=now, beside=beside))
        for happening in rest:
            moved.append(await handoff.move(tx, moved[-1].scene, happening, now=now))
        tx.after_commit(lambda: handoff.tell(Publisher(tools.client), moved, now=now))
    return True


def _still_theirs(scene: Scene, agent_id: UUID) -> bool:
    conversation = scene.held.conversation
    open_ = conversation.status == ConversationStatus.OPEN
    return open_ and scene.open_session is None and conversation.assignee_id == agent_id


async def _happenings(tx: Transaction, scene: Scene, agent_id: UUID) -> list[Happening]:
    """A session of the conversation's own queue, whose agent was lost before anybody was asked."""
    conversation = scene.held.conversation
    queue_id = await home_of(tx, scene.tenant_id, scene.held.id, source=SOURCE)
    placed: Happening
    if queue_id is None:
        nobody = Deferral(Why.NOBODY_THERE)
        placed = facts.Deferred(options_of(nobody, has_bot=conversation.has_bot))
    else:
        placed = facts.Queued(queue_id, Reason.AGENT_LOST)
    begun = facts.Escalated(uuid7(), SYSTEM, queue_id, Reason.AGENT_LOST)
    return [begun, facts.AgentLost(agent_id), placed]
