"""Who does something, in which transaction, and what an act brings about."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chat_service.emit import Publication, Publisher
from chat_service.gathering import Gathering
from chat_service.handoff import Moved
from chat_service.outlook import Outlook
from chat_service.reopened import Reopened
from chat_service.session_facts import Actor
from chat_service.store.conversations import Locked
from chat_service.store.ingest import OutboxRow
from chat_service.store.timeline import NewEvent
from chat_service.together import Together
from chorus.auth import Principal
from chorus.bus import Client
from chorus.clock import Clock
from chorus.db import Db, Transaction
from chorus.errors import AlreadyAssigned, Forbidden, Overloaded
from chorus.wire.common import Visibility

ACTS_AT_ONCE: Final = 12
"""In one process. In a line a burst is over sooner than in a crowd, which wears out the pool."""
TURN_MAX_S: Final = 3.0
"""Less than the deadline of an internal call."""
SENIORS: Final = frozenset({"supervisor", "admin", "server"})


@dataclass(frozen=True, slots=True)
class Commands:
    """What acts use."""

    db: Db
    publisher: Publisher
    clock: Clock
    edit_window: timedelta
    """How long a customer may change what they said."""
    redis: Client
    """Where presence is read."""
    together: Together[Outlook] = field(default_factory=Together)
    gathering: Gathering[Any, Any] = field(default_factory=Gathering)
    """Wishes that are carried out together."""
    reopened: Reopened = field(default_factory=Reopened)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ACTS_AT_ONCE))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Stand in line until few enough act at once.

        Raises:
            Overloaded: that would take too long; nothing was done.
        """
        try:
            async with asyncio.timeout(TURN_MAX_S):
                await self.turns.acquire()
        except TimeoutError as error:
            raise Overloaded from error
        try:
            yield
        finally:
            self.turns.release()


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does something, when, and in which transaction."""

    tx: Transaction
    principal: Principal
    now: datetime
    edit_window: timedelta
    session_id: UUID | None = None
    """The live-chat session that is meant, where the caller named one."""
    socket: str | None = None
    """Where it was asked for; None: over REST."""

    @property
    def tenant_id(self) -> UUID:
        return self.principal.tenant_id

    @property
    def by(self) -> str:
        return str(self.principal.user_id)

    @property
    def actor(self) -> Actor:
        return Actor(self.principal.user_id, senior=self.principal.role in SENIORS)

    def event(
        self, name: str, data: Mapping[str, Any], *, visibility: str = Visibility.PUBLIC
    ) -> NewEvent:
        return NewEvent(
            name, data, self.principal.speaks_as, self.principal.user_id, visibility=visibility
        )


@dataclass(frozen=True, slots=True)
class Effects:
    """What an act brought about: durable events, domain events, words for all gateways, and moves.

    Moves are written already; events and domain events are written after them.
    """

    events: tuple[NewEvent, ...] = ()
    outbox: tuple[OutboxRow, ...] = ()
    words: tuple[Publication, ...] = ()
    moved: tuple[Moved, ...] = ()
    plan: Any = None
    """For Escalate: where the wish goes, which its edge shows."""


Act = Callable[[Deed, Locked, Any], Awaitable[Effects]]
PersonalAct = Callable[[Deed, Any], Awaitable[Effects]]
Prepare = Callable[[Commands, Principal, UUID | None, Any], Awaitable[Any]]
"""What is asked (a frame, or what an edge knows beyond it) and where: answers what the act gets."""


def agents_only(deed: Deed) -> None:
    """Raises Forbidden for customers."""
    if not deed.principal.is_agent:
        raise Forbidden


def a_person_only(deed: Deed) -> UUID:
    """The agent who acts; a service is none and cannot answer a customer by itself."""
    if not deed.principal.is_agent or deed.principal.role == "server":
        raise Forbidden
    return deed.principal.user_id


def not_a_colleagues(deed: Deed, where: Locked) -> None:
    """Raises AlreadyAssigned when somebody else answers here, unless a senior asks."""
    mine = where.assignee_id in (None, deed.principal.user_id)
    if not mine and deed.principal.role not in SENIORS:
        raise AlreadyAssigned(by={"userId": str(where.assignee_id)})
