"""A whole installation, as `chorus up` starts it, once for all journeys that leave it running."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from launch.rest_client import Visitor, open_rest
from load.stage import Stage, stage
from tests.journeys.people import Meeting, open_meeting
from tests.journeys.rude import TIGHT, Rude

QUICK = {"CHORUS_ACK_MS": "4000", "CHORUS_HEADS_EVERY_MS": "2000"}


@pytest.fixture(scope="session")
def installation() -> Iterator[Stage]:
    with stage(environment=QUICK) as on:
        yield on


@pytest.fixture(scope="session")
def two_edges() -> Iterator[Stage]:
    """An installation with two edges, of which one may be gone for a while."""
    with stage(environment=QUICK, options=("--edges", "2")) as on:
        yield on


@pytest.fixture(scope="session")
def strict() -> Iterator[Stage]:
    """An installation with narrow limits and short patience, also towards loopback."""
    with stage(environment=TIGHT) as on:
        yield on


@pytest.fixture(scope="session")
def rude(strict: Stage) -> Rude:
    """One visitor for all: visitors are limited, too."""

    async def arrive() -> Visitor:
        async with open_rest(strict.base) as rest:
            return await rest.visitor(strict.run["load_inbox_key"], name="Rude")

    return Rude(strict, asyncio.run(arrive()))


@pytest.fixture
async def meeting(installation: Stage) -> AsyncIterator[Meeting]:
    """A customer, an agent and a supervisor, each on a socket of a fresh conversation."""
    async with open_meeting(installation) as met:
        yield met
