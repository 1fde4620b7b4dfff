"""The golden frames: the same bytes that the TypeScript client decodes.

`UPDATE_GOLDEN=1` rewrites the files from what the models make of them; look at the diff.
"""

import json
import os
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "golden"
UPDATING = os.environ.get("UPDATE_GOLDEN") == "1"

Example = dict[str, Any]


def read(direction: str) -> list[Example]:
    """The examples of `client` or `server` frames."""
    examples: list[Example] = json.loads((FOLDER / f"{direction}.json").read_text())
    return examples


def spell(examples: list[Example]) -> str:
    """One example a line, so that a diff shows one frame."""
    rows = ",\n".join(f"  {json.dumps(one, ensure_ascii=False)}" for one in examples)
    return f"[\n{rows}\n]\n"


def settle(direction: str, examples: list[Example]) -> bool:
    """Say whether the file holds exactly these; with `UPDATE_GOLDEN=1` make it so first."""
    path = FOLDER / f"{direction}.json"
    if UPDATING:
        path.write_text(spell(examples))
    return path.read_text() == spell(examples)


def as_bytes(example: Example) -> bytes:
    return json.dumps(example["frame"], ensure_ascii=False).encode()
