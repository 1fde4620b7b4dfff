"""What became of a proposed reply: judged by its words, of which nothing is kept. Pure."""

import re
from collections import Counter
from hashlib import sha256
from typing import Final, Literal

Outcome = Literal["as_is", "changed", "replaced"]
KEPT_AT_LEAST: Final = 0.5
"""Of its words; with fewer left the reply is another one."""
# Scripts without blanks are compared letter by letter.
_WORDS: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]|[^\\W\u3040-\u30ff\u4e00-\u9fff]+")


def digest_of(text: str) -> str:
    """What tells a proposal from others without its words; blanks do not count."""
    return sha256(_flat(text).encode()).hexdigest()


def outcome_of(proposed: str, sent: str) -> Outcome:
    """`as_is`: word for word, whatever stands before or behind it."""
    if _flat(proposed) in _flat(sent):
        return "as_is"
    words = _words(proposed)
    kept = (words & _words(sent)).total()
    return "changed" if kept and kept >= KEPT_AT_LEAST * words.total() else "replaced"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _words(text: str) -> Counter[str]:
    return Counter(_WORDS.findall(text.casefold()))
