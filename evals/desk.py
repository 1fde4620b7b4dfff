"""A chat service in memory, as far as a bot asks one: it keeps what is said, and nobody else is there.

Frames are read as the real one reads them; what comes under another floor is refused.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson

from bot.ports import BotCard, Where
from chat_service.bots import BRIEF, STANDING, HandOver
from chat_service.rpc import read_frame
from chorus.codes import NackCode
from chorus.errors import Forbidden
from chorus.ids import uuid7
from chorus.wire.calls import (
    AccessReply,
    AccessRequest,
    ActReply,
    ActRequest,
    HeadsReply,
    HeadsRequest,
    IngestReply,
    IngestRequest,
    ReceiptsReply,
    ReceiptsRequest,
    ResumeReply,
    ResumeRequest,
    StoredEvent,
)
from chorus.wire.client import Message
from chorus.wire.common import Floor
from chorus.wire.envelope import encode_raw, nack
from evals.knowledge import TENANT

_EPOCH: Final = "desk"


@dataclass(slots=True)
class Thread:
    """A conversation: what was said, who may speak, and why a person was called, if one was."""

    events: list[StoredEvent] = field(default_factory=list)
    holder: str = Floor.BOT
    floor_epoch: int = 1
    called_for: tuple[str, ...] | None = None

    def add(self, role: str, data: dict[str, Any]) -> None:
        """Store a public message. `data` as its frame carries it."""
        seq = len(self.events) + 1
        told = {"event": "message", "seq": seq, "data": {**data, "role": role}}
        frame = orjson.dumps(told, default=str).decode()
        self.events.append(StoredEvent(seq, "public", None, frame, UUID(str(data["id"]))))

    def said(self, role: str) -> list[dict[str, Any]]:
        """The messages of one side, in order."""
        told = [orjson.loads(one.frame)["data"] for one in self.events]
        return [one for one in told if one["role"] == role]


@dataclass(slots=True)
class Desk:
    """Implements `chorus.rpc.ChatRpc` for one bot of one tenant, which has the floor at first."""

    bot: BotCard
    threads: dict[UUID, Thread] = field(default_factory=dict)

    def open(self, text: str) -> Where:
        """A customer begins a conversation by saying this."""
        where = Where(TENANT, uuid7())
        thread = self.threads[where.conversation_id] = Thread()
        thread.add("customer", {"id": uuid7(), "content": text})
        return where

    async def act(self, request: ActRequest) -> ActReply:
        if request.event == STANDING:
            # What is on its shelf was never taken away.
            return _reply(STANDING, request.data)
        thread = self.threads[_id(request)]
        if request.event == BRIEF:
            return _reply(BRIEF, self._brief(thread))
        frame = read_frame(request.event, request.data)
        if not isinstance(frame, Message | HandOver):
            raise Forbidden
        if (thread.holder, thread.floor_epoch) != (Floor.BOT, frame.floor_epoch):
            return _reply("nack", nack(NackCode.STALE_FLOOR, id=frame.id))
        if isinstance(frame, HandOver):
            thread.holder, thread.floor_epoch = Floor.NONE, thread.floor_epoch + 1
            thread.called_for = tuple(frame.reasons)
        else:
            thread.add("bot", request.data)
        return _reply("delivered", {"id": frame.id})

    async def resume(self, request: ResumeRequest) -> ResumeReply:
        thread = self.threads[request.conversation_id]
        after = [one for one in thread.events if one.seq > request.after]
        head = len(thread.events)
        return ResumeReply(
            _EPOCH, head, 1, thread.holder, thread.floor_epoch, after[: request.limit]
        )

    async def access(self, request: AccessRequest) -> AccessReply:
        raise Forbidden

    async def heads(self, request: HeadsRequest) -> HeadsReply:
        raise Forbidden

    async def ingest(self, request: IngestRequest) -> IngestReply:
        raise Forbidden

    async def receipts(self, request: ReceiptsRequest) -> ReceiptsReply:
        raise Forbidden

    def _brief(self, thread: Thread) -> dict[str, Any]:
        session = None if thread.called_for is None else "queued"
        return {
            "status": "open",
            "head_seq": len(thread.events),
            "session": session,
            "tenant": {"slug": "shop", "tier": "free"},
            "bot": asdict(self.bot),
        }


def _id(request: ActRequest) -> UUID:
    if request.conversation_id is None:
        raise Forbidden
    return request.conversation_id


def _reply(event: str, data: dict[str, Any]) -> ActReply:
    return ActReply([encode_raw(event, data).decode()])
