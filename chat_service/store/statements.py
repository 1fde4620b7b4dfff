"""SQL that runs in a transaction of `Db` as well as on a connection that was lent."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import TextClause, text

from chat_service.store.rows import every, values
from chorus.db import Reader, ReadSession, Transaction
from chorus.db_connect import RawConnection

_NAME: Final = re.compile(r"(?<!:):([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with `:names`, in both spellings."""

    named: TextClause
    positional: str
    names: tuple[str, ...] = field(default=())


def statement(sql: str) -> Statement:
    """Read a statement whose parameters are `:names`; casts are spelled CAST."""
    names = tuple(dict.fromkeys(_NAME.findall(sql)))
    numbered = _NAME.sub(lambda found: f"${names.index(found[1]) + 1}", sql)
    return Statement(text(sql), numbered, names)


async def rows(
    where: Reader | RawConnection, asked: Statement, params: dict[str, Any]
) -> list[list[Any]]:
    """Run a statement and read what it answers."""
    if isinstance(where, (Transaction, ReadSession)):
        return await every(where, asked.named, params)
    return [
        values(record)
        for record in await where.fetch(asked.positional, *(params[one] for one in asked.names))
    ]


async def run(where: Transaction | RawConnection, asked: Statement, params: dict[str, Any]) -> None:
    """Run a statement that answers nothing."""
    if isinstance(where, Transaction):
        await where.execute(asked.named, params)
        return
    await where.execute(asked.positional, *(params[one] for one in asked.names))
