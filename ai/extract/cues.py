"""What people say when they ask, complain, try or promise, and our own few words, by language.

The lists stand in `cues/*.json`: one file a language, and what all share in `shared.json`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from ai.extract.lexicon import Lexicon, lexicon_of

LANGUAGES: Final = ("en", "de", "fr", "es", "it", "pt", "pl", "ar", "ja")
DEFAULT: Final = "en"
INJECTION: Final = "injection"
INTENT: Final = "intent:"
"""Before an intent's name in its tag."""


@dataclass(frozen=True, slots=True)
class Cues:
    lexicon: Lexicon
    words: Mapping[str, str]
    """What we say ourselves."""


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        files("ai.extract").joinpath("cues", f"{name}.json").read_text(encoding="utf-8")
    )
    return found


def _of(language: str) -> Cues:
    found = _read(language)
    return Cues(lexicon_of(found["cues"]), found["words"])


def _shared() -> Lexicon:
    found = _read("shared")
    intents = {INTENT + name: phrases for name, phrases in found["intents"].items()}
    return lexicon_of(intents | {INJECTION: found["injection"]})


SHARED: Final = _shared()
_BY_LANGUAGE: Final = {one: _of(one) for one in LANGUAGES}


def cues_of(language: str) -> Cues:
    """Those of a language; of English where we have none."""
    return _BY_LANGUAGE.get(language, _BY_LANGUAGE[DEFAULT])
