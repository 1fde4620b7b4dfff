"""Pages of a list in order of name: the cursor is the last name and id of the page before."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

import orjson

from chorus.errors import BadRequest

PAGE_MAX: Final = 200
NAME_MAX: Final = 300
"""Of a cursor of ours: longer names are nobody's."""
AFTER: Final = (
    "(CAST(:after_name AS text) IS NULL"
    " OR ({0}.name, {0}.id) > (CAST(:after_name AS text), CAST(:after_id AS uuid)))"
    " ORDER BY {0}.name, {0}.id LIMIT :limit"
)
"""The end of a statement whose rows stand under an alias."""


class Named(Protocol):
    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where a page begins, and how long it may be."""

    after: tuple[str, UUID] | None
    limit: int

    def given(self) -> dict[str, Any]:
        """The parameters of `AFTER`: one row more says whether there is another page."""
        name, id_ = self.after or (None, None)
        return {"after_name": name, "after_id": id_, "limit": self.limit + 1}


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: Sequence[T]
    next_cursor: str | None


def page_of(found: Sequence[T], stretch: Stretch) -> Page[T]:
    """Cut what was found to the page, and say where the next begins."""
    items = found[: stretch.limit]
    return Page(items, _cursor(items[-1]) if len(found) > stretch.limit else None)


def stretch_of(cursor: str | None, limit: int) -> Stretch:
    """Read what a client asks for.

    Raises:
        BadRequest: the cursor is none of ours.
    """
    return Stretch(None if cursor is None else _after(cursor), limit)


def _cursor(last: Named) -> str:
    place = orjson.dumps([last.name, str(last.id)])
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def _after(cursor: str) -> tuple[str, UUID]:
    try:
        name, id_ = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(name, str) or "\x00" in name or len(name) > NAME_MAX:
            raise ValueError(cursor)
        return name, UUID(id_)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise BadRequest("This cursor is none of ours.") from error
