"""What nobody should read or say: by word lists and rules, in both directions.

Lists miss what is spelled anew and know no irony. They are a floor that works without a network;
a provider's moderation may be asked besides.
"""

import json
import re
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final

from ai.extract.lexicon import WORD, lexicon_of
from ai.extract.plain import sentences
from ai.guards.fences import bare

_FLOOD: Final = re.compile(
    r"(.)\1{39,}|\b(\w{1,20}(?:\W\w{1,20}){0,2})(?:\W+\2\b){14,}", re.DOTALL | re.IGNORECASE
)
_LINK: Final = re.compile(r"(?:https?://|www\.)\S", re.IGNORECASE)
_LINKS_MAX: Final = 5
_READ_CHARS: Final = 4_000


class Harm(StrEnum):
    """What is wrong with a text."""

    THREAT = "threat"
    SELF_HARM = "self_harm"
    HATE = "hate"
    SEXUAL = "sexual"
    ABUSE = "abuse"
    FLOOD = "flood"
    PROMISE = "promise"
    """Something only a person may promise; of texts that we would send."""


def _lists() -> dict[str, Any]:
    path = files("ai.guards").joinpath("words", "harms.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


_LEXICON: Final = lexicon_of(_lists())


def harms_in(text: str) -> frozenset[Harm]:
    """What a customer's text holds. Promises are theirs to make."""
    return _found(text) - {Harm.PROMISE} | _spam(text)


def harms_out(text: str) -> frozenset[Harm]:
    """What keeps a text of ours from being sent."""
    return _found(text)


def _found(text: str) -> frozenset[Harm]:
    found: set[Harm] = set()
    for sentence in sentences(bare(text)[:_READ_CHARS]):
        lower = sentence.lower()
        found |= {Harm(hit.tag) for hit in _LEXICON.hits(lower, WORD.findall(lower))}
    return frozenset(found)


def _spam(text: str) -> frozenset[Harm]:
    read = text[:_READ_CHARS]
    flooded = _FLOOD.search(read) is not None or len(_LINK.findall(read)) > _LINKS_MAX
    return frozenset({Harm.FLOOD}) if flooded else frozenset()
