"""A file somebody brings becomes plain text, or is refused with a sentence. Pure, and linear in time."""

import re
import unicodedata
from dataclasses import dataclass
from html import unescape
from typing import Final

SOURCE_BYTES_MAX: Final = 2_000_000
_MIB: Final = 1_000_000
_SIGNATURES: Final = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a Zip or Office file",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\x1f\x8b": "a compressed file",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
}
_ENCODINGS: Final = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_CONTROLS_SHARE: Final = 0.01
_CONTROL: Final = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]")
# What nobody sees: soft hyphens, joiners, directions, variation selectors, tag characters.
_HIDDEN: Final = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffd\ud800-\udfff\U000e0000-\U000e0fff]"
)
_MARKS: Final = re.compile("([\u0300-\u036f]{2})[\u0300-\u036f]+")
# What is between them is no text for people either.
_BLOCKS: Final = ("script", "style", "iframe", "object", "svg", "template", "noscript")
_OPENING: Final = re.compile(rf"<({'|'.join(_BLOCKS)})(?=[\s/>])", re.IGNORECASE)
_CLOSING: Final = {one: re.compile(f"</{one}", re.IGNORECASE) for one in _BLOCKS}
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
_LINK: Final = re.compile(
    r"(!?)\[([^\[\]]{0,300})\]\(((?:[^()\s]|\([^()\s]{0,200}\)){0,2000})(?:\s[^()]{0,300})?\)"
)
# Of links that are no whole ones: what follows is nothing to lead anywhere.
_RUNS: Final = re.compile(r"\]\(\s{0,20}(?:javascript|vbscript|data):", re.IGNORECASE)
_AUTOLINK: Final = re.compile(r"<(https?://[^<>\s]{1,2000})>")
_SAFE_LINK: Final = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
_FRONT: Final = re.compile(r"\A---[ \t]*\n.{0,5000}?\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_EMPHASIS: Final = re.compile(r"(\*\*|__|~~|`)(?=\S)([^\n*_~`]{1,300})\1")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_LINES: Final = re.compile(r"\n{3,}")


class Refused(Exception):
    """This cannot become knowledge; the message says why and what to do, for people."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Plain text, headings still marked by `#`; `removed` says what was dangerous and is gone."""

    text: str
    removed: tuple[str, ...] = ()


def read_text(data: bytes) -> str:
    """Decode what is text.

    Raises:
        Refused: too big, binary, or in an encoding nobody can tell.
    """
    refuse_size(len(data))
    for signature, name in _SIGNATURES.items():
        if data.startswith(signature):
            raise Refused(f"This is {name}, not text. Save it as Markdown or plain text first.")
    encoding = next((one for mark, one in _ENCODINGS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused("This is not text in UTF-8. Save it as UTF-8 first.") from error
    refuse_binary(text)
    return text


def refuse_size(size_bytes: int) -> None:
    """Raises Refused: more than a source may have."""
    if size_bytes > SOURCE_BYTES_MAX:
        raise Refused(
            f"This has {size_bytes / _MIB:.1f} MB; a source may have"
            f" {SOURCE_BYTES_MAX / _MIB:.0f} MB. Split it into several."
        )


def refuse_binary(text: str) -> None:
    """Raises Refused: there is nothing to read in it."""
    controls = len(_CONTROL.findall(text))
    if controls > _CONTROLS_SHARE * len(text) or "\x00" in text:
        raise Refused("This is binary, not text. Save it as Markdown or plain text first.")
    if not any(char.isalnum() for char in text):
        raise Refused("There is no word in it.")


def clean_text(text: str) -> Cleaned:
    """Take away what cannot be seen, and markup that could run."""
    shown, removed = _without_blocks(_seen(text))
    return Cleaned(_tidied(_without_tags(shown)), _counted(removed))


def clean_markdown(text: str) -> Cleaned:
    """Keep headings and words of Markdown; scripts, tags and links that could run go away."""
    seen = _FRONT.sub("", _seen(text), count=1)
    shown, removed = _without_blocks(_AUTOLINK.sub(r"\1", seen))
    links = {"links that could run": 0}

    def linked(found: re.Match[str]) -> str:
        picture, label, target = found.groups()
        if picture or not target:
            return label
        if _SAFE_LINK.match(target):
            return label if label == target else f"{label} ({target})"
        if ":" in target.split("/", 1)[0]:
            links["links that could run"] += 1
        return label

    whole, broken = _RUNS.subn("](", _without_tags(_LINK.sub(linked, shown)))
    links["links that could run"] += broken
    plain = _EMPHASIS.sub(r"\2", whole)
    return Cleaned(_tidied(plain), _counted(removed | links))


def _seen(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    return unicodedata.normalize("NFC", _MARKS.sub(r"\1", _HIDDEN.sub("", lines)))


def _without_blocks(text: str) -> tuple[str, dict[str, int]]:
    """Drop blocks with all that is in them; one that is never closed takes the rest along."""
    kept: list[str] = []
    removed: dict[str, int] = {}
    start = 0
    while found := _OPENING.search(text, start):
        kept.append(text[start : found.start()])
        name = found[1].lower()
        removed[f"<{name}>"] = removed.get(f"<{name}>", 0) + 1
        # In the text itself: lower case of some letters is longer than they are.
        end = _CLOSING[name].search(text, found.end())
        close = text.find(">", end.end()) if end else -1
        start = close + 1 if close >= 0 else len(text)
    kept.append(text[start:])
    return _without_comments("".join(kept)), removed


def _without_comments(text: str) -> str:
    kept, start = [], 0
    while (at := text.find("<!--", start)) >= 0:
        kept.append(text[start:at])
        end = text.find("-->", at + 4)
        start = end + 3 if end >= 0 else len(text)
    return "".join([*kept, text[start:]])


def _without_tags(text: str) -> str:
    # Twice: what was spelled with entities is a tag only after the first time.
    return _TAG.sub(" ", unescape(_TAG.sub(" ", text)))


def _tidied(text: str) -> str:
    lines = "\n".join(line.strip() for line in _BLANKS.sub(" ", _HIDDEN.sub("", text)).split("\n"))
    return _LINES.sub("\n\n", lines).strip()


def _counted(removed: dict[str, int]) -> tuple[str, ...]:
    return tuple(f"{count} × {name}" for name, count in removed.items() if count)
