"""Tells waiting customers where they stand, and agents how each queue stands.

Ephemeral and merged: a customer hears at most every 2 s and only what is new, a tenant's agents
at most every 250 ms. The order is that of routing, so that nobody is told a place the router
does not keep.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service import events, reach
from chat_service.emit import Publication, Publisher, ephemeral
from chat_service.eta import Service, expected_wait_s, longer
from chat_service.jobs import Tools
from chat_service.queue_choice import EVERYBODY, Circle, service
from chat_service.routing import in_order
from chat_service.store import lines as store
from chat_service.store import routing
from chat_service.store import viewers as sight
from chat_service.store.lines import Counts, Standing
from chat_service.store.outbox import DomainEvent
from chat_service.store.viewers import Viewers
from chorus import topics
from chorus.topics import Audience

PLACES_S: Final = 2.0
COUNTS_S: Final = 0.25
ALL_EVERY: Final = 5
"""Rounds after which every line is looked at: waits change by time alone."""
_MOVES_LINES: Final = frozenset({events.HANDOFF_CHANGED.name, events.ROUTING_CHANGED.name})


@dataclass(frozen=True, slots=True)
class Place:
    """What a waiting customer is told."""

    position: int
    eta_s: int | None

    def data(self) -> dict[str, Any]:
        eta = {} if self.eta_s is None else {"eta_s": self.eta_s}
        return {"position": self.position, **eta}


class Lines:
    """Which tenants' lines moved, and what each customer was told last."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._publisher = Publisher(tools.client)
        self._moved: set[UUID] = set()
        self._uncounted: set[UUID] = set()
        self._told: dict[UUID, dict[UUID, Place]] = {}
        self._counted: dict[UUID, tuple[Counts, Viewers]] = {}
        self._rounds = 0

    def moved(self, tenant_id: UUID) -> None:
        """Somebody began or ceased to wait, or went elsewhere."""
        self._moved.add(tenant_id)
        self._uncounted.add(tenant_id)

    def heard(self, relayed: Iterable[DomainEvent]) -> None:
        """Take domain events that were committed: makes good for a word that was lost."""
        for event in relayed:
            if event.event in _MOVES_LINES:
                self.moved(event.tenant_id)

    async def tell_places(self) -> None:
        """Tell customers whose place or wait changed. Raises like the database."""
        if self._rounds % ALL_EVERY == 0:
            self._moved |= self._told.keys()
            async with self._tools.db.raw_transaction() as raw:
                self._moved |= (await routing.tenants_that_wait(raw)).keys()
        self._rounds += 1
        while self._moved:
            await self._tell_places(self._moved.pop())

    async def tell_counts(self) -> None:
        """Tell the agents of tenants whose queues changed. Raises like the database."""
        while self._uncounted:
            tenant_id = self._uncounted.pop()
            async with self._tools.db.read(None) as session:
                counts = await store.counts(session, tenant_id)
                viewers = await sight.viewers(session, tenant_id)
            if (counts, viewers) != self._counted.get(tenant_id):
                self._counted[tenant_id] = counts, viewers
                await self._publisher.publish([counts_word(tenant_id, counts, viewers)])

    async def _tell_places(self, tenant_id: UUID) -> None:
        places = await self._places(tenant_id)
        before = self._told.pop(tenant_id, {})
        if places:
            self._told[tenant_id] = places
        await self._publisher.publish(
            [
                ephemeral(
                    conversation_id, "queue", place.data(), audience=Audience.CUSTOMERS, author=None
                )
                for conversation_id, place in places.items()
                if before.get(conversation_id) != place
            ]
        )

    async def _places(self, tenant_id: UUID) -> dict[UUID, Place]:
        """Where everybody stands. Presence is read between two transactions, never inside one."""
        tools, now = self._tools, self._tools.clock.now()
        async with tools.db.read(None) as session:
            standing = await store.standing(session, tenant_id, now=now)
            if not standing:
                return {}
            queues = await routing.queues(session, tenant_id)
            asked = {one.waiting.queue_id for one in standing}
            members = {agent for queue_id in asked for agent in queues[queue_id].members}
            desks = await store.desks(session, tenant_id, members)
            times_s = await store.handle_times_s(session, tenant_id, asked)
        seen = await reach.read(tools.client, tenant_id, [one.id for one in desks])

        @cache
        def serve(queue_id: UUID, circle: Circle) -> Service:
            here = [one for one in desks if one.id in queues[queue_id].members]
            return service(circle.of(here), seen, times_s.get(queue_id, []))

        return places(standing, serve, now=now)


def places(
    standing: Iterable[Standing], serve: Callable[[UUID, Circle], Service], *, now: datetime
) -> dict[UUID, Place]:
    """The place of each conversation in its queue, in the order of routing.

    Who may not be given to everybody waits for the queue, and for one of those who are left.
    """
    by_id = {one.waiting.session_id: one for one in standing}
    ordered = in_order((one.waiting for one in by_id.values()), now=now)
    found: dict[UUID, Place] = {}
    # Sorting is stable: each queue keeps the order of routing.
    ordered.sort(key=lambda one: one.queue_id)
    for queue_id, line in groupby(ordered, key=lambda one: one.queue_id):
        alike = Counter[Circle]()
        for position, one in enumerate(line, 1):
            here = by_id[one.session_id]
            alike[here.circle] += 1
            eta_s = longer(
                expected_wait_s(position, serve(queue_id, EVERYBODY)),
                expected_wait_s(alike[here.circle], serve(queue_id, here.circle)),
            )
            found[here.conversation_id] = Place(position, eta_s)
    return found


def counts_word(tenant_id: UUID, counts: Counts, viewers: Viewers) -> Publication:
    """Hand the counters of all queues to the inboxes of a tenant, and who may see which."""
    word = {"counts": counts} | ({"viewers": viewers} if viewers else {})
    return topics.inbox(tenant_id), orjson.dumps(word)
