"""Files of a conversation: taken in, shown again, read by a link.

Bytes come first and the row last, in a transaction that renames them into place: a row without
bytes cannot be, and what is left of an upload that was cut is swept.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from chat_service import conversations
from chat_service.attachments_checks import Checks, Looked, drawn_name
from chat_service.attachments_disk import Disk, Storage, open_draft
from chat_service.attachments_links import Link, Links
from chat_service.attachments_refusals import DailyQuota, StorageAway, TenantQuota
from chat_service.attachments_turns import Coming, turn
from chat_service.frames import seen_by_customer
from chat_service.intake import AGENT_TOKENS
from chat_service.settings import ApiSettings
from chat_service.store import attachments as store
from chat_service.store.attachments import FileRow
from chat_service.trust import Trust
from chorus import metrics
from chorus.auth import Principal
from chorus.db import Db, Reader
from chorus.errors import (
    BadRequest,
    ChorusError,
    ConversationClosed,
    Forbidden,
    IdConflict,
    NotFound,
    TooLarge,
    Unauthenticated,
)

PIECE_BYTES: Final = 256 << 10
KEPT_AT_ONCE: Final = 3
"""Transactions that wait for the disk: where it is slow, the pool is left to others."""
READY: Final = "ready"
SENT: Final = "sent"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to attach.

    `announced_bytes`: what the request says of itself, if anything; `address`: where it comes from,
    if those who come from there have a share together.
    """

    id: UUID
    conversation_id: UUID
    name: str
    announced_bytes: int = 0
    address: str = ""


class Files:
    """What the acts on files need, and whose turn it is."""

    def __init__(self, settings: ApiSettings, db: Db, trust: Trust) -> None:
        self.settings = settings
        self.db = db
        self.trust = trust
        self.storage: Storage = Disk(settings.files_dir)
        self.links = Links(settings.keys_dir, for_s=settings.file_link_s)
        self.checks = Checks(settings)
        self.coming = Coming(settings.file_receives_max)
        self.keeping = asyncio.Semaphore(KEPT_AT_ONCE)


async def take(
    files: Files, who: Principal, wanted: Wanted, body: AsyncIterator[bytes]
) -> tuple[FileRow, bool]:
    """Keep a file; says also whether it was not there before. The same id and bytes are one file.

    Raises:
        NotFound, Forbidden, ConversationClosed: they may not attach anything there.
        TooLarge, BadType, Broken: this file is not taken.
        IdConflict: the id is that of another file.
        DailyQuota, TenantQuota: there is no more room.
        StorageAway, NotScanned, Overloaded, Unavailable: it may be sent again.
    """
    try:
        async with files.coming.one(who, wanted.address):
            row, fresh = await _take(files, who, wanted, body)
    except ChorusError as error:
        metrics.uploads_total.labels(error.slug.lower()).inc()
        raise
    metrics.uploads_total.labels("kept" if fresh else "repeated").inc()
    return row, fresh


async def _take(
    files: Files, who: Principal, wanted: Wanted, body: AsyncIterator[bytes]
) -> tuple[FileRow, bool]:
    if wanted.announced_bytes > files.settings.file_max_bytes:
        raise _too_large(files)
    async with files.db.read(who.tenant_id) as session:
        before = await _admitted(session, who, wanted)
        if before is None:
            await _check_room(files, session, who, size=wanted.announced_bytes)
    async with _draft(files.storage) as draft:
        digest = await _receive(files, draft, body)
        if before is not None:
            return _same(before, digest), False
        looked = await files.checks.look(draft, wanted.name)
        await files.storage.settle(looked.path)
        return await _keep(files, who, wanted, looked, digest=digest)


@asynccontextmanager
async def _draft(storage: Storage) -> AsyncIterator[Path]:
    """A name to write to; nothing is left under it, or under that of its drawing, afterwards."""
    draft = storage.draft()
    try:
        yield draft
    finally:
        for path in (draft, drawn_name(draft)):
            path.unlink(missing_ok=True)


async def _receive(files: Files, draft: Path, body: AsyncIterator[bytes]) -> bytes:
    """Write a body to disk, piece by piece, and answer its digest; no byte beyond the bound is kept."""
    digest, waiting, size = hashlib.sha256(), bytearray(), 0
    try:
        async with asyncio.timeout(files.settings.file_receive_s):
            with await asyncio.to_thread(open_draft, draft) as file:
                async for piece in body:
                    size += len(piece)
                    if size > files.settings.file_max_bytes:
                        raise _too_large(files)
                    waiting += piece
                    if len(waiting) >= PIECE_BYTES:
                        await _write(file, waiting, digest)
                await _write(file, waiting, digest)
    except TimeoutError as error:
        raise BadRequest("The file did not arrive in time.") from error
    except OSError as error:
        raise StorageAway from error
    return digest.digest()


