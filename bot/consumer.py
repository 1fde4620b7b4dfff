"""Listens to domain events in a group of the stream: each is seen to by one bot process, at least once.

An entry is acknowledged when the turns it led to are over. Who dies before leaves it pending: the
next process of the same name begins with it, others take it over after a while.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from time import monotonic
from typing import Any, Final
from uuid import UUID

from redis.exceptions import ResponseError

from bot.entries import Entry, read_entry
from bot.ports import Chat, Where
from bot.turns import Turns
from chorus import topics
from chorus.bus import Client, RedisFailure
from chorus.errors import ChorusError, Overloaded, Unavailable
from chorus.log import get_logger

log = get_logger(__name__)

GROUP: Final = "bot"
COUNT: Final = 200
BLOCK_MS: Final = 1_000
PAUSE_S: Final = 0.25
LEFT_BEHIND_MS: Final = 60_000
CLAIM_EVERY_S: Final = 30.0
REMEMBERED: Final = 50_000
WITHOUT_S: Final = 60.0
"""So long nobody asks again whether a conversation without a bot has one by now: of a change of its
inbox, one process of the group hears."""
TALKING_MAX: Final = 1_000
"""With so many customers waiting for their turns nobody new is heard: the stream keeps them."""
ASKED_AT_ONCE: Final = 500
"""The chat service answers for a thousand at most."""
_STREAM: Final = topics.events("chat")


class Consumer:
    """Reads for ever. Redis may go and come back."""

    def __init__(
        self,
        client: Client,
        chat: Chat,
        turns: Turns,
        *,
        name: str,
        listening: asyncio.Event,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self._now_s = now_s
        self._client, self._chat, self._turns, self._name = client, chat, turns, name
        self._has_bot: OrderedDict[Where, _Known] = OrderedDict()
        self._since = "0"
        self._claimed_s = 0.0
        self._settled: list[bytes] = []
        self._listening = listening

    async def run(self) -> None:
        while True:
            try:
                await self._step()
            except RedisFailure as error:
                self._since = "0"
                log.warning("bot_deaf", error=type(error).__name__)
                await asyncio.sleep(PAUSE_S)
            except ChorusError as error:
                # Nothing is acknowledged: it is read again.
                self._since = "0"
                log.warning("bot_without_chat", error=type(error).__name__)
                await asyncio.sleep(PAUSE_S)

    async def _step(self) -> None:
        await self._acknowledge()
        if len(self._turns) >= TALKING_MAX:
            await asyncio.sleep(PAUSE_S)
            return
        found = await self._read()
        self._listening.set()
        now = datetime.now(UTC)
        entries = [read_entry(id_, fields, now) for id_, fields in found if fields]
        # Trimmed away while it was pending.
        self._settled += [id_ for id_, fields in found if not fields]
        for one in entries:
            if one.forget is not None:
                self._forget(one.forget)
        await self._look_up({where for one in entries for where in one.wheres})
        for one in entries:
            self._see_to(one)

    async def _read(self) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """What is pending under our name first, then what others left behind, then what is new."""
        try:
            return await self._read_group()
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            await self._make_group()
            return []

    async def _read_group(self) -> list[tuple[bytes, dict[bytes, bytes]]]:
        loop = asyncio.get_running_loop()
        if self._since == ">" and loop.time() > self._claimed_s + CLAIM_EVERY_S:
            self._claimed_s = loop.time()
            claimed = await self._client.xautoclaim(
                _STREAM, GROUP, self._name, LEFT_BEHIND_MS, count=COUNT
            )
            if claimed[1]:
                return list(claimed[1])
        answer: Any = await self._client.xreadgroup(
            GROUP, self._name, {_STREAM: self._since}, count=COUNT, block=BLOCK_MS
        )
        entries = _entries(answer)
        if self._since != ">":
            self._since = entries[-1][0].decode() if entries else ">"
        return entries

    async def _make_group(self) -> None:
        try:
            await self._client.xgroup_create(_STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    async def _look_up(self, wheres: set[Where]) -> None:
        """Ask which of the conversations that we hear of for the first time, or again, have a bot."""
        unknown: dict[UUID, list[UUID]] = {}
        for one in wheres:
            known = self._has_bot.get(one)
            if known is None or known.until_s <= self._now_s():
                unknown.setdefault(one.tenant_id, []).append(one.conversation_id)
        for tenant_id, ids in unknown.items():
            for at in range(0, len(ids), ASKED_AT_ONCE):
                await self._ask(tenant_id, ids[at : at + ASKED_AT_ONCE])
        for one in wheres:
            self._has_bot.move_to_end(one)
        while len(self._has_bot) > max(REMEMBERED, len(wheres)):
            self._has_bot.popitem(last=False)

    async def _ask(self, tenant_id: UUID, ids: list[UUID]) -> None:
        """Raises Unavailable, Overloaded: it is asked again."""
        try:
            found = await self._chat.which(tenant_id, ids)
        except (Unavailable, Overloaded):
            raise
        except ChorusError as error:
            # Shut out, say: a tenant of its own trouble, and no reason not to hear the others.
            log.info("bot_refused", tenant=str(tenant_id), error=type(error).__name__)
            found = set()
        for id_ in ids:
            until_s = inf if id_ in found else self._now_s() + WITHOUT_S
            self._has_bot[Where(tenant_id, id_)] = _Known(id_ in found, until_s)

    def _see_to(self, entry: Entry) -> None:
        wheres = [one for one in entry.wheres if self._has_bot[one].has_bot]
        left = _Left(len(wheres))

        def done() -> None:
            left.count -= 1
            if left.count == 0:
                self._settled.append(entry.id)

        if not wheres:
            self._settled.append(entry.id)
        for one in wheres:
            self._turns.heard(one, done)

    async def _acknowledge(self) -> None:
        """Say what is settled. Where that is lost, it comes again and finds its turns taken."""
        settled, self._settled = self._settled, []
        if settled:
            await self._client.xack(_STREAM, GROUP, *settled)

    def _forget(self, tenant_id: UUID) -> None:
        for one in [one for one in self._has_bot if one.tenant_id == tenant_id]:
            del self._has_bot[one]


@dataclass(frozen=True, slots=True)
class _Known:
    """Whether a conversation has a bot, and until when that is taken for granted."""

    has_bot: bool
    until_s: float


@dataclass(slots=True)
class _Left:
    count: int


def _entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Both shapes of the client: a list of pairs, or (RESP3) a dict of nested lists."""
    if isinstance(answer, dict):
        return [entry for lists in answer.values() for entry in lists[0]]
    return [entry for _, entries in answer or () for entry in entries]
