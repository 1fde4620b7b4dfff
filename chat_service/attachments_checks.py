"""What is done to a file before it is kept: recognised, scanned where somebody set a scanner, drawn
anew where it is a picture. At most so many at once; the event loop waits for none of it.
"""

import asyncio
import os
import shlex
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chat_service.attachments_names import cleaned
from chat_service.attachments_pictures import OVERSIZED, REFUSED
from chat_service.attachments_refusals import BadType, Broken, NotScanned, StorageAway
from chat_service.attachments_turns import turn
from chat_service.attachments_types import ENDINGS, PICTURES, recognise
from chat_service.settings import ApiSettings
from chorus.errors import ChorusError, Overloaded, TooLarge
from chorus.log import get_logger

log = get_logger(__name__)
PAINTER: Final = "chat_service.attachments_pictures"
PAINT_S: Final = 30.0
DRAWN_TIMES: Final = 2
"""A drawing may have so many times the bytes of the largest file."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that may be kept. `path`: its bytes, which are others than came for a picture."""

    path: Path
    name: str
    mime: str
    size: int
    width: int | None = None
    height: int | None = None


class Checks:
    """Looks into files, a few at a time."""

    def __init__(self, settings: ApiSettings) -> None:
        self._turns = asyncio.Semaphore(settings.file_checks_max)
        self._settings = settings
        self._scan = shlex.split(settings.scan_command)

    async def look(self, draft: Path, name: str) -> Looked:
        """Look into the file at `draft`; a picture is drawn anew to a name beside it.

        Raises:
            BadType, Broken, TooLarge: it is not taken.
            NotScanned, StorageAway: the scanner does not answer, or the disk does not.
            Overloaded: its turn did not come, or its picture was not drawn in time.
        """
        async with turn(self._turns):
            mime, size = await asyncio.to_thread(_recognise, draft, name)
            if self._scan:
                await self._scanned(draft)
            known = cleaned(name, ENDINGS[mime])
            if mime in PICTURES:
                return await self._drawn(draft, known)
        return Looked(draft, known, mime, size)

    async def _scanned(self, draft: Path) -> None:
        try:
            code, _ = await _run([*self._scan, str(draft)], within_s=self._settings.scan_s)
        except (OSError, TimeoutError) as error:
            log.error("scanner_silent", error=type(error).__name__)  # noqa: TRY400 (no traceback)
            raise NotScanned from error
        if code:
            raise BadType("This file was found to be harmful.")

    async def _drawn(self, draft: Path, name: str) -> Looked:
        """Let a process of its own draw: what a picture does to a decoder, it does to nobody else."""
        target = drawn_name(draft)
        chosen = self._settings
        most = DRAWN_TIMES * chosen.file_max_bytes
        bounds = (chosen.file_pixels_max, chosen.file_frames_max, most)
        words = [sys.executable, "-m", PAINTER, str(draft), str(target), *map(str, bounds)]
        # It needs none of our secrets.
        path = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"}
        try:
            code, told = await _run(words, within_s=PAINT_S, environment=path)
        except TimeoutError as error:
            # Its own time ends before that: it did not get the processor.
            log.error("painter_slow", within_s=PAINT_S)  # noqa: TRY400 (no traceback)
            raise Overloaded from error
        except OSError as error:
            log.exception("painter_not_started")
            raise StorageAway from error
        if code:
            raise _unpainted(code, told)
        mime, width, height = told.split()
        size = (await asyncio.to_thread(target.stat)).st_size
        return Looked(target, name, mime, size, int(width), int(height))


def _unpainted(code: int, told: str) -> ChorusError:
    """What an exit code says of the picture, or of us."""
    if code == REFUSED:
        return Broken(told)
    if code == OVERSIZED:
        return TooLarge("Drawn anew, this picture would be too large.")
    log.warning("painter_failed", code=code)
    # A signal: the picture brought a decoder down, or beyond its bounds.
    return Broken() if code < 0 else StorageAway()


def drawn_name(draft: Path) -> Path:
    return draft.with_name(f"{draft.name}.drawn")


def _recognise(draft: Path, name: str) -> tuple[str, int]:
    size = draft.stat().st_size
    with draft.open("rb") as file:
        return recognise(file, size, name), size


async def _run(
    words: Sequence[str], *, within_s: float, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit code and the output of a program.

    Raises:
        OSError: it cannot be started. TimeoutError: it was killed.
    """
    process = await asyncio.create_subprocess_exec(
        *words, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=environment
    )
    try:
        async with asyncio.timeout(within_s):
            told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, told.decode(errors="replace")[:500]
