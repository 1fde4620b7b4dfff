"""Sound and moving pictures: containers whose parts must tile the file. Nothing is decoded."""

import re
import struct
from typing import BinaryIO, Final

BOXES_MAX: Final = 20_000
_SOUND: Final = frozenset({b"M4A ", b"M4B "})
_MOVING: Final = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"MSNV"}
    | {b"M4V ", b"f4v "}
)
_BOXES: Final = frozenset(
    b"ftyp moov mdat free skip wide uuid moof mfra sidx styp meta udta pdin prft emsg".split()
)
_WEBM: Final = re.compile(rb"\x1a\x45\xdf\xa3.{1,56}?\x42\x82\x84webm", re.DOTALL)
_SOUNDS_OF_OGG: Final = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   ")
_RATES_V1: Final = (44_100, 48_000, 32_000)
_KBITS_V1: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_V2: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def mp4_kind(file: BinaryIO, size: int, head: bytes) -> str | None:
    """Sound or film by its brand, where its boxes are known ones and fill the file to the last byte."""
    if head[4:8] != b"ftyp":
        return None
    kind = "audio/mp4" if head[8:12] in _SOUND else "video/mp4"
    known = head[8:12] in _SOUND | _MOVING
    return kind if known and _tiled(file, size) else None


def _tiled(file: BinaryIO, size: int) -> bool:
    at = 0
    for _ in range(BOXES_MAX):
        if at == size:
            return True
        file.seek(at)
        header = file.read(16)
        if len(header) < 8 or header[4:8] not in _BOXES:
            return False
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        length = length or size - at
        if length < 8 or at + length > size:
            return False
        at += length
    return False


def ogg_kind(_file: BinaryIO, _size: int, head: bytes) -> str | None:
    """Sound in Ogg; films in it are not taken."""
    if not head.startswith(b"OggS\x00\x02"):
        return None
    return "audio/ogg" if any(sound in head[28:] for sound in _SOUNDS_OF_OGG) else None


def webm_kind(_file: BinaryIO, _size: int, head: bytes) -> str | None:
    return "video/webm" if _WEBM.match(head) else None


def is_mp3(file: BinaryIO, size: int, head: bytes) -> bool:
    """Two frames of sound, one right behind the other, at the start or behind the tag."""
    at = 0
    if len(head) < 10:
        return False
    if head.startswith(b"ID3"):
        seven = struct.unpack("4B", head[6:10])
        at = 10 + (seven[0] << 21 | seven[1] << 14 | seven[2] << 7 | seven[3])
    for _ in range(2):
        if at + 4 > size:
            return False
        file.seek(at)
        length = _frame_bytes(file.read(4))
        if length == 0:
            return False
        at += length
    return True


def _frame_bytes(header: bytes) -> int:
    """How long a frame of MPEG layer III is by its header; 0: it is none."""
    if header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate, place = header[1] >> 3 & 3, header[2] >> 2 & 3, header[2] >> 4
    if version == 1 or rate == 3 or place in (0, 15):
        return 0
    first = version == 3
    per_s = _RATES_V1[rate] // (1 if first else 2 if version == 2 else 4)
    kbits = (_KBITS_V1 if first else _KBITS_V2)[place]
    return (144 if first else 72) * kbits * 1_000 // per_s + (header[2] >> 1 & 1)
