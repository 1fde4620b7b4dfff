"""Models asked over real HTTP: every way to fail ends in time, is paid for rightly, and told to nobody."""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache

from ai.models.access import FIRST_LEAST_S, TO_STORE_S, ran_late
from ai.models.breaker import OPEN_AFTER, REST_S
from ai.models.make import keep_quiet
from ai.models.plan import Purpose
from ai.models.spending import Settled, Spending
from tests.ai.models.asking import PATIENCE_S, SECRET, SOON_S, access_for, plan_for, question
from tests.ai.models.books import Books
from tests.support.model_stub import ModelStub, model_stub
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

RESULTS = {
    "429@2": "refused",
    "401": "refused",
    "500": "failed",
    "html": "failed",
    "malformed": "failed",
    "wrongschema": "failed",
    "fence": "failed",
    "empty": "unfit",
    "hang": "timeout",
    "trickle": "timeout",
}


@pytest.fixture(scope="module")
def provider() -> Iterator[ModelStub]:
    with model_stub() as opened:
        yield opened


@pytest.fixture
def stub(provider: ModelStub) -> ModelStub:
    provider.reset()
    return provider


async def test_the_first_model_that_answers_is_believed(stub: ModelStub) -> None:
    books = Books()
    answer = await access_for(plan_for(stub, "ok", "500"), books).ask(question())
    assert answer is not None
    assert answer.value.headline == "My parcel is late."
    assert (answer.choice.spec, answer.tokens, answer.micros) == ("openai:ok", 160, 200)
    assert books.results == ["answered"]
    assert books.spent == 200
    assert [one.model for one in stub.asked] == ["ok"]


@pytest.mark.parametrize(("behaviour", "result"), RESULTS.items())
async def test_whatever_fails_ends_without_an_answer(
    stub: ModelStub, behaviour: str, result: str
) -> None:
    books = Books()
    soon_s = SOON_S if result == "timeout" else PATIENCE_S
    assert await access_for(plan_for(stub, behaviour), books).ask(question(soon_s=soon_s)) is None
    assert books.results == [result]
    # One request: clients that try again by themselves spend the time of the next model.
    assert len(stub.asked) == 1


@pytest.mark.parametrize("behaviour", [one for one, how in RESULTS.items() if how != "timeout"])
async def test_the_next_model_answers_after_a_quick_failure(
    stub: ModelStub, behaviour: str
) -> None:
    answer = await access_for(plan_for(stub, behaviour, "ok")).ask(question())
    assert answer is not None
    assert answer.choice.spec == "openai:ok"


async def test_after_a_slow_failure_no_second_model_is_asked(stub: ModelStub) -> None:
    asked = question(soon_s=SOON_S)
    assert await access_for(plan_for(stub, "hang", "ok")).ask(asked) is None
    assert [one.model for one in stub.asked] == ["hang"]


async def test_with_no_time_left_nothing_is_asked_or_spent(stub: ModelStub) -> None:
    books = Books()
    assert await access_for(plan_for(stub, "ok"), books).ask(question(soon_s=TO_STORE_S)) is None
    assert not stub.asked
    assert not books.reserved


async def test_who_says_no_is_paid_nothing_and_who_says_nothing_is_paid_the_most(
    stub: ModelStub,
) -> None:
    books = Books()
    access = access_for(plan_for(stub, "429", "500"), books)
    assert await access.ask(question()) is None
    refused, failed = books.reserved
    assert books.micros(refused) == 0
    assert books.micros(failed) == books.reserved[failed].micros > 0


async def test_without_a_word_on_tokens_the_most_is_paid(stub: ModelStub) -> None:
    books = Books()
    answer = await access_for(plan_for(stub, "no_usage"), books).ask(question())
    assert answer is not None
    (spent,) = books.reserved
    assert books.micros(spent) == books.reserved[spent].micros


async def test_over_the_budget_no_model_is_asked(stub: ModelStub) -> None:
    books = Books()
    access = access_for(plan_for(stub, "ok", budget=0.002), books)
    answers = [await access.ask(question(task=f"t{n}")) for n in range(8)]
    worked = [one for one in answers if one is not None]
    assert 0 < len(worked) < 8
    assert len(stub.asked) == len(worked)
    assert books.spent <= 2_000


