"""Order of one conversation at a gateway, under any order of arrival."""

import json
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from chorus.ids import uuid7
from chorus.topics import Audience, author_key
from gateway.room import MAX_EARLY, RECENT_EVENTS, Event, Room
from tests.support.examples import examples

CONVERSATION = uuid7()
AUTHOR = author_key(uuid7())


@dataclass
class Looker:
    is_agent: bool = False
    author: bytes = bytes(8)
    names_conversation: bool = False


def event(seq: int, audience: Audience = Audience.EVERYONE) -> Event:
    frame = json.dumps({"event": "message", "data": {"ts": "T"}, "seq": seq}).encode()
    return Event(seq, CONVERSATION, audience, AUTHOR, frame, ts_ms=0)


@settings(max_examples=examples(300))
@given(st.lists(st.integers(1, 30), max_size=90))
def test_what_leaves_is_gapless_in_order_and_once(arrivals: list[int]) -> None:
    room: Room[None] = Room(CONVERSATION)
    room.entered_at(0)
    left = [ready.seq for seq in arrivals for ready in room.arrived(event(seq))]
    assert left == list(range(1, len(left) + 1))
    assert room.seq == len(left)
    assert room.behind == (max(arrivals, default=0) > len(left))
    longest = next(n for n in range(1, 32) if n not in arrivals) - 1
    assert len(left) == longest


def test_what_has_left_does_not_leave_again() -> None:
    room: Room[None] = Room(CONVERSATION)
    room.entered_at(0)
    assert [ready.seq for ready in room.arrived(event(1))] == [1]
    assert room.arrived(event(1)) == []


def test_nothing_leaves_before_somebody_has_entered() -> None:
    room: Room[None] = Room(CONVERSATION)
    assert room.arrived(event(1)) == []
    assert not room.behind
    room.entered_at(1)
    assert not room.behind
    assert [ready.seq for ready in room.arrived(event(2))] == [2]


def test_a_member_that_enters_later_does_not_move_the_room_back() -> None:
    room: Room[None] = Room(CONVERSATION)
    room.entered_at(5)
    room.arrived(event(6))
    room.entered_at(5)
    assert room.seq == 6


def test_early_events_are_bounded() -> None:
    room: Room[None] = Room(CONVERSATION)
    room.entered_at(0)
    for seq in range(2, MAX_EARLY + 500):
        room.arrived(event(seq))
    assert sum(room.holds(seq) for seq in range(MAX_EARLY + 500)) == MAX_EARLY
    assert room.behind


def test_recent_events_are_remembered_only_while_complete() -> None:
    room: Room[None] = Room(CONVERSATION)
    assert room.since(0) is None
    room.entered_at(0)
    for seq in range(1, RECENT_EVENTS + 11):
        room.arrived(event(seq))
    newest = RECENT_EVENTS + 10
    assert room.since(newest) == []
    assert [one.seq for one in room.since(newest - 3) or []] == [newest - 2, newest - 1, newest]
    assert room.since(3) is None
    assert room.since(10) is not None


def test_who_may_not_see_an_event_gets_void_in_its_place() -> None:
    note = event(4, Audience.AGENTS)
    void = json.loads(note.seen_by(Looker()).payload)
    assert void == {"event": "void", "data": {}, "seq": 4}
    assert json.loads(note.seen_by(Looker(is_agent=True)).payload)["event"] == "message"


def test_a_shadowed_event_is_seen_by_its_author_and_agents_only() -> None:
    shadowed = event(4, Audience.AGENTS_AND_AUTHOR)
    assert json.loads(shadowed.seen_by(Looker(author=AUTHOR)).payload)["event"] == "message"
    assert json.loads(shadowed.seen_by(Looker()).payload)["event"] == "void"
    assert json.loads(shadowed.seen_by(Looker(is_agent=True)).payload)["event"] == "message"


def test_an_inbox_reads_the_conversation_in_the_envelope() -> None:
    named = json.loads(event(4).seen_by(Looker(is_agent=True, names_conversation=True)).payload)
    assert named["conv"] == str(CONVERSATION)


def test_a_frame_is_built_once_for_all_readers_alike() -> None:
    one = event(1)
    assert one.seen_by(Looker()) is one.seen_by(Looker())
    assert one.seen_by(Looker()).framed is one.seen_by(Looker()).framed


def test_an_event_read_from_the_database_knows_its_time() -> None:
    assert event(1).ts == "T"
