"""Asking whoever holds the index and the models, and waiting no longer than one wants to know.

This process may hold neither: both take seconds to load and a hundred megabytes (`chorus.wire.asks`).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any, Final

from pydantic import ValidationError

from chat_service.attachments_turns import Coming
from chorus import metrics
from chorus.auth import Principal
from chorus.bus import Client, RedisFailure, open_redis
from chorus.errors import ChorusError, Overloaded, Unavailable
from chorus.log import get_logger
from chorus.wire.asks import (
    ASKS,
    LAPSE_MS,
    WAITING_MAX,
    Answer,
    Ask,
    What,
    Why,
    answer_key,
    ask_key,
)

log = get_logger(__name__)

AT_ONCE: Final = 32
"""Asks of this process, a quarter of them of one tenant, three of one person."""
TURN_S: Final = 1.0
"""So long somebody waits for their turn."""
TAKEN_S: Final = 1.5
"""What nobody has taken by then is taken back: nobody is there, or all have enough to do."""
ANSWER_MS: Final[dict[What, int]] = {"passages": 3_000, "replies": 6_000}
GRACE_S: Final = 1.0
"""For the way back, beyond what an answer may take."""
_ID_BYTES: Final = 16

AWAY: Final = "Nobody is there just now who could look this up. Try again in a moment."
LATE: Final = "Looking this up took too long. Try again in a moment."
SAID: Final[dict[Why, str]] = {
    "knowledge": "The index of what you know cannot be asked just now. Try again in a moment.",
    "chat": "The conversation could not be read just now. Try again in a moment.",
    "late": LATE,
    "failed": "Looking this up has failed. Try again in a moment.",
}
_RESULTS: Final = {AWAY: "away", LATE: "late"}


class Asking:
    """The way to whoever answers. Bounded: who finds no turn is told so."""

    def __init__(self, client: Client, *, at_once: int = AT_ONCE) -> None:
        self._client = client
        self._turns = Coming(at_once, wait_s=TURN_S)

    async def ask(self, who: Principal, what: What, *, most: int, **asked: Any) -> Answer:
        """Ask for the tenant of `who`; what stands in the answer is of that tenant.

        Raises:
            Unavailable: nobody answers, or in vain. Overloaded: too many ask at once.
        """
        ask = Ask(what=what, tenant_id=who.tenant_id, most=most, answer_ms=ANSWER_MS[what], **asked)
        result = "refused"
        try:
            async with self._turns.one(who):
                answer = await self._answered(ask)
            result = answer.why or "answered"
        except Overloaded as error:
            raise Overloaded("Too many are asking just now. Try again in a moment.") from error
        except ChorusError as error:
            result = _RESULTS.get(error.detail, "failed")
            raise
        finally:
            metrics.asks_total.labels(what, result).inc()
        if answer.why:
            raise Unavailable(SAID[answer.why])
        return answer

    async def _answered(self, ask: Ask) -> Answer:
        id_ = token_hex(_ID_BYTES)
        most_s = TAKEN_S + ask.answer_ms / 1000 + GRACE_S
        try:
            async with asyncio.timeout(most_s):
                await self._put(id_, ask)
                told = await self._taken(id_)
                told = told or await self._pop(id_, ask.answer_ms / 1000 + GRACE_S)
        except TimeoutError as error:
            raise Unavailable(LATE) from error
        except RedisFailure as error:
            log.warning("ask_failed", what=ask.what, error=type(error).__name__)
            raise Unavailable(AWAY) from error
        if told is None:
            raise Unavailable(LATE)
        return _read(told, ask)

    async def _put(self, id_: str, ask: Ask) -> None:
        pipe = self._client.pipeline()
        pipe.set(ask_key(id_), ask.model_dump_json(), px=LAPSE_MS)
        pipe.rpush(ASKS, id_)
        pipe.ltrim(ASKS, -WAITING_MAX, -1)
        pipe.pexpire(ASKS, LAPSE_MS)
        await pipe.execute()

    async def _taken(self, id_: str) -> bytes | None:
        """The answer, where it comes at once; None: it is worked on.

        Raises:
            Unavailable: nobody has taken it, and nobody will.
        """
        told = await self._pop(id_, TAKEN_S)
        if told is None and await self._client.delete(ask_key(id_)):
            raise Unavailable(AWAY)
        return told

    async def _pop(self, id_: str, wait_s: float) -> bytes | None:
        found = await self._client.blpop([answer_key(id_)], timeout=wait_s)
        return None if found is None else bytes(found[1])


def _read(told: bytes, ask: Ask) -> Answer:
    try:
        answer = Answer.model_validate_json(told)
    except ValidationError as error:
        log.error("ask_answered_with_nonsense", what=ask.what)  # noqa: TRY400 (its text holds theirs)
        raise Unavailable(SAID["failed"]) from error
    if answer.tenant_id != ask.tenant_id:
        log.error("ask_answered_for_another_tenant", what=ask.what)
        raise Unavailable(SAID["failed"])
    return answer


@asynccontextmanager
async def open_asking(redis_url: str) -> AsyncIterator[Asking]:
    """With connections of its own: each that waits holds one."""
    timeout_s = TAKEN_S + max(ANSWER_MS.values()) / 1000 + 2 * GRACE_S
    async with open_redis(redis_url, timeout_s=timeout_s, max_connections=2 * AT_ONCE) as client:
        yield Asking(client)
