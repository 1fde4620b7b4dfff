"""Every name in Redis, and the two byte layouts that travel under them.

| name | kind | holds |
|---|---|---|
| `ingest:{NN}` | stream | client messages on their way to the writer; never trimmed, entries are deleted after commit |
| `dead:{NN}` | stream | poison entries, capped |
| `fan:{MM}` | pub/sub | what sockets of a conversation get |
| `gw:{node}` | pub/sub | answers for one gateway: repeats, refusals, canaries |
| `at_inbox:{agent}` | string | says that this agent has an inbox open; gateways renew it with each beat |
| `typed:{conversation}` | string | Unix milliseconds of when its customer last typed; lives for `TYPED_KEPT_MS` |
| `inbox:{tenant}` | pub/sub | for agent inboxes: changed rows, offers and their ends, queue counters |
| `control` | pub/sub | words for all gateways: `revoke`, `newest` (a socket got ready), `status` (an agent's choice); for the conductor: `handoff` (a session moved) |
| `events:{issuer}` | stream | domain events, capped by age |
| `presence:*` | see `presence/store.py` | heartbeats |
| `turn:{conversation}` | string | which bot process takes a turn there; lapses with it (`bot/alone.py`) |
| `worker:ready` | string | what a worker does that is warm, comma-separated; it renews it, so it lapses with the last one |
| `worker:seen` | string | the same, kept for a day after it |
| `models:*` | see `ai/models/limits.py` | what providers let us ask a minute, and at once |
| `limit:*` | see `chat_service/shared_buckets.py` | how often somebody may still try to sign in, or come anew |
| `asks`, `ask:{id}`, `answer:{id}` | see `chorus/wire/asks.py` | what the chat API asks a process with index and models |
| `chorus:marker` | string | says that this Redis has been seen; missing means it is new |
"""

import binascii
import struct
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from typing import Final
from uuid import UUID

PARTITIONS: Final = 16
FAN_CHANNELS: Final = 16
INGEST_GROUP: Final = "writer"
CONTROL: Final = "control"
MARKER: Final = "chorus:marker"
WORKER_READY: Final = "worker:ready"
WORKER_SEEN: Final = "worker:seen"
EVENTS_MAX_LEN: Final = 100_000
TYPED_KEPT_MS: Final = 86_400_000


def partition_of(conversation: UUID, partitions: int = PARTITIONS) -> int:
    """The ingest partition of a conversation: crc16 (XMODEM, as Redis Cluster) of its bytes."""
    return binascii.crc_hqx(conversation.bytes, 0) % partitions


def ingest(partition: int) -> str:
    return f"ingest:{partition:02d}"


def dead_letter(partition: int) -> str:
    return f"dead:{partition:02d}"


def fan(conversation: UUID) -> str:
    return f"fan:{binascii.crc_hqx(conversation.bytes, 0) % FAN_CHANNELS:02d}"


def fan_channels() -> list[str]:
    return [f"fan:{number:02d}" for number in range(FAN_CHANNELS)]


def gateway(node: int) -> str:
    """The channel of one gateway: its number in the header, as 16 hex digits."""
    return f"gw:{node_name(node)}"


def node_name(node: int) -> str:
    return f"{node:016x}"


def socket_name(node: int, number: int) -> str:
    """What logs and tables call a socket: the start of its gateway's name, and its number there."""
    return f"{node_name(node)[:8]}{number:x}"


def typed(conversation: UUID) -> str:
    return f"typed:{conversation}"


def at_inbox(agent: UUID) -> str:
    return f"at_inbox:{agent}"


def turn(conversation: UUID) -> str:
    return f"turn:{conversation}"


def inbox(tenant_id: UUID) -> str:
    return f"inbox:{tenant_id}"


def events(issuer: str) -> str:
    return f"events:{issuer}"


class Kind(IntEnum):
    """What a published frame is."""

    DURABLE = 1
    EPHEMERAL = 2
    REPLY = 3
    CANARY = 4


class Audience(IntEnum):
    """Who may read a published frame."""

    EVERYONE = 0
    AGENTS = 1
    AGENTS_AND_AUTHOR = 2
    OTHERS = 3
    """Everyone but the author's own sockets: typing, presence."""
    OTHER_AGENTS = 4
    CUSTOMERS = 5


_HEADER = struct.Struct(">BB16sqQQqq8s")
HEADER_BYTES: Final = _HEADER.size
NO_CONN: Final = 0


@dataclass(frozen=True, slots=True)
class Header:
    """What a gateway reads before it looks at the frame; 66 bytes, fixed.

    `seq` is 0 for what is not durable. `node`, `conn` and `slot` name the socket and the open
    request that the frame answers (0 where there is none); `slot` is the gateway's own number
    for it, never the client's `ref`. `ts_ms` is Unix time of the commit.
    """

    kind: Kind
    audience: Audience
    conversation: UUID
    seq: int
    node: int
    conn: int
    slot: int
    ts_ms: int
    author: bytes

    def pack(self) -> bytes:
        return _HEADER.pack(
            self.kind,
            self.audience,
            self.conversation.bytes,
            self.seq,
            self.node,
            self.conn,
            self.slot,
            self.ts_ms,
            self.author,
        )


NO_AUTHOR: Final = bytes(8)


def author_key(user_id: UUID | None) -> bytes:
    """Eight bytes that stand for a user in a header."""
    return NO_AUTHOR if user_id is None else blake2b(user_id.bytes, digest_size=8).digest()


def conversation_bytes(packed: bytes) -> bytes:
    """The conversation of a packed header: the only part read for a foreign one."""
    return packed[2:18]


def unpack(packed: bytes) -> tuple[Header, bytes]:
    """Split what was published into header and frame.

    Raises:
        ValueError: shorter than a header, or an unknown kind or audience.
    """
    if len(packed) < HEADER_BYTES:
        raise ValueError("too short for a header")
    kind, audience, conversation, seq, node, conn, slot, ts_ms, author = _HEADER.unpack_from(packed)
    header = Header(
        Kind(kind),
        Audience(audience),
        UUID(bytes=conversation),
        seq,
        node,
        conn,
        slot,
        ts_ms,
        author,
    )
    return header, packed[HEADER_BYTES:]
