"""What happens to a session when time runs out: an offer nobody answered, a wrap-up that is over."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chat_service import handoff
from chat_service.emit import Publisher
from chat_service.handoff import Moved
from chat_service.idle_customers import customer_idle
from chat_service.jobs import Handler, Tools
from chat_service.session_facts import Happening, OfferExpired, WrapUpOver
from chat_service.store import absence
from chat_service.store import jobs as rows
from chat_service.store.jobs import TakenJob
from chorus import presence
from chorus.jobs import JobKind
from chorus.wire.common import PresenceStatus, SessionState

LOOK_AGAIN: Final = timedelta(seconds=1)


async def offer_expiry(tools: Tools, job: TakenJob) -> None:
    """Take an unanswered offer back, unless nobody can tell whether its agent could answer."""
    if await _asked_agent_is_unseen(tools, job):
        async with tools.db.raw_transaction() as raw:
            await rows.postpone(raw, job, due_at=tools.clock.now() + LOOK_AGAIN)
        return
    await _happen(tools, job, OfferExpired())


async def wrap_up_end(tools: Tools, job: TakenJob) -> None:
    """End a wrap-up: its agent is free for others."""
    await _happen(tools, job, WrapUpOver())


async def _asked_agent_is_unseen(tools: Tools, job: TakenJob) -> bool:
    async with tools.db.raw_transaction() as raw:
        agent_id = await absence.asked(raw, job.tenant_id, _conversation(job))
    if agent_id is None:
        return False
    seen = await presence.read(tools.client, job.tenant_id, [agent_id])
    return seen[agent_id].status is PresenceStatus.UNKNOWN


async def _happen(tools: Tools, job: TakenJob, happening: Happening) -> None:
    """Let it happen and be done, or look again at the moment it was put off to."""
    conversation_id, now = _conversation(job), tools.clock.now()
    async with tools.db.transaction(None) as tx:
        found = await handoff.apply_all(tx, job.tenant_id, {conversation_id: happening}, now=now)
        moved = [one for one in found.values() if isinstance(one, Moved)]
        put_off = max((_due(one) for one in moved if one.transition is None), default=None)
        if put_off is None or put_off <= now:
            await rows.finish(tx, job)
        else:
            await rows.postpone(tx, job, due_at=put_off)
        tx.after_commit(lambda: handoff.tell(Publisher(tools.client), moved, now=now))


def _due(moved: Moved) -> datetime:
    """When what did not happen is to happen."""
    session = moved.session
    if session.offer is not None:
        return session.offer.deadline_at
    over = session.state is SessionState.WRAP_UP
    return session.wrap_up_until if over and session.wrap_up_until else session.requested_at


def _conversation(job: TakenJob) -> UUID:
    return UUID(job.payload["conversation_id"])


TIMERS: Final[Mapping[str, Handler]] = {
    JobKind.OFFER_EXPIRY: offer_expiry,
    JobKind.WRAP_UP_END: wrap_up_end,
    JobKind.CUSTOMER_IDLE: customer_idle,
}
"""What the conductor does itself, on time."""
