"""What a gateway holds its sockets to, and the greeting that tells them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chorus.auth import Principal
from chorus.codes import CloseCode
from chorus.wire import client, server_socket
from chorus.wire.common import MAX_FRAME_BYTES, MAX_SUBSCRIPTIONS, PROTOCOL
from gateway import nonce

EXPIRY_NOTICE_S = 60
ABUSE_PER_MINUTE = 50
TYPING_TTL_S = 8.0
UNEXPLAINED = frozenset(
    {
        # They are no fault of the client,
        CloseCode.DRAIN,
        CloseCode.NO_PONG,
        CloseCode.REBALANCE,
        # and these take nothing any more.
        CloseCode.SLOW_CONSUMER,
        CloseCode.WRITE_TIMEOUT,
    }
)
BY_ITSELF = (
    client.Ping,
    client.Pong,
    client.Receipt,
    client.Position,
    client.InboxOpen,
    client.Subscribe,
    client.Unsubscribe,
    client.Viewing,
)
"""Frames that a client sends though nobody touches it, most of them whenever it reconnects."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Durations in ms, rates as `(per second, burst)`."""

    node: str
    nonce_key: bytes
    ping_ms: int = 25_000
    dead_ms: int = 35_000
    auth_ms: int = 10_000
    ack_ms: int = 10_000
    expiry_grace_ms: int = 25_000
    customer_messages: tuple[float, int] = (5.0, 20)
    agent_messages: tuple[float, int] = (10.0, 40)
    commands: tuple[float, int] = (10.0, 20)
    signs: tuple[float, int] = (10.0, 400)
    typing: tuple[float, int] = (1 / 3, 1)
    elsewhere: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    """Limits that are kept elsewhere and only told here; a rate of 0 is a count of what is open."""

    def hello(self, conn: str, unix_s: float) -> server_socket.Hello:
        """The greeting of one connection; its nonce is made now."""
        return server_socket.Hello(
            protocol=PROTOCOL,
            conn=conn,
            node=self.node,
            nonce=nonce.make(self.nonce_key, conn, unix_s),
            ts=datetime.fromtimestamp(unix_s, UTC),
            ping_ms=self.ping_ms,
            dead_ms=self.dead_ms,
            auth_ms=self.auth_ms,
            ack_ms=self.ack_ms,
            max_frame=MAX_FRAME_BYTES,
            limits={
                "message": self.customer_messages,
                "agent_message": self.agent_messages,
                "command": self.commands,
                "sign": self.signs,
                "typing": self.typing,
                "subscription": (0.0, MAX_SUBSCRIPTIONS),
                **self.elsewhere,
            },
            backoff=server_socket.Backoff(min_ms=100, max_ms=20_000),
            features=["resume", "receipts", "typing", "presence", "drain"],
        )


def may_say(principal: Principal, frame: client.Message) -> bool:
    """Say whether this token may speak in this role, and so."""
    if frame.role is not None and frame.role not in (principal.role, principal.speaks_as):
        return False
    if "chat:write" not in principal.scopes:
        return False
    return principal.is_agent or (
        frame.visibility == "public" and frame.type not in ("event", "void")
    )
