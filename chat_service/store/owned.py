"""SQL on what belongs to one agent or to everybody: canned replies, macros, views of the inbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Table, and_, or_, select, text

from chat_service.store.rows import plain
from chorus.db import Reader, Transaction
from chorus.tables.catalogue import metadata

LIST_MAX: Final = 1_000
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")
_BESIDE: Final = frozenset({"id", "tenant_id", "agent_id", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class Owned:
    """A row; `owner_id` None: everybody's."""

    id: UUID
    owner_id: UUID | None
    values: dict[str, Any]
    updated_at: datetime


def _table(name: str) -> Table:
    return metadata.tables[name]


async def alone(tx: Transaction, tenant_id: UUID, name: str) -> None:
    """Change rows of this kind in this tenant alone until the transaction ends."""
    await tx.execute(_LOCK, {"what": f"{name} {tenant_id}"})


async def seen_by(
    session: Reader, tenant_id: UUID, name: str, *, agent_id: UUID, by: str
) -> list[Owned]:
    """An agent's own and everybody's, in order of the column `by`."""
    table = _table(name)
    theirs = or_(table.c.agent_id == agent_id, table.c.agent_id.is_(None))
    asked = select(table).where(table.c.tenant_id == tenant_id, theirs)
    ordered = asked.order_by(table.c[by], table.c.id).limit(LIST_MAX)
    return [_owned(row) for row in (await session.execute(ordered)).mappings()]


async def one(session: Reader, tenant_id: UUID, name: str, id_: UUID) -> Owned | None:
    table = _table(name)
    asked = select(table).where(_is(table, tenant_id, id_))
    row = (await session.execute(asked)).mappings().first()
    return None if row is None else _owned(row)


async def is_taken(
    session: Reader,
    tenant_id: UUID,
    name: str,
    *,
    owner_id: UUID | None,
    key: Mapping[str, Any],
    by_other_than: UUID,
) -> bool:
    """Say whether this owner has another row of this key."""
    table = _table(name)
    same = [table.c[column] == value for column, value in key.items()]
    asked = select(table.c.id).where(
        table.c.tenant_id == tenant_id,
        table.c.agent_id.is_not_distinct_from(owner_id),
        table.c.id != by_other_than,
        *same,
    )
    return await session.scalar(asked.limit(1)) is not None


async def insert(
    tx: Transaction, tenant_id: UUID, name: str, id_: UUID, values: Mapping[str, Any]
) -> None:
    await tx.execute(_table(name).insert().values(id=id_, tenant_id=tenant_id, **values))


async def update(
    tx: Transaction, tenant_id: UUID, name: str, id_: UUID, values: Mapping[str, Any]
) -> None:
    table = _table(name)
    await tx.execute(table.update().where(_is(table, tenant_id, id_)).values(**values))


async def delete(tx: Transaction, tenant_id: UUID, name: str, id_: UUID) -> None:
    table = _table(name)
    await tx.execute(table.delete().where(_is(table, tenant_id, id_)))


def _is(table: Table, tenant_id: UUID, id_: UUID) -> ColumnElement[bool]:
    return and_(table.c.tenant_id == tenant_id, table.c.id == id_)


def _owned(row: RowMapping) -> Owned:
    owner_id = row["agent_id"]
    values = {name: value for name, value in row.items() if name not in _BESIDE}
    return Owned(
        plain(row["id"]), None if owner_id is None else plain(owner_id), values, row["updated_at"]
    )
