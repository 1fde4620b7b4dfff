"""The made-up people of a simulated day: customers, and agents in shifts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from chat_service.routing import LOGIN_WINDOW
from chat_service.routing_facts import AgentFacts
from chat_service.session_facts import Conversation, Session
from chorus.clock import unix_ms
from chorus.presence import Seen
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
    refused: dict[UUID, datetime] = field(default_factory=dict)
    """Who did not take it, and when."""
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
    on_duty: bool = False
    active: set[int] = field(default_factory=set)
    offers: set[int] = field(default_factory=set)
    wrapping_up: set[int] = field(default_factory=set)
    idle_since: datetime | None = None
    online_since: datetime = MIDNIGHT
    offered_at: dict[UUID, datetime] = field(default_factory=dict)
    """When each queue last asked them."""
    recent_offers: list[datetime] = field(default_factory=list)
    handled: int = 0
    most_load: int = 0

    def facts(self) -> AgentFacts:
        """What the tables know of them."""
        return AgentFacts(
            self.agent_id,
            status=PresenceStatus.ONLINE.value,
            status_at=None,
            capacity=self.capacity,
            skills=frozenset(),
            languages=self.languages,
            idle_since=self.idle_since,
            load=len(self.active),
            offered=len(self.offers),
            in_wrap_up=bool(self.wrapping_up),
            recent_offers=tuple(self.recent_offers),
        )

    @property
    def seen(self) -> Seen:
        """What presence knows of them."""
        return Seen(self.status, unix_ms(self.online_since))

    def is_asked(self, queue_id: UUID, now: datetime) -> None:
        self.offered_at[queue_id] = now
        fresh = [at for at in self.recent_offers if now - at <= LOGIN_WINDOW]
        self.recent_offers = [*fresh, now]

    def rests(self) -> None:
        """Go home once the shift is over and nobody is left to answer."""
        if not self.on_duty and not (self.active or self.offers or self.wrapping_up):
            self.status = PresenceStatus.OFFLINE

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
