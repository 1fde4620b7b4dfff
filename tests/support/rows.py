"""One row in every tenant table, made from the table definitions themselves.

A new table is covered without a line here, unless a CHECK asks for a certain word.
"""

import secrets
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table

from chorus.ids import uuid7
from chorus.tables.catalogue import TENANT_TABLES, metadata

WORDS = {
    ("messages", "role"): "customer",
    ("conversation_reads", "role"): "customer",
    ("refresh_tokens", "audience"): "chorus-agent",
    ("revocations", "kind"): "token",
    ("message_search", "words"): "",
    ("drafts", "mode"): "reply",
    ("proposals", "source"): "asked",
}


def tenant_rows(tenant_id: UUID) -> dict[str, dict[str, Any]]:
    """Make one row for each tenant table, in an order their foreign keys allow."""
    rows: dict[str, dict[str, Any]] = {}
    for table in metadata.sorted_tables:
        if table.name in TENANT_TABLES:
            rows[table.name] = _row(table, tenant_id, rows)
    return rows


def insert_of(table: str) -> tuple[str, list[str]]:
    """Return the INSERT of a whole required row, and the columns it takes, in order."""
    names = [column.name for column in metadata.tables[table].columns if _required(column)]
    places = ", ".join(f"${number}" for number, _ in enumerate(names, 1))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", names


def _row(table: Table, tenant_id: UUID, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    referenced = {
        element.parent.name: rows[element.column.table.name][element.column.name]
        for key in table.foreign_key_constraints
        for element in key.elements
        if element.column.table.name in rows
    }
    values = {
        column.name: referenced.get(column.name, _value(column))
        for column in table.columns
        if _required(column)
    }
    return values | ({"id": tenant_id} if table.name == "tenants" else {"tenant_id": tenant_id})


def _required(column: Column[Any]) -> bool:
    return not column.nullable and column.server_default is None and column.identity is None


def _value(column: Column[Any]) -> object:
    word = WORDS.get((column.table.name, column.name))
    if word is not None:
        return word
    made: dict[type, object] = {
        UUID: uuid7(),
        str: secrets.token_hex(8),
        bytes: secrets.token_bytes(8),
        int: 1,
        date: datetime.now(UTC).date(),
        datetime: datetime.now(UTC),
    }
    return made[column.type.python_type]
