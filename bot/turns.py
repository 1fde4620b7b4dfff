"""One turn at a time in each conversation, begun when its customer has finished what they say."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Self

from bot.act import Superseded
from bot.ports import Where
from bot.speaking import SUPERSEDED
from chorus.errors import ChorusError, Overloaded, Unavailable
from chorus.log import get_logger
from chorus.tasks import end

log = get_logger(__name__)

Take = Callable[[Where, Superseded], Awaitable[str]]
Done = Callable[[], None]
ELSEWHERE: Final = "elsewhere"
"""Another process takes a turn there; what we heard waits for its end."""
ELSEWHERE_S: Final = 0.2
SUPERSEDED_MAX: Final = 2
"""Who never stops writing is answered all the same."""
TRIES: Final = 6
RETRY_FIRST_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a customer may be silent before they have finished, and how many are served at once."""

    quiet_s: float
    quiet_max_s: float
    at_once: int


@dataclass(slots=True)
class _Talking:
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: list[Done] = field(default_factory=list)


class Turns:
    """Takes turns while it is open; those that are being thought about at its end are given up."""

    def __init__(self, take: Take, pace: Pace) -> None:
        self._take, self._pace = take, pace
        self._places = asyncio.Semaphore(pace.at_once)
        self._talking: dict[Where, _Talking] = {}
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await end(self._tasks)
        await self._group.__aexit__(None, None, None)

    def __len__(self) -> int:
        return len(self._talking)

    def heard(self, where: Where, done: Done) -> None:
        """A customer spoke; `done` is called once a turn has seen to it."""
        known = self._talking.get(where)
        if known is None:
            known = self._talking[where] = _Talking()
            task = self._group.create_task(self._serve(where, known))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        known.waiting.append(done)
        known.heard.set()

    async def _serve(self, where: Where, talking: _Talking) -> None:
        try:
            superseded = 0
            while talking.waiting:
                await self._quiet(talking)
                taken = len(talking.waiting)
                final = superseded >= SUPERSEDED_MAX
                outcome = await self._once(where, talking, final=final)
                if outcome == ELSEWHERE:
                    await asyncio.sleep(ELSEWHERE_S)
                    continue
                if outcome == SUPERSEDED:
                    superseded += 1
                    continue
                superseded = 0
                _tell(talking, taken)
        finally:
            del self._talking[where]

    async def _quiet(self, talking: _Talking) -> None:
        """Wait until the customer was silent for a while, but not for ever."""
        loop = asyncio.get_running_loop()
        last_s = loop.time() + self._pace.quiet_max_s
        while True:
            talking.heard.clear()
            try:
                async with asyncio.timeout_at(min(last_s, loop.time() + self._pace.quiet_s)):
                    await talking.heard.wait()
            except TimeoutError:
                return

    async def _once(self, where: Where, talking: _Talking, *, final: bool) -> str:
        """Take the turn; a chat service that is away is asked again, a refusal is not."""
        outcome = ""
        async with self._places:
            for attempt in range(TRIES):
                try:
                    return await self._take(where, lambda: talking.heard.is_set() and not final)
                except (Unavailable, Overloaded) as error:
                    outcome = type(error).__name__
                    await asyncio.sleep(RETRY_FIRST_S * 2.0**attempt)
                except ChorusError as error:
                    outcome = type(error).__name__
                    break
                except Exception:
                    log.exception("bot_turn_failed", conversation=str(where.conversation_id))
                    return "failed"
        # Whoever waits for an answer that never comes gets a person from the conductor.
        log.warning("bot_turn_given_up", conversation=str(where.conversation_id), error=outcome)
        return "given_up"


def _tell(talking: _Talking, taken: int) -> None:
    seen, talking.waiting = talking.waiting[:taken], talking.waiting[taken:]
    for done in seen:
        done()
