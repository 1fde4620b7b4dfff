"""Does a customer ask for a person? By patterns of several languages, and what speaks against them.

A wish once expressed is granted at once, so a pattern has to be sure of it: "I spoke to an agent
yesterday" tells a story, and an agent seat is something we sell.
"""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from ai.extract.plain import plain, sentences

_WORDS: Final = "words"


def words_of(name: str) -> dict[str, Any]:
    """One of the word lists of this package."""
    text = files("ai.intent").joinpath(_WORDS, f"{name}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _patterns(by_language: dict[str, list[str]]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one) for some in by_language.values() for one in some)


_LISTS: Final = words_of("human")
_ASKS: Final = _patterns(_LISTS["asks"])
_UNLESS: Final = _patterns(_LISTS["unless"])


def asks_for_person(text: str) -> bool:
    """Whether some sentence of a message asks for a person; of all languages, as people mix them."""
    return any(_asked(one.lower()) for one in sentences(plain(text)))


def _asked(sentence: str) -> bool:
    return _any(_ASKS, sentence) and not _any(_UNLESS, sentence)


def _any(patterns: Sequence[re.Pattern[str]], sentence: str) -> bool:
    return any(one.search(sentence) for one in patterns)
