"""Does a text say only what its sources say? By numbers and names first, by words then.

What it cannot see: words of the sources in an order that says something else, "not" among them; a share
of half lets a short sentence say one thing of its own beside one of theirs.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ai.extract.language import language_of
from ai.extract.plain import plain, sentences
from ai.guards import filler
from ai.guards.amounts import in_one_form
from ai.guards.numerals import LANGUAGES, numbers_said

_STEM_CHARS: Final = 5
_SHARE: Final = 0.5
_FEW_WORDS: Final = 4
"""Of fewer than that, our set phrases and the words of the question weigh nothing."""
_NUMBER: Final = re.compile(r"\d[\d.,:/-]*\d|\d")
_THING: Final = re.compile(
    r"https?://[^\s<>\"'）]+|[\w.+-]+@[\w.-]+\.\w{2,}|\b[A-Z]{1,6}[-_]?\d[\w-]*\b|[$€£¥]\s?\d[\d.,]*|\d[\d.,]*\s?[$€£¥%]"
)
_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_NAME: Final = re.compile(r"(?<=[\w,;] )(?=[^\W\d_a-z])[^\W\d_]{4,}")
"""Of four letters and more behind another word: a sentence begins with a capital whatever it says."""
_NAMES_STAND_OUT: Final = frozenset({"en", "fr", "es", "it", "pt", "pl"})
"""Languages that write nothing else with a capital inside of a sentence; German does."""
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_SIGNS: Final = re.compile(r"[\W_]+")
_COMMA: Final = "de"
"""One of the languages that write 9,90 and 1.500."""


def unsupported(
    text: str,
    sources: Sequence[str],
    *,
    known: Collection[str] = (),
    asked: str = "",
    translated: bool = False,
) -> tuple[str, ...]:
    """What a text says that no source does: single facts, and sentences made up of other words.

    `known` may be said without a source: our own set phrases. What was `asked` may be named in an
    answer, and is no source. Of a `translated` text, words tell nothing; its facts do, however its
    language writes them. Where nobody here can read numbers that its language writes as words, all of
    it is unsupported.
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
    words = _Words(*(_stems(_flat("\n".join(some))) for some in (sources, known, [asked])))
    told = sentences(plain(text))
    if language in _NAMES_STAND_OUT:
        facts += [name for one in told for name in _names(one) if not words.has_name(name)]
    invented = [one for one in told if not _borne_out(one, words)]
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


def _names(sentence: str) -> list[str]:
    """Words with a capital among words without; none of a headline That Is Written So."""
    found = [one for one in _NAME.findall(sentence) if one[0].isupper()]
    small = [one for one in _WORD.findall(sentence) if one[0].islower()]
    return found if len(small) >= len(found) else []


@dataclass(frozen=True, slots=True)
class _Words:
    """Stems of what the sources say, of our set phrases, and of what was asked."""

    sources: frozenset[str]
    known: frozenset[str]
    asked: frozenset[str]

    def has_near(self, stem: str) -> bool:
        """Whether the sources have it, or one that a letter more or less makes of it: item, items."""
        short = stem[: _STEM_CHARS - 1]
        near = (one for one in self.sources if one.startswith(short))
        return any(one in (stem, short) or stem == short for one in near)

    def has_name(self, name: str) -> bool:
        said = name.lower()
        return said in filler.WORDS or said[:_STEM_CHARS] in self.sources | self.known | self.asked


def _stems(text: str) -> frozenset[str]:
    """Of all its words, and pairs of letters where words stick together."""
    return _pairs(text) | {one[:_STEM_CHARS] for one in _WORD.findall(text)}


def _pairs(text: str) -> frozenset[str]:
    if not _UNSPACED.search(text):
        return frozenset()
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


def _claims(sentence: str) -> frozenset[str]:
    """The stems of what a sentence says, without words that make no claim."""
    said = _flat(sentence)
    if _UNSPACED.search(said):
        parts = _SIGNS.split(filler.PHRASES.sub(" ", said))
        return frozenset(pair for one in parts for pair in _pairs(one))
    words = (one for one in _WORD.findall(said) if one not in filler.WORDS)
    return frozenset(one[:_STEM_CHARS] for one in words)


def _borne_out(sentence: str, words: _Words) -> bool:
    """Whether enough of what a sentence says is the sources'."""
    own = _claims(sentence)
    if len(own) >= _FEW_WORDS:
        return len(own & (words.sources | words.known)) >= _SHARE * len(own)
    own -= words.known
    borne = frozenset(one for one in own if words.has_near(one))
    # Of the question's words alone, a sentence would say yes or no to it.
    return not own or len(borne) >= max(1, _SHARE * len(own - (words.asked - borne)))
