"""What waits behind a refused message, and until when."""

import pytest

from chorus.codes import NackCode
from chorus.ids import uuid7
from gateway.gates import AGAIN_S, GATE_S, LANES, RECENT, Gates

ROOM = uuid7()
LIMITED = NackCode.RATE_LIMITED


def test_what_came_before_the_refused_one_passes_and_what_came_after_waits() -> None:
    gates = Gates()
    before, refused, after = uuid7(), uuid7(), uuid7()
    assert [gates.admit(ROOM, one, 0.0) for one in (before, refused)] == [None, None]
    gates.refuse(ROOM, refused, LIMITED, 0.0)
    assert gates.admit(ROOM, after, 0.1) is LIMITED
    assert gates.admit(ROOM, before, 0.2) is None
    assert gates.admit(ROOM, refused, 0.3) is None
    assert gates.admit(ROOM, after, 0.4) is None


def test_a_refusal_further_ahead_moves_the_gate_there() -> None:
    gates = Gates()
    first, second = uuid7(), uuid7()
    for one in (first, second):
        gates.admit(ROOM, one, 0.0)
    gates.refuse(ROOM, second, LIMITED, 0.0)
    gates.refuse(ROOM, first, NackCode.UNAVAILABLE, 0.1)
    assert gates.admit(ROOM, second, 0.2) is NackCode.UNAVAILABLE
    assert gates.admit(ROOM, first, 0.3) is None
    assert gates.admit(ROOM, second, 0.4) is None


def test_one_that_turns_out_to_be_stored_hands_the_gate_to_the_next_refused() -> None:
    gates = Gates()
    first, second, third = uuid7(), uuid7(), uuid7()
    gates.refuse(ROOM, first, LIMITED, 0.0)
    assert gates.admit(ROOM, second, GATE_S - 0.1) is LIMITED
    gates.settle(ROOM, first, GATE_S - 0.1)
    assert gates.admit(ROOM, third, GATE_S) is LIMITED
    assert gates.admit(ROOM, second, GATE_S) is None


def test_a_refused_repeat_of_a_stored_message_holds_nothing_back() -> None:
    gates = Gates()
    stored = uuid7()
    gates.admit(ROOM, stored, 0.0)
    gates.settle(ROOM, stored, 0.0)
    gates.refuse(ROOM, stored, LIMITED, 0.1)
    assert gates.admit(ROOM, uuid7(), 0.2) is None


def test_who_drops_the_refused_message_waits_five_seconds_at_most() -> None:
    gates = Gates()
    gates.refuse(ROOM, uuid7(), LIMITED, 0.0)
    second = uuid7()
    assert gates.admit(ROOM, second, GATE_S - 0.1) is LIMITED
    assert gates.admit(ROOM, second, GATE_S) is None


def test_what_was_refused_just_before_the_end_is_not_overtaken_right_after_it() -> None:
    gates = Gates()
    gates.refuse(ROOM, uuid7(), LIMITED, 0.0)
    second, third = uuid7(), uuid7()
    assert gates.admit(ROOM, second, GATE_S - 0.01) is LIMITED
    assert gates.admit(ROOM, third, GATE_S + 0.01) is LIMITED
    assert [gates.admit(ROOM, one, GATE_S + 0.5) for one in (second, third)] == [None, None]


def test_who_never_repeats_anything_is_held_back_for_a_second_more_and_not_for_ever() -> None:
    gates = Gates()
    gates.refuse(ROOM, uuid7(), LIMITED, 0.0)
    for tenths in range(1, 60):
        assert gates.admit(ROOM, uuid7(), tenths / 10) is LIMITED
    assert gates.admit(ROOM, uuid7(), GATE_S + AGAIN_S) is None


def test_more_than_are_remembered_come_again_in_their_order() -> None:
    gates = Gates()
    many = [uuid7() for _ in range(RECENT + 10)]
    gates.refuse(ROOM, many[0], LIMITED, 0.0)
    for one in many[1:]:
        assert gates.admit(ROOM, one, 0.0) is LIMITED
    assert [gates.admit(ROOM, one, 0.5) for one in many] == [None] * len(many)


@pytest.mark.parametrize("code", [NackCode.CONVERSATION_CLOSED, NackCode.FORBIDDEN])
def test_nothing_waits_for_what_was_refused_for_good(code: NackCode) -> None:
    gates = Gates()
    gates.refuse(ROOM, uuid7(), code, 0.0)
    assert gates.admit(ROOM, uuid7(), 0.1) is None


def test_conversations_wait_for_themselves_alone() -> None:
    gates = Gates()
    gates.refuse(ROOM, uuid7(), LIMITED, 0.0)
    assert gates.admit(uuid7(), uuid7(), 0.1) is None


def test_memory_is_bounded() -> None:
    gates = Gates()
    for _ in range(10 * RECENT):
        gates.refuse(ROOM, uuid7(), LIMITED, 0.0)
    assert len(gates._lanes[ROOM].refused) == RECENT
    for second in range(10 * LANES):
        gates.refuse(uuid7(), uuid7(), LIMITED, float(second))
    assert len(gates._lanes) <= LANES
