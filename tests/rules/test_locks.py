"""What is installed is what was locked: every package that is fetched has the digest it must have."""

import json
import tomllib
from collections.abc import Iterator
from typing import Any

from tests.support.tree import ROOT

NPM_DIGESTS = ("sha512-",)
PYTHON_DIGESTS = ("sha256:",)


def npm_packages() -> dict[str, dict[str, Any]]:
    """What npm installs from a registry: neither our own workspaces nor the links to them."""
    lock = json.loads((ROOT / "package-lock.json").read_text())
    ours = {"", *json.loads((ROOT / "package.json").read_text())["workspaces"]}
    return {
        place: package
        for place, package in lock["packages"].items()
        if place not in ours and not (package.get("link") and package["resolved"] in ours)
    }


def python_archives() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every wheel and source archive that uv may install, with the name of its package."""
    for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]:
        if package["source"] != {"editable": "."}:
            archives = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
            yield from ((package["name"], one) for one in archives or [{}])


def test_every_npm_package_has_a_digest_also_of_platforms_that_are_not_ours() -> None:
    packages = npm_packages()
    assert packages
    bare = [
        f"{place} {package.get('version')}"
        for place, package in packages.items()
        if not package.get("integrity", "").startswith(NPM_DIGESTS)
    ]
    assert not bare, f"npm would install whatever it is given for these: {bare}"


def test_every_python_archive_has_a_digest() -> None:
    archives = list(python_archives())
    assert archives
    bare = [name for name, one in archives if not one.get("hash", "").startswith(PYTHON_DIGESTS)]
    assert not bare, f"uv would install whatever it is given for these: {bare}"
