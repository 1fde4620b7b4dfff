"""Does a text say only what its sources say? By numbers and names first, by words then."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ai.extract.language import language_of
from ai.extract.plain import plain, sentences
from ai.guards.amounts import in_one_form
from ai.guards.numerals import LANGUAGES, numbers_said

_STEM_CHARS: Final = 5
_SHARE: Final = 0.5
_FEW_WORDS: Final = 4
_NUMBER: Final = re.compile(r"\d[\d.,:/-]*\d|\d")
_THING: Final = re.compile(
    r"https?://[^\s<>\"'）]+|[\w.+-]+@[\w.-]+\.\w{2,}|\b[A-Z]{1,6}[-_]?\d[\w-]*\b|[$€£¥]\s?\d[\d.,]*|\d[\d.,]*\s?[$€£¥%]"
)
_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_COMMA: Final = "de"
"""One of the languages that write 9,90 and 1.500."""


def unsupported(
    text: str, sources: Sequence[str], *, known: Collection[str] = (), translated: bool = False
) -> tuple[str, ...]:
    """What a text says that no source does: single facts, and sentences made up of other words.

    `known` may be said without a source: our own set phrases. Of a `translated` text, words tell
    nothing; its facts do, however its language writes them. Where nobody here can read numbers that
    its language writes as words, all of it is unsupported.
    """
    language = language_of(text)
    if translated and language and language not in LANGUAGES:
        return (text,)
    if not translated:
        # A few words do not tell what language they are in; their sources are in the same.
        language = language or language_of("\n".join(sources))
    borne = _borne([*sources, *known], "" if translated else language)
    said = dict.fromkeys(_facts(plain(text), language))
    facts = [one for one in said if not _stands(one, borne)]
    if translated:
        return tuple(facts)
    stems = _stems(_flat("\n".join([*sources, *known])))
    invented = [one for one in sentences(plain(text)) if not _borne_out(one, stems)]
    return tuple(dict.fromkeys([*facts, *invented]))


@dataclass(frozen=True, slots=True)
class _Borne:
    """What sources say: their numbers in one form, and those that they write as words."""

    whole: str
    numbers: frozenset[str]


def _borne(sources: Sequence[str], language: str) -> _Borne:
    told, numbers = [], set[str]()
    for one in sources:
        spoken = language_of(one)
        # A thing that is named as it stands there is found as well, in either way to write 1,500.
        forms = [in_one_form(one, spoken)] + ([] if spoken else [in_one_form(one, _COMMA)])
        told += forms
        for each in {spoken, language}:
            numbers |= numbers_said(forms[0], each)
    return _Borne(_flat("\n".join(told)), frozenset(numbers))


def _flat(text: str) -> str:
    return plain_all(text).lower()


def plain_all(text: str) -> str:
    """Sources may be longer than a message: nothing is cut off."""
    return re.sub(r"\s+", " ", text.replace("’", "'"))


def _facts(text: str, language: str) -> list[str]:
    told = in_one_form(text, language)
    found = [one[0].rstrip(".,:;-/") for one in _THING.finditer(told)]
    found += [one[0].rstrip(".,:-/") for one in _NUMBER.finditer(told)]
    return found + sorted(numbers_said(told, language))


def _stands(fact: str, borne: _Borne) -> bool:
    """Whether a fact stands in the sources as a whole: 15 does not stand in 150."""
    return fact in borne.numbers or _found(fact.lower(), borne.whole)


def _found(wanted: str, whole: str) -> bool:
    pattern = (
        rf"(?<!\w)(?<!\d[.,]){re.escape(wanted)}(?!\w|[.,:]\d)"
        if wanted[0].isalnum()
        else re.escape(wanted) + r"(?!\d|[.,]\d)"
    )
    if _UNSPACED.search(whole):
        pattern = rf"(?<!\d)(?<!\d[.,]){re.escape(wanted)}(?!\d|[.,:]\d)"
    return re.search(pattern, whole) is not None


def _stems(text: str) -> frozenset[str]:
    if _UNSPACED.search(text):
        return frozenset(text[at : at + 2] for at in range(len(text) - 1))
    return frozenset(one[:_STEM_CHARS] for one in _WORD.findall(text))


def _borne_out(sentence: str, stems: frozenset[str]) -> bool:
    """Whether enough of a sentence's words are the sources'; a short one has too few to tell."""
    own = _stems(_flat(sentence))
    if len(own) < _FEW_WORDS:
        return True
    return len(own & stems) >= _SHARE * len(own)
