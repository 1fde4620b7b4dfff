"""The made-up people of a simulated day: customers, and agents in shifts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from chat_service.routing import Candidate
from chat_service.session_facts import Conversation, Session
from chorus.wire.common import ConversationStatus, Floor, PresenceStatus

MIDNIGHT: Final = datetime(2026, 3, 2, tzinfo=UTC)
FIRST_LINE, EVERYBODY = UUID(int=1), UUID(int=2)
SHIFTS_H: Final = (6, 9, 14)
RUSH_H: Final = ((10.5, 2.0), (15.5, 2.5))
"""Mean and spread of the two humps of the day."""
LANGUAGES: Final = ("de", "de", "de", "en", "en", "fr")


@dataclass(slots=True)
class Case:
    """A customer: what they are like, and what became of them."""

    number: int
    dice: Random
    asks_at: datetime
    language: str
    patience: timedelta
    handle_s: float
    conversation: Conversation
    session: Session | None = None
    transitions: int = 0
    recorded: int = 0
    deferred: bool = False


@dataclass(slots=True)
class Desk:
    """An agent: what they are like, and what they are doing."""

    agent_id: UUID
    capacity: int
    languages: frozenset[str]
    queues: frozenset[UUID]
    shift_h: int
    dice: Random
    status: PresenceStatus = PresenceStatus.OFFLINE
    active: set[int] = field(default_factory=set)
    offers: set[int] = field(default_factory=set)
    wrapping_up: set[int] = field(default_factory=set)
    idle_since: datetime | None = None
    last_offered_at: datetime | None = None
    online_since: datetime | None = None
    offers_since_online: int = 0
    handled: int = 0
    most_load: int = 0

    def candidate(self, queue_id: UUID) -> Candidate:
        return Candidate(
            self.agent_id,
            member=queue_id in self.queues,
            status=self.status,
            capacity=self.capacity,
            load=len(self.active),
            offered=len(self.offers),
            in_wrap_up=bool(self.wrapping_up),
            languages=self.languages,
            last_offered_at=self.last_offered_at,
            idle_since=self.idle_since,
            online_since=self.online_since,
            offers_since_online=self.offers_since_online,
        )

    @property
    def has_room(self) -> bool:
        online = self.status == PresenceStatus.ONLINE and not self.wrapping_up
        return online and len(self.active) + len(self.offers) < self.capacity


def desks(number: int, seed: int) -> Iterator[Desk]:
    """Agents of three shifts; every eighth serves the overflow queue only."""
    for place in range(number):
        dice = Random(f"agent {seed} {place}")
        yield Desk(
            UUID(int=1_000 + place),
            capacity=dice.choice((1, 1, 2, 2)),
            languages=frozenset(dice.sample(("de", "en", "fr"), 2)),
            queues=frozenset({EVERYBODY} if place % 8 == 7 else {FIRST_LINE, EVERYBODY}),
            shift_h=SHIFTS_H[place % len(SHIFTS_H)],
            dice=dice,
        )


def case(number: int, seed: int) -> Case:
    """A customer; the same for every policy."""
    dice = Random(f"customer {seed} {number}")
    mean_h, spread_h = dice.choice(RUSH_H)
    hour = min(23.9, max(0.0, dice.gauss(mean_h, spread_h)))
    return Case(
        number,
        dice,
        asks_at=MIDNIGHT + timedelta(hours=hour),
        language=dice.choice(LANGUAGES),
        patience=timedelta(seconds=60 + dice.expovariate(1 / 900)),
        handle_s=dice.lognormvariate(6.2, 0.6),
        conversation=Conversation(ConversationStatus.OPEN, Floor.BOT, 1, has_bot=True),
    )
