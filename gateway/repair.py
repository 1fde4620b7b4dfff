"""How a gateway notices that it missed something, and reads it (G4, PROTOCOL §7).

Holes are seen at the next `seq` jump; after every Redis reconnect; when the canary falls silent;
and at worst when the heads of local conversations are compared with PostgreSQL.
"""

import asyncio
import random
from collections.abc import Callable
from uuid import UUID

from chorus import metrics
from chorus.codes import NackCode
from chorus.errors import ChorusError, NotFound
from chorus.log import get_logger
from chorus.rpc import ChatRpc
from chorus.topics import author_key
from chorus.wire.calls import (
    ConversationState,
    HeadsRequest,
    ResumeRequest,
    Revocation,
    StoredEvent,
)
from chorus.wire.common import MAX_REPLAY_EVENTS, Visibility
from chorus.wire.envelope import encode_raw, nack
from gateway.hub import Hub, Member
from gateway.room import AUDIENCE_OF, Event, Room
from gateway.tasks import Tasks

log = get_logger(__name__)
RETRY_S = 1.0
HEADS_PER_CALL = 250
HEADS_PAUSE_S = 0.02
DIRTY_JITTER_S = 1.0


class Unrecoverable(Exception):
    """More is missing than is replayed: the client reads the history itself."""


def stored(conversation_id: UUID, row: StoredEvent) -> Event:
    """An event that was read from the database."""
    return Event(
        seq=row.seq,
        conversation_id=conversation_id,
        audience=AUDIENCE_OF[Visibility(row.visibility)],
        author=author_key(row.author),
        frame=row.frame.encode(),
        ts_ms=0,
        id=row.id,
    )


class Repairer:
    """Reads what is missing: once per conversation, for all its sockets."""

    def __init__(
        self,
        hub: Hub,
        rpc: ChatRpc,
        tasks: Tasks,
        *,
        gap_wait_s: float,
        on_revoked: Callable[[Revocation], object],
    ) -> None:
        self._hub = hub
        self._rpc = rpc
        self._tasks = tasks
        self._gap_wait_s = gap_wait_s
        self._on_revoked = on_revoked
        self.epoch = ""

    # -- a member enters or asks

    async def enter(self, member: Member, state: ConversationState, tenant_id: UUID) -> None:
        """Replay what was read with the access, then what came meanwhile; then `synced`."""
        room = member.room
        room.tenant_id = tenant_id
        room.entered_at(state.head_seq)
        self.epoch = state.epoch
        if not state.recovered:
            return
        member.cursor = state.replay_from - 1
        for row in state.events:
            self._hub.advance(member, stored(room.conversation_id, row))
        await self._reach_room(member)
        self._synced(member)
        self.watch(room)

    async def catch_up(self, member: Member, seq: int, epoch: str, ref: int | None) -> None:
        """Answer `position`: the events after `seq` and `synced`, or `nack UNRECOVERABLE`."""
        room = member.room
        if seq > (room.seq or 0):
            # The client read the history before the fan-out reached us: read it, too.
            await self._fill(room)
        head = room.seq or 0
        if epoch != self.epoch or seq > head or head - seq > MAX_REPLAY_EVENTS:
            return self._unrecoverable(member, ref)
        member.cursor = seq
        try:
            await self._reach_room(member)
        except Unrecoverable:
            return self._unrecoverable(member, ref)
        self._synced(member)

    async def _reach_room(self, member: Member) -> None:
        """Bring a member's cursor to where the room stands, however often the room moves on."""
        room = member.room
        while room.seq is not None and member.cursor is not None and member.cursor < room.seq:
            events = room.since(member.cursor)
            if events is None:
                events = await self._read(room, member.cursor)
            for event in events:
                if event.seq == member.cursor + 1:
                    self._hub.advance(member, event)

    async def _read(self, room: Room[Member], after: int) -> list[Event]:
        assert room.tenant_id is not None
        reply = await self._rpc.resume(ResumeRequest(room.tenant_id, room.conversation_id, after))
        if reply.first_seq > after + 1 or reply.epoch != self.epoch:
            raise Unrecoverable
        return [stored(room.conversation_id, row) for row in reply.events]

    def _synced(self, member: Member) -> None:
        frame = encode_raw("synced", {"seq": member.cursor})
        self._hub.answer(member.connection, frame, None, member.room.conversation_id)

    def _unrecoverable(self, member: Member, ref: int | None) -> None:
        member.cursor = None
        frame = encode_raw("nack", nack(NackCode.UNRECOVERABLE))
        self._hub.answer(member.connection, frame, ref, member.room.conversation_id)

    # -- a room has a hole

    def watch(self, room: Room[Member]) -> None:
        """Start a repair when the room knows of an event that it cannot send yet."""
        if room.behind and not room.repairing:
            room.repairing = True
            self._tasks.spawn(self._repair(room, self._gap_wait_s), "repair")

    async def _repair(self, room: Room[Member], wait_s: float) -> None:
        try:
            while room.members:
                await asyncio.sleep(wait_s)
                if not room.behind:
                    return
                metrics.gaps_total.labels("jump").inc()
                wait_s = 0.0 if await self._fill(room) else RETRY_S
        finally:
            room.repairing = False

    async def _fill(self, room: Room[Member]) -> bool:
        assert room.seq is not None
        try:
            events = await self._read(room, room.seq)
        except Unrecoverable:
            self._lost(room)
            return True
        except NotFound:
            return self._forget(room)
        except ChorusError as error:
            log.warning(
                "repair_failed", conversation=str(room.conversation_id), error=type(error).__name__
            )
            return False
        for event in events:
            self._hub.durable(room, event)
        if not events:
            room.heard = room.seq
        return True

    def _forget(self, room: Room[Member]) -> bool:
        """The conversation is gone (erased): there is nothing left to wait for."""
        room.heard = room.seq or 0
        return True

    def _lost(self, room: Room[Member]) -> None:
        """History before our place is gone: every member starts over from the history."""
        room.heard = room.seq or 0
        for member in list(room.members.values()):
            self._unrecoverable(member, None)

    # -- heads

    def all_dirty(self) -> None:
        """The fan-out was deaf for a while: compare all heads soon."""
        self._tasks.spawn(self._compare_soon(), "compare_heads")

    async def _compare_soon(self) -> None:
        await asyncio.sleep(random.uniform(0, DIRTY_JITTER_S))  # noqa: S311 (spreads load)
        try:
            await self.compare_heads()
        except ChorusError as error:
            # The clock compares them again.
            log.info("heads_unknown", error=type(error).__name__)

    async def compare_heads(self) -> None:
        """Ask for the heads of all local conversations; repair those that are behind.

        With the heads comes what was revoked: that counts, too, whoever asked.

        Raises:
            ChorusError: they cannot be read now.
        """
        rooms = [room for room in self._hub.rooms.values() if room.seq is not None]
        for start in range(0, len(rooms), HEADS_PER_CALL):
            asked = {room.conversation_id: room for room in rooms[start : start + HEADS_PER_CALL]}
            if start:
                # Ten thousand conversations are compared in a second, not at once.
                await asyncio.sleep(HEADS_PAUSE_S)
            reply = await self._rpc.heads(HeadsRequest(list(asked)))
            for revocation in reply.revocations:
                self._on_revoked(revocation)
            for head in reply.heads:
                room = asked[head.conversation_id]
                if room.seq is not None and head.head_seq > max(room.seq, room.heard):
                    metrics.gaps_total.labels("head").inc()
                    room.heard = head.head_seq
                    self.watch(room)
