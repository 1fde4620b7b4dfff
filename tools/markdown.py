"""Markdown tables, and the places in hand-written pages where generated ones stand."""

import re
from collections.abc import Iterable, Mapping, Sequence

_PLACE = re.compile(r"(<!-- gen:(?P<name>[a-z-]+) -->\n).*?(<!-- /gen -->)", re.DOTALL)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; pipes inside cells are escaped."""
    lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def fill(page: str, parts: Mapping[str, str]) -> str:
    """Put each part between its markers.

    Raises:
        KeyError: a place of the page has no part, or a part no place.
    """
    places = {match["name"] for match in _PLACE.finditer(page)}
    if places != set(parts):
        raise KeyError(f"places and parts differ: {sorted(places ^ set(parts))}")
    return _PLACE.sub(lambda match: f"{match[1]}{parts[match['name']]}{match[3]}", page)
