"""A whole installation, as `chorus up` starts it, once for all journeys that leave it running."""

from collections.abc import AsyncIterator, Iterator

import pytest

from load.stage import Stage, stage
from tests.journeys.people import Meeting, open_meeting

QUICK = {"CHORUS_ACK_MS": "4000", "CHORUS_HEADS_EVERY_MS": "2000"}


@pytest.fixture(scope="session")
def installation() -> Iterator[Stage]:
    with stage(environment=QUICK) as on:
        yield on


@pytest.fixture
async def meeting(installation: Stage) -> AsyncIterator[Meeting]:
    """A customer, an agent and a supervisor, each on a socket of a fresh conversation."""
    async with open_meeting(installation) as met:
        yield met
