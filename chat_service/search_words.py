"""How text becomes words that PostgreSQL finds, with its `simple` configuration. Pure.

Scripts that put no spaces between words (Chinese, Japanese, Thai, …) become bigrams, each spelled
as one word of plain letters, so that no locale of a database cuts them otherwise.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

QUERY_CHARS_MAX: Final = 200
TERMS_MAX: Final = 20
_UNSPACED: Final = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana, Han
    "\uac00-\ud7af"  # Hangul: its spaces part phrases, not words
    "\U00020000-\U0003ffff"
)
_RUN: Final = re.compile(f"[{_UNSPACED}]+")
_TERM: Final = re.compile(r'(-?)"([^"]*)"|(\S+)')
_LETTERS: Final = str.maketrans("0123456789abcdef", "ghijklmnopqrstuv")
_MARK: Final = "zq"
"""What a spelled bigram begins with: no word of a language does."""


def indexed(text: str) -> str:
    """The words of a text, with spaces between them, for `to_tsvector('simple', …)`."""
    return " ".join(_RUN.sub(_bigrams, _plain(text)).split())


def _plain(text: str) -> str:
    """Fold what looks alike, and part words wherever there is no letter, digit or mark."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(map(_kept, folded))


@lru_cache(maxsize=4_096)
def _kept(char: str) -> str:
    return char if unicodedata.category(char)[0] in "LNM" else " "


def _bigrams(run: re.Match[str]) -> str:
    """Every two neighbours; the last one alone, so that it is found by itself, too."""
    chars = run[0]
    pairs = [chars[place : place + 2] for place in range(len(chars))]
    return f" {' '.join(map(_spelled, pairs))} "


def _spelled(chars: str) -> str:
    return _MARK + "".join(f"{ord(char):05x}".translate(_LETTERS) for char in chars)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for."""

    query: str
    """For `to_tsquery('simple', …)`."""
    shown: tuple[str, ...]
    """The words to mark in what is found, as they were written."""


def wanted(written: str) -> Wanted | None:
    """Read a query: words must all be there, `"a phrase"` as it stands, `-word` must not; the last
    word may be the beginning of one. None: there is no word in it to look for.
    """
    terms, shown = [], []
    found = list(_terms(written[:QUERY_CHARS_MAX]))[:TERMS_MAX]
    for place, (without, text, quoted) in enumerate(found):
        begun = place == len(found) - 1 and not quoted and not written[-1:].isspace()
        if not (spelled := _query_of(text, begun=begun)):
            continue
        terms.append(f"!({spelled})" if without else spelled)
        if not without:
            shown.append(text.strip())
    return Wanted(" & ".join(terms), tuple(shown)) if shown else None


def _terms(written: str) -> Iterator[tuple[bool, str, bool]]:
    for found in _TERM.finditer(written):
        minus, phrase, word = found.groups()
        if phrase is not None:
            yield minus == "-", phrase, True
        elif word.startswith("-") and len(word) > 1:
            yield True, word[1:], False
        else:
            yield False, word, False


def _query_of(text: str, *, begun: bool) -> str:
    """One term: all of its words one after the other."""
    words: list[str] = []
    for part in _parts(_plain(text)):
        words += part
    if not words:
        return ""
    last = f"{words[-1]}:*" if begun or _is_half(words[-1]) else words[-1]
    return f"({' <-> '.join([*words[:-1], last])})"


def _parts(plain: str) -> Iterator[list[str]]:
    """The words of spaced text, and the pairs of runs: a run's last letter is in its last pair."""
    for word in plain.split():
        place = 0
        for run in _RUN.finditer(word):
            yield from ([one] for one in [word[place : run.start()]] if one)
            pairs = [run[0][at : at + 2] for at in range(max(len(run[0]) - 1, 1))]
            yield [_spelled(pair) for pair in pairs]
            place = run.end()
        yield from ([one] for one in [word[place:]] if one)


def _is_half(word: str) -> bool:
    return word.startswith(_MARK) and len(word) == len(_MARK) + 5


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text, which was looked for or not."""

    text: str
    hit: bool


SNIPPET_CHARS: Final = 160
_BEFORE: Final = 40


def snippet(content: str, shown: tuple[str, ...]) -> list[Piece]:
    """The part of a text around the first word that was looked for, with all such words marked."""
    text = " ".join(content.split())
    marks = [(one.start(), one.end()) for one in _marker(shown).finditer(text)]
    start = max(marks[0][0] - _BEFORE, 0) if marks else 0
    end = min(start + SNIPPET_CHARS, len(text))
    pieces = [Piece("…", hit=False)] if start else []
    at = start
    for first, last in marks:
        if first >= end:
            break
        pieces += [Piece(text[at:first], hit=False), Piece(text[first : min(last, end)], hit=True)]
        at = min(last, end)
    pieces.append(Piece(text[at:end] + ("…" if end < len(text) else ""), hit=False))
    return [one for one in pieces if one.text]


@lru_cache(maxsize=256)
def _marker(shown: tuple[str, ...]) -> re.Pattern[str]:
    """Finds words where words begin; where there are no spaces, anywhere."""
    words = sorted((word for one in shown for word in one.split() if word), key=len, reverse=True)
    each = [re.escape(word) if _RUN.match(word) else rf"(?<!\w){re.escape(word)}" for word in words]
    return re.compile("|".join(each) or r"(?!)", re.IGNORECASE)
