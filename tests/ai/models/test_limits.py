"""Limits of providers over real Redis: all of a call or nothing, and everything comes back."""

from collections.abc import AsyncIterator

import pytest

from ai.models.limits import Limits
from ai.models.plan import Choice
from chorus.bus import Client, open_redis

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(redis_db: str) -> AsyncIterator[Client]:
    async with open_redis(redis_db) as opened:
        yield opened


def choice(**limits: int) -> Choice:
    return Choice(spec="openai:small", **limits)  # type: ignore[arg-type]


async def took(limits: Limits, one: Choice, times: int, tokens: int = 1) -> int:
    return sum([await limits.take(one, tokens, f"call{n}") for n in range(times)])


async def test_a_minute_holds_so_many_requests(client: Client) -> None:
    assert await took(Limits(client), choice(rpm=5), 20) == 5


async def test_a_minute_holds_so_many_tokens(client: Client) -> None:
    limits = Limits(client)
    assert await took(limits, choice(tpm=100), 20, tokens=40) == 2
    assert await took(limits, choice(tpm=100), 1, tokens=10) == 1


async def test_a_call_larger_than_a_minute_takes_a_whole_one(client: Client) -> None:
    assert await took(Limits(client), choice(tpm=100), 3, tokens=5_000) == 1


async def test_places_are_given_back(client: Client) -> None:
    limits, one = Limits(client), choice(concurrency=2)
    assert await took(limits, one, 5) == 2
    await limits.give_back(one, "call0")
    assert await limits.take(one, 1, "another")
    assert not await limits.take(one, 1, "yet another")


async def test_who_does_not_get_through_takes_nothing(client: Client) -> None:
    limits = Limits(client)
    assert await limits.take(choice(rpm=10, tpm=10, concurrency=1), 1, "a")
    # The place is taken; the requests and tokens of who was refused stay.
    assert await took(limits, choice(rpm=10, tpm=10, concurrency=1), 5) == 0
    assert await took(limits, choice(rpm=10), 20) == 9


async def test_models_behind_other_keys_have_limits_of_their_own(client: Client) -> None:
    limits = Limits(client)
    other = Choice(spec="openai:small", rpm=1, key="file:own")
    assert await took(limits, choice(rpm=1), 2) == 1
    assert await took(limits, other, 2) == 1


async def test_every_key_is_forgotten_by_itself(client: Client) -> None:
    await Limits(client).take(choice(rpm=5, tpm=5, concurrency=5), 1, "a")
    names = await client.keys("models:*")
    assert len(names) == 3
    assert all([await client.pttl(name) > 0 for name in names])


async def test_where_nobody_counts_nobody_passes_and_no_limit_needs_no_count() -> None:
    async with open_redis("redis://127.0.0.1:1/0", timeout_s=0.2) as nobody:
        limits = Limits(nobody)
        assert not await limits.take(choice(rpm=5), 1, "a")
        assert await limits.take(choice(), 1, "a")
        await limits.give_back(choice(concurrency=1), "a")
