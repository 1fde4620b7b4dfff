"""Offers waiting sessions to agents: facts in, pure decisions, offers out (DESIGN §6).

Woken by what happens (see `heard` and `word`), by moments the last round named, and every 15 s as
a net. Presence is read before the transaction; while it is unknown nobody is offered anything.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import orjson

from chat_service import briefing, events, failpoints, handoff, reach
from chat_service.asleep import Stuck, stuck_after
from chat_service.deferral import Group, since_when
from chat_service.deferred_pages import Cursor, next_cursors
from chat_service.emit import Publisher
from chat_service.handoff import Moved
from chat_service.handoff_draft import Scene
from chat_service.jobs import Tools
from chat_service.lanes import Lanes
from chat_service.routing import Decision
from chat_service.routing_facts import AgentFacts, Place
from chat_service.routing_look import Before, Look, look
from chat_service.routing_plan import Chosen, Plan, happening, moves
from chat_service.routing_round import Round
from chat_service.store import routing as store
from chat_service.store.outbox import DomainEvent
from chat_service.store.routing import Queueless, Stored
from chorus import metrics, topics
from chorus.db import Transaction
from chorus.errors import Overloaded, Unavailable
from chorus.log import get_logger
from chorus.presence import Seen
from chorus.wire.common import SessionState

log = get_logger(__name__)

OFFERS_AT_ONCE: Final = 100
"""In one transaction: their conversations stand still until it is committed."""
EXPLAINED_AT_ONCE: Final = 25
EXPLAINED_NEXT: Final = timedelta(seconds=1)
EXPLAINED_AGAIN: Final = 5
EXPLAINED_FOR_S: Final = 15.0
"""Why nobody takes a session is looked at again after this."""
TENANTS_AT_ONCE: Final = 4
"""Each takes a connection of the pool that the timers of all tenants need, too."""
WHOLE_EVERY_S: Final = 1.0
"""In between, lines that cannot move are not read: see `asleep`."""
PAUSE_S: Final = 0.05
"""Between two rounds of a tenant: what happens meanwhile is one round."""
RETRY_S: Final = 1.0
_ALWAYS: Final = frozenset(
    {
        events.AGENT_STATUS_CHANGED.name,
        events.CONVERSATION_REOPENED.name,
        events.ROUTING_CHANGED.name,
    }
)
"""What no word of an act makes old news."""


class Router:
    """The tenants that are due, and what was last said of sessions nobody takes."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._publisher = Publisher(tools.client)
        self._due: dict[UUID, float] = {}
        self._again_from: dict[UUID, float] = {}
        self._rung: dict[UUID, datetime] = {}
        self._woken = asyncio.Event()
        self._told: dict[UUID, dict[UUID, tuple[str, float]]] = {}
        self._whole_at_s: dict[UUID, float] = {}
        self._empty_since: dict[UUID, dict[Group, datetime]] = {}
        self._cursors: dict[UUID, dict[UUID, Cursor | None]] = {}
        self._stuck: dict[UUID, Stuck] = {}

    def wake(self, tenant_id: UUID, *, in_s: float = 0.0) -> None:
        """Route a tenant soon, unless it is due earlier."""
        now_s = self._tools.clock.monotonic()
        at_s = max(now_s + in_s, self._again_from.get(tenant_id, 0.0))
        if at_s < self._due.get(tenant_id, float("inf")):
            self._due[tenant_id] = at_s
            self._woken.set()

    def rung(self, tenant_id: UUID) -> None:
        """Take the word of an act that was committed a moment ago."""
        self._rung[tenant_id] = self._tools.clock.now()
        self.wake(tenant_id)

    def heard(self, relayed: Iterable[DomainEvent]) -> None:
        """Take domain events: a session's are known already when its word came."""
        for event in relayed:
            rung_at = self._rung.get(event.tenant_id)
            unheard = rung_at is None or rung_at < event.created_at
            if event.event in _ALWAYS or (unheard and _frees(event)):
                self.wake(event.tenant_id)

    async def tick(self) -> None:
        """Wake every tenant whose customers wait, whatever was missed."""
        async with self._tools.db.raw_transaction() as raw:
            waiting = await store.tenants_that_wait(raw)
        metrics.queue_depth.set(sum(waiting.values()))
        for tenant_id in waiting:
            self.wake(tenant_id)

    async def run(self) -> None:
        """Route whoever is due, for ever: several tenants side by side, each alone."""
        async with Lanes(TENANTS_AT_ONCE) as lanes:
            while True:
                tenant_id = await self._next(lanes)
                await lanes.start(tenant_id, partial(self._route_due, tenant_id))

    async def _route_due(self, tenant_id: UUID) -> None:
        try:
            plan = await self.route(tenant_id)
        except (Unavailable, Overloaded) as error:
            log.warning("routing_postponed", error=type(error).__name__)
            self._told.pop(tenant_id, None)
            self.wake(tenant_id, in_s=RETRY_S)
        except Exception:
            # A fault of ours with one tenant; the tick tries again, the others are served.
            log.exception("routing_failed", tenant=str(tenant_id))
            self._told.pop(tenant_id, None)
        else:
            self._look_again(tenant_id, plan)
        finally:
            # What was due meanwhile had to wait for this.
            self._woken.set()

    async def _next(self, lanes: Lanes) -> UUID:
        while True:
            self._woken.clear()
            now_s = self._tools.clock.monotonic()
            free = [one for one in self._due if not lanes.is_busy(one)]
            first = min(free, key=self._due.__getitem__, default=None)
            if first is not None and self._due[first] <= now_s:
                del self._due[first]
                self._again_from[first] = now_s + PAUSE_S
                return first
            wait_s = None if first is None else self._due[first] - now_s
            try:
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
            except TimeoutError:
                continue

    def _look_again(self, tenant_id: UUID, plan: Plan) -> None:
        if plan.more:
            del self._again_from[tenant_id]
            self.wake(tenant_id)
        elif plan.look_again_at is not None:
            wait = plan.look_again_at - self._tools.clock.now()
            self.wake(tenant_id, in_s=max(PAUSE_S, wait.total_seconds()))

    async def route(self, tenant_id: UUID) -> Plan:
        """Do one round for a tenant: at most `OFFERS_AT_ONCE` offers, in one transaction.

        Raises:
            Unavailable, Overloaded: PostgreSQL cannot be reached; nothing was offered.
        """
        with metrics.timed(metrics.routing_ms):
            seen = await self._presence(tenant_id)
            async with self._tools.db.transaction(None) as tx:
                await store.lock_tenant(tx, tenant_id)
                now = self._tools.clock.now()
                whole = self._is_whole(tenant_id)
                before = Before(
                    self._cursors.get(tenant_id, {}), self._stuck.pop(tenant_id, Stuck())
                )
                found = await look(tx, tenant_id, seen, before, now=now, whole=whole)
                round_ = Round(found.facts, now=now)
                empty = self._empty(tenant_id, round_, found.unread)
                plan = round_.plan(limit=OFFERS_AT_ONCE, empty_since=empty)
                moved = await self._carry_out(tx, tenant_id, plan, found, now=now)
                self._cursors[tenant_id] = next_cursors(
                    found.lines, found.facts.places, plan, now=now
                )
                self._stuck[tenant_id] = (
                    stuck_after(plan, found.powers, round_.without_anybody())
                    if whole
                    else before.stuck
                )
                decisions = _offered(plan, moved)
                if plan.chosen or not whole:
                    # Somebody's phone is to ring: reasons can wait.
                    plan.look_at(now + EXPLAINED_NEXT)
                else:
                    decisions += self._unserved(tenant_id, round_, plan)
                await store.store_decisions(tx, tenant_id, decisions, at=now)
                failpoints.passing("before_offers")
                tx.after_commit(lambda: self._tell(tenant_id, moved, now))
            failpoints.passing("after_offers")
        for one in decisions:
            metrics.routing_decisions_total.labels(one.why).inc()
        return plan

    def _is_whole(self, tenant_id: UUID) -> bool:
        """Whether all lines are to be read: it is a while since they were."""
        now_s = self._tools.clock.monotonic()
        whole = now_s - self._whole_at_s.get(tenant_id, -WHOLE_EVERY_S) >= WHOLE_EVERY_S
        if whole:
            self._whole_at_s[tenant_id] = now_s
        return whole

    async def _presence(self, tenant_id: UUID) -> Mapping[UUID, Seen]:
        """Who of the staff can be reached, also of those who chose not to be asked."""
        async with self._tools.db.raw_transaction() as raw:
            staff = await store.staff(raw, tenant_id)
        return await reach.read(self._tools.client, tenant_id, staff)

    def _empty(
        self, tenant_id: UUID, round_: Round, unread: Collection[UUID]
    ) -> Mapping[Group, datetime]:
        """Since when each queue, or team in it, for which somebody waits is without anybody."""
        before, now = self._empty_since.pop(tenant_id, {}), self._tools.clock.now()
        found = since_when(round_.without_anybody(), before, now=now, unread=unread)
        if found:
            self._empty_since[tenant_id] = found
        return found

    async def _carry_out(
        self, tx: Transaction, tenant_id: UUID, plan: Plan, found: Look, *, now: datetime
    ) -> list[Moved]:
        """Make the moves whose conversation nobody holds and whose agent still has room."""
        wanted = {place.conversation_id: (place, then) for place, then in moves(plan)}
        if not wanted and not found.homing:
            return []
        ids = [*wanted, *found.homing]
        scenes = await handoff.enter_all(tx, tenant_id, ids, skip_locked=True)
        fit = await self._still_fit(tx, tenant_id, plan, now=now)
        steps = [
            (scene, happening(wanted[id_][1], has_bot=scene.held.conversation.has_bot))
            for id_, scene in scenes.items()
            if id_ in wanted
            and _is_still(scene, wanted[id_][0])
            and wanted[id_][0].waiting.session_id in fit
        ]
        # Who was held by somebody, or has less room than we thought, is for the next round.
        # So are those who stand in another line now.
        plan.more |= len(steps) < len(wanted) or plan.moves_lines or bool(found.homing)
        homing = [
            (scenes[id_], then)
            for id_, (lost, then) in found.homing.items()
            if id_ in scenes and _stands_nowhere(scenes[id_], lost)
        ]
        done = await handoff.move_all(tx, [*steps, *homing], now=now)
        return [one for one in done.values() if isinstance(one, Moved)]

    async def _still_fit(
        self, tx: Transaction, tenant_id: UUID, plan: Plan, *, now: datetime
    ) -> Collection[UUID]:
        """The sessions for which there is room under the locks of their agents."""
        asked = {one.agent_id for one in plan.chosen}
        fit = {place.waiting.session_id for place, _ in plan.elsewhere}
        if not asked:
            return fit
        await store.lock_agents(tx, tenant_id, asked)
        known = {one.id: one for one in await store.agents(tx, tenant_id, asked, now=now)}
        fit |= {one.place.waiting.session_id for one in _with_room(plan.chosen, known)}
        pairs = {(one.place.waiting.queue_id, one.agent_id) for one in plan.chosen}
        await store.note_offers(tx, tenant_id, pairs, at=now)
        return fit

    def _unserved(self, tenant_id: UUID, round_: Round, plan: Plan) -> list[Stored]:
        """Why nobody takes a session: kept when it is new or different, a few at a time."""
        now_s, before = self._tools.clock.monotonic(), self._told.get(tenant_id, {})
        waiting = {one.waiting.session_id: one for one in plan.left}
        new = [one for one in waiting if one not in before]
        old = [one for one in waiting if one in before and before[one][1] < now_s - EXPLAINED_FOR_S]
        if len(new) > EXPLAINED_AT_ONCE:
            plan.look_at(self._tools.clock.now() + EXPLAINED_NEXT)
        told = self._told[tenant_id] = {one: before[one] for one in waiting if one in before}
        stored = []
        for session_id in [*new[:EXPLAINED_AT_ONCE], *old[:EXPLAINED_AGAIN]]:
            decision = round_.explained(waiting[session_id])
            if told.get(session_id, ("", 0.0))[0] != _gist(decision):
                stored.append(_stored(decision))
            told[session_id] = _gist(decision), now_s
        return stored

    async def _tell(self, tenant_id: UUID, moved: Sequence[Moved], now: datetime) -> None:
        handoff.counted(moved, now=now)
        briefed = await briefing.brief(self._tools.db, tenant_id, moved, self._tools.clock)
        spoken = handoff.publications(briefed.moved, now=self._tools.clock.now())
        # Our own moves give nobody anything to do but us, who know of them.
        await self._publisher.publish([one for one in spoken if one[0] != topics.CONTROL])
        await briefing.keep(self._tools.db, tenant_id, briefed)


