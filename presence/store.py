"""All Redis keys of the presence process; `chorus/presence.py` tells what they hold."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from chorus import presence, topics
from chorus.bus import Client
from chorus.wire.common import PresenceStatus, Role
from chorus.wire.envelope import encode
from chorus.wire.server_chat import Presence
from presence.tracker import Announced, Person, Sighting, Transition

AHEAD_MS: Final = 1_000
DECISION_GOOD_MS: Final = 2_000
PEOPLE_KEPT_MS: Final = 3_600_000
_PIPELINED: Final = 500
_LUA: Final = Path(__file__).parent / "lua"
_LOOK: Final = (_LUA / "look.lua").read_text()
_ANNOUNCE: Final = (_LUA / "announce.lua").read_text()
_ROLES: Final = {letter: role for role, letter in presence.ROLE_LETTERS.items()}
_STATUSES: Final = {letter: status for status, letter in presence.STATUS_LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Look:
    """What was heard, and when that was by the clock of Redis."""

    now_ms: int
    sightings: list[Sighting]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A transition that was not published, and the record that stands instead."""

    transition: Transition
    stored: Announced | None


async def look(client: Client, *, since_ms: int, ttl_ms: int) -> Look:
    """Read the beats heard at `since_ms` or later, in the order they were heard; 0 reads all."""
    keys = (presence.BEATS, presence.PEOPLE)
    now_ms, scored = await client.eval(
        _LOOK, len(keys), *keys, since_ms, ttl_ms, AHEAD_MS, PEOPLE_KEPT_MS
    )
    pairs = zip(scored[::2], scored[1::2], strict=True)
    return Look(now_ms, [Sighting(*_unpack(beat), int(heard_ms)) for beat, heard_ms in pairs])


async def age_ms(client: Client) -> int:
    """How long this Redis has been up."""
    return int((await client.info("server"))["uptime_in_seconds"]) * 1000


async def announced(client: Client) -> AsyncIterator[Announced]:
    """Everyone who was last announced as anything but offline."""
    async for key, record in client.hscan_iter(presence.PEOPLE, count=1_000):
        person = Person(UUID(bytes=key[:16]), UUID(bytes=key[16:]))
        yield _read_record(person, record)


async def announce(client: Client, transitions: Sequence[Transition]) -> list[Refusal]:
    """Record and publish each transition once, whoever else announces it too."""
    refusals = []
    for start in range(0, len(transitions), _PIPELINED):
        several = transitions[start : start + _PIPELINED]
        pipe = client.pipeline(transaction=False)
        for one in several:
            pipe.eval(_ANNOUNCE, *_announcement(one))
        for one, (taken, stored) in zip(several, await pipe.execute(), strict=True):
            if not taken:
                refusals.append(Refusal(one, _read_record(one.person, stored) if stored else None))
    return refusals


async def trust(client: Client, trusted_from_ms: tuple[int, int], *, for_ms: int) -> bool:
    """Tell readers from when on they may believe what they find, and that somebody looks.

    False means that nobody looked for `for_ms`, or that this Redis was emptied meanwhile.
    """
    records_from_ms, absence_from_ms = trusted_from_ms
    said = f"{records_from_ms} {absence_from_ms}"
    return await client.set(presence.WATCH, said, px=for_ms, get=True) is not None


# Beats of a person who stays are equal bytes, so most are read from here.
@lru_cache(maxsize=65_536)
def _unpack(beat: bytes) -> tuple[Person, bytes, Role, PresenceStatus, frozenset[UUID]]:
    tenant, user, node, role, status = presence.FACTS.unpack_from(beat)
    person = Person(UUID(bytes=tenant), UUID(bytes=user))
    conversations = _conversations(beat[presence.FACTS.size :])
    return person, node, _ROLES[role], _STATUSES[status], conversations


def _conversations(packed: bytes) -> frozenset[UUID]:
    return frozenset(UUID(bytes=packed[at : at + 16]) for at in range(0, len(packed), 16))


def _announcement(one: Transition) -> list[Any]:
    """The keys and arguments of `announce.lua`, their number first."""
    conversations = b"".join(conversation.bytes for conversation in one.interest)
    keys = [presence.PEOPLE, presence.left_key(*one.person)]
    record = f"{one.role} {conversations.hex()}"
    limits = [DECISION_GOOD_MS, presence.LEFT_KEPT_MS]
    facts = [one.status, one.since_ms, one.decided_ms, one.restates_ms, record]
    person = presence.person_key(*one.person)
    return [len(keys), *keys, person, *facts, *limits, *_publications(one)]


def _publications(one: Transition) -> list[str | bytes]:
    """Channel and message for each conversation to be told; never tenant-wide."""
    since = datetime.fromtimestamp(one.since_ms / 1000, UTC)
    frame = encode(Presence(userId=one.person.user_id, status=one.status, since=since))
    author = topics.author_key(one.person.user_id)
    published: list[str | bytes] = []
    for conversation in one.conversations:
        header = topics.Header(
            kind=topics.Kind.EPHEMERAL,
            audience=topics.Audience.OTHERS,
            conversation=conversation,
            seq=0,
            node=0,
            conn=topics.NO_CONN,
            slot=0,
            ts_ms=one.decided_ms,
            author=author,
        )
        published += [topics.fan(conversation), header.pack() + frame]
    return published


def _read_record(person: Person, record: bytes) -> Announced:
    announced_ms, status, since_ms, role, conversations = record.decode().split(" ")
    return Announced(
        person,
        Role(role),
        PresenceStatus(status),
        int(since_ms),
        _conversations(bytes.fromhex(conversations)),
        int(announced_ms),
    )
