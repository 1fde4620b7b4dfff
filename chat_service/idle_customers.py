"""The timer of a live-chat session's customer: asked when they are silent, let go when they are gone.

Presence and typing are read before the lock, words under it: a word of the last moment wins.
Nothing happens while presence is unknown.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from chat_service import handoff, idleness
from chat_service.emit import Publisher
from chat_service.handoff import Moved
from chat_service.handoff_draft import Scene
from chat_service.idleness import Verdict
from chat_service.jobs import Tools
from chat_service.store import idleness as store
from chat_service.store import jobs as rows
from chat_service.store.jobs import TakenJob
from chorus import presence, topics
from chorus.bus import RedisFailure
from chorus.db import Transaction
from chorus.wire.common import ConversationStatus, PresenceStatus

UNSEEN_AGAIN: Final = timedelta(seconds=30)
"""When to look again at somebody whose presence is unknown."""
_NOTHING: Final = Verdict(None, None)


@dataclass(frozen=True, slots=True)
class Sight:
    """What Redis knows of a customer: since when they are gone, when they last typed."""

    left_at: datetime | None
    typed_at: datetime | None


async def customer_idle(tools: Tools, job: TakenJob) -> None:
    """Ask a silent customer once, end the session of one who is gone, or look again later."""
    conversation_id = UUID(job.payload["conversation_id"])
    sight = await _sight(tools, job.tenant_id, conversation_id)
    async with tools.db.transaction(None) as tx:
        if sight is None:
            await rows.postpone(tx, job, due_at=tools.clock.now() + UNSEEN_AGAIN)
            return
        found = await handoff.enter_all(tx, job.tenant_id, [conversation_id])
        now, moved = tools.clock.now(), list[Moved]()
        verdict = _NOTHING
        for scene in found.values():
            verdict = await _verdict(tx, scene, sight, now=now)
            if verdict.happening is not None:
                moved.append(await handoff.move(tx, scene, verdict.happening, now=now))
        if verdict.look_at is None:
            await rows.finish(tx, job)
        else:
            await rows.postpone(tx, job, due_at=verdict.look_at)
        tx.after_commit(lambda: handoff.tell(Publisher(tools.client), moved, now=now))


async def _verdict(tx: Transaction, scene: Scene, sight: Sight, *, now: datetime) -> Verdict:
    session = scene.open_session
    if session is None:
        return _NOTHING
    signs, policy = await store.said(tx, scene.held.id, session.id)
    if scene.held.conversation.status == ConversationStatus.SNOOZED:
        # Whoever put it off does not expect the customer before then.
        return Verdict(None, now + policy.asks_after)
    signs = replace(signs, left_at=sight.left_at, typed_at=sight.typed_at)
    return idleness.judge(session, signs, policy, now=now)


async def _sight(tools: Tools, tenant_id: UUID, conversation_id: UUID) -> Sight | None:
    """Look for the customer of a conversation; None: nobody can tell."""
    async with tools.db.raw_transaction() as raw:
        customer_id = await store.customer_of(raw, tenant_id, conversation_id)
    if customer_id is None:
        return Sight(None, None)
    try:
        typed = await tools.client.get(topics.typed(conversation_id))
    except RedisFailure:
        return None
    seen = (await presence.read(tools.client, tenant_id, [customer_id]))[customer_id]
    if seen.status is PresenceStatus.UNKNOWN:
        return None
    gone = seen.status is PresenceStatus.OFFLINE
    return Sight(_moment(seen.since_ms) if gone else None, _moment(int(typed)) if typed else None)


def _moment(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)
