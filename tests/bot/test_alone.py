"""However many processes hear of a conversation, one of them takes a turn in it at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bot import alone as alone_module
from bot.act import Superseded, take_turn
from bot.alone import Alone
from bot.ports import Where
from bot.turns import ELSEWHERE, Pace, Take, Turns
from chorus import topics
from chorus.bus import Client, open_redis
from chorus.errors import Unavailable
from chorus.ids import uuid7
from tests.bot.test_unread import busy
from tests.bot.world import QUESTION, Shop
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
PACE = Pace(quiet_s=0.005, quiet_max_s=0.02, at_once=10)
PATIENCE_S = 20.0
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
async def client(redis_db: str) -> AsyncIterator[Client]:
    async with open_redis(redis_db, timeout_s=PATIENCE_S) as opened:
        yield opened


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sleeps long between two tries, and a busy machine is no Redis that is away."""
    monkeypatch.setattr("bot.turns.ELSEWHERE_S", 0.005)
    monkeypatch.setattr(alone_module, "PATIENCE_S", PATIENCE_S)


@asynccontextmanager
async def process(redis_url: str, take: Take) -> AsyncIterator[Turns]:
    """A bot process, as `bot/app.py` puts it together."""
    async with open_redis(redis_url, timeout_s=PATIENCE_S) as client:
        async with Turns(Alone(client, take).take, PACE) as turns:
            yield turns


async def nobody(_where: Where, _superseded: Superseded) -> str:
    raise AssertionError("it is somebody else's turn")


def never() -> bool:
    return False


async def until_set(*waited: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE_S):
        for one in waited:
            await one.wait()


async def test_processes_take_turns_of_a_conversation_one_after_the_other(redis_db: str) -> None:
    where = [Where(uuid7(), uuid7()) for _ in range(3)]
    taking, most = dict.fromkeys(where, 0), dict.fromkeys(where, 0)

    async def takes(one: Where, _superseded: Superseded) -> str:
        taking[one] += 1
        most[one] = max(most[one], taking[one])
        await asyncio.sleep(0.01)
        taking[one] -= 1
        return "answer"

    async with AsyncExitStack() as opened:
        processes = [await opened.enter_async_context(process(redis_db, takes)) for _ in range(3)]
        for _ in range(5):
            done: list[asyncio.Event] = []
            for turns in processes:
                for one in where:
                    done.append(asyncio.Event())
                    turns.heard(one, done[-1].set)
            await until_set(*done)
    assert list(most.values()) == [1] * len(where)


async def test_what_another_process_hears_during_a_turn_is_answered_after_it(
    shop: Shop, redis_db: str
) -> None:
    where = await shop.open()
    thinking, goes_on = asyncio.Event(), asyncio.Event()
    first, second = asyncio.Event(), asyncio.Event()

    async def thinks() -> None:
        thinking.set()
        await goes_on.wait()

    async def tries(one: Where, over: Superseded) -> str:
        assert goes_on.is_set(), "the other process is thinking"
        return await take_turn(shop.mind, shop.voice, one, over)

    slow = busy(shop, thinks)
    async with (
        process(redis_db, lambda one, over: take_turn(slow.mind, slow.voice, one, over)) as one,
        process(redis_db, tries) as other,
    ):
        await shop.ask(where, QUESTION)
        one.heard(where, first.set)
        await until_set(thinking)
        await shop.ask(where, "I want to talk to a human")
        other.heard(where, second.set)
        # So many times it may try in vain.
        await asyncio.sleep(20 * PACE.quiet_s)
        assert not second.is_set()
        goes_on.set()
        await until_set(first, second)
    assert len(await shop.said(where)) == 1
    assert [row["reason"] for row in await shop.sessions(where)] == ["asked"]


async def test_who_does_not_get_the_turn_says_so_and_takes_it_when_it_is_free(
    client: Client,
) -> None:
    where = Where(uuid7(), uuid7())
    key = topics.turn(where.conversation_id)

    async def takes(one: Where, _superseded: Superseded) -> str:
        assert await Alone(client, nobody).take(one, never) == ELSEWHERE
        assert 0 < await client.pttl(key) <= 1000 * alone_module.HELD_S
        return "answer"

    for _ in range(2):
        assert await Alone(client, takes).take(where, never) == "answer"
        assert not await client.exists(key)


async def test_what_a_dead_process_held_lapses(client: Client, redis_db: str) -> None:
    where, done = Where(uuid7(), uuid7()), asyncio.Event()
    await client.set(topics.turn(where.conversation_id), "of a dead one", px=50)

    async def takes(_where: Where, _superseded: Superseded) -> str:
        return "answer"

    async with process(redis_db, takes) as turns:
        turns.heard(where, done.set)
        await until_set(done)


async def test_a_long_turn_is_held_to_its_end(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone_module, "RENEWED_S", 0.001)
    where = Where(uuid7(), uuid7())
    key = topics.turn(where.conversation_id)

    async def shorter() -> bool:
        return bool(await client.pttl(key) <= 1000 * alone_module.HELD_S)

    async def there() -> bool:
        return bool(await client.exists(key))

    async def takes(_where: Where, superseded: Superseded) -> str:
        for _ in range(3):
            await client.pexpire(key, 60_000)
            await until(shorter)
        # A Redis that has come up anew knows nothing of it.
        await client.delete(key)
        await until(there)
        assert not superseded()
        return "answer"

    assert await Alone(client, takes).take(where, never) == "answer"


async def test_who_lost_a_turn_to_another_says_nothing_and_leaves_it_to_them(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone_module, "RENEWED_S", 0.001)
    where = Where(uuid7(), uuid7())
    key = topics.turn(where.conversation_id)

    async def takes(_where: Where, superseded: Superseded) -> str:
        async def lost() -> bool:
            return superseded()

        await client.set(key, "another")
        await until(lost)
        return "superseded"

    assert await Alone(client, takes).take(where, never) == "superseded"
    assert await client.get(key) == b"another"


async def test_a_process_that_was_held_up_for_too_long_says_nothing(client: Client) -> None:
    times = [0.0]

    async def takes(_where: Where, superseded: Superseded) -> str:
        before = superseded()
        times[0] += alone_module.HELD_S
        return f"{before}, {superseded()}"

    alone = Alone(client, takes, now_s=lambda: times[0])
    assert await alone.take(Where(uuid7(), uuid7()), never) == "False, True"


async def test_without_redis_turns_are_taken_all_the_same() -> None:
    async def takes(_where: Where, superseded: Superseded) -> str:
        return f"{superseded()}"

    async with open_redis(NOWHERE) as nowhere:
        assert await Alone(nowhere, takes).take(Where(uuid7(), uuid7()), never) == "False"
        assert await Alone(nowhere, takes).take(Where(uuid7(), uuid7()), lambda: True) == "True"


async def test_what_the_chat_service_refuses_is_told_as_it_is(client: Client) -> None:
    where = Where(uuid7(), uuid7())

    async def takes(_where: Where, _superseded: Superseded) -> str:
        raise Unavailable

    with pytest.raises(Unavailable):
        await Alone(client, takes).take(where, never)
    assert not await client.exists(topics.turn(where.conversation_id))
