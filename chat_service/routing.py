"""Who is offered which waiting session (DESIGN §6, ADR-0024).

Pure and total: facts and a moment in, a decision with a verdict on every candidate out. The same
facts in any order give the same decision, so a conductor that is killed and started again
decides the same.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from chorus.wire.common import PresenceStatus

LOGIN_WINDOW: Final = timedelta(seconds=30)
AGEING: Final = timedelta(seconds=60)
"""A session gains one step of priority for each such time it has waited."""
NEVER_S: Final = 1e9
ASKED_AGAIN_AFTER_S: Final = 120
"""So long is whoever refused a session left in peace with it, where the queue says nothing else."""
STORED_MAX: Final = 1_000
"""Candidates that are listed in a stored decision."""


class Policy(StrEnum):
    """How a queue picks among agents who are equally fit."""

    LONGEST_IDLE = "longest_idle"
    LEAST_LOADED = "least_loaded"
    ROUND_ROBIN = "round_robin"
    MANUAL = "manual"


class Demand(StrEnum):
    """What a session asks of an agent and gives up with time. A queue's own skills stay."""

    LANGUAGE = "language"
    OPTIONAL_SKILLS = "optional_skills"


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A demand given up once the session has waited this long."""

    after_s: int
    demand: Demand


RELAXATIONS: Final = (
    Relaxation(30, Demand.LANGUAGE),
    Relaxation(60, Demand.OPTIONAL_SKILLS),
)


class Refusal(StrEnum):
    """Why an agent was passed over: the first that applies, in this order."""

    NO_MEMBER = "no_member"
    EXCLUDED = "excluded"
    PRESENCE_UNKNOWN = "presence_unknown"
    NOT_ONLINE = "not_online"
    WRAP_UP = "wrap_up"
    FULL = "full"
    LOGIN_BURST = "login_burst"
    SKILLS = "skills"
    LANGUAGE = "language"


class Outcome(StrEnum):
    """Why an agent was chosen, or nobody."""

    STICKY = "sticky"
    ASKED_AGAIN = "asked_again"
    """Who is left refused it a while ago, and nobody who did not has room."""
    LONGEST_IDLE = "longest_idle"
    LEAST_LOADED = "least_loaded"
    ROUND_ROBIN = "round_robin"
    MANUAL = "manual"
    PRESENCE_UNKNOWN = "presence_unknown"
    """Nobody is asked, and nothing may be made of nobody being there."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of an agent. `member`: serves the session's queue, and its team if it has one."""

    agent_id: UUID
    member: bool
    status: PresenceStatus
    capacity: int
    load: int = 0
    """The summed weights of active sessions."""
    offered: int = 0
    """The summed weights of open offers: they may become load any moment."""
    in_wrap_up: bool = False
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    """Language tags; nobody who states none is passed over for it."""
    last_offered_at: datetime | None = None
    idle_since: datetime | None = None
    online_since: datetime | None = None
    offers_since_online: int = 0
    """Counted for the 30 s after a login only."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is known of a session that waits."""

    session_id: UUID
    queue_id: UUID
    policy: Policy
    requested_at: datetime
    queued_at: datetime
    """When it came into this queue; `requested_at` is its age."""
    priority: int = 0
    required_skills: frozenset[str] = frozenset()
    optional_skills: frozenset[str] = frozenset()
    language: str | None = None
    sla_due_at: datetime | None = None
    excluded: Mapping[UUID, datetime] = field(default_factory=dict, hash=False)
    """Who refused it or lost it, and since when they are left in peace."""
    asked_again_after_s: int | None = ASKED_AGAIN_AFTER_S
    """Then they are asked again, after all who did not refuse it; None: never."""
    leaving_id: UUID | None = None
    """Who hands over warmly is not asked to take it back."""
    owner_id: UUID | None = None
    """Who answered this customer last."""
    holder_id: UUID | None = None
    """Who answers this customer now, without a session: asked first, whatever else they have to do."""
    weight: int = 1
    """How much of a capacity a session of this channel takes."""
    relaxations: tuple[Relaxation, ...] = RELAXATIONS
    read: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the customer's words say: `language` and `intent` decide who is fit, `sentiment` when."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the router thought of one agent; the lowest score wins, an unfit one has none."""

    refused: Refusal | None = None
    score: tuple[float, ...] = ()
    again: bool = False
    """They refused it before, and that has lapsed."""

    @property
    def eligible(self) -> bool:
        return self.refused is None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whom to offer a session to, or nobody, and why."""

    session_id: UUID
    chosen: UUID | None
    why: Outcome
    candidates: Mapping[UUID, Verdict]
    read: Mapping[str, str] = field(default_factory=dict, hash=False)

    def candidates_json(self) -> dict[str, Any]:
        """The column `routing_decisions.candidates`: of a huge crowd those who were fit, and as
        many others as have room; the rest are counted by reason under `others`.
        """
        crowd = sorted(self.candidates.items(), key=lambda one: not one[1].eligible)
        told: dict[str, Any] = {str(agent): _told(one) for agent, one in crowd[:STORED_MAX]}
        others = Counter(one.refused or "eligible" for _, one in crowd[STORED_MAX:])
        beside = {"others": dict(others), "read": dict(self.read)}
        return told | {name: some for name, some in beside.items() if some}


def _told(verdict: Verdict) -> dict[str, Any]:
    if verdict.refused is None:
        again = {"again": True} if verdict.again else {}
        return {"eligible": True, "score": verdict.score} | again
    return {"eligible": False, "refused": verdict.refused.value}


@dataclass(frozen=True, slots=True)
class Overflow:
    """Where a queue sends sessions that waited too long."""

    max_wait: timedelta | None
    queue_id: UUID | None


def route(waiting: Waiting, candidates: Iterable[Candidate], *, now: datetime) -> Decision:
    """Choose whom to offer a session to: who did not refuse it, who answers the customer now,
    skill gap, owner, policy, load, idleness, id.
    """
    asked = _asked(waiting, now)
    verdicts = {one.agent_id: _verdict(waiting, one, asked, now=now) for one in candidates}
    fit = [(verdict.score, agent) for agent, verdict in verdicts.items() if verdict.eligible]
    if waiting.policy == Policy.MANUAL:
        return Decision(waiting.session_id, None, Outcome.MANUAL, verdicts, waiting.read)
    if not fit:
        unknown = any(one.refused == Refusal.PRESENCE_UNKNOWN for one in verdicts.values())
        why = Outcome.PRESENCE_UNKNOWN if unknown else Outcome.NOBODY
        return Decision(waiting.session_id, None, why, verdicts, waiting.read)
    chosen = min(fit)[1]
    return Decision(waiting.session_id, chosen, _why(waiting, chosen), verdicts, waiting.read)


def _why(waiting: Waiting, chosen: UUID) -> Outcome:
    if chosen in waiting.excluded:
        return Outcome.ASKED_AGAIN
    known = chosen in (waiting.owner_id, waiting.holder_id)
    return Outcome.STICKY if known else Outcome(waiting.policy.value)


def in_order(waiting: Iterable[Waiting], *, now: datetime) -> list[Waiting]:
    """Sort sessions as they are served: priority with ageing, SLA due, age, id.

    Priority rises by one each `AGEING`, without bound: whatever comes later with whatever
    priority is overtaken in the end.
    """
    return sorted(waiting, key=lambda one: _urgency(one, now))


def with_offer(candidate: Candidate, waiting: Waiting, *, now: datetime) -> Candidate:
    """The same agent once the session is held out to them: for the next decision of a round."""
    return replace(
        candidate,
        offered=candidate.offered + waiting.weight,
        last_offered_at=now,
        offers_since_online=candidate.offers_since_online + 1,
    )


def relaxed_at(waiting: Waiting, *, now: datetime) -> datetime | None:
    """The next moment at which a demand is given up or somebody may be asked again."""
    moments = [waiting.requested_at + _seconds(step.after_s) for step in waiting.relaxations]
    if waiting.asked_again_after_s is not None:
        peace = _seconds(waiting.asked_again_after_s)
        moments += [since + peace for since in waiting.excluded.values()]
    return min((one for one in moments if one > now), default=None)


def overflows_to(
    waiting: Waiting, overflows: Mapping[UUID, Overflow], *, now: datetime
) -> UUID | None:
    """The queue to move a session to because it waited too long in its own."""
    overflow = overflows.get(waiting.queue_id)
    if overflow is None or overflow.max_wait is None:
        return None
    if now - waiting.queued_at < overflow.max_wait:
        return None
    return overflow_target(waiting.queue_id, overflows)


def overflow_target(queue_id: UUID, overflows: Mapping[UUID, Overflow]) -> UUID | None:
    """The overflow queue, unless it is gone or closes a ring.

    A ring is cut behind its highest id, so that each session walks it once at most and nobody
    has to remember where it has been.
    """
    overflow = overflows.get(queue_id)
    target = overflow.queue_id if overflow is not None else None
    if target is None or target not in overflows:
        return None
    ring = overflow_ring(queue_id, overflows)
    return None if ring and queue_id == max(ring) else target


def overflow_ring(queue_id: UUID, overflows: Mapping[UUID, Overflow]) -> Sequence[UUID]:
    """The queues of the ring that `queue_id` is part of; empty when it is in none."""
    walked: list[UUID] = []
    here: UUID | None = queue_id
    while here is not None and here in overflows and here not in walked:
        walked.append(here)
        here = overflows[here].queue_id
    return walked if here == queue_id else ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked of agents at this moment."""

    skills: frozenset[str]
    language: str | None
    """The primary subtag while it is still asked for."""
    wished_language: str | None


