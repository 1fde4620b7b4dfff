"""Fixtures of the chat service's tests."""

from collections.abc import AsyncIterator

import pytest

from tests.chat_service.api_world import Api, Tenant, make_tenant, open_api


@pytest.fixture
async def api(database_url: str, redis_db: str) -> AsyncIterator[Api]:
    """The chat API, with its gRPC listener, on an empty database of this test."""
    async with open_api(database_url, redis_db) as opened:
        yield opened


@pytest.fixture
async def acme(database_url: str) -> Tenant:
    return await make_tenant(database_url, "acme")


@pytest.fixture
async def rival(database_url: str) -> Tenant:
    return await make_tenant(database_url, "rival")
