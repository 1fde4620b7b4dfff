"""Presence as gateways see it: they beat, leave and read; `presence/` watches and announces.

| key | kind | holds | lives |
|---|---|---|---|
| `presence:beats` | sorted set | packed beats by when they were heard | 10 min after the last beat; what is older than the TTL is swept at each look |
| `presence:people` | hash | person → what was announced last, while not offline | 1 h after the last look |
| `presence:left:{tenant}:{user}` | string | the same of one who is offline | 24 h |
| `presence:watch` | string | from when on records, and absence, can be believed | 2 × TTL after the last look |

There is one clock, that of Redis, read inside the scripts: clocks of gateways differ, and one that
is late by more than the TTL would make all people of its gateway offline. The score is when a beat
was heard, not when it expires: only `presence/` knows the TTL, so nobody can disagree about it.
"""

import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from chorus.bus import Client, RedisFailure
from chorus.errors import Unavailable
from chorus.wire.common import PresenceStatus, Role

BEATS: Final = "presence:beats"
PEOPLE: Final = "presence:people"
WATCH: Final = "presence:watch"
BEATS_KEPT_MS: Final = 600_000
LEFT_KEPT_MS: Final = 86_400_000

FACTS: Final = struct.Struct(">16s16s8scc")
"""Tenant, user, digest of the node, role, status; the conversations follow, 16 bytes each."""
ROLE_LETTERS: Final = {Role.CUSTOMER: b"c", Role.AGENT: b"a"}
STATUS_LETTERS: Final = {
    PresenceStatus.ONLINE: b"o",
    PresenceStatus.AWAY: b"a",
    PresenceStatus.BUSY: b"b",
    PresenceStatus.OFFLINE: b"-",
}
_BEAT_LUA: Final = Path(__file__).with_name("beat.lua").read_text()
_BEATS_A_SCRIPT: Final = 500
_BEATS_A_TRIP: Final = 2_000


@dataclass(frozen=True, slots=True)
class Beat:
    """One person is here, on at least one socket of one gateway.

    `role` is customer or agent. `status` sums up the sockets of this gateway only. `conversations`
    are those whose other participants are told when the person comes or goes.
    """

    tenant_id: UUID
    user_id: UUID
    role: Role
    node: str
    conversations: frozenset[UUID]
    status: PresenceStatus = PresenceStatus.ONLINE


class Seen(NamedTuple):
    """What is known of a person; `since_ms` is Unix time.

    Of one who is offline without a record nobody knows when they went, but since when at the latest.
    """

    status: PresenceStatus
    since_ms: int


async def beat(client: Client, beats: Sequence[Beat]) -> None:
    """Say that these people are here: once a tick for all local ones, and at once for a new one.

    One round trip for 2,000 people; the event loop gets a turn between two of them.

    Raises:
        Unavailable: Redis cannot be reached; show `unknown` until `read` says otherwise.
    """
    await _note(client, [_packed(one, one.status) for one in beats])


async def leave(client: Client, gone: Sequence[Beat]) -> None:
    """Say that the last socket of these people on this gateway closed; the linger begins.

    A gateway that dies cannot say it: then the TTL passes first.

    Raises:
        Unavailable: as `beat`.
    """
    await _note(client, [_packed(one, PresenceStatus.OFFLINE) for one in gone])


async def read(client: Client, tenant_id: UUID, user_ids: Sequence[UUID]) -> dict[UUID, Seen]:
    """Look up what a newly ready socket is shown; `unknown` while Redis or `presence/` is away."""
    if not user_ids:
        return {}
    pipe = client.pipeline(transaction=False)
    pipe.time()
    pipe.get(WATCH)
    pipe.hmget(PEOPLE, [person_key(tenant_id, user) for user in user_ids])
    pipe.mget([left_key(tenant_id, user) for user in user_ids])
    try:
        (seconds, micros), watch, here, left = await pipe.execute()
    except RedisFailure:
        return dict.fromkeys(user_ids, Seen(PresenceStatus.UNKNOWN, time.time_ns() // 1_000_000))
    now_ms = seconds * 1000 + micros // 1000
    found = zip(user_ids, here, left, strict=True)
    return {user: _seen(record or gone, watch, now_ms) for user, record, gone in found}


def person_key(tenant_id: UUID, user_id: UUID) -> bytes:
    """The field of a person in `presence:people`; a packed beat begins with it."""
    return tenant_id.bytes + user_id.bytes


def left_key(tenant_id: UUID, user_id: UUID) -> str:
    return f"presence:left:{tenant_id}:{user_id}"


def _seen(record: bytes | None, watch: bytes | None, now_ms: int) -> Seen:
    """Judge a record `announced_ms status since_ms …` by `watch`: `records_from_ms absence_from_ms`."""
    records_from_ms, absence_from_ms = (
        map(int, watch.split()) if watch else (now_ms + 1, now_ms + 1)
    )
    if record is not None and now_ms >= records_from_ms:
        _, status, since_ms, *_ = record.split(b" ")
        return Seen(PresenceStatus(status.decode()), int(since_ms))
    absent_from_ms = max(records_from_ms, absence_from_ms)
    if record is None and now_ms >= absent_from_ms:
        # Whoever left after that has a record, for as long as records are kept.
        return Seen(PresenceStatus.OFFLINE, max(absent_from_ms, now_ms - LEFT_KEPT_MS))
    return Seen(PresenceStatus.UNKNOWN, now_ms)


def _packed(one: Beat, status: PresenceStatus) -> bytes:
    node = blake2b(one.node.encode(), digest_size=8).digest()
    facts = (
        one.tenant_id.bytes,
        one.user_id.bytes,
        node,
        ROLE_LETTERS[one.role],
        STATUS_LETTERS[status],
    )
    return FACTS.pack(*facts) + b"".join(
        sorted(conversation.bytes for conversation in one.conversations)
    )


async def _note(client: Client, packed: Sequence[bytes]) -> None:
    try:
        for start in range(0, len(packed), _BEATS_A_TRIP):
            trip = packed[start : start + _BEATS_A_TRIP]
            pipe = client.pipeline(transaction=False)
            for first in range(0, len(trip), _BEATS_A_SCRIPT):
                pipe.eval(
                    _BEAT_LUA, 1, BEATS, BEATS_KEPT_MS, *trip[first : first + _BEATS_A_SCRIPT]
                )
            await pipe.execute()
    except RedisFailure as error:
        raise Unavailable from error
