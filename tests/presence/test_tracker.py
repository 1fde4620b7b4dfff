"""The tracker against a model that knows every beat, under any interleaving."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chorus.wire.common import PresenceStatus, Role
from presence.tracker import Announced, Person, Sighting, Tracker, Transition
from tests.support.examples import examples

TTL_MS = 15_000
LINGER_MS = {Role.CUSTOMER: 15_000, Role.AGENT: 30_000}
START_MS = 1_700_000_000_000
ONLINE, AWAY, BUSY = PresenceStatus.ONLINE, PresenceStatus.AWAY, PresenceStatus.BUSY
OFFLINE = PresenceStatus.OFFLINE
TENANT = UUID(int=1)
PEOPLE = {Person(TENANT, UUID(int=2)): Role.CUSTOMER, Person(TENANT, UUID(int=3)): Role.AGENT}
CUSTOMER, AGENT = PEOPLE
TALK, OTHER_TALK = UUID(int=9), UUID(int=10)


def new_tracker() -> Tracker:
    return Tracker(ttl_ms=TTL_MS, linger_ms=LINGER_MS)


def seen(
    person: Person, at_ms: int, *, node: bytes = b"a", status: PresenceStatus = ONLINE
) -> Sighting:
    return Sighting(person, node, PEOPLE[person], status, frozenset({TALK}), at_ms)


def settled() -> tuple[Tracker, int]:
    """A tracker whose first 2 × TTL are over."""
    tracker = new_tracker()
    now_ms = START_MS
    while now_ms <= START_MS + 2 * TTL_MS:
        assert tracker.tick(now_ms) == []
        now_ms += 5_000
    return tracker, now_ms


def run_until(tracker: Tracker, from_ms: int, to_ms: int) -> list[Transition]:
    found = []
    for now_ms in range(from_ms, to_ms, 500):
        found += tracker.tick(now_ms)
    return found


def test_the_first_beat_is_online_at_once_even_after_a_start() -> None:
    tracker = new_tracker()
    tracker.hear([seen(CUSTOMER, START_MS)])
    (came,) = tracker.tick(START_MS)
    assert (came.person, came.status, came.since_ms) == (CUSTOMER, ONLINE, START_MS)
    assert came.conversations == {TALK}
    assert tracker.tick(START_MS + 1) == []


def test_a_customer_is_offline_a_linger_after_leaving_and_not_before() -> None:
    tracker, now_ms = settled()
    tracker.hear([seen(CUSTOMER, now_ms)])
    tracker.tick(now_ms)
    tracker.hear([seen(CUSTOMER, now_ms + 100, status=OFFLINE)])
    assert run_until(tracker, now_ms + 100, now_ms + 15_100) == []
    (went,) = tracker.tick(now_ms + 15_100)
    assert (went.status, went.since_ms) == (OFFLINE, now_ms + 100)


def test_an_agent_of_a_dead_gateway_is_offline_after_ttl_and_linger() -> None:
    tracker, now_ms = settled()
    tracker.hear([seen(AGENT, now_ms)])
    tracker.tick(now_ms)
    assert run_until(tracker, now_ms, now_ms + 45_000) == []
    (went,) = tracker.tick(now_ms + 45_000)
    assert (went.status, went.since_ms) == (OFFLINE, now_ms + 15_000)
    assert len(tracker) == 0


def test_a_reload_is_not_offline() -> None:
    tracker, now_ms = settled()
    tracker.hear([seen(CUSTOMER, now_ms)])
    tracker.tick(now_ms)
    tracker.hear([seen(CUSTOMER, now_ms + 10, status=OFFLINE)])
    tracker.tick(now_ms + 20)
    tracker.hear([seen(CUSTOMER, now_ms + 3_000, node=b"b")])
    assert run_until(tracker, now_ms + 3_000, now_ms + 18_000) == []


def test_an_older_beat_does_not_bring_back_who_left() -> None:
    tracker, now_ms = settled()
    tracker.hear([seen(CUSTOMER, now_ms + 10, status=OFFLINE), seen(CUSTOMER, now_ms)])
    assert run_until(tracker, now_ms + 20, now_ms + 40_000) == []
    assert len(tracker) == 0


def test_busy_stands_on_every_device_and_away_needs_all_of_them() -> None:
    tracker, now_ms = settled()
    tracker.hear([seen(AGENT, now_ms), seen(AGENT, now_ms, node=b"b", status=AWAY)])
    assert [one.status for one in tracker.tick(now_ms)] == [ONLINE]
    tracker.hear([seen(AGENT, now_ms + 1, node=b"b", status=BUSY)])
    assert [one.status for one in tracker.tick(now_ms + 1)] == [BUSY]
    tracker.hear([seen(AGENT, now_ms + 2, node=node, status=AWAY) for node in (b"a", b"b")])
    assert [one.status for one in tracker.tick(now_ms + 2)] == [AWAY]


def test_a_lost_store_makes_nobody_offline_and_states_everyone_again() -> None:
    tracker, now_ms = settled()
    tracker.hear([seen(CUSTOMER, now_ms), seen(AGENT, now_ms)])
    tracker.tick(now_ms)
    tracker.lose()
    back_ms = now_ms + 300_000
    assert tracker.tick(back_ms) == []
    assert tracker.trusted_from_ms == (back_ms + 30_000, back_ms + 30_000)
    for beat_ms in range(back_ms + 4_000, back_ms + 30_000, 5_000):
        tracker.hear([seen(AGENT, beat_ms)])
        assert tracker.tick(beat_ms) == []
    told = {one.person: one for one in tracker.tick(back_ms + 30_000)}
    assert (told[AGENT].status, told[AGENT].since_ms) == (ONLINE, now_ms)
    assert told[AGENT].restates_ms == now_ms
    assert told[CUSTOMER].status is OFFLINE


def test_a_clock_that_goes_back_keeps_nobody_here_until_it_catches_up() -> None:
    tracker, now_ms = settled()
    tracker.hear([seen(CUSTOMER, now_ms)])
    tracker.tick(now_ms)
    back_ms = now_ms - 3_600_000
    assert run_until(tracker, back_ms, back_ms + 30_000) == []
    assert tracker.trusted_from_ms == (0, back_ms + 30_000)
    (went,) = run_until(tracker, back_ms + 30_000, back_ms + 60_000)
    assert (went.status, went.since_ms) == (OFFLINE, back_ms + 15_000)


def test_a_clock_that_jumps_before_all_are_stated_again_starts_the_wait_anew() -> None:
    tracker, now_ms = settled()
    tracker.lose()
    tracker.tick(now_ms)
    later_ms = now_ms + 20_000
    assert tracker.tick(later_ms) == []
    assert tracker.trusted_from_ms == (later_ms + 30_000, later_ms + 30_000)


def test_a_new_process_announces_nobody_anew_and_who_left_meanwhile_after_two_ttls() -> None:
    tracker = new_tracker()
    talk = frozenset({TALK})
    tracker.remember(
        [
            Announced(who, role, ONLINE, START_MS - 9, talk, START_MS - 9)
            for who, role in PEOPLE.items()
        ],
        START_MS,
    )
    quiet = []
    for now_ms in range(START_MS, START_MS + 30_000, 1_000):
        tracker.hear([seen(CUSTOMER, now_ms)])
        quiet += tracker.tick(now_ms)
    assert quiet == []
    tracker.hear([seen(CUSTOMER, START_MS + 30_000)])
    (went,) = tracker.tick(START_MS + 30_000)
    assert (went.person, went.status, went.conversations) == (AGENT, OFFLINE, talk)


def test_what_another_process_announced_is_adopted_and_not_repeated() -> None:
    tracker, now_ms = settled()
    tracker.hear([seen(CUSTOMER, now_ms)])
    tracker.tick(now_ms)
    stored = Announced(CUSTOMER, Role.CUSTOMER, AWAY, now_ms - 5, frozenset(), now_ms - 5)
    tracker.adopt(CUSTOMER, stored, now_ms)
    assert [one.status for one in tracker.tick(now_ms)] == [ONLINE]
    tracker.adopt(CUSTOMER, None, now_ms)
    assert [one.status for one in tracker.tick(now_ms)] == [ONLINE]
    offline = Announced(AGENT, Role.AGENT, OFFLINE, now_ms, frozenset(), now_ms)
    tracker.adopt(AGENT, offline, now_ms)
    assert len(tracker) == 1


def test_a_further_conversation_is_told_and_the_others_are_not_told_again() -> None:
    tracker, now_ms = settled()
    tracker.hear([seen(AGENT, now_ms)])
    tracker.tick(now_ms)
    more = replace(seen(AGENT, now_ms + 1), conversations=frozenset({TALK, OTHER_TALK}))
    tracker.hear([more])
    (told,) = tracker.tick(now_ms + 1)
    assert (told.status, told.since_ms, told.restates_ms) == (ONLINE, now_ms, now_ms)
    assert told.conversations == {OTHER_TALK}
    assert told.interest == {TALK, OTHER_TALK}
    tracker.hear([seen(AGENT, now_ms + 2)])
    assert tracker.tick(now_ms + 2) == []
    tracker.hear([replace(more, heard_ms=now_ms + 3)])
    assert [one.conversations for one in tracker.tick(now_ms + 3)] == [{OTHER_TALK}]


@dataclass
class Device:
    heard_ms: int
    gone_heard_ms: int
    """The same, or earlier where a jump of the clock leaves open when it was."""
    status: PresenceStatus


@dataclass
class Model:
    devices: dict[tuple[Person, bytes], Device] = field(default_factory=dict)
    announced: dict[Person, Announced] = field(default_factory=dict)
    disrupted_ms: int = START_MS
    unknown_until_ms: int = 0


class Interleavings(RuleBasedStateMachine):
    """Beats, leaves, outages, restarts and clock jumps in any order; one look after each."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = START_MS
        self.model = Model()
        self.tracker = new_tracker()
        self.look()

    def look(self) -> None:
        for one in self.tracker.tick(self.now_ms):
            self.check(one)
            self.model.announced[one.person] = Announced(
                one.person, one.role, one.status, one.since_ms, one.interest, one.decided_ms
            )

    def live(self, person: Person) -> list[PresenceStatus]:
        return [
            device.status
            for (who, _), device in self.model.devices.items()
            if who == person
            and device.status is not OFFLINE
            and self.now_ms - device.heard_ms < TTL_MS
        ]

    def gone_ms(self, person: Person) -> tuple[int, int]:
        """When the last device went: at the earliest, at the latest."""
        mine = [
            (device, 0 if device.status is OFFLINE else TTL_MS)
            for (who, _), device in self.model.devices.items()
            if who == person
        ]
        return (
            max(device.gone_heard_ms + more_ms for device, more_ms in mine),
            max(device.heard_ms + more_ms for device, more_ms in mine),
        )

    def check(self, one: Transition) -> None:
        assert self.now_ms >= self.model.unknown_until_ms
        before = self.model.announced.get(one.person)
        assert one.restates_ms or before is None or before.status is not one.status
        assert one.decided_ms == self.now_ms >= one.since_ms
        if one.status is OFFLINE:
            assert not self.live(one.person)
            assert self.now_ms >= self.model.disrupted_ms + 2 * TTL_MS
            assert self.now_ms >= self.gone_ms(one.person)[0] + LINGER_MS[one.role]

    @rule(
        person=st.sampled_from(list(PEOPLE)),
        node=st.sampled_from([b"a", b"b"]),
        status=st.sampled_from([ONLINE, AWAY, BUSY, OFFLINE]),
        late_ms=st.integers(0, 900),
    )
    def beat(self, person: Person, node: bytes, status: PresenceStatus, late_ms: int) -> None:
        heard_ms = self.now_ms - late_ms
        known = self.model.devices.get((person, node))
        ties = known is not None and heard_ms == known.heard_ms and status is OFFLINE
        if known is None or (heard_ms >= known.heard_ms and not ties):
            self.model.devices[person, node] = Device(heard_ms, heard_ms, status)
        self.tracker.hear([seen(person, heard_ms, node=node, status=status)])
        self.look()

    @rule(step_ms=st.integers(1, TTL_MS), steps=st.integers(1, 6))
    def wait(self, step_ms: int, steps: int) -> None:
        for _ in range(steps):
            self.now_ms += step_ms
            self.look()

    @rule(by_ms=st.integers(TTL_MS + 1, 10_000_000))
    def jump_ahead(self, by_ms: int) -> None:
        self.now_ms += by_ms
        self.disrupt()

    @rule(by_ms=st.integers(1, 10_000_000))
    def jump_back(self, by_ms: int) -> None:
        self.now_ms -= by_ms
        for device in self.model.devices.values():
            # Who had gone before the jump went now at the latest, by the new clock.
            device.heard_ms = min(device.heard_ms, self.now_ms)
            left_ms = self.now_ms - (0 if device.status is OFFLINE else TTL_MS)
            device.gone_heard_ms = min(device.gone_heard_ms, left_ms)
        self.disrupt()

    def disrupt(self) -> None:
        self.model.disrupted_ms = self.now_ms
        # Who was shown as unknown stays so: the clock does not make the wait shorter.
        if self.model.unknown_until_ms and self.tracker.trusted_from_ms[0] != 0:
            self.model.unknown_until_ms = min(self.model.unknown_until_ms, self.now_ms + 2 * TTL_MS)
        self.look()

    @rule(for_ms=st.integers(1, 600_000))
    def lose(self, for_ms: int) -> None:
        self.tracker.lose()
        self.now_ms += for_ms
        self.model.disrupted_ms = self.now_ms
        self.model.unknown_until_ms = self.now_ms + 2 * TTL_MS
        self.look()

    @rule()
    def restart(self) -> None:
        known = [one for one in self.model.announced.values() if one.status is not OFFLINE]
        self.tracker = new_tracker()
        self.tracker.remember(known, self.now_ms)
        self.tracker.hear(
            seen(who, device.heard_ms, node=node, status=device.status)
            for (who, node), device in self.model.devices.items()
            if device.heard_ms >= self.now_ms - TTL_MS
        )
        self.model.disrupted_ms = self.now_ms
        self.model.unknown_until_ms = 0
        self.look()

    @invariant()
    def who_is_heard_is_shown(self) -> None:
        trusted_ms = max(self.model.unknown_until_ms, self.model.disrupted_ms + 2 * TTL_MS)
        if self.now_ms < trusted_ms:
            return
        for person, role in PEOPLE.items():
            live = self.live(person)
            known = self.model.announced.get(person)
            shown = OFFLINE if known is None else known.status
            if live:
                assert shown is next(one for one in (BUSY, ONLINE, AWAY) if one in live)
            elif shown is not OFFLINE:
                assert self.now_ms < self.gone_ms(person)[1] + LINGER_MS[role]


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=examples(80), stateful_step_count=30, deadline=None
)
