"""A turn is taken by one process at a time: who takes it holds its conversation in Redis meanwhile.

A process that dies lets go after `HELD_S`. One that was held up for as long finds that it holds
nothing any more, and takes the turn anew. Without Redis nobody is kept waiting.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from secrets import token_hex
from time import monotonic
from typing import Final

from bot.act import Superseded
from bot.ports import Where
from bot.turns import ELSEWHERE, Take
from chorus import topics
from chorus.bus import Client, RedisFailure
from chorus.errors import ChorusError
from chorus.log import get_logger
from chorus.tasks import beside

log = get_logger(__name__)

HELD_S: Final = 6.0
RENEWED_S: Final = HELD_S / 4
PATIENCE_S: Final = 1.0
"""How long a turn waits for a Redis that does not answer."""
_HOLD: Final = (Path(__file__).parent / "hold.lua").read_text(encoding="utf-8")
_LET_GO: Final = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
)
_TOKEN_BYTES: Final = 16


@dataclass(slots=True)
class _Held:
    key: str
    token: str
    until_s: float = -inf


class Alone:
    """Takes turns with `take`, each while no other process takes one of the same conversation."""

    def __init__(
        self, client: Client, take: Take, *, now_s: Callable[[], float] = monotonic
    ) -> None:
        self._client, self._take, self._now_s = client, take, now_s
        self._hold = client.register_script(_HOLD)
        self._let_go = client.register_script(_LET_GO)

    async def take(self, where: Where, superseded: Superseded) -> str:
        """Take a turn, or say that it is taken `ELSEWHERE`. Raises what `take` raises."""
        held = _Held(topics.turn(where.conversation_id), token_hex(_TOKEN_BYTES))
        if not await self._holds(held):
            return ELSEWHERE
        try:
            return await self._taken(where, held, superseded)
        finally:
            await self._release(held)

    async def _taken(self, where: Where, held: _Held, superseded: Superseded) -> str:
        refused: ChorusError
        async with beside(self._keep(held)):
            try:
                return await self._take(
                    where, lambda: self._now_s() >= held.until_s or superseded()
                )
            except ChorusError as error:
                # Out of the block it would come as a group.
                refused = error
        raise refused

    async def _keep(self, held: _Held) -> None:
        """Hold on for as long as nobody else may have had it."""
        while self._now_s() < held.until_s:
            await asyncio.sleep(RENEWED_S)
            if self._now_s() < held.until_s and not await self._holds(held):
                return

    async def _holds(self, held: _Held) -> bool:
        asked_s = self._now_s()
        try:
            async with asyncio.timeout(PATIENCE_S):
                ours = await self._hold(keys=[held.key], args=[held.token, round(1000 * HELD_S)])
        except RedisFailure as error:
            log.warning("bot_turn_unheld", error=type(error).__name__)
            held.until_s = inf
            return True
        held.until_s = asked_s + HELD_S if ours else -inf
        return bool(ours)

    async def _release(self, held: _Held) -> None:
        """Let go; where that fails, it lapses."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._let_go(keys=[held.key], args=[held.token])
        except RedisFailure as error:
            log.warning("bot_turn_still_held", error=type(error).__name__)