async def test_what_is_set_aside_covers_the_schema_that_is_sent(stub: ModelStub) -> None:
    books = Books()
    await access_for(plan_for(stub, "ok"), books).ask(question())
    ((asked,), (spending,)) = stub.asked, books.reserved.values()
    sent = "".join(asked.texts) + json.dumps(asked.schema)
    written = 2 * asked.body["max_completion_tokens"]
    assert spending.micros - written > len(sent) / 3


async def test_many_at_once_never_spend_more_than_the_budget(stub: ModelStub) -> None:
    books = Books()
    access = access_for(plan_for(stub, "slow@0.05", budget=0.002), books)
    many = (access.ask(question(task=f"t{n}")) for n in range(20))
    answers = await asyncio.gather(*many)
    assert 0 < len([one for one in answers if one is not None]) < 20
    assert books.spent <= 2_000


async def test_one_who_keeps_failing_is_left_alone(stub: ModelStub) -> None:
    access = access_for(plan_for(stub, "500"))
    for n in range(OPEN_AFTER + 3):
        assert await access.ask(question(task=f"t{n}")) is None
    assert len(stub.asked) == OPEN_AFTER


@pytest.mark.parametrize("refusal", ["400", "413", "422", "cutoff", "filtered"])
async def test_what_one_message_provokes_silences_no_model(stub: ModelStub, refusal: str) -> None:
    access = access_for(plan_for(stub, refusal))
    for n in range(OPEN_AFTER + 3):
        assert await access.ask(question(task=f"t{n}")) is None
    assert len(stub.asked) == OPEN_AFTER + 3


@pytest.mark.parametrize("refusal", ["402", "404", "408", "429"])
async def test_refusals_that_everybody_would_meet_silence_a_model(
    stub: ModelStub, refusal: str
) -> None:
    access = access_for(plan_for(stub, refusal))
    for n in range(OPEN_AFTER + 3):
        assert await access.ask(question(task=f"t{n}")) is None
    assert len(stub.asked) == OPEN_AFTER


async def test_a_request_that_is_refused_decides_no_trial(stub: ModelStub) -> None:
    access, clock = access_for(plan_for(stub, "400")), [0.0]
    access.now_s = lambda: clock[0]

    async def asks(task: str) -> None:
        asked = replace(question(task=task), until_s=clock[0] + PATIENCE_S)
        assert await access.ask(asked) is None

    await asks("first")
    (breaker,) = access._breakers.values()
    for _ in range(OPEN_AFTER):
        breaker.failed(clock[0])
    clock[0] += REST_S
    await asks("trial")
    assert len(stub.asked) == 2
    assert breaker.standing(clock[0]) == "half_open"
    assert breaker.allows(clock[0])


async def test_a_refused_key_is_not_tried_again(stub: ModelStub) -> None:
    access = access_for(plan_for(stub, "401"))
    for n in range(3):
        assert await access.ask(question(task=f"t{n}")) is None
    assert len(stub.asked) == 1


async def test_what_is_missing_is_left_out_and_the_rest_goes_on(stub: ModelStub) -> None:
    plan = plan_for(stub, "no_key", "ok")
    (first, second) = plan.tiers["pro"].models["summary_fast"]
    broken = [first.model_copy(update={"key": "env:OTHER_API_KEY"}), second]
    strange = first.model_copy(update={"spec": "nobody:knows"})
    terms = plan.tiers["pro"].model_copy(
        update={"models": {"summary_fast": (*broken[:1], strange, second)}}
    )
    plan = plan.model_copy(update={"tiers": {"pro": terms}})
    answer = await access_for(plan).ask(question())
    assert answer is not None
    assert answer.choice.spec == "openai:ok"


