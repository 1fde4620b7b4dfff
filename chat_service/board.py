"""The live board: who waits and how long, who is there and how busy, what the bot answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chat_service.deeds import Commands
from chat_service.queue_choice import status_of
from chat_service.store import board as store
from chat_service.store import lines as desks
from chat_service.store.board import Line, Sums, Waiter
from chorus import presence
from chorus.wire.common import PresenceStatus

WAITERS_MAX: Final = 50
AGENTS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class AtWork:
    """An agent now; `load` of `capacity` by weight."""

    id: UUID
    name: str
    presence: PresenceStatus
    load: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Board:
    now: datetime
    sums: Sums
    lines: Sequence[Line]
    waiters: Sequence[Waiter]
    """Who has waited longest."""
    agents: Sequence[AtWork]


async def read(commands: Commands, tenant_id: UUID) -> Board:
    """How a tenant stands now."""
    now = commands.clock.now()
    async with commands.db.read(tenant_id) as session:
        sums = await store.sums(session, tenant_id, now=now)
        lines = await store.lines(session, tenant_id, now=now)
        waiters = await store.waiters(session, tenant_id, limit=WAITERS_MAX)
        names = dict(await store.agents(session, tenant_id, limit=AGENTS_MAX))
        found = {one.id: one for one in await desks.desks(session, tenant_id, list(names))}
    seen = await presence.read(commands.redis, tenant_id, list(found))
    agents = [
        AtWork(id_, name, status_of(found[id_], seen), found[id_].load, found[id_].capacity)
        for id_, name in names.items()
        if id_ in found
    ]
    return Board(now, sums, lines, waiters, agents)
