"""Offers on the sockets of the agents connected here (PROTOCOL, agent inbox).

A word tells of each offer and of its end. What stands in PostgreSQL is asked for when an inbox
opens and after the fan-out was deaf, and comes with the heads: so a lost word is made good.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from uuid import UUID

import orjson

from chorus.errors import ChorusError
from chorus.log import get_logger
from chorus.rpc import ChatRpc
from chorus.wire.calls import ActRequest
from chorus.wire.envelope import encode_raw, with_envelope
from gateway.fanout import read_frame
from gateway.hub import Connection, Hub
from gateway.phase import Phase
from gateway.room import Packet

log = get_logger(__name__)
ASK: Final = "inbox.offers"
OFFER: Final = "offer"
MISSED: Final = "moved_on"
"""The reason given where the word that told of the end never came."""
REMEMBERED_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Open:
    """An open offer as it was read; `frame` names its conversation."""

    session_id: UUID
    conv: str
    frame: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """An offer on one socket."""

    conv: str
    at_s: float


class Offers:
    """What each inbox socket shows. What was read is older than any word heard meanwhile."""

    def __init__(self, hub: Hub, rpc: ChatRpc) -> None:
        self._hub = hub
        self._rpc = rpc
        self._shown: dict[int, dict[UUID, Shown]] = {}
        self._ended: dict[UUID, float] = {}

    def heard(self, word: Mapping[str, Any]) -> None:
        """An offer was made or is over, on whichever gateway its agent has sockets."""
        session_id, frame = UUID(word["session"]), word["frame"].encode()
        made = read_frame(frame)["event"] == OFFER
        # It is put into the frame unread.
        conv = str(UUID(word["conv"]))
        packet = Packet(with_envelope(frame, conv=conv))
        now_s = monotonic()
        if made:
            self._ended.pop(session_id, None)
        else:
            self._note_end(session_id, now_s)
        for connection in self._inboxes_of(UUID(word["agent"])):
            shown = self._shown.setdefault(connection.id, {})
            if made:
                shown[session_id] = Shown(conv, now_s)
            else:
                shown.pop(session_id, None)
            connection.send(packet)

    async def refresh(self, connection: Connection, *, again: bool = False) -> None:
        """Write an agent's open offers to one of their sockets, and take back what is over.

        `again`: those it shows too, whose deadline may have moved.
        """
        principal, asked_s = connection.peer.principal, monotonic()
        assert principal is not None
        try:
            reply = await self._rpc.act(ActRequest(principal, None, "", ASK, {}))
        except ChorusError as error:
            # The heads bring them in a moment.
            log.info("offers_unread", error=type(error).__name__)
            return
        opened = [_open(frame) for frame in reply.frames if _is_offer(frame)]
        self._reconcile(connection, opened, asked_s=asked_s, again=again)

    def compare(
        self, agents: Sequence[UUID], offers: Sequence[tuple[UUID, str]], *, asked_s: float
    ) -> None:
        """Take what the heads said of these agents, asked at `asked_s`."""
        opened: dict[UUID, list[Open]] = {agent: [] for agent in agents}
        for agent, frame in offers:
            opened[agent].append(_open(frame))
        for agent, found in opened.items():
            for connection in self._inboxes_of(agent):
                self._reconcile(connection, found, asked_s=asked_s, again=False)

    def left(self, connection: Connection) -> None:
        self._shown.pop(connection.id, None)

    def _reconcile(
        self, connection: Connection, opened: Sequence[Open], *, asked_s: float, again: bool
    ) -> None:
        if connection.closed:
            return
        shown = self._shown.setdefault(connection.id, {})
        known = {one.session_id for one in opened}
        for one in opened:
            ended_meanwhile = self._ended.get(one.session_id, 0.0) >= asked_s
            if not ended_meanwhile and (again or one.session_id not in shown):
                shown[one.session_id] = Shown(one.conv, asked_s)
                connection.send(Packet(one.frame))
        for session_id, before in list(shown.items()):
            if session_id not in known and before.at_s < asked_s:
                del shown[session_id]
                connection.send(Packet(_rescinded(session_id, before.conv)))

    def _inboxes_of(self, agent_id: UUID) -> Iterator[Connection]:
        for number in self._hub.users.get(agent_id, ()):
            connection = self._hub.connections[number]
            if connection.peer.kind == "inbox" and connection.peer.phase is Phase.LIVE:
                yield connection

    def _note_end(self, session_id: UUID, now_s: float) -> None:
        before_s = now_s - REMEMBERED_S
        self._ended = {one: at_s for one, at_s in self._ended.items() if at_s > before_s}
        self._ended[session_id] = now_s


def _is_offer(frame: str) -> bool:
    """Not so the refusal that somebody gets who is no agent any more."""
    return bool(orjson.loads(frame)["event"] == OFFER)


def _open(frame: str) -> Open:
    read = orjson.loads(frame)
    return Open(UUID(read["data"]["session"]), read["conv"], frame.encode())


def _rescinded(session_id: UUID, conv: str) -> bytes:
    data = {"session": str(session_id), "reason": MISSED}
    return with_envelope(encode_raw("offer.rescinded", data), conv=conv)
