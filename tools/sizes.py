"""What a visitor downloads, after compression, against its budget."""

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "dist" / "pages"
# KiB of scripts and styles that a page loads at once, compressed.
BUDGETS_KIB = {"demo": 10, "sdk-example": 24, "console": 200, "docs": 500}
# KiB of the parts of the widget, compressed, each with what it brings along. The first two are all
# that a first open needs; the line comes behind it, the others when somebody wants them.
PARTS_KIB = {
    "panel": 12,
    "line": 15,
    "thread": 7,
    "tools": 6,
    "extras": 6,
    "stream": 3,
}
# KiB of a screen of the console that loads when somebody goes there, with what it brings along.
SCREEN_KIB = 60
SCREENS_KIB = {"reports-page": 120}
LOADER_KIB = 6
CATALOGUE_KIB = 2
LOADED = re.compile(r'(?:src|href)="(/assets/[^"]+\.(?:js|css))"')


def page_kib(name: str) -> float | None:
    """Compressed size of everything a page names in its HTML; None where it is not built."""
    page = PAGES / name / "index.html"
    if not page.exists():
        return None
    named = sorted(set(LOADED.findall(page.read_text())))
    return sum(compressed_kib(PAGES / path.removeprefix("/")) for path in named)


def widget_kib() -> dict[str, tuple[float, float]]:
    """Size and budget of the loader, of each part, and of the largest catalogue."""
    folder = PAGES / "widget" / "v1"
    manifest = json.loads((folder / "manifest.json").read_text())
    loader_kib = compressed_kib(folder / manifest["loader"])
    sizes: dict[str, tuple[float, float]] = {"loader": (loader_kib, LOADER_KIB)}
    # Whoever asks for another part has the panel and the line, and so what those brought.
    known: set[str] = set()
    for name, most_kib in PARTS_KIB.items():
        files = {name, *manifest["parts"][name][1:]} - known
        known |= files if name in ("panel", "line") else set()
        kib = sum(compressed_kib(folder / part_file(manifest, file)) for file in files)
        sizes[name] = (kib, most_kib)
    catalogues = [compressed_kib(path) for path in folder.glob(f"??.{manifest['words']}.json")]
    sizes["catalogue"] = (max(catalogues), CATALOGUE_KIB)
    return sizes


def part_file(manifest: Any, name: str) -> str:
    """As `webchat/vite.widget.ts` spells it: files of an earlier build lie beside it."""
    letters = re.sub(r"\W", "", manifest["parts"][name][0])
    return f"{name}.{letters[:12]}.js"


def screens_kib() -> dict[str, tuple[float, float]]:
    """Size and budget of each part of the console that comes later, without what is there by then."""
    manifest = json.loads((PAGES / "console" / "manifest.json").read_text())
    there = brought(manifest, "console/index.html")
    later = [name for name, chunk in manifest.items() if chunk.get("isDynamicEntry")]
    sizes: dict[str, tuple[float, float]] = {}
    for name in sorted(later):
        files = {manifest[one]["file"] for one in brought(manifest, name) - there}
        kib = sum(compressed_kib(PAGES / file) for file in files)
        sizes[manifest[name]["name"]] = (kib, SCREENS_KIB.get(manifest[name]["name"], SCREEN_KIB))
    return sizes


def brought(manifest: dict[str, dict[str, list[str]]], name: str) -> set[str]:
    """A chunk and all that it imports before it runs."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += manifest[one].get("imports", [])
    return found


def compressed_kib(path: Path) -> float:
    return len(gzip.compress(path.read_bytes(), 9)) / 1024


def fits(name: str, kib: float | None, budget_kib: float) -> bool:
    """Print a line, and say whether the budget is kept."""
    if kib is None:
        sys.stdout.write(f"{name:18} is not built\n")
        return False
    sys.stdout.write(f"{name:18} {kib:6.1f} KiB of {budget_kib} KiB\n")
    return kib <= budget_kib


def main() -> int:
    pages = [fits(name, page_kib(name), most) for name, most in BUDGETS_KIB.items()]
    built = (PAGES / "widget" / "v1" / "manifest.json").exists()
    parts = widget_kib() if built else {"loader": (None, LOADER_KIB)}
    widget = [fits(name, kib, most) for name, (kib, most) in parts.items()]
    console = (PAGES / "console" / "manifest.json").exists()
    later = screens_kib() if console else {"console": (None, SCREEN_KIB)}
    screens = [fits(name, kib, most) for name, (kib, most) in later.items()]
    return int(not all(pages + widget + screens))


if __name__ == "__main__":
    sys.exit(main())
