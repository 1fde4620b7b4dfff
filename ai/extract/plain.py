"""A message as plain sentences: what can be quoted of it. Any text in, never an error out."""

import re
import unicodedata
from html import unescape
from typing import Final

CHARS_MAX: Final = 4_000
"""Of a message that are read; what a person writes fits, a pasted log does not have to."""
SENTENCES_MAX: Final = 60

_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|<!--.{0,300}?-->", re.DOTALL)
_HIDDEN: Final = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffd\ud800-\udfff]"
)
# On one letter: Vietnamese needs two, nobody needs nine.
_MARKS: Final = re.compile("([\u0300-\u036f]{2})[\u0300-\u036f]+")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_CARD: Final = re.compile(r"(?<![\w+])\d(?:[ -]?\d){12,18}(?!\w)")
_END: Final = re.compile(r"(?<=[.!?…؟])[\"'»”)]?\s+|(?<=[。！？])\s*|\s*\n\s*")
_SHORT: Final = re.compile(
    r"(?<!\w)(?:dr|mr|mrs|ms|hr|fr|st|ggf|bzw|usw|etc|ul|vs|incl|inkl|z|d|e\.g|i\.e|z\. ?b|p\. ?ex)\.$",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"(?<!\w)(?:no|nr|nº|n°|núm|num|tel|art|ca|approx)\.$", re.IGNORECASE)
_MONTH: Final = re.compile(r"(?:jan|feb|mär|apr|mai|jun|jul|aug|sep|okt|nov|dez)", re.IGNORECASE)
_TAIL_CHARS: Final = 8


def plain(content: str) -> str:
    """Take away markup, what cannot be seen, and all of a card number but its last four digits."""
    text = content[: 2 * CHARS_MAX]
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = unescape(text)
    text = _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = unicodedata.normalize("NFC", _MARKS.sub(r"\1", text)).replace("’", "'")
    return _CARD.sub(_masked, _BLANKS.sub(" ", text)[:CHARS_MAX]).strip()


def _masked(found: re.Match[str]) -> str:
    digits = [int(one) for one in found[0] if one.isdecimal()]
    doubled = [sum(divmod(2 * one, 10)) for one in digits[-2::-2]]
    if (sum(doubled) + sum(digits[-1::-2])) % 10:
        return found[0]
    return "•••• " + "".join(map(str, digits[-4:]))


def sentences(text: str) -> list[str]:
    """Cut plain text where a sentence ends; each piece is a substring of it."""
    pieces, start = [], 0
    for found in _END.finditer(text):
        if "\n" not in found[0] and _goes_on(text[start : found.start()], text[found.end() :][:3]):
            continue
        pieces.append(text[start : found.start()])
        start = found.end()
    pieces.append(text[start:])
    return [piece for one in pieces if (piece := one.strip())][:SENTENCES_MAX]


def _goes_on(before: str, after: str) -> bool:
    """Whether a dot ends an abbreviation or a German ordinal, and no sentence."""
    tail = before[-_TAIL_CHARS:]
    if _SHORT.search(tail):
        return True
    if after[:1].isdigit():
        return _NUMBERED.search(tail) is not None
    return tail[-2:-1].isdigit() and _MONTH.match(after) is not None


def cut(text: str, chars: int) -> str:
    """At most `chars` characters, ended between two words where there are any."""
    if len(text) <= chars:
        return text
    head = text[: chars - 1]
    blank = head.rfind(" ", chars // 2)
    return (head if blank < 0 else head[:blank]).rstrip(" ,;:") + "…"
