"""Models of every provider we name, made without a network; and, by key, one real call each."""

import os
from pathlib import Path

import pytest

from ai.models.keys import Keys, MissingKey
from ai.models.make import ask, ask_aloud, make_chat_model
from ai.models.offline import OfflineChatModel
from ai.models.plan import OFFLINE, Choice
from ai.summarise.lines import Lines

pytestmark = pytest.mark.anyio
SECRET = "sk-made-up-1"
KEYS = Keys({"MADE_UP_API_KEY": SECRET}, Path("/nowhere"))
DOCUMENT = (
    '{"conversation": [{"seq": 1, "who": "customer", "said": "My order 48213 has not arrived."}],'
    ' "facts": [], "left_out": 0}'
)


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
@pytest.mark.parametrize("temperature", [0.0, None])
def test_each_provider_is_made_bounded_and_tells_no_key(
    provider: str, temperature: float | None
) -> None:
    key = None if provider == "ollama" else "env:MADE_UP_API_KEY"
    choice = Choice(spec=f"{provider}:some-model", key=key, temperature=temperature)
    made = make_chat_model(choice, KEYS, max_tokens=77)
    assert getattr(made, "max_retries", 0) == 0
    assert 77 in (getattr(made, "max_tokens", None), getattr(made, "num_predict", None))
    assert getattr(made, "temperature", "none") == temperature
    assert SECRET not in repr(made)
    for method in ("json_schema", "function_calling"):
        made.with_structured_output(Lines, method=method, include_raw=True)


def test_the_environment_is_not_searched_for_a_key_that_was_not_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody-elses")
    made = make_chat_model(Choice(spec="openai:small"), KEYS, max_tokens=10)
    assert made.openai_api_key.get_secret_value() == "none"  # type: ignore[attr-defined]


def test_who_is_unknown_or_has_no_key_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        make_chat_model(Choice(spec="nobody:knows"), KEYS, max_tokens=10)
    with pytest.raises(MissingKey):
        make_chat_model(Choice(spec="openai:x", key="env:NO_API_KEY"), KEYS, max_tokens=10)


def test_offline_needs_nothing() -> None:
    made = make_chat_model(OFFLINE, Keys({}, Path("/nowhere")), max_tokens=10)
    assert isinstance(made, OfflineChatModel)


class Ear:
    """Implements `ai.models.make.Listener`."""

    def __init__(self) -> None:
        self.heard = ""

    async def begin(self) -> None:
        self.heard = ""

    async def hear(self, piece: str) -> None:
        self.heard += piece


@pytest.mark.long
@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
async def test_a_real_provider_answers(provider: str) -> None:
    """Opt-in: `LIVE_OPENAI=<model>` (or ANTHROPIC, OLLAMA), and the provider's key."""
    model = os.environ.get(f"LIVE_{provider.upper()}")
    if not model:
        pytest.skip(f"NOT TRIED: {provider}; set LIVE_{provider.upper()}=<model> and its key")
    name = f"{provider.upper()}_API_KEY"
    key = None if provider == "ollama" else f"env:{name}"
    choice = Choice(spec=f"{provider}:{model}", key=key)
    made = make_chat_model(choice, Keys({name: os.environ.get(name, "")}, Path()), max_tokens=300)
    lines = [
        ("system", "Answer in English with headline, issue, tried, next_step."),
        ("human", DOCUMENT),
    ]
    ear = Ear()
    at_once = await ask(made, lines, Lines, method=choice.structured)
    aloud = await ask_aloud(made, lines, Lines, method=choice.structured, listener=ear)
    for spoken in (at_once, aloud):
        assert "48213" in spoken.value.headline + spoken.value.issue
        assert spoken.tokens is not None and min(spoken.tokens) > 0
    assert "48213" in ear.heard
