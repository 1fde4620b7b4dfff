"""Any order, any loss, any repetition: the log stays gapless and the outbox in order."""

import itertools
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from launch.client_core import (
    MAX_EARLY,
    MAX_IN_FLIGHT,
    NEVER,
    Conversation,
    Departure,
    Entry,
    Log,
    Outcome,
    entry_of,
)
from tests.support.examples import examples

EPOCH = "e1"
TS = "2026-01-02T03:04:05.678Z"


def conversation() -> Conversation:
    return Conversation(itertools.count(1).__next__, lambda refusals: 0.5)


def opened(*, recovered: bool = True, first_seq: int = 1) -> Conversation:
    one = conversation()
    one.opened({"epoch": EPOCH, "first_seq": first_seq}, recovered)
    return one


def message(seq: int, id: str | None = None) -> dict[str, Any]:
    return {
        "event": "message",
        "data": {"id": id or f"m{seq}", "content": str(seq), "ts": TS},
        "seq": seq,
    }


def delivered(id: str, seq: int, *, dup: bool = False) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "event": "delivered",
        "data": {"id": id, "seq": seq, "ts": TS, "dup": dup},
    }
    return frame if dup else {**frame, "seq": seq}


def nack(
    departure: Departure, code: str = "OVERLOADED", *, retryable: bool = True, **more: Any
) -> dict[str, Any]:
    data = {"id": departure.data["id"], "code": code, "retryable": retryable, "ambiguous": False}
    return {"event": "nack", "data": {**data, "reason": code, **more}, "ref": departure.ref}


def say(one: Conversation, *ids: str, event: str = "message") -> None:
    for id in ids:
        one.outbox.add(id, event, {"id": id, "content": id})


@given(st.lists(st.integers(1, 40), max_size=200))
def test_frames_in_any_order_make_a_gapless_log(seqs: list[int]) -> None:
    log = Log(EPOCH)
    applied = [entry.seq for seq in seqs for entry in log.take(Entry(seq, "message", {}), 0.0)]
    assert applied == list(range(1, len(applied) + 1)) == [entry.seq for entry in log.entries]
    # Nothing that came and could be applied is left lying.
    assert len(applied) + 1 not in seqs
    assert (log.ask_due_s() == NEVER) == (max(seqs, default=0) <= len(applied))


def test_a_gap_asks_after_300_ms_and_again_only_after_2_s() -> None:
    one = opened()
    one.receive(message(2), 10.0)
    assert one.departures(10.29) == []
    assert one.due_s() == 10.3
    (asked,) = one.departures(10.3)
    assert (asked.event, asked.data) == ("position", {"seq": 0, "epoch": EPOCH})
    assert one.due_s() == 12.3
    one.receive(message(1), 10.4)
    assert [entry.seq for entry in one.log.entries] == [1, 2]
    assert one.due_s() == NEVER


def test_a_gap_that_closes_in_time_is_never_asked_for() -> None:
    one = opened()
    one.receive(message(2), 10.0)
    one.receive(message(1), 10.2)
    assert one.departures(99.0) == []


def test_the_lost_last_event_is_found_by_pong_and_by_synced() -> None:
    for event in ("pong", "synced"):
        one = opened()
        one.receive({"event": event, "data": {"n": 1, "seq": 1}}, 1.0)
        assert [leaving.event for leaving in one.departures(1.3)] == ["position"]


def test_void_and_own_delivered_are_counted() -> None:
    one = opened()
    say(one, "a")
    one.departures(0.0)
    one.receive({"event": "void", "data": {}, "seq": 1}, 0.0)
    outcome = one.receive(delivered("a", 2), 0.0)
    assert [(entry.seq, entry.event, entry.own) for entry in one.log.entries] == [
        (1, "void", False),
        (2, "message", True),
    ]
    assert (one.log.entries[1].id, one.log.entries[1].content) == ("a", "a")
    assert (one.log.entries[0].id, one.log.entries[0].content) == (None, None)
    assert [(what.id, what.seq, what.dup) for what in outcome.settled] == [("a", 2, False)]


