"""Tells presence who is here: one pipelined refresh a tick, and at once for who comes or goes."""

import asyncio
from uuid import UUID

from chorus import bus, presence
from chorus.clock import rfc3339_ms
from chorus.errors import Unavailable
from chorus.log import get_logger
from chorus.presence import Beat
from chorus.wire.common import PresenceStatus
from chorus.wire.envelope import encode_raw
from gateway.hub import Connection, Hub
from gateway.room import Packet

log = get_logger(__name__)


class Announcer:
    """The people on local sockets, as beats."""

    def __init__(self, hub: Hub, client: bus.Client, node: str) -> None:
        self._hub = hub
        self._client = client
        self._node = node

    async def run(self, every_s: float) -> None:
        """Refresh for ever."""
        while True:
            try:
                await presence.beat(self._client, self._all())
            except Unavailable:
                log.warning("presence_unavailable")
            await asyncio.sleep(every_s)

    async def came(self, connection: Connection) -> None:
        """Announce a newly ready socket, and show it who else is there."""
        principal = connection.peer.principal
        if principal is None:
            return
        try:
            await presence.beat(self._client, [self._beat(principal.user_id)])
        except (Unavailable, KeyError):
            log.info("presence_unavailable")

    async def show(
        self, connection: Connection, conversation_id: UUID, user_ids: list[UUID]
    ) -> None:
        """Write the presence of the other participants to one socket."""
        principal = connection.peer.principal
        assert principal is not None
        others = [user for user in user_ids if user != principal.user_id]
        seen = await presence.read(self._client, principal.tenant_id, others)
        for user, (status, since_ms) in seen.items():
            data = {"userId": user, "status": status, "since": rfc3339_ms(since_ms)}
            conv = conversation_id if connection.names_conversation else None
            connection.whisper(Packet(encode_raw("presence", data, conv=conv)), "presence")

    async def left(self, beat: Beat) -> None:
        """The last local socket of somebody closed."""
        try:
            await presence.leave(self._client, [beat])
        except Unavailable:
            log.info("presence_unavailable")

    def farewell(self, connection: Connection, conversations: frozenset[UUID]) -> Beat | None:
        """What to say when this connection goes; None while another one of the same person stays."""
        principal = connection.peer.principal
        if principal is None or principal.user_id in self._hub.users:
            return None
        return Beat(
            principal.tenant_id, principal.user_id, principal.speaks_as, self._node, conversations
        )

    def _all(self) -> list[Beat]:
        return [self._beat(user) for user in self._hub.users]

    def _beat(self, user_id: UUID) -> Beat:
        here = [self._hub.connections[number] for number in self._hub.users[user_id]]
        conversations: set[UUID] = set()
        for connection in here:
            conversations.update(connection.members)
        principal = here[0].peer.principal
        assert principal is not None
        return Beat(
            principal.tenant_id,
            user_id,
            principal.speaks_as,
            self._node,
            frozenset(conversations),
            PresenceStatus.ONLINE,
        )
