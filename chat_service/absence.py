"""Agents who are gone: what they were offered is taken back, what they answer goes to others.

Gone is what presence calls offline, which comes after its own linger. While presence is unknown
nobody is gone, and whoever is asked gets that much longer to answer (DESIGN §6).
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from chat_service import failpoints, handoff, reach
from chat_service.emit import Publisher
from chat_service.handoff import Moved
from chat_service.jobs import Tools
from chat_service.lanes import Lanes
from chat_service.router import Router
from chat_service.session_facts import AgentLost
from chat_service.store import absence as store
from chat_service.store.absence import Pair
from chorus.clock import unix_ms
from chorus.errors import Overloaded, Unavailable
from chorus.log import get_logger
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus

log = get_logger(__name__)

LOOK_S: Final = 1.0
LOOK_MAX_S: Final = 5.0
"""Most time one look accounts for: a conductor that slept does not know what it slept through."""
CHATS_AFTER_MS: Final = 90_000
"""Since the last socket of an agent went."""
MOVED_AT_ONCE: Final = 20
TENANTS_AT_ONCE: Final = 2


class Absence:
    """Looks every second at the agents whose absence matters."""

    def __init__(
        self, tools: Tools, router: Router, *, chats_after_ms: int = CHATS_AFTER_MS
    ) -> None:
        self._tools = tools
        self._router = router
        self._publisher = Publisher(tools.client)
        self._chats_after_ms = chats_after_ms
        self._before: dict[UUID, PresenceStatus] = {}
        self._gone_ms: dict[UUID, int] = {}
        self._looked_s: dict[UUID, float] = {}

    async def run(self) -> None:
        """Look every second for ever, at several tenants side by side, at each alone."""
        async with Lanes(TENANTS_AT_ONCE) as lanes:
            while True:
                for tenant_id, agents in (await self._watched_now()).items():
                    if not lanes.is_busy(tenant_id):
                        await lanes.start(tenant_id, partial(self._try, tenant_id, agents))
                await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look once.

        Raises:
            Unavailable, Overloaded: PostgreSQL cannot be reached; the next look makes good for it.
        """
        for tenant_id, agents in (await self._watched()).items():
            await self._look_at(tenant_id, agents)

    async def _watched_now(self) -> Mapping[UUID, Collection[UUID]]:
        try:
            return await self._watched()
        except (Unavailable, Overloaded) as error:
            log.warning("absence_postponed", error=type(error).__name__)
        except Exception:
            log.exception("absence_failed")
        return {}

    async def _try(self, tenant_id: UUID, agents: Collection[UUID]) -> None:
        """A fault with one tenant is logged and hinders no other; the next look makes good for it."""
        try:
            await self._look_at(tenant_id, agents)
        except (Unavailable, Overloaded) as error:
            log.warning("absence_postponed", error=type(error).__name__)
        except Exception:
            log.exception("absence_failed", tenant=str(tenant_id))

    async def _watched(self) -> Mapping[UUID, Collection[UUID]]:
        """By tenant, whose absence matters; whatever is known of others is forgotten."""
        async with self._tools.db.raw_transaction() as raw:
            watched = await store.watched(raw)
        everybody = set().union(*watched.values())
        self._before = {one: was for one, was in self._before.items() if one in everybody}
        self._gone_ms = {one: ms for one, ms in self._gone_ms.items() if one in everybody}
        self._looked_s = {one: at for one, at in self._looked_s.items() if one in watched}
        return watched

    async def _look_at(self, tenant_id: UUID, agents: Collection[UUID]) -> None:
        now_s = self._tools.clock.monotonic()
        since_s = min(now_s - self._looked_s.get(tenant_id, now_s - LOOK_S), LOOK_MAX_S)
        seen = await reach.read(self._tools.client, tenant_id, sorted(agents))
        await self._follow(tenant_id, seen, since_s)
        self._looked_s[tenant_id] = now_s

    async def _follow(self, tenant_id: UUID, seen: Mapping[UUID, Seen], since_s: float) -> None:
        if any(self._came(agent, one) for agent, one in seen.items()):
            self._router.wake(tenant_id)
        self._before |= {agent: one.status for agent, one in seen.items()}
        unseen = _who(seen, PresenceStatus.UNKNOWN)
        if unseen:
            async with self._tools.db.raw_transaction() as raw:
                await store.move_deadlines(raw, tenant_id, unseen, by_s=since_s)
        gone = self._note_gone(seen)
        if gone:
            await self._lose(tenant_id, gone)

    def _came(self, agent_id: UUID, seen: Seen) -> bool:
        online = PresenceStatus.ONLINE
        return seen.status is online and self._before.get(agent_id) is not online

    def _note_gone(self, seen: Mapping[UUID, Seen]) -> Collection[UUID]:
        """Remember since when each is gone: presence forgets it with its Redis."""
        gone = _who(seen, PresenceStatus.OFFLINE)
        for agent in seen.keys() - gone:
            self._gone_ms.pop(agent, None)
        for agent in gone:
            known = self._gone_ms.get(agent, seen[agent].since_ms)
            self._gone_ms[agent] = min(known, seen[agent].since_ms)
        return gone

    async def _lose(self, tenant_id: UUID, gone: Collection[UUID]) -> None:
        now = self._tools.clock.now()
        now_ms = unix_ms(now)
        before = now - timedelta(milliseconds=self._chats_after_ms)
        long_gone = [one for one in gone if now_ms - self._gone_ms[one] >= self._chats_after_ms]
        async with self._tools.db.raw_transaction() as raw:
            lost = await store.offers(raw, tenant_id, gone)
            if long_gone:
                lost += await store.chats(raw, tenant_id, long_gone, before=before)
        for start in range(0, len(lost), MOVED_AT_ONCE):
            await self._move(tenant_id, lost[start : start + MOVED_AT_ONCE])

    async def _move(self, tenant_id: UUID, lost: Sequence[Pair]) -> None:
        """Take sessions from agents, each at most once: who holds the rest loses it next time."""
        happenings = {conversation_id: AgentLost(agent) for agent, conversation_id in lost}
        async with self._tools.db.transaction(None) as tx:
            now = self._tools.clock.now()
            done = await handoff.apply_all(tx, tenant_id, happenings, now=now, skip_locked=True)
            moved = [one for one in done.values() if isinstance(one, Moved)]
            failpoints.passing("before_lost")
            tx.after_commit(lambda: handoff.tell(self._publisher, moved, now=now))
        log.info("agents_lost", sessions=len(moved))
        self._router.wake(tenant_id)


def _who(seen: Mapping[UUID, Seen], status: PresenceStatus) -> set[UUID]:
    return {agent for agent, one in seen.items() if one.status is status}
