"""Our own few words, by language; everything else a bot says comes from the tenant."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

DEFAULT: Final = "en"


def _read() -> dict[str, dict[str, str]]:
    path = files("bot").joinpath("words", "replies.json")
    found: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


WORDS: Final = _read()
LANGUAGES: Final = tuple(WORDS)


def reply(what: str, language: str, **values: str) -> str:
    """A reply in a language; in English where we do not speak it."""
    return WORDS.get(language, WORDS[DEFAULT])[what].format(**values)


def help_text(settings: Mapping[str, Any], language: str) -> str:
    """What is said at once to somebody in danger: the tenant's words, else ours."""
    own = settings.get("helpText")
    if isinstance(own, Mapping):
        chosen = own.get(language) or own.get(DEFAULT)
        if isinstance(chosen, str) and chosen.strip():
            return chosen
    return reply("safety", language)
