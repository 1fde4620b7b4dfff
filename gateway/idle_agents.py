"""Tells agents whom presence calls away because no device of theirs was touched, on all of them."""

from collections.abc import Iterable, Mapping
from time import time
from typing import Final
from uuid import UUID

from chorus import bus, presence
from chorus.clock import rfc3339_ms
from chorus.wire.common import PresenceStatus
from chorus.wire.envelope import encode_raw
from gateway.hub import Hub
from gateway.phase import Phase
from gateway.room import Packet

_BACK: Final = (PresenceStatus.ONLINE, PresenceStatus.AWAY)


class IdleAgents:
    """Who was told so, of those with a socket here. Another device may keep them online."""

    def __init__(self, hub: Hub, client: bus.Client) -> None:
        self._hub = hub
        self._client = client
        self._told: set[UUID] = set()

    async def look(self, idle: Mapping[UUID, Iterable[UUID]]) -> None:
        """Tell those of whom presence says something else now; `idle` by tenant."""
        for tenant_id, users in idle.items():
            seen = await presence.read(self._client, tenant_id, list(users))
            for user, (status, _) in seen.items():
                if status in _BACK and (status is PresenceStatus.AWAY) != (user in self._told):
                    self._tell(user, status)

    def back(self, users: Iterable[UUID]) -> None:
        """These did something."""
        for user in self._told.intersection(users):
            self._tell(user, PresenceStatus.ONLINE)

    def forget(self, user_id: UUID) -> None:
        """One of their sockets is new, or they chose to be something: it is told anew, if at all."""
        self._told.discard(user_id)

    def _tell(self, user_id: UUID, status: PresenceStatus) -> None:
        (self._told.add if status is PresenceStatus.AWAY else self._told.discard)(user_id)
        data = {"userId": user_id, "status": status, "since": rfc3339_ms(int(time() * 1000))}
        packet = Packet(encode_raw("presence", data))
        for number in self._hub.users.get(user_id, ()):
            connection = self._hub.connections[number]
            if connection.peer.phase is Phase.LIVE:
                connection.whisper(packet, "presence")
