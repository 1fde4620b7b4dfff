"""A WebSocket client made of bytes, so that a test can send what no library would."""

import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
Header = tuple[bytes, bytes]


def upgrade_request(
    path: bytes = b"/echo", *, without: Sequence[bytes] = (), extra: Sequence[Header] = ()
) -> bytes:
    lines: list[Header] = [
        (b"Host", b"chorus.test"),
        (b"Upgrade", b"websocket"),
        (b"Connection", b"Upgrade"),
        (b"Sec-WebSocket-Key", KEY),
        (b"Sec-WebSocket-Version", b"13"),
    ]
    kept = [line for line in lines if line[0] not in without] + list(extra)
    return (
        b"GET %s HTTP/1.1\r\n" % path
        + b"".join(name + b": " + value + b"\r\n" for name, value in kept)
        + b"\r\n"
    )


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True, rsv: int = 0
) -> bytes:
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    size, mask_bit = len(payload), 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", first, mask_bit | size)
    elif size < 65_536:
        head = struct.pack("!BBH", first, mask_bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    pad = (key * (size // 4 + 1))[:size]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
    return head + key + mixed.to_bytes(size, "big")


@dataclass(frozen=True, slots=True)
class Received:
    opcode: int
    payload: bytes

    @property
    def close_code(self) -> int | None:
        return struct.unpack("!H", self.payload[:2])[0] if self.payload else None


class RawSocket:
    def __init__(
        self, port: int, *, receive_buffer_bytes: int | None = None, timeout_s: float = 10.0
    ) -> None:
        self.socket = socket.socket()
        if receive_buffer_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(timeout_s)
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_until_eof(self) -> bytes:
        """Everything up to the server's FIN or reset. Raises TimeoutError where the server holds the socket open."""
        while piece := self._piece():
            self.buffer += piece
        taken, self.buffer = self.buffer, b""
        return taken

    def head(self) -> bytes:
        while b"\r\n\r\n" not in self.buffer and (piece := self._piece()):
            self.buffer += piece
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head

    def status(self) -> int:
        head = self.head()
        return int(head.split()[1]) if head else 0

    def upgrade(self, path: bytes = b"/echo") -> Self:
        self.send(upgrade_request(path))
        assert self.status() == 101
        return self

    def receive(self) -> Received | None:
        """The next frame, or None at the end of the stream."""
        if (head := self._exactly(2)) is None:
            return None
        size = head[1] & 0x7F
        if size > 125:
            long = self._exactly(2 if size == 126 else 8)
            assert long is not None
            size = int.from_bytes(long, "big")
        payload = self._exactly(size)
        return None if payload is None else Received(head[0] & 0x0F, payload)

    def receive_all(self) -> list[Received]:
        got = []
        while (one := self.receive()) is not None:
            got.append(one)
        return got

    def close_code(self) -> int | None:
        """Read to the end of the stream and tell the code of its close frame, None without one."""
        closes = [one for one in self.receive_all() if one.opcode == CLOSE]
        assert len(closes) <= 1
        return closes[0].close_code if closes else None

    def _exactly(self, size: int) -> bytes | None:
        while len(self.buffer) < size:
            if not (piece := self._piece()):
                return None
            self.buffer += piece
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def _piece(self) -> bytes:
        try:
            return self.socket.recv(65_536)
        except ConnectionResetError:
            return b""
