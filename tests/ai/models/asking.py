"""Questions for the stub's models, as a summary asks them."""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from ai.models.access import Access
from ai.models.keys import Keys
from ai.models.limits import Limits
from ai.models.plan import Plan
from ai.models.question import For, Question
from ai.prompts.load import prompt
from ai.summarise.lines import Lines
from tests.ai.models.books import Books
from tests.support.model_stub import ModelStub

SECRET = "sk-made-up-000000000000000000"
WHOM = For(UUID(int=1), "acme", "pro", UUID(int=2))
PATIENCE_S = 20.0
"""Much longer than a model that answers at once takes on a busy machine."""
SOON_S = 1.0
"""For models that never answer: tests wait so long."""


def plan_for(stub: ModelStub, *models: str, budget: float = 1.0, **terms: Any) -> Plan:
    """`models` of the stub in their order, for summaries of everybody."""
    choices = [
        {
            "spec": f"openai:{one}",
            "base_url": stub.url,
            "key": "env:STUB_API_KEY",
            "price_in": 1,
            "price_out": 2,
            **terms,
        }
        for one in models
    ]
    listed = {"summary_fast": choices, "summary_rich": choices}
    return Plan.model_validate({"tiers": {"pro": {"budget_usd": budget, "models": listed}}})


def access_for(plan: Plan, books: Books | None = None, limits: Any = None) -> Access:
    keys = Keys({"STUB_API_KEY": SECRET}, Path("/nowhere"))
    return Access(plan, keys, limits or Limits(None), books or Books())


def question(
    *, soon_s: float = PATIENCE_S, task: str = "t", lines: Sequence[tuple[str, str]] | None = None
) -> Question[Lines, Lines]:
    return Question(
        whom=WHOM,
        purpose="summary_fast",
        prompt=prompt("summary_fast", 1),
        lines=lines or [("system", "rules"), ("human", '{"said": "My parcel is late."}')],
        kind=Lines,
        accept=lambda one: one,
        task=task,
        until_s=monotonic() + soon_s,
    )


def soon(soon_s: float = PATIENCE_S) -> float:
    """On the clock that models are asked by."""
    return monotonic() + soon_s
