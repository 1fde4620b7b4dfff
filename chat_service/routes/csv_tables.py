"""Reports as tables: CSV that a spreadsheet may open without harm."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import Response

CSV: Final = "text/csv"
# A spreadsheet takes what begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def is_csv(asked: str | None, accept: str) -> bool:
    """Say whether a table is wanted: `format` decides, else the Accept header."""
    return asked == "csv" or (asked is None and CSV in accept)


def table(rows: Sequence[Mapping[str, Any]], *, like: Mapping[str, Any] | None = None) -> str:
    """Lines of one shape, nested figures spread over columns `a.b`; `like` has it where there are none."""
    written = io.StringIO()
    lines = csv.writer(written)
    shape = rows[0] if rows else like
    if shape is not None:
        lines.writerow([name for name, _ in flat(shape)])
    for row in rows:
        cells = [value for _, value in flat(row)]
        lines.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])
    return written.getvalue()


def attached(content: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=CSV, headers=headers)


def flat(figures: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def harmless(name: str) -> str:
    return f"'{name}" if name.startswith(_FORMULA) else name


def without(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """A line without some of its columns."""
    gone = set(names)
    return {name: value for name, value in row.items() if name not in gone}
