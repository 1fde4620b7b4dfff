"""What the agents connected here have chosen to be (`agent.status`), which their beats carry.

A choice stands in PostgreSQL. It is read when a socket gets ready, told on `control` when it
changes, and read again with the heads, so that a lost word is made good.
"""

from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from uuid import UUID

from chorus.clock import rfc3339_ms
from chorus.rpc import ChatRpc
from chorus.wire.calls import AgentState, HeadsRequest
from chorus.wire.common import ChosenStatus, PresenceStatus
from chorus.wire.envelope import encode_raw
from gateway.hub import Hub
from gateway.offers import Offers
from gateway.phase import Phase
from gateway.room import Packet

# Presence says whether somebody can be reached: who has a socket is not offline, whatever they
# chose, or their conversations would be taken for abandoned.
SHOWN: Final = {
    ChosenStatus.ONLINE: PresenceStatus.ONLINE,
    ChosenStatus.AWAY: PresenceStatus.AWAY,
    ChosenStatus.BUSY: PresenceStatus.BUSY,
    ChosenStatus.OFFLINE: PresenceStatus.AWAY,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """None: nothing was ever chosen. `at_ms` is Unix time; 0 where it is not known."""

    status: ChosenStatus | None
    at_ms: int = 0


class Choices:
    """The latest choice of each agent with a socket here."""

    def __init__(self, hub: Hub, rpc: ChatRpc) -> None:
        self._hub = hub
        self._rpc = rpc
        self._known: dict[UUID, Choice] = {}
        self._changed: set[UUID] = set()

    def introduce(self, user_id: UUID, agent: AgentState | None) -> None:
        """A socket of an agent gets ready; what is known already is newer than what was read."""
        if agent is not None:
            status = ChosenStatus(agent.status) if agent.status else None
            self._known.setdefault(user_id, Choice(status))

    def heard(self, word: dict[str, Any]) -> None:
        """An agent chose something, on whichever gateway."""
        self._learn(UUID(word["agent"]), Choice(ChosenStatus(word["status"]), word["at_ms"]))

    async def compare(self, offers: Offers) -> None:
        """Read all choices again, and with them what these agents are offered.

        Raises:
            ChorusError: they cannot be read now.
        """
        agents, asked_s = list(self._known), monotonic()
        if not agents:
            return
        reply = await self._rpc.heads(HeadsRequest([], agents))
        for user_id, status, at_ms in reply.statuses:
            self._learn(user_id, Choice(ChosenStatus(status), at_ms))
        offers.compare(agents, reply.offers, asked_s=asked_s)

    def shown(self, user_id: UUID) -> PresenceStatus:
        """What the beats of somebody connected here say."""
        known = self._known.get(user_id)
        return SHOWN[known.status] if known and known.status else PresenceStatus.ONLINE

    def take_changed(self) -> set[UUID]:
        """Those whose next beat cannot wait."""
        changed, self._changed = self._changed, set()
        return changed

    def forget(self, user_id: UUID) -> None:
        """The last socket here is gone."""
        self._known.pop(user_id, None)
        self._changed.discard(user_id)

    def _learn(self, user_id: UUID, choice: Choice) -> None:
        before = self._known.get(user_id, Choice(None))
        if user_id not in self._hub.users or choice.at_ms <= before.at_ms:
            return
        self._known[user_id] = choice
        if choice.status is not before.status:
            self._changed.add(user_id)
            self._tell(user_id, choice)

    def _tell(self, user_id: UUID, choice: Choice) -> None:
        """Show the choice on every device: `presence` without a conversation."""
        data = {"userId": user_id, "status": choice.status, "since": rfc3339_ms(choice.at_ms)}
        packet = Packet(encode_raw("presence", data))
        for number in self._hub.users[user_id]:
            connection = self._hub.connections[number]
            if connection.peer.phase is Phase.LIVE:
                connection.whisper(packet, "presence")