def test_a_dup_is_settled_but_is_not_the_event() -> None:
    one = opened()
    say(one, "a")
    one.departures(0.0)
    outcome = one.receive(delivered("a", 1, dup=True), 0.0)
    assert [what.seq for what in outcome.settled] == [1]
    assert one.log.entries == []
    assert one.due_s() == 0.3
    one.receive(message(1, "a"), 0.1)
    assert one.log.last_seq == 1
    assert one.receive(delivered("a", 1), 0.2) == Outcome()


def test_an_own_id_met_in_a_replay_counts_as_delivered() -> None:
    one = opened()
    say(one, "a", "b")
    one.departures(0.0)
    outcome = one.receive(message(1, "a"), 0.0)
    assert [(what.id, what.seq, what.dup) for what in outcome.settled] == [("a", 1, True)]
    assert one.outbox.ids() == ["b"]


def test_at_most_eight_are_in_flight_and_each_answer_lets_one_go() -> None:
    one = opened()
    say(one, *(f"m{number}" for number in range(12)))
    assert len(one.departures(0.0)) == MAX_IN_FLIGHT
    assert one.departures(0.0) == []
    one.receive(delivered("m0", 1), 0.0)
    assert [leaving.data["id"] for leaving in one.departures(0.0)] == ["m8"]


def test_a_command_leaves_alone_and_holds_what_comes_after() -> None:
    one = opened()
    say(one, "a")
    say(one, "c", event="resolve")
    say(one, "b")
    assert [leaving.data["id"] for leaving in one.departures(0.0)] == ["a"]
    one.receive(delivered("a", 1), 0.0)
    assert [leaving.data["id"] for leaving in one.departures(0.0)] == ["c"]
    assert one.departures(0.0) == []
    one.receive({"event": "delivered", "data": {"id": "c", "ts": TS, "dup": False}}, 0.0)
    assert [leaving.data["id"] for leaving in one.departures(0.0)] == ["b"]


def test_a_retryable_nack_pauses_and_sends_again_from_the_oldest() -> None:
    one = opened()
    say(one, "a", "b", "c")
    first = one.departures(0.0)
    assert one.receive(nack(first[1], retry_after_ms=200), 1.0) == Outcome()
    assert one.departures(1.1) == []
    assert one.due_s() == 1.2
    again = one.departures(1.2)
    assert [leaving.data["id"] for leaving in again] == ["a", "b", "c"]
    assert not {leaving.ref for leaving in first} & {leaving.ref for leaving in again}
    # The answers to the first transmissions come late and change nothing.
    assert one.receive(nack(first[2]), 1.3) == Outcome()
    assert one.departures(1.3) == []
    assert one.due_s() == NEVER


def test_without_a_wait_in_the_nack_the_back_off_decides() -> None:
    one = opened()
    say(one, "a")
    one.receive(nack(one.departures(0.0)[0], "UNAVAILABLE"), 1.0)
    assert one.due_s() == 1.5
    assert one.outbox.refusals == 1


def test_a_final_nack_fails_that_message_only() -> None:
    one = opened()
    say(one, "a", "b")
    outcome = one.receive(nack(one.departures(0.0)[0], "FORBIDDEN", retryable=False), 0.0)
    assert [(what.id, what.code) for what in outcome.settled] == [("a", "FORBIDDEN")]
    assert one.outbox.ids() == ["b"]


def test_an_unauthenticated_nack_asks_for_a_token() -> None:
    one = opened()
    say(one, "a")
    assert one.receive(nack(one.departures(0.0)[0], "UNAUTHENTICATED"), 0.0).refresh_token
    assert "a" in one.outbox


def test_a_new_socket_sends_everything_again_with_the_same_ids() -> None:
    one = opened()
    say(one, "a", "b")
    one.departures(0.0)
    assert one.resume == {"epoch": EPOCH, "last_seq": 0}
    one.opened({"epoch": EPOCH, "first_seq": 1}, True)
    assert [leaving.data["id"] for leaving in one.departures(0.0)] == ["a", "b"]


def test_a_log_begins_where_the_server_still_has_it() -> None:
    one = opened(first_seq=7)
    one.receive(message(7), 0.0)
    assert [entry.seq for entry in one.log.entries] == [7]


