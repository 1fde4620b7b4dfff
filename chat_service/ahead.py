"""Folds long conversations before anybody opens them, so that no first read is a long one.

What was said is heard from the relay; no message waits for it. Each time a conversation is longer
by `EVERY`, its summary by rules is gone on with and kept (ADR-0026): a reader folds what is left.
What was not heard (rows that were imported, rules of before an upgrade, wishes a process took with
it) is found by walking through all open conversations. Who was faster is shown a part, and told when
the whole is there.
"""

import asyncio
from collections.abc import Iterable
from typing import Final
from uuid import UUID

import orjson

from chat_service import events, summaries
from chat_service.jobs import Tools
from chat_service.store import summaries as store
from chat_service.store.outbox import DomainEvent
from chat_service.store.summaries import Kept
from chorus.bus import publish_all
from chorus.errors import Overloaded, Unavailable

EVERY: Final = 50
"""Most conversations are shorter, and cost nothing here."""
WISHES_MAX: Final = 5_000
"""More are forgotten: they come again when they are longer by `EVERY`, or are folded when opened."""
REST: Final = 19
"""So many times the CPU time of folding nothing is folded: a twentieth of a core, however much is said."""
REST_MAX_S: Final = 5.0
LOOK_EVERY_S: Final = 5.0
LOOKED_AT: Final = 500
"""Open conversations at each look."""
START: Final = UUID(int=0)


class Ahead:
    """Remembers which conversations have become long, and folds one after the other."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._wishes: dict[UUID, UUID] = {}
        self._opened: dict[UUID, UUID] = {}
        self._rests_until_s = 0.0
        self._after = START

    def heard(self, relayed: Iterable[DomainEvent]) -> None:
        """Take domain events, of which only ids and seqs are known."""
        for event in relayed:
            if event.event == events.MESSAGE_CREATED.name:
                for said in orjson.loads(event.data)["conversations"]:
                    if is_due(said["first_seq"], said["last_seq"]):
                        self._wish(event.tenant_id, UUID(said["conversation_id"]))

    def _wish(self, tenant_id: UUID, conversation_id: UUID) -> None:
        if len(self._wishes) < WISHES_MAX:
            self._wishes[conversation_id] = tenant_id

    def opened(self, tenant_id: UUID, conversation_id: UUID) -> None:
        """Somebody looks at a part of it, and would rather have the whole."""
        if len(self._opened) < WISHES_MAX:
            self._opened[conversation_id] = tenant_id

    async def look(self) -> None:
        """Wish for those of the next open conversations that are long and not folded.

        Raises:
            Unavailable, Overloaded: PostgreSQL cannot be reached; it goes on from there.
        """
        if self._wishes:
            return
        async with self._tools.db.read(None) as session:
            found, after = await store.unfolded(session, self._after, longer=EVERY, most=LOOKED_AT)
        for conversation_id, tenant_id in found:
            self._wish(tenant_id, conversation_id)
        self._after = after or START

    async def fold_on(self) -> bool:
        """Fold what waits longest, unless it is time to rest; says whether something was kept.

        Raises:
            Unavailable, Overloaded: PostgreSQL cannot be reached; nothing is forgotten.
        """
        if not self._wishes or self._tools.clock.monotonic() < self._rests_until_s:
            return False
        conversation_id, tenant_id = next(iter(self._wishes.items()))
        # It may be wished for again while this one is granted.
        del self._wishes[conversation_id]
        try:
            made = await self._fold(tenant_id, conversation_id, wanted=False)
            if made is None:
                return False
            self._rest_after(made)
            if await self._keep(tenant_id, made):
                return True
        except (Unavailable, Overloaded):
            self._wish(tenant_id, conversation_id)
            raise
        # Somebody holds it, as likely as not to say more in it.
        self._wish(tenant_id, conversation_id)
        return False

    def _rest_after(self, made: Kept) -> None:
        # By CPU: on a busy machine it would rest for what others took.
        rest_s = min(REST * max(made.ms, 1) / 1000, REST_MAX_S)
        self._rests_until_s = self._tools.clock.monotonic() + rest_s

    async def fold_opened(self) -> int:
        """Fold all that somebody looks at a part of, and tell the agents; says how many were kept.

        Raises:
            Unavailable, Overloaded: as above.
        """
        told = 0
        for conversation_id, tenant_id in list(self._opened.items()):
            made = await self._fold(tenant_id, conversation_id, wanted=True)
            if made is not None:
                if not await self._keep(tenant_id, made):
                    continue
                news = summaries.news_of(conversation_id, made.summary)
                await publish_all(self._tools.client, [news])
                told += 1
            self._opened.pop(conversation_id, None)
        return told

    async def _fold(self, tenant_id: UUID, conversation_id: UUID, *, wanted: bool) -> Kept | None:
        """Go on with its summary; None: there is nothing new in it, or none is wanted."""
        async with self._tools.db.read(tenant_id) as session:
            found = await store.materials(
                session, tenant_id, [conversation_id], span=summaries.WHOLE, wanted=wanted
            )
        if not found or not found[0].rows:
            return None
        return await asyncio.to_thread(summaries.kept_of, found[0], self._tools.clock)

    async def _keep(self, tenant_id: UUID, made: Kept) -> bool:
        async with self._tools.db.transaction(tenant_id) as tx:
            return bool(await store.keep(tx, tenant_id, [made]))


def is_due(first_seq: int, last_seq: int) -> bool:
    """Whether a conversation has become longer by `EVERY` with messages of these seqs."""
    return last_seq // EVERY > (first_seq - 1) // EVERY
