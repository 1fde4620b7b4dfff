"""One socket of a client: dialled, spoken on in order, and watched for silence."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

from chorus.wire.common import BEARER_PREFIX, PROTOCOL
from launch.client_core import NEVER

OPEN_TIMEOUT_S: Final = 10.0
SEND_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 2.0
UNGREETED_S: Final = 15.0
MAX_FRAME_BYTES: Final = 4_194_304

Frame = dict[str, Any]


class DialFailed(Exception):
    """No socket; `status` is that of the HTTP answer, 0 where there was none."""

    def __init__(self, message: str, *, status: int = 0, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


@dataclass(slots=True, eq=False)
class Socket:
    """What is known of one connection."""

    connection: ClientConnection
    opened_s: float
    heard_s: float
    ping_s: float = NEVER
    """Between two pings; `hello` says it."""
    dead_s: float = UNGREETED_S
    """How long silence may last."""
    pinged_s: float = 0.0
    pings: int = 0
    ready_s: float | None = None
    replaced: bool = False
    """Another socket of ours took over; whatever it is closed with means nothing."""
    draining: bool = False
    """A successor is on its way, so the end of this one needs none."""
    outgoing: deque[Frame] = field(default_factory=deque)

    def say(self, event: str, data: Mapping[str, Any], **envelope: Any) -> None:
        """Queue a frame; the writer sends it."""
        named = {key: value for key, value in envelope.items() if value is not None}
        self.outgoing.append({"event": event, "data": data, **named})

    def greeted(self, hello: Mapping[str, Any], at_s: float) -> None:
        self.ping_s, self.dead_s = hello["ping_ms"] / 1000, hello["dead_ms"] / 1000
        self.pinged_s = at_s

    def keep_alive(self, at_s: float) -> None:
        """Ping in time, and cut a connection that says nothing any more."""
        if at_s >= self.heard_s + self.dead_s:
            self.cut()
        elif at_s >= self.pinged_s + self.ping_s:
            self.pings, self.pinged_s = self.pings + 1, at_s
            self.say("ping", {"n": self.pings})

    def due_s(self) -> float:
        """When `keep_alive` has something to do."""
        return min(self.heard_s + self.dead_s, self.pinged_s + self.ping_s)

    async def flush(self) -> None:
        """Send what is queued, in order. A connection that takes nothing is cut."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                while self.outgoing:
                    await self.connection.send(orjson.dumps(self.outgoing.popleft()).decode())
        except TimeoutError:
            self.cut()
        except ConnectionClosed:
            self.outgoing.clear()

    def cut(self) -> None:
        """Break the TCP connection without a word, as a dying network does."""
        self.outgoing.clear()
        self.connection.transport.abort()


async def dial(url: str, token: str, *, origin: str, at_s: float) -> Socket:
    """Open a connection.

    Raises:
        DialFailed: the server refused the upgrade, or there is none.
    """
    try:
        connection = await connect(
            url,
            origin=Origin(origin),
            subprotocols=[Subprotocol(PROTOCOL), Subprotocol(BEARER_PREFIX + token)],
            compression=None,
            proxy=None,
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=None,
            close_timeout=CLOSE_TIMEOUT_S,
            max_size=MAX_FRAME_BYTES,
            max_queue=64,
        )
    except InvalidStatus as error:
        answer = error.response
        raise DialFailed(
            f"{url}: the server answered {answer.status_code}",
            status=answer.status_code,
            retry_after_s=_seconds(answer.headers.get("Retry-After")),
        ) from error
    except (OSError, TimeoutError, EOFError, WebSocketException) as error:
        raise DialFailed(f"{url}: {str(error) or type(error).__name__}") from error
    return Socket(connection, at_s, at_s)


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isdigit() else 0.0
