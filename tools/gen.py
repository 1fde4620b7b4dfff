"""Write everything that is defined once and shown elsewhere; `--check` fails where it is stale."""

import argparse
import difflib
import sys
from collections.abc import Callable
from pathlib import Path

from ai.prompts.load import lock_text
from tools.gen_asyncapi import asyncapi
from tools.gen_events import events_table
from tools.gen_metrics import metrics_table
from tools.gen_protocol import protocol_parts
from tools.gen_schema import wire_schema
from tools.gen_settings import env_example, settings_tables
from tools.gen_typescript import wire_typescript
from tools.markdown import fill

ROOT = Path(__file__).resolve().parent.parent

WHOLE_FILES: dict[str, Callable[[], str]] = {
    ".env.example": env_example,
    "ai/prompts/PROMPTS.lock": lock_text,
    "docs/asyncapi.json": asyncapi,
    "docs/wire.schema.json": wire_schema,
    "sdk/src/wire.gen.ts": wire_typescript,
}
# Hand-written pages with places for generated parts.
PAGES: dict[str, Callable[[], dict[str, str]]] = {
    "docs/events.md": lambda: {"events": events_table()},
    "docs/metrics.md": lambda: {"metrics": metrics_table()},
    "docs/protocol.md": protocol_parts,
    "docs/settings.md": lambda: {"settings": settings_tables()},
}


def generated() -> dict[Path, str]:
    """Every generated file with what it should hold."""
    whole = {ROOT / name: write() for name, write in WHOLE_FILES.items()}
    pages = {ROOT / name: fill((ROOT / name).read_text(), parts()) for name, parts in PAGES.items()}
    return whole | pages


def stale() -> dict[Path, str]:
    """Those that hold something else now."""
    return {path: text for path, text in generated().items() if _now(path) != text}


def _now(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _show(path: Path, wanted: str) -> None:
    name = str(path.relative_to(ROOT))
    lines = (_now(path).splitlines(True), wanted.splitlines(True))
    sys.stdout.writelines(difflib.unified_diff(*lines, f"{name} (now)", f"{name} (wanted)"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail with a diff")
    checking = parser.parse_args().check
    found = stale()
    for path, text in found.items():
        if checking:
            _show(path, text)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    if checking and found:
        sys.stdout.write("\nThese files are stale. Run `make gen` and commit what it writes.\n")
    return int(checking and bool(found))


if __name__ == "__main__":
    sys.exit(main())
