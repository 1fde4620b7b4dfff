"""Names in Redis, partitions, and the fixed header before every published frame."""

from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorus import topics
from chorus.ids import uuid7
from chorus.topics import (
    FAN_CHANNELS,
    HEADER_BYTES,
    NO_AUTHOR,
    PARTITIONS,
    Audience,
    Header,
    Kind,
    author_key,
    conversation_bytes,
    partition_of,
    unpack,
)

SIGNED = st.integers(-(2**63), 2**63 - 1)
UNSIGNED = st.integers(0, 2**64 - 1)
HEADERS = st.builds(
    Header,
    kind=st.sampled_from(Kind),
    audience=st.sampled_from(Audience),
    conversation=st.uuids(),
    seq=SIGNED,
    node=UNSIGNED,
    conn=UNSIGNED,
    slot=SIGNED,
    ts_ms=SIGNED,
    author=st.binary(min_size=8, max_size=8),
)


@given(HEADERS, st.binary(max_size=200))
def test_what_was_packed_is_unpacked(header: Header, frame: bytes) -> None:
    packed = header.pack() + frame
    assert unpack(packed) == (header, frame)
    assert conversation_bytes(packed) == header.conversation.bytes


def test_a_header_has_66_bytes() -> None:
    assert HEADER_BYTES == 66


@given(st.binary(max_size=150))
def test_foreign_bytes_are_a_value_error_or_a_header(packed: bytes) -> None:
    try:
        header, frame = unpack(packed)
    except ValueError:
        return
    assert header.pack() + frame == packed


@given(HEADERS, st.integers(0, HEADER_BYTES - 1))
def test_a_cut_header_is_refused(header: Header, length: int) -> None:
    with pytest.raises(ValueError, match="too short"):
        unpack(header.pack()[:length])


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        unpack(b"")


@pytest.mark.parametrize("place", [0, 1])
def test_an_unknown_kind_or_audience_is_refused(place: int) -> None:
    packed = bytearray(HEADER_BYTES)
    packed[0] = Kind.DURABLE
    packed[place] = 200
    with pytest.raises(ValueError, match="200"):
        unpack(bytes(packed))


@given(st.uuids(), st.integers(1, 1024))
def test_a_conversation_has_one_partition(conversation: UUID, partitions: int) -> None:
    partition = partition_of(conversation, partitions)
    assert 0 <= partition < partitions
    assert partition == partition_of(UUID(str(conversation)), partitions)


def test_partitions_are_those_of_redis_cluster() -> None:
    # crc16 XMODEM of "123456789" is 0x31C3, the check value of the Redis Cluster specification.
    assert partition_of(UUID(bytes=b"123456789"[:9].rjust(16, b"\0")), 2**16) == 0x31C3


def test_conversations_spread_over_all_partitions_and_channels() -> None:
    made = [uuid7() for _ in range(4_000)]
    by_partition = Counter(partition_of(one) for one in made)
    by_channel = Counter(topics.fan(one) for one in made)
    assert len(by_partition) == PARTITIONS
    assert set(by_channel) == set(topics.fan_channels())
    assert max(by_partition.values()) < 2 * len(made) / PARTITIONS
    assert max(by_channel.values()) < 2 * len(made) / FAN_CHANNELS


def test_nobody_has_an_author_key_of_zeros() -> None:
    assert author_key(None) == NO_AUTHOR
    keys = {author_key(uuid7()) for _ in range(1_000)}
    assert len(keys) == 1_000
    assert NO_AUTHOR not in keys


def test_names_in_redis_are_what_operators_look_for() -> None:
    one = UUID(int=1)
    assert (topics.ingest(3), topics.dead_letter(3)) == ("ingest:03", "dead:03")
    assert (topics.gateway(161), topics.events("chat")) == ("gw:00000000000000a1", "events:chat")
    assert (topics.typed(one), topics.inbox(one)) == (f"typed:{one}", f"inbox:{one}")
    assert len(topics.fan_channels()) == FAN_CHANNELS
