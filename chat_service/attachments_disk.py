"""Where bytes of files lie: a folder that all API processes and the conductor share.

`<root>/<tenant>/<aa>/<id>`, `aa` being the end of the id; what is still coming in lies in
`<root>/incoming`. A name appears only with all its bytes on disk behind it.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol
from uuid import UUID, uuid4

from chat_service.attachments_refusals import StorageAway
from chorus.errors import NotFound

INCOMING: Final = "incoming"
PIECE_BYTES: Final = 256 << 10


class Storage(Protocol):
    """What has the bytes. A disk today; a bucket would fit."""

    def draft(self) -> Path:
        """A new name on a local disk to gather bytes under; nothing is there yet."""
        ...

    async def settle(self, draft: Path) -> None:
        """Bring the bytes of a draft to where they outlive a crash, while nothing is locked. Raises StorageAway."""
        ...

    async def keep(self, draft: Path, tenant_id: UUID, file_id: UUID) -> None:
        """Make a settled draft a file: durably, and quickly. Raises StorageAway."""
        ...

    async def read(self, tenant_id: UUID, file_id: UUID) -> AsyncIterator[bytes]:
        """Open a file; its bytes come in pieces. Raises NotFound, StorageAway."""
        ...

    async def drop(self, tenant_id: UUID, file_id: UUID) -> None:
        """Take bytes away; none are there afterwards, whether there were or not."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that lie somewhere, whoever knows of them."""

    tenant_id: UUID
    file_id: UUID


class Disk:
    """Files in a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def draft(self) -> Path:
        folder = self._root / INCOMING
        try:
            _make(folder)
        except OSError as error:
            raise StorageAway from error
        return folder / uuid4().hex

    async def settle(self, draft: Path) -> None:
        try:
            await asyncio.to_thread(_sync, draft)
        except OSError as error:
            raise StorageAway from error

    async def keep(self, draft: Path, tenant_id: UUID, file_id: UUID) -> None:
        try:
            await asyncio.to_thread(_keep, draft, self._place(tenant_id, file_id))
        except OSError as error:
            raise StorageAway from error

    async def read(self, tenant_id: UUID, file_id: UUID) -> AsyncIterator[bytes]:
        try:
            file = await asyncio.to_thread(self._place(tenant_id, file_id).open, "rb")
        except FileNotFoundError as error:
            raise NotFound from error
        except OSError as error:
            raise StorageAway from error
        return _pieces(file)

    async def drop(self, tenant_id: UUID, file_id: UUID) -> None:
        try:
            await asyncio.to_thread(self._place(tenant_id, file_id).unlink, missing_ok=True)
        except OSError as error:
            raise StorageAway from error

    def forget_drafts(self, *, older_s: float) -> int:
        """Remove what came in and was never finished. Blocks."""
        gone = 0
        for path in _list(self._root / INCOMING):
            # What cannot be removed now may be next time.
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > older_s:
                    path.unlink()
                    gone += 1
        return gone

    def kept(self, *, older_s: float) -> Iterator[list[Kept]]:
        """Everything that lies here for longer, folder by folder. Blocks."""
        for tenant in _list(self._root):
            tenant_id = _uuid(tenant.name)
            if tenant_id is None:
                continue
            for shelf in _list(tenant):
                found = [path for path in _list(shelf) if _age_s(path) > older_s]
                ids = [file_id for path in found if (file_id := _uuid(path.name))]
                yield [Kept(tenant_id, one) for one in ids]

    def _place(self, tenant_id: UUID, file_id: UUID) -> Path:
        # The first digits of an id are a time, so its last ones spread.
        return self._root / str(tenant_id) / file_id.hex[-2:] / str(file_id)


def _keep(draft: Path, place: Path) -> None:
    _make(place.parent)
    draft.replace(place)
    _sync(place.parent)


def _make(folder: Path) -> None:
    """Make a folder and those above it, for us alone; they outlive a crash."""
    if folder.is_dir():
        return
    _make(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _sync(folder.parent)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield piece


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _list(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def open_draft(draft: Path) -> BinaryIO:
    """Open a new file that only we may read. Blocks."""
    return os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
