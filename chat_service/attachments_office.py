"""Office documents: zip archives that hold what such a document holds, and nothing that bursts.

Only the directory at the end is read; nothing is unpacked but the first word of an ODT.
"""

import zipfile
from collections.abc import Sequence
from typing import BinaryIO, Final
from zipfile import ZipInfo

from chat_service.attachments_refusals import BadType, Broken

_OOXML: Final = "application/vnd.openxmlformats-officedocument."
DOCX: Final = f"{_OOXML}wordprocessingml.document"
XLSX: Final = f"{_OOXML}spreadsheetml.sheet"
PPTX: Final = f"{_OOXML}presentationml.presentation"
ODT: Final = "application/vnd.oasis.opendocument.text"
_HEARTS: Final = {
    "word/document.xml": DOCX,
    "xl/workbook.xml": XLSX,
    "ppt/presentation.xml": PPTX,
}
ENTRIES_MAX: Final = 4_096
DIRECTORY_MAX_BYTES: Final = 1 << 20
UNPACKED_MAX_BYTES: Final = 200 << 20
CALM_BYTES: Final = 20 << 20
"""What may be packed however tightly: a table of one number a million times is no bomb."""
TIMES_MAX: Final = 100
_END_BYTES: Final = 22
_LOCATOR_BYTES: Final = 20
_ENTRY_HEAD_BYTES: Final = 30
_PACKED_HOW: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# A macro, or a program for Java or Android that also is a document.
_NEVER: Final = ("vbaproject.bin", "manifest.mf", "androidmanifest.xml", "classes.dex")
_ENCRYPTED: Final = 1


def office_kind(file: BinaryIO, size: int) -> str:
    """The type of a document. Blocks.

    Raises:
        BadType: an archive of another kind, with macros, encrypted, or one that bursts.
        Broken: its directory cannot be read.
    """
    _check_end(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check(entries, size)
            return _kind(archive, entries)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Broken from error


def _check_end(file: BinaryIO, size: int) -> None:
    """One plain directory right at the end, of bounded size: before anything reads it."""
    if size < _END_BYTES:
        raise Broken
    file.seek(max(0, size - _END_BYTES - _LOCATOR_BYTES))
    tail = file.read()
    end = tail[-_END_BYTES:]
    length, starts = int.from_bytes(end[12:16], "little"), int.from_bytes(end[16:20], "little")
    if not end.startswith(b"PK\x05\x06") or tail.startswith(b"PK\x06\x07"):
        raise BadType("This archive has something behind its end.")
    if length > DIRECTORY_MAX_BYTES or starts + length + _END_BYTES != size:
        raise BadType("This archive is not laid out as a document is.")


def _check(entries: Sequence[ZipInfo], size: int) -> None:
    unpacked = sum(one.file_size for one in entries)
    if len(entries) > ENTRIES_MAX or unpacked > UNPACKED_MAX_BYTES:
        raise BadType("Unpacked, this document would be too large.")
    if unpacked > max(CALM_BYTES, TIMES_MAX * size):
        raise BadType("Unpacked, this document would be too large.")
    if any(one.flag_bits & _ENCRYPTED for one in entries):
        raise BadType("Documents with a password are not taken here: nobody could check them.")
    if any(one.compress_type not in _PACKED_HOW or _leads_out(one.filename) for one in entries):
        raise BadType
    if any(one.filename.lower().endswith(_NEVER) for one in entries):
        raise BadType("Documents with macros are not taken here.")
    _check_places(entries, size)


def _leads_out(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in name.split("/") or ":" in name


def _check_places(entries: Sequence[ZipInfo], size: int) -> None:
    """From the first byte on and side by side: entries that share bytes are how small bombs are made."""
    free_from = 0
    for place, one in enumerate(sorted(entries, key=lambda entry: entry.header_offset)):
        if one.header_offset < free_from or (place == 0 and one.header_offset):
            raise BadType("This archive is not laid out as a document is.")
        free_from = one.header_offset + _ENTRY_HEAD_BYTES + one.compress_size
    if free_from > size:
        raise Broken


def _kind(archive: zipfile.ZipFile, entries: Sequence[ZipInfo]) -> str:
    names = {one.filename for one in entries}
    if "[Content_Types].xml" in names:
        for heart, mime in _HEARTS.items():
            if heart in names:
                return mime
    if entries and _says_odt(entries[0]) and archive.read(entries[0]) == ODT.encode():
        return ODT
    raise BadType("Archives are not taken here.")


def _says_odt(first: ZipInfo) -> bool:
    """The first entry of an ODT is its type, as it is."""
    plain = first.compress_type == zipfile.ZIP_STORED
    return plain and first.filename == "mimetype" and first.file_size == len(ODT)
