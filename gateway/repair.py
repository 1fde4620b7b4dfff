"""How a gateway notices that it missed something, and reads it (G4, PROTOCOL §7).

Holes are seen at the next `seq` jump; after every Redis reconnect; when the canary falls silent;
and at worst when the heads of local conversations are compared with PostgreSQL.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
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
PIECE_BYTES = 262_144
"""About so much of what is missing is read at once: what one slow reader makes us hold."""
PATIENCE_S = 1.0
"""So long the readers of a room may take altogether for a piece that all of them missed."""


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
        try:
            await self._write(member, [stored(room.conversation_id, row) for row in state.events])
            await self._reach(member, state.head_seq)
        except Unrecoverable:
            self._unrecoverable(member, None)
        else:
            self._synced(member)
        self.watch(room)

    async def catch_up(self, member: Member, seq: int, epoch: str, ref: int | None) -> None:
        """Answer `position`: the events after `seq` and `synced`, or `nack UNRECOVERABLE`."""
        room = member.room
        await self._hear_of(room, seq)
        head = room.seq or 0
        if epoch != self.epoch or seq > head or head - seq > MAX_REPLAY_EVENTS:
            return self._unrecoverable(member, ref)
        member.cursor = seq
        try:
            await self._reach(member, head)
        except Unrecoverable:
            return self._unrecoverable(member, ref)
        self._synced(member)

    async def _hear_of(self, room: Room[Member], seq: int) -> None:
        """Where a client read the history before the fan-out reached us, read it, too."""
        while seq > (before := room.seq or 0):
            await self._fill(room)
            if room.seq == before:
                return

    async def _reach(self, member: Member, head: int) -> None:
        """Bring a member's cursor to `head`, and on to where the room stands, however often it moves on.

        Raises:
            Unrecoverable: what it lacks is gone.
        """
        room = member.room
        while member.cursor is not None and member.cursor < max(room.seq or 0, head):
            if member.connection.closed:
                return
            events = room.since(member.cursor) or await self._read(room, member.cursor)
            if not events:
                raise Unrecoverable
            await self._write(member, events)

    async def _write(self, member: Member, events: Sequence[Event]) -> None:
        """Write what a member lacks, no faster than its reader takes it.

        What comes live meanwhile does not reach a member that lacks the event before it; once it
        lacks nothing it does, and is passed over here.
        """
        for event in events:
            await member.connection.taken()
            if member.cursor == event.seq - 1:
                self._hub.advance(member, event)

    async def _read(self, room: Room[Member], after: int) -> list[Event]:
        assert room.tenant_id is not None
        reply = await self._rpc.resume(
            ResumeRequest(room.tenant_id, room.conversation_id, after, max_bytes=PIECE_BYTES)
        )
        if reply.first_seq > after + 1 or reply.epoch != self.epoch:
            raise Unrecoverable
        return [stored(room.conversation_id, row) for row in reply.events]

    def _synced(self, member: Member) -> None:
        if member.cursor is None:
            # Its history was lost meanwhile, and it was told so.
            return
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
        await self._refill(room, events)
        if not events:
            room.heard = room.seq
        return True

    async def _refill(self, room: Room[Member], events: Sequence[Event]) -> None:
        """Give a room what it lacked as its readers take it; who is slow holds the others up once."""
        until_s = asyncio.get_running_loop().time() + PATIENCE_S
        for event in events:
            behind = [one for one in room.members.values() if one.cursor == event.seq - 1]
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until_s):
                    for member in behind:
                        await member.connection.taken()
            self._hub.durable(room, event)

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
