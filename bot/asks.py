"""Answers what the chat API asks (`chorus.wire.asks`): so many at once, and nothing nobody waits for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from chorus.bus import Client, RedisFailure
from chorus.errors import ChorusError
from chorus.log import get_logger
from chorus.wire.asks import ASKS, LAPSE_MS, Answer, Ask, Why, answer_key, ask_key

log = get_logger(__name__)

AT_ONCE: Final = 16
"""With so many under way none is taken: who asks hears soon that nobody has time."""
BLOCK_S: Final = 1.0
PAUSE_S: Final = 0.25
TELL_S: Final = 2.0


class Asks:
    """Takes and answers for ever. Redis may go and come back; several processes share the list."""

    def __init__(
        self,
        client: Client,
        answer: Callable[[Ask], Awaitable[Answer]],
        *,
        at_once: int = AT_ONCE,
    ) -> None:
        """`client` has a connection for each that is under way, and one to wait with."""
        self._client, self._answer = client, answer
        self._room = asyncio.Semaphore(at_once)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                await self._room.acquire()
                id_, ask = await self._next()
                group.create_task(self._see_to(id_, ask))

    async def _next(self) -> tuple[str, Ask]:
        """The next ask that somebody waits for."""
        while True:
            try:
                found = await self._take()
            except RedisFailure as error:
                log.warning("asks_unheard", error=type(error).__name__)
                await asyncio.sleep(PAUSE_S)
                continue
            except ValueError:
                # No ask, or one from a later version: who asked hears from nobody, as where nobody is.
                log.warning("ask_not_understood")
                continue
            if found is not None:
                return found

    async def _take(self) -> tuple[str, Ask] | None:
        found = await self._client.blpop([ASKS], timeout=BLOCK_S)
        if found is None:
            return None
        id_ = bytes(found[1]).decode()
        told = await self._client.getdel(ask_key(id_))
        # Taken back, or lapsed.
        return None if told is None else (id_, Ask.model_validate_json(told))

    async def _see_to(self, id_: str, ask: Ask) -> None:
        try:
            answer = await self._thought(ask)
            async with asyncio.timeout(TELL_S):
                pipe = self._client.pipeline()
                pipe.rpush(answer_key(id_), answer.model_dump_json())
                pipe.pexpire(answer_key(id_), LAPSE_MS)
                await pipe.execute()
        except RedisFailure as error:
            log.warning("ask_answer_lost", what=ask.what, error=type(error).__name__)
        finally:
            self._room.release()

    async def _thought(self, ask: Ask) -> Answer:
        """The answer, or why there is none: never raises for what is wrong with us."""
        try:
            async with asyncio.timeout(ask.answer_ms / 1000):
                return await self._answer(ask)
        except TimeoutError:
            return _nothing(ask, "late")
        except ChorusError as error:
            log.info("ask_without_chat", what=ask.what, error=type(error).__name__)
            return _nothing(ask, "chat")
        except Exception:
            log.exception("ask_failed", what=ask.what)
            return _nothing(ask, "failed")


def _nothing(ask: Ask, why: Why) -> Answer:
    log.warning("ask_in_vain", what=ask.what, why=why)
    return Answer(tenant_id=ask.tenant_id, why=why)
