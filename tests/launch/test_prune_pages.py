"""What a build leaves of the build before it, and beside its files."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.tree import ROOT

DAY_S = 86_400


def _write(path: Path, at_s: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    os.utime(path, (at_s, at_s))


def _prune(folder: Path) -> None:
    _run("prune_pages.mjs", folder)


def _run(script: str, folder: Path) -> None:
    node = shutil.which("node")
    assert node is not None
    subprocess.run([node, ROOT / "tools" / script], cwd=folder, check=True, timeout=60)


def test_what_the_last_build_wrote_stays_for_open_pages_and_what_it_did_not_goes(
    tmp_path: Path,
) -> None:
    pages = tmp_path / "dist" / "pages"
    # However long ago the last build was, its files are the ones that open pages name.
    last_s = 1_700_000_000.0
    _write(pages / "assets" / "now.js", last_s)
    _write(pages / "index.html", last_s - 30)
    _write(pages / "assets" / "gone.js", last_s - DAY_S)
    _prune(tmp_path)
    left = sorted(path.name for path in pages.rglob("*") if path.is_file())
    assert left == ["index.html", "now.js"]


@pytest.mark.parametrize("folder", ["", "dist/pages"])
def test_before_the_first_build_there_is_nothing_to_do(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    _prune(tmp_path)


def test_a_build_leaves_a_copy_as_old_as_its_original_beside_each_text(tmp_path: Path) -> None:
    pages = tmp_path / "dist" / "pages"
    script, picture, little = (pages / "assets" / name for name in ("a.js", "a.png", "b.js"))
    for path, size in ((script, 5_000), (picture, 5_000), (little, 10)):
        _write(path, 1_700_000_000.5)
        path.write_text("x" * size)
    for _ in range(2):
        _run("compress_pages.mjs", tmp_path)
    copies = list(pages.rglob("*.gz"))
    assert [path.name for path in copies] == ["a.js.gz"]
    assert gzip.decompress(copies[0].read_bytes()) == script.read_bytes()
    assert int(copies[0].stat().st_mtime) == int(script.stat().st_mtime)
    script.write_text("y" * 5_000)
    os.utime(script, (1_700_000_100.0, 1_700_000_100.0))
    _run("compress_pages.mjs", tmp_path)
    assert gzip.decompress(copies[0].read_bytes()) == script.read_bytes()
