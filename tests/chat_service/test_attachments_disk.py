"""Bytes on a disk: for us alone, and gone when they may go, whatever else is stuck."""

import os
from pathlib import Path
from stat import S_IMODE
from uuid import UUID

import pytest

from chat_service import attachments_disk, attachments_sweep
from chat_service.attachments_disk import Disk
from chat_service.attachments_sweep import Broom
from chat_service.jobs import Tools
from chat_service.settings import ConductorSettings
from chorus.bus import open_redis
from chorus.clock import SystemClock
from chorus.ids import uuid7
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.ingest_world import system_db
from tests.chat_service.upload_world import bytes_on_disk, person

pytestmark = pytest.mark.anyio


async def test_every_folder_is_ours_alone_and_outlives_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, synced = tmp_path / "data" / "files", list[Path]()
    sync = attachments_disk._sync

    def noted(path: Path) -> None:
        synced.append(path)
        sync(path)

    monkeypatch.setattr(attachments_disk, "_sync", noted)
    before = os.umask(0o022)
    try:
        disk = Disk(root)
        draft = disk.draft()
        draft.write_bytes(b"hello")
        await disk.keep(draft, uuid7(), uuid7())
    finally:
        os.umask(before)
    folders = [path for path in (tmp_path / "data").rglob("*") if path.is_dir()]
    assert {S_IMODE(path.stat().st_mode) for path in folders} == {0o700}
    assert {path.parent for path in folders} <= set(synced)


async def test_a_file_that_cannot_be_removed_keeps_no_other(
    api: Api, acme: Tenant, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments_sweep, "AT_ONCE", 2)
    customer = person(api, acme)
    files = [await customer.attached() for _ in range(5)]
    stuck = next(path for path in bytes_on_disk(api) if path.name == files[0])
    stuck.unlink()
    stuck.mkdir()
    gone = "UPDATE attachments SET state = 'gone' WHERE id = ANY ($1)"
    await api.rows(gone, [UUID(one) for one in files])
    settings = ConductorSettings.model_validate({"files": api.resources.settings.files_dir})
    async with system_db(api.database_url) as db, open_redis(redis_url) as client:
        await Broom(Tools(db, client, settings, SystemClock())).sweep()
    assert not {path.name for path in bytes_on_disk(api)} & set(files)
    rows = await api.rows("SELECT id FROM attachments WHERE tenant_id = $1", acme.id)
    assert [str(row["id"]) for row in rows] == files[:1]
    stuck.rmdir()
