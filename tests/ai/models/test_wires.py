"""Every wire we name, spoken over real HTTP: the same question, at once and aloud, answered and not."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from langchain_ollama import ChatOllama

from ai.models.access import Access
from ai.models.keys import Keys
from ai.models.limits import Limits
from ai.models.make import Stopped, Unfit, ask, ask_aloud, is_refusal, make_chat_model
from ai.models.plan import Choice, Plan
from ai.summarise.lines import Lines
from tests.ai.models.asking import PATIENCE_S, SECRET, SOON_S, question
from tests.ai.models.books import Books
from tests.support.model_stub import ModelStub, model_stub
from tests.support.model_wires import anthropic_wire, base_url, ollama_wire

pytestmark = pytest.mark.anyio

KEYS = Keys({"STUB_API_KEY": SECRET}, Path("/nowhere"))
SAYS = Lines(headline="A late parcel", issue="Where is it?", tried="", next_step="Look it up")
ASKED = [("system", "rules"), ("human", '{"said": "My parcel is late."}')]
WAYS = [
    ("openai", "json_schema"),
    ("openai", "function_calling"),
    ("openai", "json_mode"),
    ("anthropic", "json_schema"),
    ("anthropic", "function_calling"),
    ("ollama", "json_schema"),
    ("ollama", "function_calling"),
    ("ollama", "json_mode"),
]
PROVIDERS = ["openai", "anthropic", "ollama"]
FAULTS = {
    "500": "failed",
    "401": "refused",
    "429@2": "refused",
    "html": "failed",
    "malformed": "unfit",
    "empty": "unfit",
    "wrongschema": "unfit",
    "trickle": "timeout",
}


@dataclass(slots=True)
class Ear:
    """Implements `ai.models.make.Listener`; stops listening after `most` pieces."""

    most: int = 1_000
    heard: list[str] = field(default_factory=list)
    begun: int = 0

    async def begin(self) -> None:
        self.begun += 1

    async def hear(self, piece: str) -> None:
        self.heard.append(piece)
        if len(self.heard) >= self.most:
            raise Stopped


@pytest.fixture(scope="module")
def opened() -> Iterator[ModelStub]:
    with model_stub(anthropic_wire, ollama_wire) as one:
        yield one


@pytest.fixture
def stub(opened: ModelStub) -> ModelStub:
    opened.reset()
    opened.answer = lambda _: SAYS.model_dump()
    return opened


@asynccontextmanager
async def made(choice: Choice) -> AsyncIterator[Any]:
    """A model of its own, closed at the end as processes close theirs: by ending."""
    model: Any = make_chat_model(choice, KEYS, max_tokens=77)
    try:
        yield model
    finally:
        await closed(model)


async def closed(model: Any) -> None:
    """The others share clients that belong to all models of a process."""
    clients: Any = model
    if isinstance(model, ChatOllama):
        await clients._async_client.close()
        clients._client.close()


def choice_of(stub: ModelStub, provider: str, model: str, structured: str) -> Choice:
    told: dict[str, Any] = {"spec": f"{provider}:{model}", "base_url": base_url(stub, provider)}
    told |= {"key": "env:STUB_API_KEY", "structured": structured, "price_in": 1, "price_out": 2}
    return Choice.model_validate(told)


@pytest.mark.parametrize(("provider", "structured"), WAYS)
async def test_each_wire_answers_at_once_and_aloud_and_says_what_it_took(
    stub: ModelStub, provider: str, structured: str
) -> None:
    ear = Ear()
    async with made(choice_of(stub, provider, "ok", structured)) as model:
        spoken = await ask(model, ASKED, Lines, method=structured)
        aloud = await ask_aloud(model, ASKED, Lines, method=structured, listener=ear)
    assert (spoken.value, spoken.tokens) == (SAYS, stub.tokens)
    assert (aloud.value, aloud.tokens) == (SAYS, stub.tokens)
    assert ear.begun == 1
    assert Lines.model_validate_json("".join(ear.heard)) == SAYS
    first, second = stub.asked
    assert first.path == second.path
    assert "77" in str(first.body) and "rules" in str(first.body)
    if provider != "ollama":
        assert SECRET in str(first.headers)


async def test_who_says_only_what_it_wrote_has_not_said_what_it_took(stub: ModelStub) -> None:
    async with made(choice_of(stub, "anthropic", "no_usage", "json_schema")) as model:
        spoken = await ask_aloud(model, ASKED, Lines, method="json_schema", listener=Ear())
    assert (spoken.value, spoken.tokens) == (SAYS, None)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_words_come_one_by_one_and_nobody_has_to_hear_all(
    stub: ModelStub, provider: str
) -> None:
    ear = Ear(most=3)
    async with made(choice_of(stub, provider, "ok", "json_schema")) as model:
        with pytest.raises(Stopped):
            await ask_aloud(model, ASKED, Lines, method="json_schema", listener=ear)
    assert len(ear.heard) == 3


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_answer_that_breaks_off_is_none(stub: ModelStub, provider: str) -> None:
    async with made(choice_of(stub, provider, "cutstream", "json_schema")) as model:
        with pytest.raises(Exception) as caught:  # noqa: PT011 (each client has its own)
            await ask_aloud(model, ASKED, Lines, method="json_schema", listener=Ear())
    assert isinstance(caught.value, Unfit) or not is_refusal(caught.value)


@pytest.mark.parametrize("provider", ["anthropic", "ollama"])
@pytest.mark.parametrize(("name", "result"), FAULTS.items())
async def test_whatever_fails_on_a_wire_is_booked_as_what_it_is(
    stub: ModelStub, provider: str, name: str, result: str
) -> None:
    choice = choice_of(stub, provider, name, "json_schema")
    terms = {"budget_usd": 1, "models": {"summary_fast": [choice.model_dump()]}}
    plan, books = Plan.model_validate({"tiers": {"pro": terms}}), Books()
    access = Access(plan, KEYS, Limits(None), books)
    soon_s = SOON_S if result == "timeout" else PATIENCE_S
    assert await access.ask(question(soon_s=soon_s)) is None
    assert books.results == [result]
    assert len(stub.asked) == 1
    await closed(access.model(choice, max_tokens=question().prompt.max_tokens))
