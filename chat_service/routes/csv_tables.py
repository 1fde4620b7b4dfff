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


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lines of one shape, nested figures spread over columns `a.b`."""
    written = io.StringIO()
    lines = csv.writer(written)
    for place, row in enumerate(rows):
        cells = list(flat(row))
        if place == 0:
            lines.writerow([name for name, _ in cells])
        lines.writerow([harmless(value) if isinstance(value, str) else value for _, value in cells])
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
