"""Asks for better summaries where a model may be worth it, as long as a worker is there for it.

What happened is heard from the relay and from `control`; nothing of it touches an act or a handoff.
Without a worker that knows models nothing is asked, stored or rung; but closing notes, for which
nobody asks again, are stored as long as one was there within a day.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import monotonic
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service import events
from chat_service.jobs import ROWS_AT_ONCE, Tools
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
NOTES_MAX: Final = 20_000
"""Closing notes are held apart, and asked for `WISHES_MAX` at a time."""
NOTES_AT_ONCE: Final = 8
"""So many are under way, of the 32 jobs that a worker does at once."""
RECALL_S: Final = 60.0
"""Closings of so long before are asked for by who begins to lead: whoever led before may have
died with the wish in hand."""
_WAITING: Final = (SessionState.REQUESTED, SessionState.QUEUED, SessionState.OFFERED)


class Refining:
    """Collects wishes, and asks for them all at once."""

    def __init__(self, tools: Tools, *, now_s: Callable[[], float] = monotonic) -> None:
        self._tools = tools
        self._now_s = now_s
        self._wishes: list[Wish] = []
        self._notes: list[Wish] = []
        self._hurried = asyncio.Event()
        self._is_served = self._was_served = False
        self._looked_at_s = float("-inf")
        self._has_recalled = False

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
        """Somebody looks at a summary that may be better, and has asked for it then."""
        self._wish(Wish(tenant_id, conversation_id, "fast", 1, self._since_ms(asked_ms)))
        self._hurried.set()

    def _wish(self, *wishes: Wish) -> None:
        for wish in wishes:
            if wish.kind == "rich":
                kept, most = self._notes, NOTES_MAX
            else:
                kept, most = self._wishes, WISHES_MAX
            if len(kept) < most:
                kept.append(wish)

    async def ask_all(self) -> int:
        """Ask for what was wished since; says how many are worth it.

        Raises:
            Unavailable, Overloaded: PostgreSQL cannot be reached; closing notes stay wished.
        """
        await self._look()
        wishes, self._wishes = self._wishes, []
        if not self._was_served:
            self._notes.clear()
            return 0
        await self._recall()
        notes = self._notes[:WISHES_MAX]
        asked = [*notes, *wishes] if self._is_served else notes
        if not asked:
            return 0
        async with self._tools.db.raw_transaction() as connection:
            found = await store.ask(connection, asked)
        del self._notes[: len(notes)]
        return found

    async def _recall(self) -> None:
        """Wish once for the notes of what was closed before we led."""
        if self._has_recalled:
            return
        name = events.CONVERSATION_CLOSED.name
        async with self._tools.db.raw_transaction() as connection:
            closed = await store.closed(connection, name, RECALL_S)
        now_ms = unix_ms(self._tools.clock.now())
        self._wish(*(Wish(tenant_id, one, "rich", 0, now_ms) for tenant_id, one in closed))
        self._has_recalled = True

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
        if not self._is_served:
            return 0
        async with self._tools.db.raw_transaction() as connection:
            due = await store.due(connection, ROWS_AT_ONCE, notes=NOTES_AT_ONCE, again_s=again_s)
        if due:
            await doorbell.ring((Queue.SUMMARY, job_id) for job_id in due)
        return len(due)

    async def _look(self) -> None:
        """See whether a warm worker says that it refines summaries, or one did within a day."""
        if self._now_s() - self._looked_at_s < LOOK_S:
            return
        self._looked_at_s = self._now_s()
        try:
            ready, seen = await self._tools.client.mget(topics.WORKER_READY, topics.WORKER_SEEN)
        except RedisFailure as error:
            log.warning("worker_unknown", error=type(error).__name__)
            self._is_served = False
            return
        self._is_served = _refines(ready)
        self._was_served = self._is_served or _refines(seen)


def _refines(does: bytes | None) -> bool:
    return Queue.SUMMARY.value.encode() in (does or b"").split(b",")


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
