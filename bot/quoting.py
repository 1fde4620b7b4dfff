"""The answer that works without a model: the best passage speaks for itself, and is cited.

Nothing is put into other words, so nothing can be wrong but the choice. Pure.
"""

import re
from collections.abc import Collection
from typing import Final

from ai.extract.lexicon import WORD
from ai.extract.plain import plain, sentences
from ai.guards.links import AT_END, foreign_links
from ai.knowledge.passages import Passage
from bot.aloud import hosts_of
from bot.ports import Asked, Draft
from bot.turn import policy_of

BY: Final = "quote"
WHOLE_CHARS: Final = 420
"""A passage that is no longer is quoted whole."""
SENTENCES: Final = 3
_STEM_CHARS: Final = 5
_LEAST_CHARS: Final = 3
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_LEFT_OUT: Final = "…"
_SCHEME_ONLY: Final = re.compile(r"\A[^/]*:\Z")


class Quoting:
    """Quotes the best passage of those that the customer can read, if it is sure by itself."""

    async def answer(self, asked: Asked) -> Draft | None:
        """None: there is none, or it is not sure."""
        best = next((one for one in asked.passages if speaks(one, asked.language)), None)
        # Words count for the order, too: where who comes first is not sure, whoever is comes later for
        # a reason, and was more often wrong than right.
        if best is None or best.confidence < policy_of(asked.brief).confident_at:
            return None
        text = without_links(quote(best, asked.question), hosts_of(asked.brief))
        return Draft(text, (best.id,), BY) if text else None


def speaks(passage: Passage, language: str) -> bool:
    """Whether a passage is in this language, as far as both are known."""
    return not passage.lang or not language or passage.lang == language


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


def without_links(text: str, allowed: Collection[str]) -> str:
    """Leave out links that lead elsewhere than to `allowed` hosts; empty: nothing else is said.

    A link in brackets behind its words goes with them, another leaves a mark of omission. What is
    more than a link (pictures, markup, other schemes) stays, for whoever looks at the whole.
    """
    links = foreign_links(text, allowed)
    if not links:
        return text
    for link in sorted(links, key=len, reverse=True):
        if "." in link and not _SCHEME_ONLY.search(link):
            text = _left_out(text, _whole(link))
    lines = [one.strip() for one in text.split("\n")]
    worded = [one for one in lines if not one or any(map(str.isalnum, one))]
    return "\n".join(worded).strip()


def _whole(link: str) -> str:
    """As it was written: with the brackets it opens, and no words of a script without blanks."""
    head = _UNSPACED.split(link, maxsplit=1)[0]
    link = (head if "." in head else link).rstrip(AT_END)
    return link + ")" * (link.count("(") - link.count(")"))


def _left_out(text: str, link: str) -> str:
    # Not where it is but a part: of an address, or of another host.
    alone = rf"(?<![\w@./-]){re.escape(link)}(?![a-zA-Z0-9@]|\.\w)"
    return re.sub(alone, _LEFT_OUT, re.sub(rf"[ \t]*\({alone}\)", "", text))


def _stems(text: str) -> frozenset[str]:
    if _UNSPACED.search(text):
        return frozenset(text[at : at + 2] for at in range(len(text) - 1))
    words = WORD.findall(plain(text).lower())
    return frozenset(one[:_STEM_CHARS] for one in words if len(one) > _LEAST_CHARS)
