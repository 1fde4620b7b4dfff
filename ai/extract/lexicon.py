"""Phrases by meaning, found in one pass over the words of a sentence."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

WORD: Final = re.compile(r"\w+(?:['-]\w+)*")
ANY: Final = "*"
"""Alone: one or two words, whatever they are. At the end of a word: whatever ends it."""
_STEM_CHARS: Final = 2
_UNSPACED: Final = re.compile("[\u0620-\u064a\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that stands at the word `at`; in scripts without blanks, at that character."""

    tag: str
    weight: int
    at: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    words: tuple[str, ...]
    tag: str
    weight: int


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What phrases mean. A phrase may carry a weight: `terrible:3`."""

    exact: dict[str, list[_Phrase]] = field(default_factory=dict)
    stems: dict[str, list[_Phrase]] = field(default_factory=dict)
    pieces: list[tuple[str, str, int]] = field(default_factory=list)
    """Phrases of scripts whose words stick together: found anywhere."""

    def add(self, tag: str, phrases: Sequence[str]) -> None:
        for spelled in phrases:
            phrase, _, weight = spelled.partition(":")
            if _UNSPACED.search(phrase):
                self.pieces.append((phrase.rstrip(ANY), tag, int(weight or 1)))
                continue
            words = tuple(phrase.split())
            index = self.stems if words[0].endswith(ANY) else self.exact
            key = words[0][:_STEM_CHARS] if words[0].endswith(ANY) else words[0]
            index.setdefault(key, []).append(_Phrase(words, tag, int(weight or 1)))

    def hits(self, text: str, words: Sequence[str]) -> Iterator[Hit]:
        """Every phrase in a lower-case text with these words."""
        for at, word in enumerate(words):
            begun = [*self.exact.get(word, ()), *self.stems.get(word[:_STEM_CHARS], ())]
            for phrase in begun:
                if _follow(phrase.words, words, at):
                    yield Hit(phrase.tag, phrase.weight, at)
        if self.pieces and _UNSPACED.search(text):
            for piece, tag, weight in self.pieces:
                if piece in text:
                    yield Hit(tag, weight, text.index(piece))


def _follow(phrase: Sequence[str], words: Sequence[str], at: int) -> bool:
    """Whether a phrase goes on from the word `at`."""
    if not phrase:
        return True
    if phrase[0] == ANY:
        return any(_follow(phrase[1:], words, at + skipped) for skipped in (1, 2))
    if at >= len(words):
        return False
    wanted = phrase[0]
    fits = words[at].startswith(wanted[:-1]) if wanted.endswith(ANY) else words[at] == wanted
    return fits and _follow(phrase[1:], words, at + 1)


def lexicon_of(phrases: Mapping[str, Sequence[str]]) -> Lexicon:
    made = Lexicon()
    for tag, some in phrases.items():
        made.add(tag, some)
    return made