def test_an_unrecovered_resume_reads_history_before_it_asks() -> None:
    one = opened()
    one.receive(message(1), 0.0)
    assert one.opened({"epoch": EPOCH, "first_seq": 1}, False).read_history
    one.receive(message(9), 0.0)
    assert one.departures(99.0) == []
    assert one.due_s() == NEVER
    say(one, "mine")
    items = [
        {"seq": 2, "id": "x", "type": "void"},
        {"seq": 3, "id": "y", "type": "event", "event": "participant", "data": {"userId": "u"}},
        {"seq": 4, "id": "mine", "type": "text", "content": "z", "createdAt": TS},
    ]
    outcome = one.history_read(EPOCH, items, after=1, at_s=1.0)
    assert [what.id for what in outcome.settled] == ["mine"]
    assert [entry.event for entry in one.log.entries] == [
        "message",
        "void",
        "participant",
        "message",
    ]
    assert one.due_s() == -NEVER
    assert [leaving.data for leaving in one.departures(1.0)] == [{"seq": 4, "epoch": EPOCH}]


def test_an_unrecoverable_position_reads_history_too() -> None:
    one = opened()
    one.receive(message(5), 0.0)
    (asked,) = one.departures(1.0)
    frame = {
        "event": "nack",
        "data": {"code": "UNRECOVERABLE", "retryable": False},
        "ref": asked.ref,
    }
    assert one.receive(frame, 1.1).read_history
    assert one.departures(9.0) == []


def test_another_epoch_forgets_everything_known() -> None:
    one = opened()
    one.receive(message(1), 0.0)
    assert one.opened({"epoch": "e2", "first_seq": 1}, False).read_history
    assert (one.log.entries, one.history_after) == ([], 0)
    assert one.history_read("e3", [], after=0, at_s=0.0).read_history
    assert one.log.epoch == "e3"
    # Read for a place that the log has not reached since it began anew.
    assert one.history_read("e3", [], after=7, at_s=0.0).read_history


def test_what_was_purged_while_we_were_away_is_skipped() -> None:
    one = opened()
    one.receive(message(1), 0.0)
    one.opened({"epoch": EPOCH, "first_seq": 50}, False)
    one.history_read(EPOCH, [{"seq": 50, "id": "x", "type": "void"}], after=1, at_s=0.0)
    assert [entry.seq for entry in one.log.entries] == [1, 50]


def test_what_was_applied_is_not_applied_again() -> None:
    log = Log(EPOCH)
    entry = Entry(1, "message", {"id": "m1"})
    assert log.take(entry, 0.0) == [entry]
    assert log.take(entry, 1.0) == []
    assert log.entries == [entry]


def test_the_early_ones_are_bounded() -> None:
    log = Log(EPOCH)
    for seq in range(2, MAX_EARLY + 100):
        log.take(Entry(seq, "void", {}), 0.0)
    log.take(Entry(1, "void", {}), 0.0)
    assert log.last_seq == MAX_EARLY + 1
    assert log.ask_due_s() < NEVER


def test_a_frame_too_big_fails_the_largest_in_flight() -> None:
    one = opened()
    assert one.outbox.largest_in_flight() is None
    one.outbox.add("small", "message", {"id": "small", "content": "x"})
    one.outbox.add("big", "message", {"id": "big", "content": "x" * 99})
    one.departures(0.0)
    assert one.outbox.largest_in_flight() == "big"
    assert one.outbox.fail("big", "TOO_LARGE", "").code == "TOO_LARGE"
    assert len(one.outbox) == 1


def test_what_does_not_concern_a_log_changes_nothing() -> None:
    one = conversation()
    assert one.resume is None
    assert one.due_s() == NEVER
    assert one.receive({"event": "typing", "data": {"state": "start"}}, 0.0) == Outcome()


def test_a_history_item_is_the_event_of_the_wire() -> None:
    item = {"seq": 3, "id": "a", "type": "text", "content": "x", "createdAt": TS, "replyTo": "b"}
    data = {"id": "a", "type": "text", "content": "x", "ts": TS, "reply_to": "b"}
    assert entry_of(item) == Entry(3, "message", data)


