"""Phrases by meaning, found in one pass over the words of a sentence."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

WORD: Final = re.compile(r"\w+(?:['-]\w+)*")
ANY: Final = "*"
"""Alone: one or two words, whatever they are. At the end of a word: whatever ends it."""
_BEGINNING_CHARS: Final = 2
_UNSPACED: Final = re.compile("[\u0620-\u064a\u3040-\u30ff\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that stands at the word `at`; in scripts without blanks, at that character."""

    tag: str
    weight: int
    at: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    known: int
    """So many of its words are told by where it is listed."""
    rest: tuple[str, ...]
    tag: str
    weight: int


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What phrases mean. A phrase may carry a weight: `terrible:3`."""

    exact: dict[str, list[_Phrase]] = field(default_factory=dict)
    pairs: dict[tuple[str, str], list[_Phrase]] = field(default_factory=dict)
    """By two words, which few phrases begin with. The first of them stands in `exact` as well."""
    stems: dict[str, list[_Phrase]] = field(default_factory=dict)
    lengths: dict[str, list[int]] = field(default_factory=dict)
    """How long stems are, by their first characters: most words need no other look."""
    pieces: list[tuple[str, str, int]] = field(default_factory=list)
    """Phrases of scripts whose words stick together: found anywhere."""

    def add(self, tag: str, phrases: Sequence[str]) -> None:
        for spelled in phrases:
            phrase, _, weight = spelled.partition(":")
            if _UNSPACED.search(phrase):
                self.pieces.append((phrase.rstrip(ANY), tag, int(weight or 1)))
                continue
            words = tuple(phrase.split())
            index, known = self._index(words)
            index.append(_Phrase(known, words[known:], tag, int(weight or 1)))

    def _index(self, words: Sequence[str]) -> tuple[list[_Phrase], int]:
        """Where a phrase is listed, and how many of its words that tells."""
        first = words[0]
        if first.endswith(ANY):
            return self._stems(first[:-1]), 1
        alone = self.exact.setdefault(first, [])
        if len(words) == 1 or words[1].endswith(ANY):
            return alone, 1
        return self.pairs.setdefault((first, words[1]), []), 2

    def _stems(self, stem: str) -> list[_Phrase]:
        known = self.lengths.setdefault(stem[:_BEGINNING_CHARS], [])
        if len(stem) not in known:
            known.append(len(stem))
        return self.stems.setdefault(stem, [])

    def hits(self, text: str, words: Sequence[str]) -> Iterator[Hit]:
        """Every phrase in a lower-case text with these words."""
        for at, (word, after) in enumerate(zip(words, (*words[1:], ""), strict=False)):
            if word in self.exact or word[:_BEGINNING_CHARS] in self.lengths:
                for phrase in self._begun(word, after):
                    if not phrase.rest or _follow(phrase.rest, words, at + phrase.known):
                        yield Hit(phrase.tag, phrase.weight, at)
        if self.pieces and _UNSPACED.search(text):
            for piece, tag, weight in self.pieces:
                if piece in text:
                    yield Hit(tag, weight, text.index(piece))

    def _begun(self, word: str, after: str) -> Sequence[_Phrase]:
        """The phrases that may begin with these words."""
        begun = [*self.exact.get(word, ()), *self.pairs.get((word, after), ())]
        for chars in self.lengths.get(word[:_BEGINNING_CHARS], ()):
            if chars <= len(word):
                begun.extend(self.stems.get(word[:chars], ()))
        return begun


def _follow(phrase: Sequence[str], words: Sequence[str], at: int) -> bool:
    """Whether a phrase goes on from the word `at`."""
    for place, wanted in enumerate(phrase):
        here = at + place
        if wanted == ANY:
            return any(_follow(phrase[place + 1 :], words, here + skipped) for skipped in (1, 2))
        if here >= len(words):
            return False
        stem = wanted.endswith(ANY)
        if not (words[here].startswith(wanted[:-1]) if stem else words[here] == wanted):
            return False
    return True


def lexicon_of(phrases: Mapping[str, Sequence[str]]) -> Lexicon:
    made = Lexicon()
    for tag, some in phrases.items():
        made.add(tag, some)
    return made
