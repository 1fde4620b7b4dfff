"""How a column is spelled: one function per kind, so that types and defaults agree everywhere.

A default is given to Python and to PostgreSQL alike: a row made by hand in SQL and one made
by an act are the same row.
"""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field, SQLModel

# PostgreSQL's own spelling of names it makes up, so that hand-written SQL needs none.
NAMING = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}

Json = dict[str, Any]

_MOMENT = DateTime(timezone=True)


class Row(SQLModel):
    """What every table class descends from; it carries the one `metadata`."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


def key() -> Any:
    """A primary key that the act (or the operator) chooses, never a sequence."""
    return Field(primary_key=True, sa_column_kwargs={"autoincrement": False})


def word(default: str | None = None, *, primary_key: bool = False) -> Any:
    """A text column; NULL is allowed when the annotation says so."""
    if default is None:
        return Field(default=None, sa_type=Text, primary_key=primary_key)
    return Field(
        default=default,
        sa_type=Text,
        sa_column_kwargs={"server_default": text(f"'{default}'")},
    )


def words() -> Any:
    return Field(
        default_factory=list[str],
        sa_type=ARRAY(Text),
        sa_column_kwargs={"server_default": text("'{}'")},
    )


def uuids() -> Any:
    return Field(
        default_factory=list[UUID],
        sa_type=ARRAY(PG_UUID(as_uuid=True)),
        sa_column_kwargs={"server_default": text("'{}'")},
    )


def number(default: int | None = None) -> Any:
    return Field(default=default, sa_type=Integer, sa_column_kwargs=_default(default))


def count(default: int | None = None, *, primary_key: bool = False) -> Any:
    """A bigint: seqs, fences, epochs, sizes."""
    return Field(
        default=default,
        sa_type=BigInteger,
        primary_key=primary_key,
        sa_column_kwargs=_default(default),
    )


def flag(*, default: bool) -> Any:
    return Field(default=default, sa_column_kwargs={"server_default": text(str(default).lower())})


def moment() -> Any:
    return Field(default=None, sa_type=_MOMENT)


def created() -> Any:
    """The moment of the insert; PostgreSQL fills it in when the act does not."""
    return Field(sa_type=_MOMENT, sa_column_kwargs={"server_default": text("now()")})


def octets() -> Any:
    return Field(default=None, sa_type=LargeBinary)


def json_object() -> Any:
    return Field(
        default_factory=dict[str, Any],
        sa_type=JSONB,
        sa_column_kwargs={"server_default": text("'{}'")},
    )


def json_value() -> Any:
    """Any JSON, or SQL NULL (Python's None is never the JSON `null`)."""
    return Field(default=None, sa_type=JSONB(none_as_null=True))


def meta() -> Any:
    """The column `metadata`, whose name SQLAlchemy keeps for itself."""
    return Field(
        default_factory=dict[str, Any],
        sa_type=JSONB,
        sa_column_kwargs={"name": "metadata", "server_default": text("'{}'")},
    )


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Allow only `values` in `column`: an enumeration that a migration can widen cheaply."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def within_tenant(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """Point `column` at a row of `table` of the same tenant.

    Row-level security does not look at foreign keys, so the tenant is part of each of them.
    """
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=ondelete
    )


def of_tenant() -> ForeignKeyConstraint:
    """Point `tenant_id` at its tenant.

    Not on tables of the hot path: each insert would share-lock the one tenant row.
    """
    return ForeignKeyConstraint(["tenant_id"], ["tenants.id"])


def _default(value: int | None) -> dict[str, Any]:
    return {} if value is None else {"server_default": text(str(value))}
