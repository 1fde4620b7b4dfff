"""External servers: what they say, and how a wrong address is answered."""

import pytest

from launch.dependencies import address_of, ask_database, ask_redis, external_database
from launch.faults import LaunchError
from tests.support.servers import RunningServer

pytestmark = pytest.mark.anyio


async def test_a_database_tells_its_version_and_clock(postgres_url: str) -> None:
    facts = await ask_database(postgres_url)
    assert facts.version.startswith(f"{facts.major}.")
    assert abs(facts.clock_skew_s) < 5


async def test_the_driver_in_a_url_is_no_obstacle(postgres_url: str) -> None:
    url = postgres_url.replace("postgresql:", "postgresql+asyncpg:")
    assert (await external_database(url)).source == "DATABASE_URL"


async def test_a_redis_tells_its_settings(redis_url: str) -> None:
    facts = await ask_redis(redis_url)
    assert facts.maxmemory_policy == "noeviction"
    assert facts.appendonly
    assert facts.writable


async def test_a_wrong_password_is_a_sentence_without_it(
    postgres_server: RunningServer, redis_server: RunningServer
) -> None:
    for port, scheme, ask in (
        (postgres_server.port, "postgresql", ask_database),
        (redis_server.port, "redis", ask_redis),
    ):
        with pytest.raises(LaunchError) as refused:
            await ask(f"{scheme}://chorus:mistaken@127.0.0.1:{port}/0")
        assert "mistaken" not in str(refused.value)
        assert str(port) in str(refused.value)


@pytest.mark.parametrize("url", ["mysql://u:secret@h/db", "no url", "redis://h:port", ""])
def test_a_url_of_something_else_is_a_sentence_without_it(url: str) -> None:
    with pytest.raises(LaunchError) as refused:
        address_of(url)
    assert "secret" not in str(refused.value)


def test_ports_have_defaults() -> None:
    assert address_of("postgresql+asyncpg://h/db") == ("h", 5432)
    assert address_of("rediss://h") == ("h", 6379)
