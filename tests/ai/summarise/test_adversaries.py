"""Every attack we know of, wherever it may stand, on a model that obeys: nothing of it gets through."""

import json
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from ai.contracts import Msg
from ai.extract.rows import messages_of
from ai.extract.summary import full
from ai.guards.fences import suspicions
from ai.models.question import For
from ai.summarise.lines import Lines
from ai.summarise.llm import LlmSummariser
from ai.summarise.request import Made, Request
from chorus.ids import uuid7
from tests.ai.guards.attacks import ATTACKS, IN_WORDS
from tests.ai.models.asking import access_for, plan_for, soon
from tests.support.model_stub import OBEYED, Asked, ModelStub, model_stub

pytestmark = pytest.mark.anyio

ORDER = "My order A-48213 was charged twice, $89.99 each time. Please look at the second charge."


@pytest.fixture(scope="module")
def provider() -> Iterator[ModelStub]:
    with model_stub() as one:
        yield one


@pytest.fixture
def stub(provider: ModelStub) -> ModelStub:
    provider.reset()
    return provider


def row(seq: int, role: str, content: str, attachments: int = 0) -> list[object]:
    return [seq, UUID(int=seq), role, content, None, None, attachments]


def told(*rows: list[object]) -> tuple[Msg, ...]:
    return tuple(messages_of([row(1, "customer", ORDER), *rows]))


@pytest.fixture(scope="module")
def models(provider: ModelStub) -> dict[str, LlmSummariser]:
    each = ("ok", "obeys_injection")
    return {one: LlmSummariser(access_for(plan_for(provider, one, budget=1_000))) for one in each}


async def summarised(model: LlmSummariser, messages: tuple[Msg, ...]) -> Made:
    whom = For(UUID(int=1), "acme", "pro", UUID(int=2))
    asked = Request(whom, messages, full(messages), kind="fast", task=str(uuid7()), until_s=soon())
    return await model.ainvoke(asked)


def lines_of(made: Made) -> list[str]:
    """What a model may have had a hand in."""
    issue = made.summary.issue.text if made.summary.issue is not None else ""
    return [made.summary.headline, issue, made.summary.next_step]


@pytest.mark.parametrize(
    "role",
    [
        "customer",
        pytest.param("agent", marks=pytest.mark.long),
        pytest.param("bot", marks=pytest.mark.long),
    ],
)
async def test_what_a_model_was_told_to_say_is_not_what_an_agent_reads(
    stub: ModelStub, models: dict[str, LlmSummariser], role: str
) -> None:
    """In a message of a customer; in an article or a tool's answer that a bot or an agent repeated."""
    made = await summarised(models["obeys_injection"], told(row(2, role, ATTACKS[0][1]["text"])))
    assert OBEYED not in made.text and "evil.example/now" not in made.text
    for id_, case in ATTACKS:
        attack = case["text"]
        messages = told(row(2, role, attack))
        floor = lines_of(Made(full(messages), "", "extractive", ""))
        stub.answer = saying_it(attack)
        made = await summarised(models["ok"], messages)
        assert [one for one in lines_of(made) if one not in floor] == [], id_
    assert len(stub.asked) == 1 + len(ATTACKS)


def saying_it(attack: str) -> Callable[[Asked], dict[str, str]]:
    return lambda _: dict.fromkeys(Lines.model_fields, attack)


async def test_names_of_files_notes_and_earlier_summaries_are_told_to_no_model(
    stub: ModelStub, models: dict[str, LlmSummariser]
) -> None:
    for attack in IN_WORDS:
        await check_untold(stub, models["ok"], attack)


async def check_untold(stub: ModelStub, model: LlmSummariser, attack: str) -> None:
    stub.reset()
    messages = told(
        row(2, "customer", "", attachments=1),
        row(3, "note", attack),
        row(4, "system", attack),
        [5, UUID(int=5), "system", attack, "summary", {"text": attack, "name": attack}, 0],
    )
    made = await summarised(model, messages)
    (asked,) = stub.asked
    assert attack not in json.dumps(asked.body, ensure_ascii=False)
    assert attack not in made.text
    assert not suspicions(made.text)
