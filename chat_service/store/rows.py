"""What a statement answers, as plain values."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Executable

from chorus.db import Params, Reader


def plain(value: UUID) -> UUID:
    """The driver's subclass of UUID as the real one: orjson writes no other."""
    return value if type(value) is UUID else UUID(int=value.int)


def values(row: Iterable[Any]) -> list[Any]:
    return [plain(value) if isinstance(value, UUID) else value for value in row]


async def first(session: Reader, statement: Executable, params: Params) -> list[Any] | None:
    """The first row, or None."""
    found = (await session.execute(statement, params)).first()
    return None if found is None else values(found)


async def every(session: Reader, statement: Executable, params: Params) -> list[list[Any]]:
    return [values(row) for row in await session.execute(statement, params)]


async def one_id(session: Reader, statement: Executable, params: Params) -> UUID | None:
    """The id that a statement answers, or None."""
    found = await session.scalar(statement, params)
    return None if found is None else plain(found)
