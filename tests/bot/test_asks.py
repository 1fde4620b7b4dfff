"""Asking who has the index: each answer reaches whoever asked, in time or with a sentence, and nobody else."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from ai.knowledge.passages import Found
from ai.knowledge.search import Library
from chat_service import asking
from chat_service.asking import Asking
from chorus.auth import Principal
from chorus.bus import open_redis
from chorus.errors import Overloaded, Unavailable
from chorus.ids import uuid7
from chorus.tasks import beside
from chorus.wire.asks import ASKS, WAITING_MAX, Answer, Ask, Piece, answer_key
from tests.bot.asking import PAIRS, answering, assistant, known, propose, try_out
from tests.bot.world import QUESTION, Shop
from tests.chat_service.api_world import make_tenant
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.anyio
SHORT_S = 0.05


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take an ask late; what is to end soon says so itself."""
    monkeypatch.setattr(asking, "TAKEN_S", PATIENCE_S)
    monkeypatch.setattr(asking, "ANSWER_MS", {"passages": 20_000, "replies": 20_000})
    monkeypatch.setattr("bot.asks.TELL_S", PATIENCE_S)


def somebody(shop: Shop) -> Principal:
    """Of a tenant of their own: nobody's share is used up."""
    return shop.tenant.principal("agent", tenant_id=uuid7())


async def outcome(shop: Shop) -> str:
    """Why the chat API has no answer for somebody; empty: it has."""
    try:
        await shop.api.resources.asking.ask(somebody(shop), "passages", most=1, question=QUESTION)
    except Unavailable as error:
        return error.detail
    return ""


class Away:
    """A shelf whose index cannot be asked."""

    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        return Found((), 0.0, degraded=True)


class Mixing:
    """An index that takes one tenant for another, whatever it is asked."""

    def __init__(self, shelf: Library, tenant_id: UUID) -> None:
        self._shelf, self._tenant_id = shelf, tenant_id

    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        return await self._shelf.search(self._tenant_id, question, k)


async def test_knowledge_is_tried_out_where_the_index_is(shop: Shop, redis_url: str) -> None:
    shelf = await known(shop, shop.tenant)
    rival = await make_tenant(shop.api.database_url, "rival")
    async with answering(redis_url, assistant(shop, shelf).answer):
        found = (await try_out(shop, QUESTION)).json()
        assert (found["items"][0]["title"], found["items"][0]["text"]) == PAIRS[0]
        assert 0 < found["confidence"] <= 1
        nothing = {"confidence": 0, "items": []}
        assert (await try_out(shop, QUESTION, of=rival)).json() == nothing
        assert (await try_out(shop, QUESTION, who="agent")).status_code == 403
        assert (await try_out(shop, " ")).status_code == 422


async def test_what_was_taken_away_is_found_by_nobody_though_the_index_has_it(
    shop: Shop, redis_url: str
) -> None:
    shelf, where = await known(shop, shop.tenant), await shop.open(floor="human")
    await shop.ask(where, QUESTION)
    await shop.api.rows(
        "UPDATE knowledge_sources SET state = 'deleted' WHERE tenant_id = $1", shop.tenant.id
    )
    async with answering(redis_url, assistant(shop, shelf).answer):
        assert (await try_out(shop, QUESTION)).json() == {"confidence": 0, "items": []}
        assert (await propose(shop, where)).json()["items"] == []


async def test_an_index_that_mixes_tenants_up_tells_nobody(shop: Shop, redis_url: str) -> None:
    shelf = Mixing(await known(shop, shop.tenant), shop.tenant.id)
    rival = await make_tenant(shop.api.database_url, "rival")
    async with answering(redis_url, assistant(shop, shelf).answer):
        assert (await try_out(shop, QUESTION)).json()["items"]
        await known(shop, rival, PAIRS[2:])
        assert (await try_out(shop, QUESTION, of=rival)).json() == {"confidence": 0, "items": []}


async def test_where_nobody_answers_it_says_so_and_nothing_is_left(
    shop: Shop, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "TAKEN_S", SHORT_S)
    await known(shop, shop.tenant)
    where = await shop.open(floor="human")
    for answer in (await try_out(shop, QUESTION), await propose(shop, where)):
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
        assert answer.json()["detail"] == asking.AWAY
    async with open_redis(redis_url) as client:
        left = [key async for key in client.scan_iter("*") if key.startswith((b"ask:", b"answer:"))]
        assert left == []
        assert await client.pttl(ASKS) > 0