async def _write(file: BinaryIO, waiting: bytearray, digest: Any) -> None:
    piece = bytes(waiting)
    waiting.clear()
    digest.update(piece)
    await asyncio.to_thread(file.write, piece)


def _too_large(files: Files) -> TooLarge:
    return TooLarge(f"A file may have {files.settings.file_max_bytes >> 20} MiB.")


async def _admitted(session: Reader, who: Principal, wanted: Wanted) -> FileRow | None:
    """The file that has this id already; where there is none, one may be added."""
    found = await conversations.enter(session, who, wanted.conversation_id)
    if await _is_disabled(session, who):
        raise Forbidden
    before = await _before(session, who, wanted)
    if before is None and conversations.is_closed(found):
        raise ConversationClosed
    return before


async def _is_disabled(session: Reader, who: Principal) -> bool:
    """A token outlives a decision by minutes."""
    if who.role == "server":
        return not await store.usable_key(session, who.tenant_id, who.user_id)
    if who.role not in AGENT_TOKENS:
        return False
    return not await store.enabled_agent(session, who.tenant_id, who.user_id)


async def _before(session: Reader, who: Principal, wanted: Wanted) -> FileRow | None:
    """The file that has this id already, where it is this person's in this conversation."""
    row = await store.find(session, who.tenant_id, wanted.id)
    if row is None:
        return None
    if (row.uploader_id, row.conversation_id) != (who.user_id, wanted.conversation_id):
        raise IdConflict
    return row


def _same(row: FileRow, digest: bytes) -> FileRow:
    if row.digest != digest or row.state not in (READY, SENT):
        raise IdConflict
    return row


async def _check_room(files: Files, session: Reader, who: Principal, *, size: int) -> None:
    used = await store.used(session, who.tenant_id, who.user_id)
    if not who.is_agent and used.person + size > files.settings.files_visitor_day_max_bytes:
        raise DailyQuota
    if used.tenant + size > _room(files, who):
        raise TenantQuota


def _room(files: Files, who: Principal) -> int:
    """How much the tenant may have for this person to add; the last fifth is the team's."""
    most = files.settings.files_tenant_max_bytes
    return most if who.is_agent else most * 4 // 5


async def _keep(
    files: Files, who: Principal, wanted: Wanted, looked: Looked, *, digest: bytes
) -> tuple[FileRow, bool]:
    row = FileRow(
        wanted.id,
        wanted.conversation_id,
        who.user_id,
        looked.name,
        looked.mime,
        looked.size,
        looked.width,
        looked.height,
        digest,
        READY,
    )
    async with turn(files.keeping), files.db.transaction(who.tenant_id) as tx:
        await store.stand_alone(tx, who.tenant_id)
        before = await _admitted(tx, who, wanted)
        if before is not None:
            return _same(before, digest), False
        await _check_room(files, tx, who, size=looked.size)
        await store.add(tx, who.tenant_id, row)
        # Before the commit: a row without bytes would be carried by messages.
        await files.storage.keep(looked.path, who.tenant_id, wanted.id)
    return row, True


async def show(files: Files, who: Principal, file_id: UUID) -> FileRow:
    """A file that this principal may read now.

    Raises:
        NotFound: there is none; foreign, hidden and taken back are the same answer.
    """
    async with files.db.read(who.tenant_id) as session:
        row = await store.find(session, who.tenant_id, file_id)
        if row is None or not _may_read(who, row):
            raise NotFound
        await conversations.enter(session, who, row.conversation_id)
        if await _is_disabled(session, who):
            raise NotFound
    return row


def _may_read(who: Principal, row: FileRow) -> bool:
    if row.state == READY:
        return row.uploader_id == who.user_id
    if row.state != SENT or row.visibility is None or row.author is None:
        return False
    if who.is_agent or who.role == "internal":
        return True
    return seen_by_customer(row.visibility, row.author)


async def follow(files: Files, link: Link) -> tuple[FileRow, AsyncIterator[bytes]]:
    """What a link leads to: looked up anew, as whoever asked for it.

    Raises:
        NotFound: they may not read it any more, or its bytes are gone.
        StorageAway: it cannot be opened now.
    """
    who = link.principal
    try:
        if files.trust.revoked.covers(who):
            raise NotFound
        await files.trust.require_tenant(who.tenant_id)
    except (Unauthenticated, Forbidden) as error:
        raise NotFound from error
    row = await show(files, who, link.file_id)
    return row, await files.storage.read(who.tenant_id, link.file_id)
