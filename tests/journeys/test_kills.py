"""kill -9 under load: nothing acknowledged is lost, nothing is shown twice or out of order.

The ledger is what clients were told (`delivered`); it is compared with the database and with what
every client shows. `CHORUS_KILLS` sets how many kills; each victim has its turn.
"""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from time import monotonic

import pytest

from load.stage import Stage, stage
from tests.journeys.ledger import (
    AGAIN_S,
    everybody_is_heard_again,
    nothing_is_lost,
    opened,
    talking,
)

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.no_cover]
QUICK = {"CHORUS_ACK_MS": "3000", "CHORUS_HEADS_EVERY_MS": "2000"}
VICTIMS = ("edge", "writer", "redis", "postgres")
KILLS = int(os.environ.get("CHORUS_KILLS", "4"))
CONVERSATIONS = int(os.environ.get("CHORUS_KILL_CONVERSATIONS", "4"))


@pytest.fixture(scope="module")
def doomed() -> Iterator[Stage]:
    """An installation of its own: nobody else wants one whose processes die."""
    with stage(environment=QUICK) as on:
        yield on


@pytest.mark.timeout(180 + KILLS * 60)
async def test_kill_9_of_every_part_loses_nothing(doomed: Stage) -> None:
    chance = random.Random(20261120)
    async with opened(doomed, CONVERSATIONS, chance) as rooms:
        async with talking(rooms):
            for number in range(KILLS):
                await asyncio.sleep(chance.uniform(0.3, 1.2))
                await _kill(doomed, VICTIMS[number % len(VICTIMS)])
                await everybody_is_heard_again(rooms)
        for meeting, talkers in rooms:
            await nothing_is_lost(meeting, talkers)


async def _kill(on: Stage, victim: str) -> None:
    before = on.processes()[victim]
    os.kill(before[0], signal.SIGKILL)
    ends = monotonic() + AGAIN_S
    while on.processes().get(victim, before) == before:
        assert monotonic() < ends, f"{victim} was not started again"
        await asyncio.sleep(0.05)
