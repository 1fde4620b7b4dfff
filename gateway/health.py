"""What of ours is away. Every client hears of it once: when it goes, and when it comes back."""

from chorus.log import get_logger
from chorus.wire.envelope import encode_raw
from gateway.hub import Connection, Hub
from gateway.room import Packet

log = get_logger(__name__)


class Health:
    """`realtime` is Redis, `store` PostgreSQL behind the chat service."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.degraded: set[str] = set()

    def note(self, what: str, *, lost: bool) -> None:
        """Tell every client, if that is news."""
        if lost == (what in self.degraded):
            return
        (self.degraded.add if lost else self.degraded.discard)(what)
        event = "degraded" if lost else "recovered"
        self._hub.broadcast(event, {"what": what})
        log.warning("part_away" if lost else "part_back", what=what)

    def greet(self, connection: Connection) -> None:
        """Tell who is ready only now what is away."""
        for what in sorted(self.degraded):
            connection.send(Packet(encode_raw("degraded", {"what": what})))
