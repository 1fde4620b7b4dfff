"""One suite for whatever answers: a quote, a model over HTTP that behaves or not, and a moderator around it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import monotonic

import pytest

from bot.aloud import has_faults
from bot.answering import Modelled
from bot.moderated import Moderated
from bot.ports import Answerer, Asked, Interrupted, Unanswerable
from bot.quoting import Quoting
from bot.speaking import joined
from tests.bot.modelling import (
    PATIENCE_S,
    RETURNING,
    SAYS,
    Ear,
    access_with,
    passage,
    saying,
    wanted,
)
from tests.bot.test_moderated import judging, plan_with
from tests.support.model_stub import ModelStub

pytestmark = pytest.mark.anyio
SOON_S = 1.0
"""For models that never end."""
BEHAVIOURS = (
    "ok",
    "500",
    "429",
    "html",
    "malformed",
    "empty",
    "wrong_numbers",
    "obeys_injection",
    "hang",
)
KINDS = ("quote", *(f"{kind} {one}" for kind in ("model", "moderated") for one in BEHAVIOURS))
SPAIN = passage("b", "Shipping to Spain", "Shipping to Spain costs 9.90 EUR.")


Make = Callable[[str], Answerer]


@pytest.fixture
def make(served: ModelStub, monkeypatch: pytest.MonkeyPatch) -> Make:
    # On a busy machine a look may take longer than a customer should wait.
    monkeypatch.setattr("bot.moderated.LONGEST_S", PATIENCE_S / 4)
    served.reset()
    served.answer = judging()

    def made(kind: str) -> Answerer:
        if kind == "quote":
            return Quoting()
        name, model = kind.split(" ")
        access = access_with(plan_with(served, model=model))
        return Modelled(access) if name == "model" else Moderated(Modelled(access), access)

    return made


def heard_by(ear: Ear, kind: str) -> Asked:
    soon = SOON_S if kind.endswith("hang") else PATIENCE_S
    return replace(ear.asked, aloud=ear, until_s=monotonic() + soon)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_is_what_was_heard_and_rests_on_what_was_given(
    make: Make, kind: str
) -> None:
    """Else there is none, in time, and what was heard of it is the caller's to take back."""
    ear = Ear(wanted(RETURNING, SPAIN))
    async with asyncio.timeout(2 * PATIENCE_S):
        draft = await make(kind).answer(heard_by(ear, kind))
    if draft is None:
        assert kind.rsplit(" ", maxsplit=1)[-1] not in ("quote", "ok")
        return
    assert kind.rsplit(" ", maxsplit=1)[-1] in ("quote", "ok")
    assert draft.text.strip() and draft.by
    assert draft.cited and set(draft.cited) <= {"a", "b"}
    assert not has_faults(draft, ear.asked)
    if ear.begun:
        assert draft.text == joined([one.text for one in ear.sentences])


@pytest.mark.parametrize("kind", ["quote", "model ok", "moderated ok"])
async def test_without_passages_there_is_no_answer(
    make: Make, served: ModelStub, kind: str
) -> None:
    ear = Ear(replace(wanted(), passages=()))
    assert await make(kind).answer(heard_by(ear, kind)) is None
    assert not ear.sentences
    assert not served.asked


@pytest.mark.parametrize("kind", ["model ok", "moderated ok"])
async def test_who_is_not_wanted_any_more_says_so(make: Make, kind: str) -> None:
    ear = Ear(wanted(), interrupts=True)
    with pytest.raises(Interrupted):
        await make(kind).answer(heard_by(ear, kind))


@pytest.mark.parametrize("kind", ["model ok", "moderated ok"])
async def test_who_has_read_that_nothing_answers_says_so(
    make: Make, served: ModelStub, kind: str
) -> None:
    answerer = make(kind)
    served.answer = judging(answerable=False)
    with pytest.raises(Unanswerable):
        await answerer.answer(heard_by(Ear(wanted()), kind))


@pytest.mark.parametrize("said", ["false", 0, "yes", None])
async def test_what_is_no_clear_yes_or_no_is_no_answer(
    make: Make, served: ModelStub, said: object
) -> None:
    answerer = make("model ok")
    says = saying(*SAYS)
    served.answer = lambda asked: says(asked) | {"answerable": said}
    assert await answerer.answer(heard_by(Ear(wanted()), "model ok")) is None
