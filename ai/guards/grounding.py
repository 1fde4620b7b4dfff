"""Does a text say only what its sources say? By numbers and names first, by words then."""

import re
from collections.abc import Collection, Sequence
from typing import Final

from ai.extract.plain import plain, sentences

_STEM_CHARS: Final = 5
_SHARE: Final = 0.5
_FEW_WORDS: Final = 4
_NUMBER: Final = re.compile(r"\d[\d.,:/-]*\d|\d")
_THING: Final = re.compile(
    r"https?://[^\s<>\"'）]+|[\w.+-]+@[\w.-]+\.\w{2,}|\b[A-Z]{1,6}[-_]?\d[\w-]*\b|[$€£¥]\s?\d[\d.,]*|\d[\d.,]*\s?[$€£¥%]"
)
_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_DIGITS: Final = str.maketrans("０１２３４５６７８９٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_NUMERALS: Final = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "twelve": "12", "zwei": "2", "drei": "3", "vier": "4",
    "fünf": "5", "sechs": "6", "sieben": "7", "zehn": "10", "deux": "2", "trois": "3",
    "quatre": "4", "cinq": "5", "dix": "10", "dos": "2", "tres": "3", "cuatro": "4",
    "cinco": "5", "diez": "10",
}  # fmt: skip


def unsupported(
    text: str, sources: Sequence[str], *, known: Collection[str] = (), translated: bool = False
) -> tuple[str, ...]:
    """What a text says that no source does: single facts, and sentences made up of other words.

    `known` may be said without a source: our own set phrases. Of a `translated` text, words tell
    nothing; its facts do, however its language writes them.
    """
    whole = _flat("\n".join([*sources, *known]))
    if translated:
        whole, text = _one_point(whole), _one_point(text)
    said = dict.fromkeys(_facts(plain(text)))
    facts = [one for one in said if not _stands(one, whole, translated=translated)]
    if translated:
        return tuple(facts)
    stems = _stems(whole)
    invented = [one for one in sentences(plain(text)) if not _borne_out(one, stems)]
    return tuple(dict.fromkeys([*facts, *invented]))


def _one_point(text: str) -> str:
    """9,90 and 9.90 are the same in two languages."""
    return re.sub(r"(?<=\d)[,٫](?=\d)", ".", text)


def _flat(text: str) -> str:
    return plain_all(text).translate(_DIGITS).lower()


def plain_all(text: str) -> str:
    """Sources may be longer than a message: nothing is cut off."""
    return re.sub(r"\s+", " ", text.replace("’", "'"))


def _facts(text: str) -> list[str]:
    western = text.translate(_DIGITS)
    found = [one[0].rstrip(".,:;-/") for one in _THING.finditer(western)]
    found += [one[0].rstrip(".,:-/") for one in _NUMBER.finditer(western)]
    words = re.findall(r"[^\W\d_]+", western.lower())
    return found + [word for word in words if word in _NUMERALS and word != "one"]


def _stands(fact: str, whole: str, *, translated: bool = False) -> bool:
    """Whether a fact stands in the sources as a whole: 15 does not stand in 150."""
    wanted = fact.lower()
    if _found(wanted, whole):
        return True
    digit = _NUMERALS.get(wanted, wanted)
    if wanted in _NUMERALS and not translated:
        return _found(digit, whole)
    spelled = [word for word, value in _NUMERALS.items() if value == digit]
    return any(_found(one, whole) for one in (digit, *spelled))


def _found(wanted: str, whole: str) -> bool:
    pattern = (
        rf"(?<![\w]){re.escape(wanted)}(?!\w|[.,:]\d)"
        if wanted[0].isalnum()
        else re.escape(wanted) + r"(?!\d|[.,]\d)"
    )
    if _UNSPACED.search(whole):
        pattern = rf"(?<!\d){re.escape(wanted)}(?!\d|[.,:]\d)"
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
