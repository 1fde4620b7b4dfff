"""Fixtures every test may use: real servers, one of each a session, and a fresh database a test."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from hypothesis import settings

from tests.support.databases import fresh_database, make_template
from tests.support.examples import examples
from tests.support.in_memory import keep_in_memory
from tests.support.one_loop import LastingLoop
from tests.support.servers import RunningServer, start_postgres, start_redis
from tests.support.spreading import ByServers, measure_once, slow_first, take_time, uncover

# How long an example takes is a matter of the machine, and of what else it does.
settings.register_profile("chorus", settings(), deadline=None, max_examples=examples(100))
settings.load_profile("chorus")
# With as many objects as a run has, each look at the oldest takes as long as many a test.
GARBAGE = (20_000, 20, 50)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: starts several processes; seconds, not milliseconds")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    measure_once(session.config)


def pytest_collection_finish() -> None:
    """What was collected lasts as long as the run: looking for garbage in it is in vain."""
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow_first(items)
    take_time(items)
    uncover(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByServers:
    # Its own order, by how many tests a file has, would begin the longest stories last.
    config.option.loadscopereorder = False
    return ByServers(config, log)


@pytest.fixture(scope="session")
def anyio_backend() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every test has a runner of its own, and all have one loop."""
    loop = LastingLoop()
    yield "asyncio", {"loop_factory": lambda: loop}
    loop.end()


@pytest.fixture(scope="session")
def postgres_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningServer]:
    """The session's PostgreSQL; a test that kills or stops it starts its own instead."""
    data = tmp_path_factory.mktemp("postgres")
    keep_in_memory(data)
    with start_postgres(data) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The session's Redis; a test that kills or stops it starts its own instead."""
    with start_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: RunningServer) -> str:
    """The superuser's URL of the empty database `postgres`."""
    return postgres_server.url


@pytest.fixture(scope="session")
def migrated_server(postgres_url: str) -> str:
    """The same URL, once the template database is migrated."""
    make_template(postgres_url)
    return postgres_url


@pytest.fixture
def database_url(migrated_server: str) -> Iterator[str]:
    """A fresh, migrated, empty database of this test alone."""
    with fresh_database(migrated_server) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(redis_server: RunningServer) -> str:
    return redis_server.url


@pytest.fixture
def redis_db(redis_url: str) -> str:
    """The session's Redis, emptied for this test."""
    with redis.Redis.from_url(redis_url, socket_timeout=5) as client:
        client.flushall()
    return redis_url
