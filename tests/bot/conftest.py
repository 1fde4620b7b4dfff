"""Fixtures of the bot's tests: one chat API a module, and what it knows of a made-up shop."""

from collections.abc import AsyncIterator, Iterator

import pytest

from chorus import rpc
from chorus.bus import open_redis
from chorus.rpc import RpcClient
from tests.bot.world import Shop, open_shop
from tests.chat_service.api_world import Api, open_api
from tests.support.databases import fresh_database
from tests.support.model_stub import ModelStub, model_stub


@pytest.fixture(scope="module")
def api_database_url(migrated_server: str) -> Iterator[str]:
    with fresh_database(migrated_server) as url:
        yield url


@pytest.fixture(scope="module")
async def api(api_database_url: str, redis_url: str) -> AsyncIterator[Api]:
    """The chat API with its gRPC listener; tests share it and bring tenants of their own."""
    async with open_redis(redis_url) as client:
        await client.flushall()
    async with open_api(api_database_url, redis_url) as opened:
        yield opened


@pytest.fixture
async def calls(api: Api) -> AsyncIterator[RpcClient]:
    async with rpc.open_client(api.resources.settings.rpc_target) as client:
        yield client


@pytest.fixture
async def shop(api: Api, calls: RpcClient, redis_url: str) -> AsyncIterator[Shop]:
    """A tenant with a bot in its inbox, which knows about returns and shipping."""
    async with open_redis(redis_url) as client:
        yield await open_shop(api, calls, client)


@pytest.fixture(scope="module")
def served() -> Iterator[ModelStub]:
    """A provider of models on loopback; tests take `stub`."""
    with model_stub() as stub:
        yield stub


@pytest.fixture
def stub(served: ModelStub) -> ModelStub:
    """The provider as if nobody had asked it yet. A module may have it answer in a way of its own."""
    served.reset()
    return served


@pytest.fixture(autouse=True)
def patient_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, what is shown must not be cut off in the middle of its connection."""
    monkeypatch.setattr("bot.stage.TIMEOUT_S", 20.0)
