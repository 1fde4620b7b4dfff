"""The copy taken before migrations: complete, private, few, and never half."""

import subprocess
from pathlib import Path

import asyncpg
import pytest

from chorus.ids import uuid7
from launch import dump, postgres
from launch.database import will_change
from launch.faults import LaunchError
from launch.page import saved_line

pytestmark = pytest.mark.anyio


async def run(url: str, statement: str, *words: object) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(statement, *words)
    finally:
        await connection.close(timeout=10)


def tenants_of(saved: Path) -> str:
    restore = postgres.find_install().bin / "pg_restore"
    said = subprocess.run(
        [restore, "--data-only", "--table=tenants", "--file=-", saved],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return said.stdout


async def test_only_an_older_schema_of_ours_will_change(database_url: str) -> None:
    assert not await will_change(database_url)
    await run(database_url, "UPDATE alembic_version SET version_num = '0001'")
    assert await will_change(database_url)
    await run(database_url, "DROP TABLE alembic_version")
    assert not await will_change(database_url)
    await run(database_url, "CREATE TABLE alembic_version AS SELECT '9999' AS version_num")
    with pytest.raises(LaunchError, match="newer version"):
        await will_change(database_url)


async def test_the_copy_has_the_rows_and_is_for_us_alone(database_url: str, tmp_path: Path) -> None:
    await run(
        database_url, "INSERT INTO tenants (id, slug, name) VALUES ($1, 'kept', 'Kept')", uuid7()
    )
    saved = dump.dump(database_url, tmp_path)
    assert "\tkept\tKept\t" in tenants_of(saved)
    assert saved.stat().st_mode & 0o077 == 0
    assert saved.parent.stat().st_mode & 0o077 == 0
    assert f"./dumps/{saved.name}" in saved_line(saved, tmp_path)


async def test_the_last_three_are_kept(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / dump.FOLDER
    folder.mkdir()
    for day in range(1, 6):
        (folder / f"2025010{day}T000000Z.dump").touch()
    saved = dump.dump(database_url, tmp_path)
    names = [one.name for one in sorted(folder.iterdir())]
    assert names == ["20250104T000000Z.dump", "20250105T000000Z.dump", saved.name]


async def test_what_cannot_be_copied_is_a_sentence_and_leaves_nothing(
    postgres_url: str, tmp_path: Path
) -> None:
    wrong = postgres_url.rpartition("/")[0].replace("chorus:", "chorus:not") + "/nothing"
    with pytest.raises(LaunchError, match="No copy of the database") as refused:
        dump.dump(wrong, tmp_path)
    assert "chorus:" not in str(refused.value)
    assert list((tmp_path / dump.FOLDER).iterdir()) == []
