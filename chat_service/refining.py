"""Asks for better summaries where a model may be worth it, as long as a worker is there for it.

What happened is heard from the relay and from `control`; nothing of it touches an act or a handoff.
Without a worker that knows models nothing is asked, stored or rung.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service import events, jobs
from chat_service.jobs import QUEUE_OF, Tools
from chat_service.store import refining as store
from chat_service.store.outbox import DomainEvent
from chat_service.store.refining import Wish
from chorus import topics
from chorus.bus import RedisFailure
from chorus.clock import unix_ms
from chorus.enqueue import Doorbell
from chorus.jobs import Queue
from chorus.log import get_logger
from chorus.wire.common import SessionState

log = get_logger(__name__)

NEW_MESSAGES: Final = 6
"""So many since a model last read make another reading worth it."""
LOOK_S: Final = 1.0
"""How long it is believed that a worker is there, or not."""
PROMPT_MS: Final = 1_000
"""What was relayed later than this was not asked of us: nobody led, or the relay was behind."""
WISHES_MAX: Final = 2_000
"""More are forgotten: they come again with the next message, or when somebody opens it."""
_WAITING: Final = (SessionState.REQUESTED, SessionState.QUEUED, SessionState.OFFERED)


class Refining:
    """Collects wishes, and asks for them all at once."""

    def __init__(self, tools: Tools, *, now_s: Callable[[], float] = monotonic) -> None:
        self._tools = tools
        self._now_s = now_s
        self._wishes: list[Wish] = []
        self._hurried = asyncio.Event()
        self._does = b""
        self._looked_at_s = float("-inf")

    def heard(self, relayed: Iterable[DomainEvent]) -> None:
        """Take domain events, of which only ids are known."""
        for event in relayed:
            if event.event in _WISHES:
                asked_ms = self._since_ms(unix_ms(event.created_at))
                self._wish(*_WISHES[event.event](event, orjson.loads(event.data), asked_ms))

    def _since_ms(self, asked_ms: int) -> int:
        """Whoever asked waits since then. Where nobody led, or clocks differ, the wait begins now."""
        now_ms = unix_ms(self._tools.clock.now())
        return asked_ms if 0 <= now_ms - asked_ms <= PROMPT_MS else now_ms

    def opened(self, tenant_id: UUID, conversation_id: UUID, asked_ms: int) -> None:
        """Somebody looks at a summary that rules have just made, and has asked for it then."""
        self._wish(Wish(tenant_id, conversation_id, "fast", 1, self._since_ms(asked_ms)))
        self._hurried.set()

    def _wish(self, *wishes: Wish) -> None:
        if len(self._wishes) < WISHES_MAX:
            self._wishes.extend(wishes)

    async def ask_all(self) -> int:
        """Ask for what was wished since; says how many are worth it."""
        wishes, self._wishes = self._wishes, []
        if not wishes or not await self._is_served():
            return 0
        async with self._tools.db.raw_transaction() as connection:
            return await store.ask(connection, wishes)

    async def ring_soon(self, doorbell: Doorbell, again_s: float, *, within_s: float) -> int:
        """As `ring`, once somebody looks at a summary; at the latest after `within_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._hurried.wait()
        self._hurried.clear()
        return await self.ring(doorbell, again_s)

    async def ring(self, doorbell: Doorbell, again_s: float) -> int:
        """Ask for what was wished, and wake the workers of what is due; says how many rings that were.

        Raises:
            Unavailable: PostgreSQL or the broker cannot be reached; the jobs stay due.
        """
        await self.ask_all()
        if not await self._is_served():
            return 0
        return await jobs.ring(self._tools.db, doorbell, QUEUE_OF, again_s)

    async def _is_served(self) -> bool:
        """Whether a warm worker says that it refines summaries."""
        if self._now_s() - self._looked_at_s >= LOOK_S:
            self._looked_at_s = self._now_s()
            try:
                self._does = await self._tools.client.get(topics.WORKER_READY) or b""
            except RedisFailure as error:
                log.warning("worker_unknown", error=type(error).__name__)
                self._does = b""
        return Queue.SUMMARY.value.encode() in self._does.split(b",")


def _of_messages(event: DomainEvent, data: dict[str, Any], asked_ms: int) -> list[Wish]:
    told = (UUID(one["conversation_id"]) for one in data["conversations"])
    return [Wish(event.tenant_id, one, "fast", NEW_MESSAGES, asked_ms) for one in told]


def _of_handoff(event: DomainEvent, data: dict[str, Any], asked_ms: int) -> list[Wish]:
    if data["state"] not in _WAITING:
        return []
    return [Wish(event.tenant_id, UUID(data["conversation_id"]), "fast", 1, asked_ms)]


def _of_closed(event: DomainEvent, data: dict[str, Any], asked_ms: int) -> list[Wish]:
    return [Wish(event.tenant_id, UUID(data["conversation_id"]), "rich", 0, asked_ms)]


_WISHES: Final[dict[str, Callable[[DomainEvent, dict[str, Any], int], list[Wish]]]] = {
    events.MESSAGE_CREATED.name: _of_messages,
    events.HANDOFF_CHANGED.name: _of_handoff,
    events.CONVERSATION_CLOSED.name: _of_closed,
}
