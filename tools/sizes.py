"""What a visitor downloads, after compression, against its budget."""

import gzip
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "dist" / "pages"
# KiB of scripts and styles that a page loads at once, compressed.
BUDGETS_KIB = {"demo": 40, "sdk-example": 24, "console": 160}
LOADED = re.compile(r'(?:src|href)="(/assets/[^"]+\.(?:js|css))"')


def loaded_kib(page: Path) -> float:
    """Compressed size of everything the page names in its HTML."""
    names = sorted(set(LOADED.findall(page.read_text())))
    return sum(len(gzip.compress(find(name).read_bytes(), 9)) for name in names) / 1024


def find(name: str) -> Path:
    return PAGES / name.removeprefix("/")


def main() -> int:
    heavy = False
    for name, budget_kib in BUDGETS_KIB.items():
        page = PAGES / name / "index.html"
        if not page.exists():
            sys.stdout.write(f"{name:12} is not built\n")
            heavy = True
            continue
        kib = loaded_kib(page)
        heavy = heavy or kib > budget_kib
        sys.stdout.write(f"{name:12} {kib:6.1f} KiB of {budget_kib} KiB\n")
    return int(heavy)


if __name__ == "__main__":
    sys.exit(main())