def _asked(waiting: Waiting, now: datetime) -> _Asked:
    waited = now - waiting.requested_at
    given_up = {step.demand for step in waiting.relaxations if waited >= _seconds(step.after_s)}
    optional = frozenset() if Demand.OPTIONAL_SKILLS in given_up else waiting.optional_skills
    wished = _primary(waiting.language) if waiting.language else None
    language = None if Demand.LANGUAGE in given_up else wished
    return _Asked(waiting.required_skills | optional, language, wished)


def _verdict(waiting: Waiting, one: Candidate, asked: _Asked, *, now: datetime) -> Verdict:
    refused = _unavailable(waiting, one, now)
    if refused is None and one.agent_id != waiting.holder_id:
        refused = _unfit(waiting, one, asked, now=now)
    if refused is not None:
        return Verdict(refused)
    again = one.agent_id in waiting.excluded
    return Verdict(score=_score(waiting, one, asked, now), again=again)


def _unavailable(waiting: Waiting, one: Candidate, now: datetime) -> Refusal | None:
    if not one.member and one.agent_id != waiting.holder_id:
        return Refusal.NO_MEMBER
    if _is_left_in_peace(waiting, one.agent_id, now):
        return Refusal.EXCLUDED
    if one.status != PresenceStatus.ONLINE:
        unknown = one.status == PresenceStatus.UNKNOWN
        return Refusal.PRESENCE_UNKNOWN if unknown else Refusal.NOT_ONLINE
    if one.in_wrap_up:
        return Refusal.WRAP_UP
    return None


