"""Models of every provider we name, made without a network."""

from pathlib import Path

import pytest

from ai.models.keys import Keys, MissingKey
from ai.models.make import make_chat_model
from ai.models.offline import OfflineChatModel
from ai.models.plan import OFFLINE, Choice
from ai.summarise.lines import Lines

SECRET = "sk-made-up-1"
KEYS = Keys({"MADE_UP_API_KEY": SECRET}, Path("/nowhere"))


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