def _frees(event: DomainEvent) -> bool:
    """Say whether somebody may wait or have room now: not so when an offer is made."""
    if event.event != events.HANDOFF_CHANGED.name:
        return False
    return bool(orjson.loads(event.data)["state"] != SessionState.OFFERED)


def _is_still(scene: Scene, place: Place) -> bool:
    """Say whether a session still stands where it was found."""
    session = scene.open_session
    state = SessionState.DEFERRED if place.deferred else SessionState.QUEUED
    return (
        session is not None
        and session.id == place.waiting.session_id
        and (session.state, session.queue_id) == (state, place.waiting.queue_id)
    )


def _stands_nowhere(scene: Scene, lost: Queueless) -> bool:
    session = scene.open_session
    return session is not None and (session.id, session.queue_id) == (lost.session_id, None)


def _with_room(chosen: Sequence[Chosen], known: Mapping[UUID, AgentFacts]) -> Iterator[Chosen]:
    """Those whose agent can take them, given in the order of the plan."""
    given: dict[UUID, int] = {}
    for one in chosen:
        agent = known.get(one.agent_id)
        if agent is None or agent.in_wrap_up or not agent.willing:
            continue
        waiting = one.place.waiting
        load = given.get(agent.id, agent.load + agent.offered) + waiting.weight
        # Whoever answers the customer already has them among their load.
        if load <= agent.capacity or agent.id == waiting.holder_id:
            given[agent.id] = load
            yield one


def _offered(plan: Plan, moved: Sequence[Moved]) -> list[Stored]:
    made = {one.session.id for one in moved if one.transition is not None}
    return [_stored(one.decision) for one in plan.chosen if one.decision.session_id in made]


def _stored(decision: Decision) -> Stored:
    return Stored(decision.session_id, decision.chosen, decision.why, decision.candidates_json())


def _gist(decision: Decision) -> str:
    """What of a refusal is worth keeping again: why, and for which reasons."""
    reasons = {one.refused for one in decision.candidates.values() if one.refused is not None}
    return " ".join([decision.why, *sorted(reasons)])
