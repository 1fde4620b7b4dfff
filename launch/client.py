"""One socket, one attempt: what a probe needs. It neither resumes nor resends (see ws_client)."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

from chorus.ids import uuid7
from launch.faults import LaunchError

TIMEOUT_S = 10
PROTOCOL = "chorus.v1"

Frame = dict[str, Any]


class Refused(LaunchError):
    """The server said no; the message carries its answer."""

    exit_code = 1


class ChatSocket:
    """An authenticated socket; `ready` is the server's first word about the session."""

    def __init__(self, connection: ClientConnection, ready: Frame) -> None:
        self._connection = connection
        self.ready = ready

    async def send(self, event: str, data: Frame, **envelope: object) -> None:
        """Send a frame; extra arguments stand beside `data` in the envelope."""
        await self._connection.send(json.dumps({"event": event, "data": data, **envelope}))

    async def say(self, content: str) -> str:
        """Send a message and answer its id; the answer comes among the frames."""
        message_id = str(uuid7())
        await self.send("message", {"id": message_id, "content": content})
        return message_id

    async def frames(self) -> AsyncIterator[Frame]:
        """Yield frames until the server closes, answering its pings on the way."""
        try:
            async for text in self._connection:
                for frame in _objects(text):
                    if frame["event"] == "ping":
                        await self.send("pong", {"n": frame["data"]["n"]})
                    else:
                        yield frame
        except ConnectionClosed as closed:
            raise Refused(f"The server closed the socket: {_why(closed)}") from closed

    async def until(self, event: str, **expected: object) -> Frame:
        """Read on until a frame of that kind holds these data; a `nack` ends the wait."""
        async for frame in self.frames():
            data = frame["data"]
            if frame["event"] == "nack":
                raise Refused(f"The server refused: {data.get('code')} {data.get('reason', '')}")
            if frame["event"] == event and expected.items() <= data.items():
                return frame
        raise Refused(f"The server closed the socket before `{event}`")


def _objects(text: str | bytes) -> list[Frame]:
    lines = text.decode() if isinstance(text, bytes) else text
    return [json.loads(line) for line in lines.split("\n") if line]


def _why(closed: ConnectionClosed) -> str:
    close = closed.rcvd
    return f"{close.code} {close.reason}".strip() if close else "connection lost"


@asynccontextmanager
async def open_socket(ws_url: str, path: str, token: str) -> AsyncIterator[ChatSocket]:
    """Open a socket and sign in on it.

    Raises:
        Refused: the upgrade or the sign-in failed; says how.
    """
    wanted = [Subprotocol(PROTOCOL), Subprotocol(f"chorus.bearer.{token}")]
    opening = connect(
        ws_url + path,
        origin=Origin("http" + ws_url.removeprefix("ws")),
        subprotocols=wanted,
        compression=None,
        proxy=None,
        open_timeout=TIMEOUT_S,
        ping_interval=None,
        close_timeout=2,
    )
    try:
        connection = await opening
    except InvalidStatus as error:
        status = error.response.status_code
        raise Refused(f"No WebSocket at {ws_url}{path}: the server answered {status}") from error
    except (OSError, TimeoutError, WebSocketException) as error:
        raise Refused(f"No WebSocket at {ws_url}{path}: {error}") from error
    async with connection:
        yield await _signed_in(connection)


async def _signed_in(connection: ClientConnection) -> ChatSocket:
    socket = ChatSocket(connection, {})
    hello = await socket.until("hello")
    data = {
        "nonce": hello["data"]["nonce"],
        "session": str(uuid.uuid4()),
        "client": {"name": "chorus-cli", "version": "0.1"},
    }
    await socket.send("auth", data)
    socket.ready = await socket.until("ready")
    return socket
