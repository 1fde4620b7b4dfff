"""The reference client of `chorus.v1`: what PROTOCOL §6 demands, over real sockets.

    async with ChatClient(base, token=visitor.token, conversation_id=visitor.conversation_id) as client:
        await client.send("Hello")
        await client.wait(lambda: client.log[-1].content == "Hi")

It reconnects for ever, resumes, resends and repairs gaps by itself, by the rules of `client_core`
(order) and `reconnect` (when); `client_line` holds the sockets.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

from chorus.ids import uuid7
from launch.client_core import NEVER, Conversation, Entry, Outcome, Settlement
from launch.client_line import Line
from launch.client_options import ClientOptions
from launch.client_socket import Frame, Socket
from launch.faults import LaunchError
from launch.reconnect import Ended, backoff_s
from launch.rest_client import History, RestRefused, open_rest

__all__ = ["ChatClient", "ClientOptions", "MessageHandle", "NotDelivered"]

HEARD: Final = 1_000
ROLES: Final = {"visitor": "customer"}


class NotDelivered(LaunchError):
    """The server refused for good; `code` is the nack code, or `CLOSED` with the close code."""

    exit_code = 1

    def __init__(self, settlement: Settlement) -> None:
        super().__init__(f"{settlement.code}: {settlement.reason}")
        self.code = settlement.code


@dataclass(slots=True, eq=False)
class MessageHandle:
    """What was sent; awaiting it answers the settlement, or raises `NotDelivered`."""

    id: str
    settled: asyncio.Future[Settlement]
    added_s: float
    settled_s: float = NEVER
    """Loop times, for whoever measures."""

    @property
    def seq(self) -> int | None:
        """Its place, once it is known."""
        return self.settled.result().seq if self.settled.done() else None

    def settle(self, settlement: Settlement, at_s: float) -> None:
        if not self.settled.done():
            self.settled_s = at_s
            self.settled.set_result(settlement)

    def __await__(self) -> Generator[Any, None, Settlement]:
        settlement = yield from asyncio.shield(self.settled).__await__()
        if settlement.code is not None:
            raise NotDelivered(settlement)
        return settlement


class ChatClient:
    """One person on one conversation; without `conversation_id`, an agent on the inbox."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str,
        conversation_id: UUID | None = None,
        options: ClientOptions | None = None,
    ) -> None:
        self.base_url = base_url
        self.conversation_id = conversation_id
        self.ready: Frame | None = None
        """`data` of the last `ready`."""
        self.heard: deque[Frame] = deque(maxlen=HEARD)
        """The last frames that are not durable, answers included."""
        self._options = options or ClientOptions()
        path = "inbox" if conversation_id is None else f"conversations/{conversation_id}"
        url = f"ws{base_url.removeprefix('http')}/ws/v1/{path}"
        self._line = Line(url, token, self, self._options)
        self._refs = itertools.count(1)
        self._conversations: dict[UUID | None, Conversation] = {}
        self._followed: set[UUID] = set()
        self._subscribing: dict[int, tuple[UUID, ...]] = {}
        self._handles: dict[str, MessageHandle] = {}
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._line.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._line.__aexit__(kind, error, trace)

    async def close(self) -> None:
        """Close in good order; what is unsettled stays so. `async with` does it too."""
        await self._line.close()

    # -- what a caller sees

    @property
    def log(self) -> list[Entry]:
        """The conversation as applied, own messages included, gapless."""
        return self.log_of(self.conversation_id)

    def log_of(self, conversation_id: UUID | None) -> list[Entry]:
        return self._conversation(conversation_id).log.entries

    @property
    def is_ready(self) -> bool:
        return self._line.primary is not None

    @property
    def stop_reason(self) -> Ended | None:
        """Why there will be no further socket; None while there may be."""
        return self._line.stopped

    @property
    def sockets_opened(self) -> int:
        """How many sockets got ready so far."""
        return self._line.opened

    @property
    def unsettled(self) -> int:
        """How many sent things have no answer yet."""
        return len(self._handles)

    # -- what a caller does

    def send(self, text: str, *, conv: UUID | None = None, **fields: Any) -> MessageHandle:
        """Say something; it is resent until the server has it or refuses for good."""
        return self.command("message", conv=conv, content=text, **fields)

    def command(
        self, event: str, *, conv: UUID | None = None, id: UUID | None = None, **fields: Any
    ) -> MessageHandle:
        """Send a frame with an id, in order with everything else of its conversation.

        On the inbox a frame without `conv` (agent.status, offer.accept) has an order of its own.
        """
        loop = asyncio.get_running_loop()
        handle = MessageHandle(str(id or uuid7()), loop.create_future(), loop.time())
        self._handles[handle.id] = handle
        conversation = self._conversation(conv or self.conversation_id)
        conversation.outbox.add(handle.id, event, {"id": handle.id, **fields})
        if self._line.stopped is not None:
            self.line_stopped(self._line.stopped)
        self._line.wake()
        return handle

    def signal(self, event: str, data: Mapping[str, Any], *, conv: UUID | None = None) -> None:
        """Send what is not answered (typing, receipt, inbox.open); dropped while offline."""
        if self._line.primary is not None:
            self._line.primary.say(event, data, conv=_named(conv))
            self._line.wake()

    def follow(self, *conversation_ids: UUID) -> None:
        """Subscribe the inbox to conversations, now and on every later socket."""
        self._followed.update(conversation_ids)
        if self._line.primary is not None:
            self._subscribe(self._line.primary, conversation_ids)
            self._line.wake()

    def cut(self) -> None:
        """Break every connection without a close, as a dying network does."""
        for socket in self._line.sockets:
            socket.cut()

    async def wait(self, fact: Callable[[], bool], *, timeout_s: float = 10.0) -> None:
        """Wait until `fact()` is true; it is asked after every frame.

        Raises:
            TimeoutError: it was not, in time.
        """
        async with asyncio.timeout(timeout_s):
            while not fact():
                self._changed.clear()
                await self._changed.wait()

    async def wait_ready(self, *, timeout_s: float = 10.0) -> None:
        """Wait until a socket is ready, or until there will be none: see `stop_reason`."""
        await self.wait(lambda: self.is_ready or self.stop_reason is not None, timeout_s=timeout_s)

    async def wait_heard(self, event: str, *, timeout_s: float = 10.0, **expected: Any) -> Frame:
        """Wait for a frame that is not durable; the ones already heard count."""
        found: list[Frame] = []

        def heard() -> bool:
            found[:] = [
                frame
                for frame in self.heard
                if frame["event"] == event and expected.items() <= frame["data"].items()
            ]
            return bool(found)

        await self.wait(heard, timeout_s=timeout_s)
        return found[0]

    # -- what the line says (client_line.Listener)

    def resume(self) -> Frame | None:
        return (
            None
            if self.conversation_id is None
            else self._conversation(self.conversation_id).resume
        )

    def socket_ready(self, socket: Socket, frame: Frame) -> None:
        self.ready = data = frame["data"]
        self._subscribing.clear()
        for conversation in self._conversations.values():
            self._introduce(conversation)
            conversation.outbox.rewind()
        if self.conversation_id is not None:
            conversation = self._conversation(self.conversation_id)
            self._act(
                self.conversation_id, conversation.opened(data["conversation"], data["recovered"])
            )
        elif self._followed:
            self._subscribe(socket, tuple(self._followed))
        self._changed.set()

    def frame_heard(self, socket: Socket, frame: Frame) -> None:
        if self._options.on_frame is not None:
            self._options.on_frame(frame)
        if "seq" not in frame:
            self.heard.append(frame)
        asked = self._subscribing.pop(frame.get("ref", 0), None)
        if frame["event"] == "subscribed":
            self._subscribed(frame["data"])
        elif asked is not None and frame["event"] == "nack" and frame["data"]["retryable"]:
            self._line.spawn(self._subscribe_again(asked))
        named = frame.get("conv")
        conv = UUID(named) if named is not None else self.conversation_id
        at_s = socket.heard_s
        self._act(conv, self._conversation(conv).receive(frame, at_s))
        self._changed.set()

    def pump(self, socket: Socket, at_s: float) -> None:
        for conv, conversation in self._conversations.items():
            named = None if self.conversation_id is not None else _named(conv)
            for leaving in conversation.departures(at_s):
                socket.say(leaving.event, leaving.data, ref=leaving.ref, conv=named)

    def due_s(self) -> float:
        return min((one.due_s() for one in self._conversations.values()), default=NEVER)

    def too_large(self) -> None:
        for conversation in self._conversations.values():
            id = conversation.outbox.largest_in_flight()
            if id is not None:
                reason = "the server closed the socket because of its size"
                self._settle(conversation.outbox.fail(id, "TOO_LARGE", reason))

    def line_stopped(self, why: Ended) -> None:
        for conversation in self._conversations.values():
            for id in conversation.outbox.ids():
                self._settle(conversation.outbox.fail(id, "CLOSED", f"{why.code} {why.reason}"))
        self._changed.set()

    # -- inside

    def _conversation(self, conv: UUID | None) -> Conversation:
        conversation = self._conversations.get(conv)
        if conversation is None:
            conversation = Conversation(self._refs.__next__, self._wait_s)
            self._conversations[conv] = conversation
            self._introduce(conversation)
        return conversation

    def _introduce(self, conversation: Conversation) -> None:
        if self.ready is not None:
            user = self.ready["user"]
            conversation.user_id = user["userId"]
            conversation.role = ROLES.get(user["role"], "agent")

    def _wait_s(self, refusals: int) -> float:
        return backoff_s(refusals, self._options.jitter)

    def _act(self, conv: UUID | None, outcome: Outcome) -> None:
        for settlement in outcome.settled:
            self._settle(settlement)
        if self._options.on_event is not None:
            for entry in outcome.applied:
                self._options.on_event(conv, entry)
        if outcome.refresh_token:
            self._line.spawn(self._renew())
        if outcome.read_history and conv is not None:
            self._line.spawn(self._read_history(conv))

    def _settle(self, settlement: Settlement) -> None:
        handle = self._handles.pop(settlement.id, None)
        if handle is not None:
            handle.settle(settlement, asyncio.get_running_loop().time())

    def _subscribe(self, socket: Socket, conversation_ids: tuple[UUID, ...]) -> None:
        items = [
            {"conv": str(conv), **(self._conversation(conv).resume or {})}
            for conv in conversation_ids
        ]
        ref = next(self._refs)
        self._subscribing[ref] = conversation_ids
        socket.say("subscribe", {"items": items}, ref=ref)

    async def _subscribe_again(self, conversation_ids: tuple[UUID, ...]) -> None:
        await asyncio.sleep(self._wait_s(0))
        wanted = tuple(one for one in conversation_ids if one in self._followed)
        if wanted and self._line.primary is not None:
            self._subscribe(self._line.primary, wanted)
            self._line.wake()

    def _subscribed(self, data: Frame) -> None:
        for item in data["items"]:
            conv = UUID(item["conv"])
            self._act(conv, self._conversation(conv).opened(item, item["recovered"]))
        self._followed.difference_update(UUID(conv) for conv in data["refused"])

    async def _renew(self) -> None:
        await self._line.renew()

    async def _read_history(self, conv: UUID) -> None:
        """Read what the server would not replay, however often it takes."""
        conversation = self._conversation(conv)
        for failures in itertools.count():
            after = conversation.history_after
            try:
                found = await self._history(conv, after)
                break
            except RestRefused as error:
                if 400 <= error.status < 500 and error.status not in (401, 429):
                    return
                await asyncio.sleep(self._wait_s(failures))
        now_s = asyncio.get_running_loop().time()
        self._act(
            conv, conversation.history_read(found.epoch, found.items, after=after, at_s=now_s)
        )
        self._changed.set()
        self._line.wake()

    async def _history(self, conv: UUID, after: int) -> History:
        if self._options.read_history is not None:
            return await self._options.read_history(conv, after)
        async with open_rest(self.base_url, origin=self._options.origin) as rest:
            return await rest.history(self._line.token, conv, after=after)


def _named(conv: UUID | None) -> str | None:
    return None if conv is None else str(conv)
