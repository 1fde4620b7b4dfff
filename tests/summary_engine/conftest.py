"""Fixtures of the worker's tests: one provider and one database a module, new tenants a test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from chorus.bus import Client, open_redis
from chorus.db import Db
from tests.chat_service.ingest_world import system_db
from tests.support.databases import fresh_database
from tests.support.model_stub import ModelStub, model_stub


@pytest.fixture(scope="module")
def provider() -> Iterator[ModelStub]:
    with model_stub() as opened:
        yield opened


@pytest.fixture
def stub(provider: ModelStub) -> ModelStub:
    provider.reset()
    return provider


@pytest.fixture(scope="module")
def engine_url(migrated_server: str) -> Iterator[str]:
    with fresh_database(migrated_server) as url:
        yield url


@pytest.fixture
async def db(engine_url: str) -> AsyncIterator[Db]:
    async with system_db(engine_url, size=24) as opened:
        yield opened


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Client]:
    async with open_redis(redis_url, max_connections=50) as opened:
        yield opened
