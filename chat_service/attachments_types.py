"""What a file is, by its bytes: a short list of kinds, recognised by their shape (ADR-0036).

Whatever is none of them is refused; what a client says of a file, or calls it, decides nothing but
whether a text is a table.
"""

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Final

from chat_service.attachments_media import is_mp3, mp4_kind, ogg_kind, webm_kind
from chat_service.attachments_office import DOCX, ODT, PPTX, XLSX, office_kind
from chat_service.attachments_refusals import BadType, Broken

ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "application/pdf": ("pdf",),
    "text/plain": ("txt", "log", "md"),
    "text/csv": ("csv",),
    DOCX: ("docx",),
    XLSX: ("xlsx",),
    PPTX: ("pptx",),
    ODT: ("odt",),
    "audio/mpeg": ("mp3",),
    "audio/mp4": ("m4a",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "video/mp4": ("mp4", "m4v"),
    "video/webm": ("webm",),
}
"""Every type that is taken, with the endings its names may have; the first is the usual one."""
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Drawn anew before they are kept."""
HEAD_BYTES: Final = 64
_TAIL_BYTES: Final = 1_024
_PICTURE: Final = re.compile(
    rb"(?P<png>\x89PNG\r\n\x1a\n)|(?P<jpeg>\xff\xd8\xff)|(?P<gif>GIF8[79]a)"
    rb"|(?P<webp>RIFF....WEBPVP8[ LX])",
    re.DOTALL,
)
_PIECE_BYTES: Final = 64 << 10
# A tab, line ends and form feeds are what a text may hold of these.
_NO_TEXT: Final = bytes({*range(0x20), 0x7F} - set(b"\t\n\x0c\r"))
_NO_ASCII: Final = bytes(range(0x80, 0x100))
_MARKUP: Final = re.compile(rb"<[a-z!?/%]|%!|#!|\{\\rtf", re.IGNORECASE)
_OPENING_BYTES: Final = 16
_OTHER_LETTERS_MAX: Final = 0.3
"""Of bytes that are no ASCII, where a text is not UTF-8."""


def recognise(file: BinaryIO, size: int, name: str) -> str:
    """The MIME type of a file. Blocks.

    Raises:
        BadType: it is none that is taken.
        Broken: there is nothing in it.
    """
    if size == 0:
        raise Broken("This file is empty.")
    head = file.read(HEAD_BYTES)
    if (picture := _PICTURE.match(head)) is not None:
        return f"image/{picture.lastgroup}"
    for looks in _LOOKS:
        if (found := looks(file, size, head)) is not None:
            return found
    if _is_text(file):
        return "text/csv" if name.lower().endswith(".csv") else "text/plain"
    raise BadType


def _pdf(file: BinaryIO, size: int, head: bytes) -> str | None:
    """PDF from the first byte to its end mark: what has something before or behind is something else, too."""
    if not re.match(rb"%PDF-[12]\.\d", head):
        return None
    file.seek(max(0, size - _TAIL_BYTES))
    _, mark, rest = file.read().rpartition(b"%%EOF")
    if not mark or rest.strip(b"\0 \t\r\n"):
        raise BadType("This PDF is not whole.")
    return "application/pdf"


def _office(file: BinaryIO, size: int, head: bytes) -> str | None:
    return office_kind(file, size) if head.startswith(b"PK") else None


def _mp3(file: BinaryIO, size: int, head: bytes) -> str | None:
    return "audio/mpeg" if is_mp3(file, size, head) else None


_LOOKS: Final[tuple[Callable[[BinaryIO, int, bytes], str | None], ...]] = (
    _pdf,
    _office,
    mp4_kind,
    ogg_kind,
    webm_kind,
    _mp3,
)


def _is_text(file: BinaryIO) -> bool:
    """Words without control characters that do not begin like a program or a page."""
    opening, size, other, is_utf8 = b"", 0, 0, True
    letters = codecs.getincrementaldecoder("utf-8")()
    for piece in _pieces(file):
        if len(piece.translate(None, _NO_TEXT)) < len(piece):
            return False
        if len(opening) < _OPENING_BYTES:
            opening = (opening + piece.removeprefix(codecs.BOM_UTF8)).lstrip()
        size += len(piece)
        other += len(piece) - len(piece.translate(None, _NO_ASCII))
        is_utf8 = is_utf8 and _decodes(letters, piece)
    if _MARKUP.match(opening):
        return False
    return (is_utf8 and _decodes(letters, b"")) or other <= _OTHER_LETTERS_MAX * size


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """A file in pieces short enough that other threads need not wait for what is done to one."""
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        yield piece


def _decodes(letters: codecs.IncrementalDecoder, piece: bytes) -> bool:
    """Whether it goes on as UTF-8; no piece ends it there."""
    try:
        letters.decode(piece, final=not piece)
    except UnicodeDecodeError:
        return False
    return True
