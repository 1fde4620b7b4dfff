"""Vectors of a provider, paid for: deadlines, what is not said, and whom failures are learnt of."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ai.knowledge.planned import Accounts
from ai.models import embeddings
from ai.models.embeddings import Clients, Paid, make_cashier, make_embeddings
from ai.models.keys import Keys
from ai.models.limits import Limits
from ai.models.plan import Choice, Plan
from ai.models.spending import NotAsked
from ai.models.tokens import tokens_at_most
from tests.ai.models.asking import SECRET, SOON_S, WHOM
from tests.ai.models.books import Books
from tests.support.model_stub import EMBEDDING_DIMENSIONS, Asked, ModelStub, model_stub

pytestmark = pytest.mark.anyio
KEYS = Keys({"STUB_API_KEY": SECRET}, Path("/nowhere"))
CLIENTS = Clients(KEYS, "env:STUB_API_KEY")
"""Clients of providers are closed by nobody, so they live as long as the process."""


def odd_ways(stub: ModelStub) -> list[Route]:
    """Servers that speak like the provider, but for one thing."""

    async def hang(request: Request) -> Response:
        stub.note(Asked(request.url.path, "hang", await request.json(), {}))
        await asyncio.Event().wait()
        raise AssertionError

    async def silent(request: Request) -> Response:
        given = (await request.json())["input"]
        data = [
            {"object": "embedding", "index": at, "embedding": [1.0] * EMBEDDING_DIMENSIONS}
            for at, _ in enumerate(given)
        ]
        return JSONResponse({"object": "list", "model": "m", "data": data})

    return [
        Route("/hang/embeddings", hang, methods=["POST"]),
        Route("/silent/embeddings", silent, methods=["POST"]),
    ]


@pytest.fixture(scope="module")
def provider() -> Iterator[ModelStub]:
    with model_stub(odd_ways) as stub:
        yield stub


@pytest.fixture
def stub(provider: ModelStub) -> ModelStub:
    provider.reset()
    return provider


def choice(stub: ModelStub, model: str = "ok", way: str = "v1", **terms: Any) -> Choice:
    base_url = f"http://127.0.0.1:{stub.port}/{way}"
    return Choice(spec=f"openai:{model}", base_url=base_url, price_in=Decimal(1), **terms)


def paid(books: Books, *choices: Choice) -> Paid:
    async def nobody(_tenant_id: object) -> None:
        return None

    CLIENTS.warm_up(choices)
    plan = Plan.model_validate({"tiers": {"pro": {"budget_usd": 1}}})
    accounts = Accounts(Limits(None), books, nobody)
    loop = asyncio.get_running_loop()
    cashier = make_cashier(plan, KEYS, "", accounts, now_s=loop.time)
    made = cashier.paid_by(WHOM.tenant_id, (WHOM.slug, WHOM.tier), choices)
    return Paid(made.access, CLIENTS, made.whom, choices)


async def test_what_is_set_aside_covers_all_texts_and_is_settled_by_what_was_read(
    stub: ModelStub,
) -> None:
    books, texts = Books(), ["How long?", "配送に何日かかりますか", "Когда придёт посылка?"]
    vectors = await paid(books, choice(stub)).aembed_documents(texts)
    assert len(vectors) == 3
    ((spent, spending),) = books.reserved.items()
    assert spending.micros >= sum(map(tokens_at_most, texts))
    assert (spending.purpose, spending.conversation_id) == ("embed", None)
    settled = books.settled[spent]
    assert (settled.result, settled.tokens_in, settled.tokens_out, settled.micros) == (
        "answered",
        3,
        0,
        3,
    )
    assert stub.asked[0].headers["authorization"] == f"Bearer {SECRET}"


async def test_many_texts_in_several_requests_are_one_call_of_the_ledger(stub: ModelStub) -> None:
    books = Books()
    client = make_embeddings("openai:ok", stub.url, None)
    client.chunk_size = 2
    one = choice(stub, key="file:several")
    CLIENTS._made[one] = client
    assert len(await paid(books, one).aembed_documents(["a", "b", "c"])) == 3
    assert len(stub.asked) == 2
    assert [done.tokens_in for done in books.settled.values()] == [3]


async def test_where_nobody_says_what_was_read_the_most_stays_spent(stub: ModelStub) -> None:
    books = Books()
    await paid(books, choice(stub, way="silent")).aembed_query("why?")
    (spent,) = books.reserved
    assert books.settled[spent].result == "answered"
    assert books.micros(spent) == books.reserved[spent].micros > 0


async def test_who_never_answers_is_given_up_and_paid_the_most(
    stub: ModelStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "QUERY_S", SOON_S)
    books = Books()
    with pytest.raises(TimeoutError):
        await paid(books, choice(stub, way="hang")).aembed_query("why?")
    assert books.results == ["timeout"]
    (spent,) = books.reserved
    assert books.micros(spent) == books.reserved[spent].micros


async def test_who_waits_no_longer_leaves_it_lost_and_not_unsettled(stub: ModelStub) -> None:
    books = Books()
    asking = paid(books, choice(stub, way="hang")).aembed_documents(["why?"])
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(asking)
        await asyncio.to_thread(stub.wait_for, 1)
        waiting.cancel()
    assert books.results == ["lost"]


async def test_the_next_key_is_asked_after_a_failure_and_a_refusal_costs_nothing(
    stub: ModelStub,
) -> None:
    books = Books()
    await paid(books, choice(stub, "429"), choice(stub)).aembed_query("why?")
    assert books.results == ["refused", "answered"]
    assert [one.attempt for one in books.reserved.values()] == [1, 2]
    assert books.spent == 1


async def test_a_provider_nobody_knows_and_a_key_that_is_nowhere_are_left_out(
    stub: ModelStub,
) -> None:
    for missing in (
        choice(stub, key="file:nothing"),
        Choice(spec="nobody:knows", base_url=stub.url),
    ):
        with pytest.raises(NotAsked, match="left_out"):
            await paid(Books(), missing).aembed_query("why?")
    assert not stub.asked


async def test_questions_at_once_are_each_told_their_own_tokens(stub: ModelStub) -> None:
    books = Books()
    asked = paid(books, choice(stub))
    await asyncio.gather(*(asked.aembed_documents(["x"] * count) for count in range(1, 6)))
    told = {books.reserved[one].micros: done.tokens_in for one, done in books.settled.items()}
    assert sorted(told.values()) == [1, 2, 3, 4, 5]
    assert [told[micros] for micros in sorted(told)] == [1, 2, 3, 4, 5]
