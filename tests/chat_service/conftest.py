"""Fixtures of the chat service's tests: one API a module, new tenants a test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from chorus.bus import open_redis
from chorus.presence import WATCH
from tests.chat_service.api_world import Api, Tenant, make_tenant, open_api
from tests.support.databases import fresh_database


@pytest.fixture(scope="module")
def api_database_url(migrated_server: str) -> Iterator[str]:
    with fresh_database(migrated_server) as url:
        yield url


@pytest.fixture(scope="module")
async def api(api_database_url: str, redis_url: str) -> AsyncIterator[Api]:
    """The chat API with its gRPC listener; tests share it and bring tenants of their own."""
    async with open_redis(redis_url) as client:
        # What other tests left: a watch of presence that ends late says who is offline.
        await client.flushall()
    async with open_api(api_database_url, redis_url) as opened:
        yield opened


@pytest.fixture
async def watched(redis_url: str) -> AsyncIterator[None]:
    """Presence that can be believed: it has watched since long ago."""
    async with open_redis(redis_url) as client:
        await client.set(WATCH, b"0 0")
        yield
        await client.delete(WATCH)


@pytest.fixture
async def acme(api_database_url: str) -> Tenant:
    return await make_tenant(api_database_url, "acme")


@pytest.fixture
async def rival(api_database_url: str) -> Tenant:
    return await make_tenant(api_database_url, "rival")
