"""What a provider lets the whole installation ask, counted in Redis for all processes.

`models:{requests|tokens|calls}:{place}`; each key has a TTL. Nobody waits for a limit: whoever
does not get through takes the next model, or none.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ai.models.plan import Choice
from chorus.bus import Client, RedisFailure
from chorus.log import get_logger

log = get_logger(__name__)

_SCRIPT: Final = (Path(__file__).parent / "limits.lua").read_text(encoding="utf-8")
CALL_MS: Final = 30_000
"""A process that dies in a call holds its place so long."""


@dataclass(slots=True)
class Limits:
    """Takes and gives back places for calls."""

    client: Client
    _take: Any = None

    async def take(self, choice: Choice, tokens: int, call: str) -> bool:
        """Whether `call` may be made now. A Redis that does not answer says no: nobody counts."""
        if choice.rpm is None and choice.tpm is None and choice.concurrency is None:
            return True
        if self._take is None:
            self._take = self.client.register_script(_SCRIPT)
        asked = [choice.rpm or 0, choice.tpm or 0, choice.concurrency or 0, tokens, call, CALL_MS]
        try:
            return bool(await self._take(keys=_keys(choice), args=asked))
        except RedisFailure as error:
            log.warning("limits_unknown", spec=choice.spec, error=type(error).__name__)
            return False

    async def give_back(self, choice: Choice, call: str) -> None:
        """The call is over; what it took of the minute stays taken."""
        if choice.concurrency is None:
            return
        try:
            await self.client.zrem(_keys(choice)[2], call)
        except RedisFailure as error:
            log.warning("place_not_given_back", spec=choice.spec, error=type(error).__name__)


def _keys(choice: Choice) -> list[str]:
    return [f"models:{kind}:{choice.place}" for kind in ("requests", "tokens", "calls")]