def _unfit(waiting: Waiting, one: Candidate, asked: _Asked, *, now: datetime) -> Refusal | None:
    if one.load + one.offered + waiting.weight > one.capacity:
        return Refusal.FULL
    if one.offers_since_online >= one.capacity and _just_came(one, now):
        return Refusal.LOGIN_BURST
    if not asked.skills <= one.skills:
        return Refusal.SKILLS
    if asked.language and one.languages and not _speaks(one, asked.language):
        return Refusal.LANGUAGE
    return None


def _is_left_in_peace(waiting: Waiting, agent_id: UUID, now: datetime) -> bool:
    if agent_id == waiting.leaving_id:
        return True
    since, after_s = waiting.excluded.get(agent_id), waiting.asked_again_after_s
    return since is not None and (after_s is None or now - since < _seconds(after_s))


def _just_came(one: Candidate, now: datetime) -> bool:
    return one.online_since is not None and now - one.online_since < LOGIN_WINDOW


def _score(waiting: Waiting, one: Candidate, asked: _Asked, now: datetime) -> tuple[float, ...]:
    gap = len(waiting.optional_skills - one.skills)
    if asked.wished_language and not _speaks(one, asked.wished_language):
        gap += 1
    ratio = (one.load + one.offered) / max(1, one.capacity)
    rested = -_ago_s(one.idle_since, now)
    stranger = float(one.agent_id != waiting.owner_id)
    # Of those who refused it, whoever did so longest ago.
    refused_at = waiting.excluded.get(one.agent_id)
    peace = (0.0, 0.0) if refused_at is None else (1.0, -_ago_s(refused_at, now))
    elsewhere = float(one.agent_id != waiting.holder_id)
    return (*peace, elsewhere, gap, stranger, *_preference(waiting.policy, one, now), ratio, rested)


def _preference(policy: Policy, one: Candidate, now: datetime) -> tuple[float, ...]:
    if policy == Policy.LONGEST_IDLE:
        # Whoever answers somebody is not idle, however long ago their last session ended.
        busy = float(one.load + one.offered > 0)
        return (busy, -min(_ago_s(one.idle_since, now), _ago_s(one.last_offered_at, now)))
    if policy == Policy.ROUND_ROBIN:
        return (-_ago_s(one.last_offered_at, now),)
    return ()


def _urgency(one: Waiting, now: datetime) -> tuple[float, float, datetime, UUID]:
    steps = max(now - one.requested_at, timedelta()) // AGEING
    due_s = (one.sla_due_at - now).total_seconds() if one.sla_due_at else NEVER_S
    return (-(one.priority + steps), due_s, one.requested_at, one.session_id)


def _speaks(one: Candidate, primary: str) -> bool:
    return any(_primary(tag) == primary for tag in one.languages)


def _primary(tag: str) -> str:
    """`de` of `de-AT`: who speaks a language is understood in its regions."""
    return tag.replace("_", "-").partition("-")[0].lower()


def _ago_s(moment: datetime | None, now: datetime) -> float:
    return NEVER_S if moment is None else (now - moment).total_seconds()


def _seconds(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)
