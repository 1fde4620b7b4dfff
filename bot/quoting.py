"""The answer that works without a model: the best passage speaks for itself, and is cited.

Nothing is put into other words, so nothing can be wrong but the choice. Pure.
"""

import re
from typing import Final

from ai.extract.lexicon import WORD
from ai.extract.plain import plain, sentences
from ai.knowledge.passages import Passage
from bot.ports import Asked, Draft

BY: Final = "quote"
WHOLE_CHARS: Final = 420
"""A passage that is no longer is quoted whole."""
SENTENCES: Final = 3
_STEM_CHARS: Final = 5
_LEAST_CHARS: Final = 3
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


class Quoting:
    """Quotes the passage that fits best."""

    async def answer(self, asked: Asked) -> Draft | None:
        """None: there is no passage, or the best is in a language the customer does not write."""
        if not asked.passages:
            return None
        best = asked.passages[0]
        if best.lang and asked.language and best.lang != asked.language:
            return None
        return Draft(quote(best, asked.question), (best.id,), BY)


def quote(passage: Passage, question: str) -> str:
    """A short passage whole; of a longer one, the sentences in a row that say most to the question."""
    text = plain(passage.text)
    if len(text) <= WHOLE_CHARS:
        return text
    parts = sentences(text)
    wanted = _stems(question)
    weights = [len(_stems(one) & wanted) for one in parts]
    starts = range(max(1, len(parts) - SENTENCES + 1))
    best = max(starts, key=lambda at: (sum(weights[at : at + SENTENCES]), -at))
    joint = "" if _UNSPACED.search(text) else " "
    return joint.join(parts[best : best + SENTENCES])


def _stems(text: str) -> frozenset[str]:
    if _UNSPACED.search(text):
        return frozenset(text[at : at + 2] for at in range(len(text) - 1))
    words = WORD.findall(plain(text).lower())
    return frozenset(one[:_STEM_CHARS] for one in words if len(one) > _LEAST_CHARS)
