"""Pictures are drawn anew: what was hidden in them, or told where they were taken, is gone.

Run as a program, `python -m chat_service.attachments_pictures <from> <to> <pixels> <frames> <bytes>`,
it bounds its own memory and time: a picture that brings a decoder down takes nothing else along. It
prints `mime width height`, and ends with `REFUSED` for a picture that is not taken, with `OVERSIZED`
for a drawing of too many bytes and with `UNWRITTEN` where the disk is at fault.
"""

import io
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps, ImageSequence

from chat_service.attachments_refusals import Broken
from chorus.errors import TooLarge

REFUSED: Final = 3
UNWRITTEN: Final = 4
OVERSIZED: Final = 5
MEMORY_MAX_BYTES: Final = 2 << 30
CPU_S: Final = 20
SIDE_MAX: Final = 16_384
MOVING_TIMES: Final = 2
"""All frames of a moving picture may have so many times the pixels of one that stands still."""
ICC_MAX_BYTES: Final = 64 << 10
JPEG_QUALITY: Final = 88
WEBP_QUALITY: Final = 85
_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP")
_STILL_MODES: Final = frozenset({"L", "RGB"})


@dataclass(frozen=True, slots=True)
class Bounds:
    pixels_max: int
    frames_max: int
    bytes_max: int
    """Of the drawing."""


@dataclass(frozen=True, slots=True)
class Drawn:
    mime: str
    width: int
    height: int


class _Drawing(io.BytesIO):
    """What is drawn, in memory: an encoder does not tell a full disk from a bad picture."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__()
        self._bytes_max = bytes_max

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self._bytes_max:
            raise TooLarge("Drawn anew, this picture would be too large.")
        return super().write(data)


def redraw(source: Path, target: Path, bounds: Bounds) -> Drawn:
    """Read a picture and write what can be seen of it. Blocks, for seconds at worst.

    Raises:
        Broken: it cannot be decoded, or has more pixels or frames than allowed.
        TooLarge: what can be seen of it takes too many bytes.
        OSError: the disk is at fault.
    """
    content, drawing = source.read_bytes(), _Drawing(bounds.bytes_max)
    drawn = _redraw(content, drawing, bounds)
    target.write_bytes(drawing.getbuffer())
    return drawn


def _redraw(content: bytes, drawing: io.BytesIO, bounds: Bounds) -> Drawn:
    # Ours, checked before a pixel is decoded, holds for each format alike.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            _check_size(picture, bounds)
            frames = _frames(picture, bounds)
            return _draw(picture, drawing, moving=frames > 1)
    except (Broken, TooLarge):
        raise
    except Exception as error:
        # Decoders raise whatever a hostile byte leads them to.
        raise Broken from error


def _check_size(picture: Image.Image, bounds: Bounds) -> None:
    width, height = picture.size
    if width * height > bounds.pixels_max or max(width, height) > SIDE_MAX:
        raise Broken(f"A picture may have {bounds.pixels_max // 1_000_000} million pixels.")


def _frames(picture: Image.Image, bounds: Bounds) -> int:
    """Count frames, no further than allowed: a count is not believed, and may take long."""
    if picture.format in ("JPEG", "MPO"):
        return 1
    width, height = picture.size
    most = min(bounds.frames_max, MOVING_TIMES * bounds.pixels_max // (width * height))
    count = 1
    while _has_frame(picture, count):
        count += 1
        if count > most:
            raise Broken("This picture moves for too long.")
    picture.seek(0)
    return count


def _has_frame(picture: Image.Image, place: int) -> bool:
    try:
        picture.seek(place)
    except EOFError:
        return False
    return True


def _draw(picture: Image.Image, drawing: io.BytesIO, *, moving: bool) -> Drawn:
    if picture.format in ("JPEG", "MPO"):
        return _jpeg(picture, drawing)
    shape = picture.format or ""
    colours = _colours(picture)
    chosen: dict[str, Any] = {"save_all": True} if moving else {}
    shown = picture if moving else ImageOps.exif_transpose(picture)
    if shape == "GIF":
        shown.info.pop("comment", None)
        # An empty comment keeps those of later frames out.
        chosen["comment"] = b""
    else:
        chosen["icc_profile"] = colours
    if shape == "WEBP":
        chosen["quality"] = WEBP_QUALITY
        # It would give all frames the time of the first.
        chosen |= {"duration": _times_ms(picture)} if moving else {}
    shown.save(drawing, shape, **chosen)
    return Drawn(f"image/{shape.lower()}", *shown.size)


def _times_ms(picture: Image.Image) -> list[int]:
    """How long each frame is shown."""
    times = []
    for frame in ImageSequence.Iterator(picture):
        frame.load()
        times.append(int(frame.info.get("duration", 0)))
    picture.seek(0)
    return times


def _jpeg(picture: Image.Image, drawing: io.BytesIO) -> Drawn:
    colours = _colours(picture) if picture.mode in _STILL_MODES else None
    shown = ImageOps.exif_transpose(picture)
    if shown.mode not in _STILL_MODES:
        shown = shown.convert("RGB")
    shown.info.clear()
    shown.save(drawing, "JPEG", quality=JPEG_QUALITY, icc_profile=colours)
    return Drawn("image/jpeg", *shown.size)


def _colours(picture: Image.Image) -> bytes | None:
    """How its colours are meant; a profile of any size could carry anything."""
    profile = picture.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and len(profile) <= ICC_MAX_BYTES else None


def main(words: list[str]) -> int:
    """Draw one picture within bounds of memory and time; answers the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)
    os.umask(0o077)
    source, target, *most = words
    bounds = Bounds(*map(int, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (bounds.bytes_max, bounds.bytes_max))
    try:
        drawn = redraw(Path(source), Path(target), bounds)
    except Broken as error:
        sys.stdout.write(error.detail)
        return REFUSED
    except TooLarge:
        return OVERSIZED
    except OSError:
        return UNWRITTEN
    sys.stdout.write(f"{drawn.mime} {drawn.width} {drawn.height}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
