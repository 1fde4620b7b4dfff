"""What is promised to a waiting customer, and when nothing is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_service.eta import Service, expected_wait_s

BUSY = Service(slots=10, free_slots=0, handle_times_s=(300, 600, 9_000))
SERVICES = st.builds(
    Service,
    slots=st.integers(1, 50),
    free_slots=st.integers(-5, 50),
    handle_times_s=st.lists(st.floats(1, 10_000), min_size=1, max_size=9),
)


@pytest.mark.parametrize(("position", "expected_s"), [(1, 60), (2, 120), (10, 600)])
def test_slots_free_up_evenly_in_the_median_handle_time(position: int, expected_s: int) -> None:
    assert expected_wait_s(position, BUSY) == expected_s


def test_a_free_slot_means_no_wait() -> None:
    some_free = replace(BUSY, free_slots=2)
    assert [expected_wait_s(position, some_free) for position in (1, 2, 3)] == [0, 0, 60]
    assert expected_wait_s(1, replace(some_free, handle_times_s=())) == 0


@pytest.mark.parametrize(
    "service",
    [
        replace(BUSY, slots=0),
        replace(BUSY, presence_known=False),
        replace(BUSY, handle_times_s=()),
    ],
    ids=["nobody serves", "presence unknown", "no history"],
)
def test_nothing_is_promised_without_knowing(service: Service) -> None:
    assert expected_wait_s(1, service) is None


@given(SERVICES, st.integers(1, 100))
def test_who_stands_further_back_waits_no_less(service: Service, position: int) -> None:
    here, behind = (expected_wait_s(place, service) for place in (position, position + 1))
    assert here is not None and behind is not None
    assert 0 <= here <= behind


@given(SERVICES, st.integers(1, 100))
def test_more_slots_make_nobody_wait_longer(service: Service, position: int) -> None:
    more = expected_wait_s(position, replace(service, slots=service.slots + 1))
    before = expected_wait_s(position, service)
    assert more is not None and before is not None
    assert more <= before
