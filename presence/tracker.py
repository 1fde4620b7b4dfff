"""Who is here: beats and their absence in, transitions out. Pure; the clock is the caller's.

A person is online while any of their devices (a gateway with sockets of theirs) was heard within
the TTL, and goes offline only when the linger has passed after that, so that a reload is nothing.
Being heard is evidence at once; *not* being heard is evidence only when we could have heard:

- when the store was lost, everyone is unknown until 2 × TTL after it answers again (DESIGN §6);
- after a start, or when the clock jumps or nobody looked for a TTL, absence counts from 2 × TTL on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple
from uuid import UUID

from chorus.wire.common import PresenceStatus, Role

SETTLING_TTLS: Final = 2
_STRONGEST_FIRST: Final = (PresenceStatus.BUSY, PresenceStatus.ONLINE, PresenceStatus.AWAY)
"""Of several devices: busy is a choice and stands; away needs every device to be left alone."""


class Person(NamedTuple):
    tenant_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device was heard; status offline says that its last socket closed."""

    person: Person
    node: bytes
    role: Role
    status: PresenceStatus
    conversations: frozenset[UUID]
    heard_ms: int


@dataclass(frozen=True, slots=True)
class Transition:
    """Somebody came, went or changed, or is in a further conversation now.

    `conversations` are to be told; `interest` is all that would be told of a change. With
    `restates_ms` the status may be the one that is known: it is said again, because people were
    shown as unknown or a conversation is new, unless another process did so after that moment.
    """

    person: Person
    role: Role
    status: PresenceStatus
    since_ms: int
    conversations: frozenset[UUID]
    interest: frozenset[UUID]
    decided_ms: int
    restates_ms: int = 0


@dataclass(frozen=True, slots=True)
class Announced:
    """What the store holds of a person."""

    person: Person
    role: Role
    status: PresenceStatus
    since_ms: int
    conversations: frozenset[UUID]
    announced_ms: int


@dataclass(slots=True)
class _State:
    role: Role
    status: PresenceStatus = PresenceStatus.OFFLINE
    since_ms: int = 0
    conversations: frozenset[UUID] = frozenset()
    told: frozenset[UUID] = frozenset()
    """Those of `conversations` that know `status`, as of `announced_ms`."""
    announced_ms: int = 0
    devices: dict[bytes, Sighting] = field(default_factory=dict)
    gone_ms: int = 0
    """When the last device went; only meaningful while none is live."""
    due_ms: int = 0
    """Nothing can change before, unless somebody is heard."""


