"""A day of handoffs on a virtual clock, once per policy: `python -m load.simulate_day`.

40 agents in three shifts, 2,000 escalations, the real state machine and the real router; only the
people are made up. Every policy meets the same customers. In the `manual` queue agents look at
the list by themselves now and then and take whom they find first.
"""

import argparse
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Final
from uuid import UUID

from chat_service import session_facts as facts
from chat_service.deferral import Deferral, Group, Why, since_when
from chat_service.deferred_pages import PAGE
from chat_service.routing import Policy, Waiting
from chat_service.routing_facts import DEFER, Facts, Place, QueueFacts
from chat_service.routing_plan import happening, moves
from chat_service.routing_round import Round
from chat_service.session_facts import Actor, Happening, Session
from chat_service.session_moves import FINAL
from chat_service.session_records import HandoffRecord, Transition
from chat_service.sessions import WAITING, step
from chorus.wire.common import PresenceStatus, SessionState
from load.day_people import EVERYBODY, FIRST_LINE, MIDNIGHT, Case, Desk, case, desks

OFFER_S: Final = 30
FIRST_WAIT_S, LAST_WAIT_S = 240, 660
"""How long customers wait in the first line, and then in the line of everybody."""
WRAP_UP: Final = timedelta(seconds=20)
SHIFT_H: Final = 8
SHIFT: Final = timedelta(hours=SHIFT_H)
ABSENCE: Final = timedelta(minutes=10)
ACCEPTS, DECLINES = 0.90, 0.05
"""Shares of offers; the rest expires."""
HANDS_OVER, LOSES = 0.03, 0.01
"""Shares of chats that are handed over warmly, and whose agent is lost."""
UNTAKEN: Final = frozenset({SessionState.QUEUED, SessionState.DEFERRED})
HEAD: Final = (
    "| policy | wait P50 s | P90 s | max s | abandoned | deferred | handled a slot | σ | Gini |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a day came to."""

    policy: Policy
    asked: int
    waits_s: tuple[float, ...]
    """Of everybody who was answered without being deferred."""
    abandoned: int
    deferred: int
    handled: tuple[float, ...]
    """Sessions answered by each agent of the first line, for each unit of their capacity."""
    unended: int
    unanswered: int
    """Neither answered nor gone: starved."""
    over_capacity: int
    """Agents who had more than their capacity at any moment."""
    overdue: int
    """How often a round left somebody in a line longer than it allows."""
    transitions: int
    recorded: int

    def row(self) -> str:
        waits = sorted(self.waits_s)
        cells = (
            self.policy.value,
            f"{_percentile(waits, 0.5):.0f}",
            f"{_percentile(waits, 0.9):.0f}",
            f"{waits[-1]:.0f}",
            f"{self.abandoned / self.asked:.1%}",
            str(self.deferred),
            f"{statistics.mean(self.handled):.1f}",
            f"{statistics.pstdev(self.handled):.1f}",
            f"{gini(self.handled):.3f}",
        )
        return f"| {' | '.join(cells)} |"


class Day:
    """One policy and one seed: agents come and go, customers ask, wait, are answered or leave."""

    def __init__(
        self, policy: Policy, *, seed: int = 1, agents: int = 40, escalations: int = 2_000
    ) -> None:
        self.policy = policy
        self.now = MIDNIGHT
        self.desks = {desk.agent_id: desk for desk in desks(agents, seed)}
        self.cases = [case(number, seed) for number in range(escalations)]
        self._agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()
        self._untaken: set[int] = set()
        self._serving_soon = False
        self._empty_since: dict[Group, datetime] = {}
        self._overdue = 0

    def run(self) -> Outcome:
        for day in (0, 1):
            for desk in self.desks.values():
                start = MIDNIGHT + timedelta(days=day, hours=desk.shift_h)
                self._at(start, partial(self._comes, desk))
                self._at(start + SHIFT, partial(self._goes, desk))
        for one in self.cases:
            self._at(one.asks_at, partial(self._asks, one))
        while self._agenda:
            self.now, _, act = heappop(self._agenda)
            act()
        return self._outcome()

    def _at(self, at: datetime, act: Callable[[], object]) -> None:
        heappush(self._agenda, (at, next(self._order), act))

    def _in(self, delay_s: float, act: Callable[[], object]) -> None:
        self._at(self.now + timedelta(seconds=delay_s), act)

    def _comes(self, desk: Desk) -> None:
        desk.status, desk.online_since, desk.on_duty = PresenceStatus.ONLINE, self.now, True
        self._glances(desk)
        self._serve_soon()

    def _goes(self, desk: Desk) -> None:
        """End a shift: finish what is open, take nothing new."""
        desk.on_duty = False
        if desk.status == PresenceStatus.ONLINE:
            desk.status = PresenceStatus.AWAY
        desk.rests()

    def _is_lost(self, desk: Desk) -> None:
        """Be cut off for a while in the middle of a shift."""
        if desk.status != PresenceStatus.ONLINE:
            return
        desk.status = PresenceStatus.OFFLINE
        for number in sorted(desk.active | desk.offers):
            self._happens(self.cases[number], facts.AgentLost(desk.agent_id))
        back_at = self.now + ABSENCE
        if back_at.hour < desk.shift_h + SHIFT_H:
            self._at(back_at, partial(self._comes, desk))

    def _glances(self, desk: Desk) -> None:
        """Look at the list every half minute or so, where the router leaves that to agents."""
        if self.policy != Policy.MANUAL or desk.status != PresenceStatus.ONLINE:
            return
        self._in(desk.dice.uniform(20, 60), partial(self._glances, desk))
        for one in self._line() if desk.has_room else ():
            place = self._place(one)
            if place.waiting.queue_id in desk.queues and self._is_fit(desk, place):
                desk.is_asked(place.waiting.queue_id, self.now)
                self._answers(one, facts.Claimed(desk.agent_id))
                return

    def _is_fit(self, desk: Desk, place: Place) -> bool:
        """Ask the router whether it would let this agent have the session."""
        judged = Round(self._facts([place]), now=self.now).explained(place)
        return judged.candidates[desk.agent_id].eligible

    def _is_offered(self, one: Case, agent_id: UUID) -> None:
        mood, delay_s = one.dice.random(), one.dice.uniform(2, 20)
        self._in(OFFER_S, partial(self._happens, one, facts.OfferExpired()))
        if mood < ACCEPTS:
            self._in(delay_s, partial(self._answers, one, facts.Accepted(agent_id)))
        elif mood < ACCEPTS + DECLINES:
            self._in(delay_s, partial(self._happens, one, facts.Declined(agent_id)))

    def _answers(self, one: Case, happening: Happening) -> None:
        """Accept, claim or pick up; then talk, sometimes hand over or get lost, and resolve."""
        if not self._happens(one, happening):
            return
        session = _session(one)
        agent_id = session.agent_id
        assert agent_id is not None
        desk = self.desks[agent_id]
        desk.handled += 1
        mood, handle_s = one.dice.random(), one.handle_s
        if session.leaving_agent_id is not None:
            self._in(10, partial(self._happens, one, facts.WarmDone(agent_id)))
        elif mood < HANDS_OVER:
            self._in(handle_s / 2, partial(self._happens, one, _warm(agent_id)))
        elif mood < HANDS_OVER + LOSES:
            self._in(handle_s / 2, partial(self._is_lost, desk))
        resolved = facts.Resolved(Actor(agent_id), WRAP_UP)
        self._in(handle_s, partial(self._happens, one, resolved))

    def _asks(self, one: Case) -> None:
        customer = Actor(UUID(int=50_000 + one.number))
        self._happens(one, facts.Escalated(UUID(int=10_000 + one.number), customer))
        if not any(desk.status == PresenceStatus.ONLINE for desk in self.desks.values()):
            self._happens(one, happening(Deferral(Why.NOBODY_THERE), has_bot=True))
            return
        self._happens(one, facts.Queued(FIRST_LINE))
        self._at(self.now + one.patience, partial(self._leaves, one))

    def _leaves(self, one: Case) -> None:
        """Lose patience; who was told to expect nobody has long gone about other things."""
        session = _session(one)
        if session.state in WAITING and session.accepted_at is None and not session.is_put_off:
            self._happens(one, facts.CustomerGone())

    def _serve_soon(self) -> None:
        """Route once after all that happens at this moment."""
        if not self._serving_soon:
            self._serving_soon = True
            self._at(self.now, self._serve)

    def _serve(self) -> None:
        """Do what a round of the router says."""
        self._serving_soon = False
        line = self._line()
        by_id = {_session(one).id: one for one in line}
        round_ = Round(self._facts([self._place(one) for one in line]), now=self.now)
        empty = since_when(round_.without_anybody(), self._empty_since, now=self.now)
        self._empty_since = empty
        plan = round_.plan(limit=len(line) + 1, empty_since=empty)
        for place, then in moves(plan):
            one = by_id[place.waiting.session_id]
            self._happens(one, happening(then, has_bot=one.conversation.has_bot))
        for chosen in plan.chosen:
            self.desks[chosen.agent_id].is_asked(chosen.place.waiting.queue_id, self.now)
            self._is_offered(by_id[chosen.place.waiting.session_id], chosen.agent_id)
        self._overdue += sum(self._is_overdue(one) for one in line)
        if plan.look_again_at is not None:
            self._at(plan.look_again_at, self._serve_soon)

    def _is_overdue(self, one: Case) -> bool:
        """Whether somebody still waits in a line after the time it allows."""
        session = _session(one)
        if session.state != SessionState.QUEUED or session.queued_at is None:
            return False
        allowed_s = FIRST_WAIT_S if session.queue_id == FIRST_LINE else LAST_WAIT_S
        return self.now >= session.queued_at + timedelta(seconds=allowed_s)

    def _line(self) -> list[Case]:
        """Who waits, and as many of the deferred as the router reads, the oldest first."""
        waiting = [self.cases[number] for number in self._untaken]
        waiting.sort(key=lambda one: (_session(one).requested_at, one.number))
        deferred = [one for one in waiting if _session(one).state == SessionState.DEFERRED]
        return [one for one in waiting if one not in deferred] + deferred[:PAGE]

    def _facts(self, places: Sequence[Place]) -> Facts:
        desks = self.desks.values()
        queues = {
            id_: QueueFacts(
                id_,
                str(id_),
                OFFER_S,
                wait_s,
                overflow,
                None,
                {one.agent_id: one.offered_at.get(id_) for one in desks if id_ in one.queues},
                waited_long=DEFER,
            )
            for id_, wait_s, overflow in (
                (FIRST_LINE, FIRST_WAIT_S, EVERYBODY),
                (EVERYBODY, LAST_WAIT_S, None),
            )
        }
        seen = {one.agent_id: one.seen for one in desks}
        return Facts(places, [one.facts() for one in desks], seen, queues, {}, {})

    def _place(self, one: Case) -> Place:
        session = _session(one)
        waiting = Waiting(
            session.id,
            session.queue_id or EVERYBODY,
            self.policy,
            session.requested_at,
            session.queued_at or session.requested_at,
            language=one.language,
            excluded={agent: one.refused.get(agent, self.now) for agent in session.excluded},
            leaving_id=session.leaving_agent_id,
        )
        deferred = session.state == SessionState.DEFERRED
        return Place(waiting, session.id, one.conversation.team_id, deferred)

    def _happens(self, one: Case, happening: Happening) -> bool:
        """Let the state machine decide; whoever comes too late is refused, as in life."""
        before = one.session
        result = step(before, one.conversation, happening, now=self.now)
        if not isinstance(result, Transition):
            return False
        one.session, one.conversation = result.session, result.conversation
        one.transitions += 1
        one.recorded += sum(isinstance(record, HandoffRecord) for record in result.records)
        if before is not None and before.offer is not None and result.session.offer is None:
            one.refused[before.offer.agent_id] = self.now
        one.deferred |= result.session.state == SessionState.DEFERRED
        self._seat(one.number, before, result.session)
        self._follow_up(one, result.session)
        return True

    def _follow_up(self, one: Case, session: Session) -> None:
        self._untaken.discard(one.number)
        if session.state in UNTAKEN:
            self._untaken.add(one.number)
        if session.state == SessionState.WRAP_UP:
            self._in(WRAP_UP.total_seconds(), partial(self._happens, one, facts.WrapUpOver()))
        self._serve_soon()

    def _seat(self, number: int, before: Session | None, after: Session) -> None:
        """Keep the books of who does what."""
        left = [desk for desk in self.desks.values() if number in desk.active]
        for seats in self._seats(before) if before else ():
            seats.discard(number)
        for seats in self._seats(after):
            seats.add(number)
        for desk in left:
            if number not in desk.active:
                desk.idle_since = self.now
        for desk in left:
            desk.rests()
        for desk in self.desks.values():
            desk.most_load = max(desk.most_load, len(desk.active) + len(desk.offers))

    def _seats(self, session: Session) -> Iterator[set[int]]:
        if session.leaving_agent_id:
            yield self.desks[session.leaving_agent_id].active
        if session.offer:
            yield self.desks[session.offer.agent_id].offers
        if session.agent_id and session.state == SessionState.ACTIVE:
            yield self.desks[session.agent_id].active
        if session.agent_id and session.state == SessionState.WRAP_UP:
            yield self.desks[session.agent_id].wrapping_up

    def _outcome(self) -> Outcome:
        sessions = [_session(one) for one in self.cases]
        gone = [one for one in sessions if one.end_reason == facts.Reason.CUSTOMER_GONE]
        return Outcome(
            self.policy,
            asked=len(sessions),
            waits_s=tuple(
                (session.accepted_at - session.requested_at).total_seconds()
                for one, session in zip(self.cases, sessions, strict=True)
                if session.accepted_at is not None and not one.deferred
            ),
            abandoned=len(gone),
            deferred=sum(one.deferred for one in self.cases),
            handled=tuple(
                desk.handled / desk.capacity
                for desk in self.desks.values()
                if FIRST_LINE in desk.queues
            ),
            unended=sum(one.state not in FINAL for one in sessions),
            unanswered=sum(one.accepted_at is None for one in sessions) - len(gone),
            over_capacity=sum(desk.most_load > desk.capacity for desk in self.desks.values()),
            overdue=self._overdue,
            transitions=sum(one.transitions for one in self.cases),
            recorded=sum(one.recorded for one in self.cases),
        )


def gini(amounts: Sequence[float]) -> float:
    """Inequality from 0 (all the same) towards 1 (one has all)."""
    ordered, total = sorted(amounts), sum(amounts)
    if not total:
        return 0.0
    weighted = sum(place * amount for place, amount in enumerate(ordered, start=1))
    return 2 * weighted / (len(ordered) * total) - (len(ordered) + 1) / len(ordered)


def table(outcomes: Sequence[Outcome]) -> str:
    return "\n".join((HEAD, *(outcome.row() for outcome in outcomes)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--agents", type=int, default=40)
    parser.add_argument("--escalations", type=int, default=2_000)
    given = vars(parser.parse_args())
    print(table([Day(policy, **given).run() for policy in Policy]))


def _session(one: Case) -> Session:
    assert one.session is not None, "everybody begins with Escalated"
    return one.session


def _warm(agent_id: UUID) -> facts.Transferred:
    to = facts.ToQueue(EVERYBODY, members=2)
    return facts.Transferred(to, facts.TransferMode.WARM, Actor(agent_id))


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    main()
