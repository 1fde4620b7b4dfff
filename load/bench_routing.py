"""How long one routing decision over 1,000 agents takes: `python -m load.bench_routing`.

CPU time of this process; the budget is 5 ms.
"""

import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from chat_service.routing import Candidate, Policy, Waiting, route
from chorus.wire.common import PresenceStatus

AGENTS = 1_000
DECISIONS = 200
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SKILLS = ("billing", "returns", "technical", "vip")
LANGUAGES = ("de", "en", "es", "fr")


def routing(*, agents: int = AGENTS, decisions: int = DECISIONS) -> dict[str, float]:
    """Milliseconds of CPU for one decision; about half of the agents could be chosen."""
    crowd = random.Random(7)
    candidates = [_candidate(number, crowd) for number in range(agents)]
    sessions = [_waiting(number, crowd) for number in range(decisions)]
    took_ms = sorted(_decision_ms(one, candidates) for one in sessions)
    return {
        f"route one session over {agents:,} agents, median ms": statistics.median(took_ms),
        f"route one session over {agents:,} agents, p95 ms": took_ms[int(0.95 * decisions)],
    }


def _decision_ms(waiting: Waiting, candidates: list[Candidate]) -> float:
    started = time.process_time()
    route(waiting, candidates, now=NOW)
    return (time.process_time() - started) * 1000


def _candidate(number: int, crowd: random.Random) -> Candidate:
    return Candidate(
        agent_id=UUID(int=number + 1),
        member=True,
        status=PresenceStatus.ONLINE,
        capacity=5,
        load=crowd.randrange(5),
        in_wrap_up=crowd.random() < 0.05,
        skills=frozenset(crowd.sample(SKILLS, 3)),
        languages=frozenset(crowd.sample(LANGUAGES, 3)),
        last_offered_at=NOW - timedelta(seconds=crowd.randrange(3_600)),
        idle_since=NOW - timedelta(seconds=crowd.randrange(3_600)),
        online_since=NOW - timedelta(hours=2),
    )


def _waiting(number: int, crowd: random.Random) -> Waiting:
    asked_at = NOW - timedelta(seconds=crowd.randrange(25))
    policies = (Policy.LONGEST_IDLE, Policy.LEAST_LOADED, Policy.ROUND_ROBIN)
    return Waiting(
        session_id=UUID(int=number + 1),
        queue_id=UUID(int=1),
        policy=policies[number % 3],
        requested_at=asked_at,
        queued_at=asked_at,
        required_skills=frozenset(crowd.sample(SKILLS, 1)),
        language=crowd.choice(LANGUAGES),
        owner_id=UUID(int=crowd.randrange(AGENTS) + 1),
    )


if __name__ == "__main__":
    for name, figure in routing().items():
        print(f"{name}: {figure:.2f}")
