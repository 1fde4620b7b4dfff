"""What a visitor downloads, after compression, against its budget."""

import gzip
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "dist" / "pages"
# KiB of scripts and styles that a page loads at once, compressed.
BUDGETS_KIB = {"demo": 10, "sdk-example": 24, "console": 160, "docs": 500}
# KiB of what is loaded later, compressed, by the name of the chunk.
LATER_KIB = {"panel": 30}
LOADED = re.compile(r'(?:src|href)="(/assets/[^"]+\.(?:js|css))"')


def page_kib(name: str) -> float | None:
    """Compressed size of everything a page names in its HTML; None where it is not built."""
    page = PAGES / name / "index.html"
    if not page.exists():
        return None
    named = sorted(set(LOADED.findall(page.read_text())))
    return sum(compressed_kib(PAGES / path.removeprefix("/")) for path in named)


def chunk_kib(name: str) -> float | None:
    """Compressed size of the scripts of that name."""
    chunks = list((PAGES / "assets").glob(f"{name}-*.js"))
    return sum(compressed_kib(path) for path in chunks) if chunks else None


def compressed_kib(path: Path) -> float:
    return len(gzip.compress(path.read_bytes(), 9)) / 1024


def fits(name: str, kib: float | None, budget_kib: float) -> bool:
    """Print a line, and say whether the budget is kept."""
    if kib is None:
        sys.stdout.write(f"{name:12} is not built\n")
        return False
    sys.stdout.write(f"{name:12} {kib:6.1f} KiB of {budget_kib} KiB\n")
    return kib <= budget_kib


def main() -> int:
    pages = [fits(name, page_kib(name), most) for name, most in BUDGETS_KIB.items()]
    later = [fits(name, chunk_kib(name), most) for name, most in LATER_KIB.items()]
    return int(not all(pages + later))


if __name__ == "__main__":
    sys.exit(main())
