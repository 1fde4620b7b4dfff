"""Yes or no to what was offered last, in a few words."""

from enum import StrEnum
from typing import Final

from ai.extract.lexicon import WORD, lexicon_of
from ai.extract.plain import plain, sentences
from ai.intent.asks import words_of

WORDS_MAX: Final = 8
"""Who says more says something else."""
_CHARS_MAX: Final = 60
_LEXICON: Final = lexicon_of(words_of("consent"))


class Consent(StrEnum):
    """An answer to an offer."""

    YES = "yes"
    NO = "no"


def consent_of(text: str) -> Consent | None:
    """What the first sentence says to an offer; "no" where it says both, None where neither."""
    for first in sentences(plain(text))[:1]:
        lower = first.lower()
        words = WORD.findall(lower)
        if len(words) > WORDS_MAX or len(lower) > _CHARS_MAX:
            return None
        found = {hit.tag for hit in _LEXICON.hits(lower, words)}
        if "no" in found:
            return Consent.NO
        return Consent.YES if found else None
    return None
