"""Delicate matters a message touches: safety, the law, fraud and the like. Words of all languages.

They decide who answers, never what is answered: some belong to a person whatever the bot knows.
"""

from typing import Final

from ai.extract.lexicon import WORD, lexicon_of
from ai.extract.plain import plain, sentences
from ai.intent.asks import words_of

SAFETY: Final = "safety"
LEGAL: Final = "legal"
FRAUD: Final = "fraud"
PRIVACY: Final = "privacy"
PRESS: Final = "press"
DISPUTE: Final = "dispute"
CHURN: Final = "churn"
SENSITIVE: Final = "sensitive"

MATTERS: Final = (SAFETY, LEGAL, FRAUD, PRIVACY, PRESS, DISPUTE, CHURN, SENSITIVE)
_LEXICON: Final = lexicon_of(words_of("matters"))


def matters_of(text: str) -> frozenset[str]:
    """The matters of a message, none of them in most."""
    found: set[str] = set()
    for sentence in sentences(plain(text)):
        lower = sentence.lower()
        found |= {hit.tag for hit in _LEXICON.hits(lower, WORD.findall(lower))}
    return frozenset(found)
