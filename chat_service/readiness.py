"""Whether this process can serve, from what its probes found."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field

from starlette.responses import Response

from chorus.web import json_response


@dataclass(slots=True)
class Readiness:
    """503 until every dependency has answered once, and again from `draining` on.

    One that is lost later leaves 200 with its name in `degraded`: taking every process out of
    the balancer because Redis is gone would end the very sockets that survive it (DESIGN §9).
    """

    needed: tuple[str, ...]
    draining: bool = False
    _up: MutableMapping[str, bool] = field(default_factory=dict)

    def note(self, name: str, *, up: bool) -> None:
        """Record what a probe found. A failure before the first success is no loss."""
        if up or name in self._up:
            self._up[name] = up

    @property
    def ready(self) -> bool:
        return not self.draining and all(name in self._up for name in self.needed)

    @property
    def degraded(self) -> list[str]:
        return [name for name, up in self._up.items() if not up]

    def answer(self) -> Response:
        found = {name: self._word(name) for name in (*self.needed, *self._up)}
        body = {"ready": self.ready, "degraded": self.degraded, "dependencies": found}
        return json_response(
            {**body, "draining": self.draining},
            200 if self.ready else 503,
            headers={"Cache-Control": "no-store"},
        )

    def _word(self, name: str) -> str:
        up = self._up.get(name)
        return "waiting" if up is None else "up" if up else "down"