class Server:
    """Stores each id once, in the order it came; remembers what each socket has still to get."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.places: dict[str, int] = {}

    def store(self, id: str, event: str = "message") -> int:
        self.events.append((event, id))
        if event == "message":
            self.places[id] = len(self.events)
        return len(self.events)

    def frame(self, seq: int) -> dict[str, Any]:
        event, id = self.events[seq - 1]
        return message(seq, id) if event == "message" else {"event": "void", "data": {}, "seq": seq}


class BadNetwork(RuleBasedStateMachine):
    """A client that talks, a server that stores, and sockets that lose, mix and break."""

    @initialize()
    def begin(self) -> None:
        self.server = Server()
        self.one = opened()
        self.at_s = 0.0
        self.said: list[str] = []
        self.settled: list[str] = []
        self.flying: list[Departure] = []
        self.coming: list[dict[str, Any]] = []
        self.gate: str | None = None

    def take(self, frame: Mapping[str, Any]) -> None:
        outcome = self.one.receive(frame, self.at_s)
        self.settled += [what.id for what in outcome.settled]
        assert not outcome.read_history

    def pump(self) -> None:
        leaving = self.one.departures(self.at_s)
        self.flying += leaving

    @rule(count=st.integers(1, 12))
    def say(self, count: int) -> None:
        ids = [str(uuid4()) for _ in range(count)]
        self.said += ids
        say(self.one, *ids)
        self.pump()

    @rule(hidden=st.booleans())
    def somebody_else_speaks(self, hidden: bool) -> None:
        self.coming.append(
            self.server.frame(self.server.store("other", "void" if hidden else "message"))
        )

    @precondition(lambda self: self.flying)
    @rule(refuse=st.booleans())
    def the_server_reads(self, refuse: bool) -> None:
        """In the order of the socket; a refusal holds everything else back until it comes again."""
        one = self.flying.pop(0)
        if one.event == "position":
            self.replay(one.data["seq"])
        elif one.data["id"] in self.server.places:
            self.coming.append(
                delivered(one.data["id"], self.server.places[one.data["id"]], dup=True)
            )
        elif refuse or self.gate not in (None, one.data["id"]):
            self.gate = self.gate or one.data["id"]
            self.coming.append(nack(one, retry_after_ms=100))
        else:
            self.gate = None
            self.coming.append(delivered(one.data["id"], self.server.store(one.data["id"])))

    def replay(self, after: int) -> None:
        self.coming += [
            self.server.frame(seq) for seq in range(after + 1, len(self.server.events) + 1)
        ]
        self.coming.append({"event": "synced", "data": {"seq": len(self.server.events)}})

    @precondition(lambda self: self.coming)
    @rule(data=st.data())
    def a_frame_arrives(self, data: st.DataObject) -> None:
        """Any of those under way: they overtake each other."""
        self.take(self.coming.pop(data.draw(st.integers(0, len(self.coming) - 1))))
        self.pump()

    @precondition(lambda self: self.coming)
    @rule(data=st.data())
    def a_frame_arrives_twice(self, data: st.DataObject) -> None:
        frame = data.draw(st.sampled_from(self.coming))
        self.take(frame)
        self.pump()

    @rule()
    def the_socket_breaks(self) -> None:
        """What was under way is lost, both ways; the next socket resumes."""
        self.flying, self.coming, self.gate = [], [], None
        self.one.opened({"epoch": EPOCH, "first_seq": 1}, True)
        self.replay(self.one.log.last_seq)
        self.pump()

    @rule(by_s=st.floats(0.05, 3.0))
    def time_passes(self, by_s: float) -> None:
        self.at_s += by_s
        self.pump()

    def teardown(self) -> None:
        """Whatever happened: once the network behaves, all is said once, in order, and known."""
        if not hasattr(self, "server"):
            return
        for _ in range(3 * len(self.said) + 50):
            self.at_s += 3.0
            self.pump()
            while self.flying:
                self.the_server_reads(refuse=False)
            while self.coming:
                self.take(self.coming.pop(0))
        stored = [id for event, id in self.server.events if event == "message" and id != "other"]
        assert stored == self.said
        assert sorted(self.settled) == sorted(self.said)
        known = [(entry.seq, entry.id) for entry in self.one.log.entries]
        assert known == [
            (seq, id if event == "message" else None)
            for seq, (event, id) in enumerate(self.server.events, 1)
        ]
        assert self.one.departures(self.at_s + 60) == []


TestBadNetwork = BadNetwork.TestCase
TestBadNetwork.settings = hypothesis_settings(
    max_examples=examples(80), stateful_step_count=40, deadline=None
)