class Tracker:
    """The people of all tenants that are not offline."""

    def __init__(self, *, ttl_ms: int, linger_ms: Mapping[Role, int]) -> None:
        self._ttl_ms = ttl_ms
        self._linger_ms = linger_ms
        self._people: dict[Person, _State] = {}
        self._now_ms: int | None = None
        self._lost = False
        self._records_from_ms = 0
        self._absence_from_ms = 0
        self._restates_ms = 0

    @property
    def trusted_from_ms(self) -> tuple[int, int]:
        """From when on statuses, and absence, can be believed."""
        return self._records_from_ms, self._absence_from_ms

    def __len__(self) -> int:
        return len(self._people)

    def remember(self, announced: Iterable[Announced], now_ms: int) -> None:
        """Begin with what an earlier process announced, so that nobody is announced anew."""
        for one in announced:
            self.adopt(one.person, one, now_ms)

    def hear(self, sightings: Iterable[Sighting]) -> None:
        """Note beats, in any order; of one device the latest counts, and being here wins a tie."""
        for heard in sightings:
            state = self._people.get(heard.person)
            if state is None:
                state = self._people[heard.person] = _State(heard.role)
            known = state.devices.get(heard.node)
            if known is None or _rank(heard) >= _rank(known):
                state.devices[heard.node] = heard
                state.role = heard.role
                state.due_ms = 0

    def lose(self) -> None:
        """The store cannot be reached: everyone is unknown until it has answered for 2 × TTL."""
        self._lost = True

    def tick(self, now_ms: int) -> list[Transition]:
        """Answer what changed, given that the store answered at `now_ms`; each is answered once."""
        self._watch_clock(now_ms)
        if now_ms < self._records_from_ms:
            return []
        restates_ms, self._restates_ms = self._restates_ms, 0
        transitions = []
        for person, state in list(self._people.items()):
            if restates_ms or now_ms >= state.due_ms:
                transitions += self._advance(person, state, now_ms, restates_ms)
        return transitions

    def adopt(self, person: Person, stored: Announced | None, now_ms: int) -> None:
        """Take over what the store holds: another process announced first, or an earlier one did."""
        state = self._people.get(person)
        if state is None:
            if stored is None or stored.status is PresenceStatus.OFFLINE:
                return
            # Nothing of theirs was heard yet, so they went now at the latest.
            state = self._people[person] = _State(stored.role, gone_ms=now_ms)
        state.due_ms = 0
        state.status = PresenceStatus.OFFLINE if stored is None else stored.status
        if stored is not None:
            state.since_ms = min(stored.since_ms, now_ms)
            state.announced_ms, state.told = stored.announced_ms, stored.conversations
            state.conversations = state.conversations or stored.conversations

    def _watch_clock(self, now_ms: int) -> None:
        last_ms, self._now_ms = self._now_ms, now_ms
        settled_ms = now_ms + SETTLING_TTLS * self._ttl_ms
        if self._lost:
            self._lost = False
            self._restates_ms = now_ms if last_ms is None else min(last_ms, now_ms)
            self._records_from_ms = self._absence_from_ms = settled_ms
        elif last_ms is None or not 0 <= now_ms - last_ms <= self._ttl_ms:
            if self._restates_ms:
                self._records_from_ms = settled_ms
            self._absence_from_ms = settled_ms
        if last_ms is not None and now_ms < last_ms:
            self._forget_the_future(now_ms)

    def _forget_the_future(self, now_ms: int) -> None:
        """A clock that went back must not keep anyone here until it catches up."""
        for state in self._people.values():
            state.due_ms = 0
            state.gone_ms = min(state.gone_ms, now_ms)
            state.since_ms = min(state.since_ms, now_ms)
            for node, device in state.devices.items():
                if device.heard_ms > now_ms:
                    state.devices[node] = replace(device, heard_ms=now_ms)

    def _advance(
        self, person: Person, state: _State, now_ms: int, restates_ms: int
    ) -> list[Transition]:
        status = self._status_of(state, now_ms)
        gone = status is PresenceStatus.OFFLINE
        if gone and not state.devices:
            del self._people[person]
        where = state.conversations
        if status is not state.status:
            state.since_ms = state.gone_ms if gone else now_ms
            state.status = status
        elif gone:
            return []
        elif not restates_ms:
            where, restates_ms = state.conversations - state.told, state.announced_ms
            state.told &= state.conversations
            if not where:
                return []
        state.told, state.announced_ms = state.conversations, now_ms
        since_ms, interest = state.since_ms, state.conversations
        return [
            Transition(person, state.role, status, since_ms, where, interest, now_ms, restates_ms)
        ]

    def _status_of(self, state: _State, now_ms: int) -> PresenceStatus:
        """Sum up the devices; notes too when it may change next, and drops devices of the past."""
        self._drop_past(state, now_ms)
        here = [device for device in state.devices.values() if self._counts(device, state, now_ms)]
        if not here:
            offline_ms = max(state.gone_ms + self._linger_ms[state.role], self._absence_from_ms)
            state.due_ms = offline_ms
            return state.status if now_ms < offline_ms else PresenceStatus.OFFLINE
        state.conversations = frozenset().union(*(device.conversations for device in here))
        state.due_ms = min(device.heard_ms for device in here) + self._ttl_ms
        found = {device.status for device in here}
        return next(status for status in _STRONGEST_FIRST if status in found)

    def _drop_past(self, state: _State, now_ms: int) -> None:
        # One that left stays for a TTL, so that an older beat of it cannot bring it back.
        for node, device in list(state.devices.items()):
            left = device.status is PresenceStatus.OFFLINE
            past = device.heard_ms + self._ttl_ms <= now_ms and now_ms >= self._absence_from_ms
            if left or past:
                gone_ms = device.heard_ms + (0 if left else self._ttl_ms)
                state.gone_ms = max(state.gone_ms, gone_ms)
            if past:
                del state.devices[node]

    def _counts(self, device: Sighting, state: _State, now_ms: int) -> bool:
        """While absence cannot be believed, who was here stays here; but nobody comes by it."""
        if device.status is PresenceStatus.OFFLINE:
            return False
        kept = now_ms < self._absence_from_ms and state.status is not PresenceStatus.OFFLINE
        return kept or now_ms < device.heard_ms + self._ttl_ms


def _rank(heard: Sighting) -> tuple[int, bool]:
    return heard.heard_ms, heard.status is not PresenceStatus.OFFLINE
