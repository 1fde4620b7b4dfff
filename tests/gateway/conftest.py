"""A chat API for gateways under test, and a tenant whose people connect to them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.chat_service.api_world import make_tenant, open_api
from tests.gateway.gateways import World, watched


@pytest.fixture
async def world(database_url: str, redis_db: str) -> AsyncIterator[World]:
    async with open_api(database_url, redis_db) as api, AsyncExitStack() as stack:
        yield World(api, await make_tenant(database_url, "acme"), stack)


@pytest.fixture
async def presence(world: World) -> AsyncIterator[None]:
    """The presence process, looking at the beats of this world."""
    async with watched(world.api.resources.settings.redis_url):
        yield
