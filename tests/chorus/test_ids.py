"""UUIDv7 as RFC 9562 §5.7 says."""

import time
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorus.ids import is_uuid7, uuid7, uuid7_ms


@given(st.integers(0, 2**48 - 1))
def test_an_id_carries_its_time(at_ms: int) -> None:
    made = uuid7(at_ms)
    assert is_uuid7(made)
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert uuid7_ms(made) == at_ms


@given(st.integers(0, 2**48 - 2))
def test_a_later_id_sorts_after_an_earlier_one(at_ms: int) -> None:
    assert uuid7(at_ms) < uuid7(at_ms + 1)
    assert str(uuid7(at_ms)) < str(uuid7(at_ms + 1))


def test_an_id_made_now_carries_now() -> None:
    before = time.time_ns() // 1_000_000
    made_ms = uuid7_ms(uuid7())
    assert before <= made_ms <= time.time_ns() // 1_000_000


def test_ids_of_one_millisecond_differ() -> None:
    assert len({uuid7(1) for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize("value", [uuid4(), UUID(int=0), UUID(int=2**128 - 1)])
def test_other_versions_are_no_uuid7(value: UUID) -> None:
    assert not is_uuid7(value)


def test_the_right_version_in_another_variant_is_no_uuid7() -> None:
    assert not is_uuid7(UUID(int=uuid7().int ^ 1 << 63))


def test_the_example_of_the_rfc_is_read() -> None:
    example = UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
    assert is_uuid7(example)
    assert uuid7_ms(example) == 1_645_557_742_000
