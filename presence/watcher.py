"""Looks at the beats for ever and announces who came or went. Redis may go and come back."""

import asyncio

from chorus.bus import Client, RedisFailure
from chorus.log import get_logger
from chorus.metrics import presence_transitions_total, redis_breaker_open
from presence import store
from presence.tracker import SETTLING_TTLS, Tracker, Transition

log = get_logger(__name__)
_ROUNDS = 3


class Watcher:
    """The one user of a tracker. Any number of processes may watch: see `announce.lua`."""

    def __init__(self, client: Client, tracker: Tracker, *, ttl_ms: int, look_ms: int) -> None:
        self._client = client
        self._tracker = tracker
        self._ttl_ms = ttl_ms
        self._look_s = look_ms / 1000
        self._since_ms = 0
        self._begun = False
        self._reachable = True

    async def run(self) -> None:
        """Look, announce, wait; for ever."""
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            await self.step()
            await asyncio.sleep(max(0.0, self._look_s - (loop.time() - began_s)))

    async def step(self) -> None:
        """Look once. Redis being away is not an error here but a fact for the tracker."""
        try:
            await self._look()
        except RedisFailure as error:
            self._lost(error)
        else:
            self._found()

    async def _look(self) -> None:
        seen = await store.look(self._client, since_ms=self._since_ms, ttl_ms=self._ttl_ms)
        # A clock that went back leaves beats behind `since_ms`: read all of them next time.
        self._since_ms = 0 if seen.now_ms < self._since_ms else seen.now_ms
        first = not self._begun
        if first:
            await self._begin(seen.now_ms)
        self._tracker.hear(seen.sightings)
        transitions = self._tracker.tick(seen.now_ms)
        if not await self._trust() and not first:
            # Emptied under us without a broken connection: all records must be written again.
            self._tracker.lose()
            self._tracker.tick(seen.now_ms)
            await self._trust()
            return
        await self._announce(transitions, seen.now_ms)

    async def _trust(self) -> bool:
        for_ms = SETTLING_TTLS * self._ttl_ms
        return await store.trust(self._client, self._tracker.trusted_from_ms, for_ms=for_ms)

    async def _begin(self, now_ms: int) -> None:
        """Take over from the process before us, or from before Redis was restarted."""
        known = [one async for one in store.announced(self._client)]
        self._tracker.remember(known, now_ms)
        if known and await store.age_ms(self._client) < SETTLING_TTLS * self._ttl_ms:
            self._tracker.lose()
        self._begun = True
        log.info("presence_begun", people=len(known))

    async def _announce(self, transitions: list[Transition], now_ms: int) -> None:
        """Announce; what another process announced first is adopted, which may lead further."""
        for _ in range(_ROUNDS):
            refusals = await store.announce(self._client, transitions)
            refused = {refusal.transition.person for refusal in refusals}
            for one in transitions:
                if one.person not in refused:
                    presence_transitions_total.labels(one.status.value).inc()
            if not refusals:
                return
            for refusal in refusals:
                self._tracker.adopt(refusal.transition.person, refusal.stored, now_ms)
            transitions = self._tracker.tick(now_ms)

    def _lost(self, error: BaseException) -> None:
        self._tracker.lose()
        self._since_ms = 0
        redis_breaker_open.labels("presence").set(1)
        if self._reachable:
            log.warning("presence_blind", error=type(error).__name__, why=str(error)[:200])
        self._reachable = False

    def _found(self) -> None:
        redis_breaker_open.labels("presence").set(0)
        if not self._reachable:
            log.info("presence_sees_again", people=len(self._tracker))
        self._reachable = True