async def test_the_key_goes_to_the_provider_and_into_no_log(
    stub: ModelStub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    access = access_for(plan_for(stub, "401", "500", "ok"))
    assert await access.ask(question()) is not None
    assert {one.headers["authorization"] for one in stub.asked} == {f"Bearer {SECRET}"}
    assert SECRET not in caplog.text
    assert SECRET not in repr(access)


async def test_clients_told_to_keep_quiet_log_nothing_of_what_was_said(
    stub: ModelStub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keep_quiet()
    said = [("system", "rules"), ("human", '{"said": "My secret parcel."}')]
    assert await access_for(plan_for(stub, "malformed", "ok")).ask(question(lines=said))
    assert "secret parcel" not in caplog.text
    assert [one.model for one in stub.asked] == ["malformed", "ok"]


async def test_what_is_asked_is_bounded(stub: ModelStub) -> None:
    await access_for(plan_for(stub, "ok")).ask(question())
    (asked,) = stub.asked
    assert asked.body["max_completion_tokens"] == 220
    assert asked.body["temperature"] == 0


class Slow(Books):
    """A ledger that takes its time to write."""

    clock_s = 0.0

    async def reserve(self, spending: Spending) -> UUID | None:
        Slow.clock_s += 3.0
        return await super().reserve(spending)


async def test_what_was_set_aside_when_it_was_too_late_is_given_back(stub: ModelStub) -> None:
    books = Slow()
    access = access_for(plan_for(stub, "ok"), books)
    access.now_s = lambda: Slow.clock_s
    asked = replace(question(), until_s=Slow.clock_s + TO_STORE_S + 3.1)
    assert await access.ask(asked) is None
    assert not stub.asked
    assert (books.results, books.spent) == (["lost"], 0)


async def test_whoever_stops_waiting_leaves_nothing_open(stub: ModelStub) -> None:
    books = Books()
    asking = asyncio.create_task(access_for(plan_for(stub, "hang"), books).ask(question()))

    async def heard() -> bool:
        return bool(stub.asked)

    await until(heard)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert books.results == ["lost"]
    assert books.spent > 0, "nobody knows what it costs"


async def test_while_one_tries_a_model_again_nobody_else_does(stub: ModelStub) -> None:
    access, clock = access_for(plan_for(stub, "held")), [0.0]
    access.now_s = lambda: clock[0]

    async def asks(count: int) -> asyncio.Task[Any]:
        asked = replace(question(task=f"t{count}"), until_s=clock[0] + PATIENCE_S)
        asking = asyncio.create_task(access.ask(asked))

        async def heard() -> bool:
            return len(stub.asked) >= count or asking.done()

        await until(heard)
        return asking

    early = await asks(1)
    (breaker,) = access._breakers.values()
    for _ in range(OPEN_AFTER):
        breaker.failed(clock[0])
    clock[0] += REST_S
    again = await asks(2)
    early.cancel()
    await asyncio.wait([early])
    assert await (await asks(3)) is None
    assert len(stub.asked) == 2
    stub.release()
    assert await again is not None
    assert breaker.standing(clock[0]) == "closed"


async def test_a_deadline_of_ours_is_no_fault_of_a_model(stub: ModelStub) -> None:
    access = access_for(plan_for(stub, "hang"))
    little_s = TO_STORE_S + FIRST_LEAST_S + 0.05
    many = (access.ask(question(soon_s=little_s, task=f"t{n}")) for n in range(OPEN_AFTER + 1))
    assert await asyncio.gather(*many) == [None] * (OPEN_AFTER + 1)
    assert [one.standing(0.0) for one in access._breakers.values()] == ["closed"]


@pytest.mark.parametrize(
    ("purpose", "settled", "late"),
    [
        ("summary_fast", Settled("timeout", 400), True),
        ("summary_fast", Settled("timeout", 1_850), False),
        ("summary_fast", Settled("failed", 4), False),
        ("bot", Settled("timeout", 1_850), True),
        ("moderate", Settled("timeout", 900), True),
        ("moderate", Settled("timeout", 1_300), False),
        ("summary_rich", Settled("timeout", 3_999), True),
        ("summary_rich", Settled("timeout", 4_000), False),
    ],
)
def test_with_time_enough_silence_is_a_fault(
    purpose: Purpose, settled: Settled, late: bool
) -> None:
    assert ran_late(purpose, settled) is late


async def test_nobody_is_told_what_somebody_else_was_answered(stub: ModelStub) -> None:
    """Whatever cache a process may have been given: its keys know no tenant."""
    set_llm_cache(InMemoryCache())
    try:
        access = access_for(plan_for(stub, "ok"))
        for number in range(2):
            assert await access.ask(question(task=f"t{number}")) is not None
    finally:
        set_llm_cache(None)
    assert len(stub.asked) == 2
