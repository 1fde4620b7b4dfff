"""A WebSocket client that costs little, so that the load does not drown what it measures.

It speaks just enough of RFC 6455 and `chorus.v1`: text frames out, text frames in, no fragments.
The masking key is zero, which is a legal key and saves the exclusive-or.
"""

import asyncio
import base64
import json
import secrets
import struct
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

OnFrame = Callable[["LoadSocket", bytes], None]
_ZERO_MASK = bytes(4)


def masked(payload: bytes) -> bytes:
    """One client text frame with the zero key."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x81, 0x80 | size) + _ZERO_MASK + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x81, 0xFE, size) + _ZERO_MASK + payload
    return struct.pack("!BBQ", 0x81, 0xFF, size) + _ZERO_MASK + payload


class LoadSocket(asyncio.Protocol):
    """One socket; `on_frame` gets each text payload after `ready`."""

    def __init__(self, path: str, host: str, token: str, on_frame: OnFrame) -> None:
        self.on_frame = on_frame
        self.live: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.closed = False
        self._head = _upgrade(path, host, token)
        self._buffer = bytearray()
        self._upgraded = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio's, whatever their annotations say.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self.live.done():
            self.live.set_exception(ConnectionError(f"closed before ready: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in self._buffer[:20]:
                self._fail(bytes(self._buffer[:300]).decode("latin-1"))
                return
            self._upgraded = True
            del self._buffer[: end + 4]
        self._frames()

    def send(self, payload: bytes) -> None:
        if self._transport is not None and not self.closed:
            self._transport.write(masked(payload))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _fail(self, why: str) -> None:
        if not self.live.done():
            self.live.set_exception(ConnectionError(why))
        self.close()

    def _frames(self) -> None:
        buffer, start = self._buffer, 0
        while len(buffer) - start >= 2:
            size, head = buffer[start + 1], 2
            if size == 126:
                if len(buffer) - start < 4:
                    break
                size, head = struct.unpack_from("!H", buffer, start + 2)[0], 4
            elif size == 127:
                if len(buffer) - start < 10:
                    break
                size, head = struct.unpack_from("!Q", buffer, start + 2)[0], 10
            if len(buffer) - start < head + size:
                break
            payload = bytes(buffer[start + head : start + head + size])
            opcode = buffer[start] & 0x0F
            start += head + size
            self._frame(opcode, payload)
        del buffer[:start]

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == 8:
            self._fail(f"closed {int.from_bytes(payload[:2], 'big')}")
        elif opcode == 1 and self.live.done():
            if payload.startswith(b'{"event":"ping"'):
                self.send(b'{"event":"pong","data":%b}' % payload[payload.find(b'{"n"') : -1])
            self.on_frame(self, payload)
        elif opcode == 1:
            self._before_ready(payload)

    def _before_ready(self, payload: bytes) -> None:
        frame = json.loads(payload)
        if frame["event"] == "hello":
            nonce = frame["data"]["nonce"]
            auth = {"nonce": nonce, "session": str(uuid4()), "client": {"name": "load"}}
            self.send(json.dumps({"event": "auth", "data": auth}).encode())
        elif frame["event"] == "ready":
            self.live.set_result(frame["data"])


def _upgrade(path: str, host: str, token: str) -> bytes:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n"
        f"Sec-WebSocket-Protocol: chorus.v1, chorus.bearer.{token}\r\n\r\n"
    ).encode()


async def open_load_socket(
    address: tuple[str, int], path: str, token: str, on_frame: OnFrame
) -> LoadSocket:
    """Connect and wait for `ready`.

    Raises:
        ConnectionError: the upgrade was refused or the socket closed; says how.
    """
    host = f"{address[0]}:{address[1]}"
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(
        lambda: LoadSocket(path, host, token, on_frame), *address
    )
    async with asyncio.timeout(30):
        await socket.live
    return socket