async def test_what_nobody_waits_for_any_more_is_not_worked_on(
    shop: Shop, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def answer(ask: Ask) -> Answer:
        seen.append(ask.question)
        return Answer(tenant_id=ask.tenant_id)

    async with open_redis(redis_url) as client:
        monkeypatch.setattr(asking, "TAKEN_S", SHORT_S)
        for number in range(3):
            with pytest.raises(Unavailable):
                await Asking(client).ask(somebody(shop), "passages", most=1, question=f"{number}")
        monkeypatch.setattr(asking, "TAKEN_S", PATIENCE_S)
        async with answering(redis_url, answer):
            await Asking(client).ask(somebody(shop), "passages", most=1, question="now")
        await client.rpush(ASKS, *range(WAITING_MAX))
        monkeypatch.setattr(asking, "TAKEN_S", SHORT_S)
        with pytest.raises(Unavailable):
            await Asking(client).ask(somebody(shop), "passages", most=1, question="last")
        assert await client.llen(ASKS) == WAITING_MAX
        await client.delete(ASKS)
    assert seen == ["now"]


async def test_an_answer_that_takes_too_long_is_not_waited_for(
    shop: Shop, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWER_MS", {"passages": 50, "replies": 50})
    ended = asyncio.Event()

    async def answer(_ask: Ask) -> Answer:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    async with answering(redis_url, answer, at_once=1):
        for _ in range(2):
            assert await outcome(shop) == asking.LATE
            await ended.wait()
            ended.clear()


async def test_who_took_it_and_died_is_not_waited_for(
    shop: Shop, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWER_MS", {"passages": 1, "replies": 1})
    monkeypatch.setattr(asking, "GRACE_S", SHORT_S)
    monkeypatch.setattr(asking, "TAKEN_S", 1.0)
    async with open_redis(redis_url, timeout_s=20.0) as client:

        async def take() -> None:
            _, id_ = await client.blpop([ASKS])
            assert await client.getdel(f"ask:{id_.decode()}")

        async with beside(take()):
            assert await outcome(shop) == asking.LATE


async def test_each_answer_reaches_who_asked_in_whatever_order_they_come(
    shop: Shop, redis_url: str
) -> None:
    count, taken = 12, list[Ask]()
    gates = [asyncio.Event() for _ in range(count)]

    async def answer(ask: Ask) -> Answer:
        taken.append(ask)
        await gates[len(taken) - 1].wait()
        piece = Piece(id="1", source_id=UUID(int=1), title=ask.question)
        return Answer(tenant_id=ask.tenant_id, pieces=[piece])

    async with open_redis(redis_url, timeout_s=60.0, max_connections=40) as client:
        path = Asking(client)
        people = [somebody(shop) for _ in range(count)]
        asked = [
            asyncio.create_task(path.ask(one, "passages", most=1, question=str(one.tenant_id)))
            for one in people
        ]

        async def all_taken() -> bool:
            return len(taken) == count

        async with answering(redis_url, answer):
            await until(all_taken)
            for gate in reversed(gates):
                gate.set()
                await asyncio.sleep(0)
            answers = await asyncio.gather(*asked)
    assert [one.pieces[0].title for one in answers] == [str(one.tenant_id) for one in people]
    assert [one.tenant_id for one in answers] == [one.tenant_id for one in people]


async def test_several_processes_share_what_is_asked(shop: Shop, redis_url: str) -> None:
    seen: Counter[str] = Counter()

    async def answer(ask: Ask) -> Answer:
        seen[ask.question] += 1
        return Answer(tenant_id=ask.tenant_id)

    async with (
        open_redis(redis_url, timeout_s=60.0, max_connections=40) as client,
        answering(redis_url, answer),
        answering(redis_url, answer),
    ):
        path = Asking(client)
        await asyncio.gather(
            *(
                path.ask(somebody(shop), "passages", most=1, question=f"{number}")
                for number in range(20)
            )
        )
    assert seen == {f"{number}": 1 for number in range(20)}


async def test_one_tenant_does_not_take_all_turns(
    shop: Shop, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat_service.asking.TURN_S", SHORT_S)
    begun, go = asyncio.Event(), asyncio.Event()

    async def answer(ask: Ask) -> Answer:
        begun.set()
        if ask.question == "slow":
            await go.wait()
        return Answer(tenant_id=ask.tenant_id)

    async with open_redis(redis_url, timeout_s=60.0) as client, answering(redis_url, answer):
        path, one = Asking(client, at_once=4), somebody(shop)
        slow = asyncio.create_task(path.ask(one, "passages", most=1, question="slow"))
        await begun.wait()
        with pytest.raises(Overloaded):
            await path.ask(one, "passages", most=1, question="quick")
        other = await path.ask(somebody(shop), "passages", most=1, question="quick")
        assert not other.why
        go.set()
        await slow


@pytest.mark.parametrize(
    "told", [b"no JSON", b"{}", Answer(tenant_id=UUID(int=7)).model_dump_json()]
)
async def test_nonsense_and_what_is_of_another_tenant_is_no_answer(
    shop: Shop, redis_url: str, told: bytes
) -> None:
    async with open_redis(redis_url, timeout_s=20.0) as client:

        async def answer() -> None:
            _, id_ = await client.blpop([ASKS])
            await client.rpush(answer_key(id_.decode()), told)

        async with beside(answer()):
            assert await outcome(shop) == asking.SAID["failed"]


async def test_an_index_that_is_away_is_named(shop: Shop, redis_url: str) -> None:
    await known(shop, shop.tenant)
    where = await shop.open(floor="human")
    await shop.ask(where, QUESTION)
    async with answering(redis_url, assistant(shop, Away()).answer):
        for answer in (await try_out(shop, QUESTION), await propose(shop, where)):
            assert answer.status_code == 503
            assert answer.json()["detail"] == asking.SAID["knowledge"]


async def test_a_fault_of_ours_is_told_and_the_next_is_answered(shop: Shop, redis_url: str) -> None:
    faults = [ValueError("at work"), Unavailable()]

    async def answer(ask: Ask) -> Answer:
        if faults:
            raise faults.pop(0)
        return Answer(tenant_id=ask.tenant_id)

    async with answering(redis_url, answer, at_once=1):
        said = [await outcome(shop) for _ in range(3)]
    assert said == [asking.SAID["failed"], asking.SAID["chat"], ""]


async def test_an_ask_of_a_later_version_is_left_alone(shop: Shop, redis_url: str) -> None:
    shelf = await known(shop, shop.tenant)
    async with open_redis(redis_url) as client:
        await client.set("ask:later", b'{"what": "dance"}', px=20_000)
        await client.rpush(ASKS, b"\xff", "later")
        async with answering(redis_url, assistant(shop, shelf).answer, at_once=1):
            assert (await try_out(shop, QUESTION)).json()["items"]
