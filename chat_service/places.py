"""Cursors: the place of the last row of a page, opaque to clients."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson

from chorus.errors import BadRequest

T = TypeVar("T")
SEQ_MAX = 2**53


def spelled(*parts: Any) -> str:
    """A cursor of moments, ids and numbers."""
    packed = orjson.dumps([_plain(one) for one in parts])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read(cursor: str, *kinds: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Read a cursor of ours, part by part.

    Raises:
        BadRequest: it is none, or one of another list.
    """
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise BadRequest("This cursor is none of ours.") from error


def moment(part: Any) -> datetime:
    at = datetime.fromisoformat(part)
    if at.tzinfo is None:
        raise ValueError(part)
    return at


def seq(part: Any) -> int:
    if not isinstance(part, int) or not 0 <= part <= SEQ_MAX:
        raise ValueError(part)
    return part


def uuid(part: Any) -> UUID:
    return UUID(part)


def _plain(part: Any) -> Any:
    if isinstance(part, datetime):
        return part.isoformat()
    return str(part) if isinstance(part, UUID) else part
