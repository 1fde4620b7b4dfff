"""SQL on contacts as agents see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.rows import every, first
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A contact; `signed` holds what the tenant's own backend vouched for."""

    id: UUID
    name: str | None
    email: str | None
    phone: str | None
    locale: str | None
    attributes: dict[str, Any]
    signed: dict[str, Any]
    verified: bool
    last_seen_at: datetime | None
    created_at: datetime
    conversations: int


_COLUMNS: Final = """
SELECT k.id, k.name, k.email, k.phone, k.locale, k.attributes, k.signed, k.verified,
    k.last_seen_at, k.created_at,
    (SELECT count(*) FROM conversations c WHERE c.contact_id = k.id AND c.tenant_id = k.tenant_id)
FROM contacts k WHERE k.tenant_id = :tenant
"""
_SEEN: Final = "coalesce(k.last_seen_at, k.created_at)"
_PAGE: Final = text(
    f"{_COLUMNS} AND (CAST(:before_at AS timestamptz) IS NULL OR ({_SEEN}, k.id)"
    " < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))"
    f" ORDER BY {_SEEN} DESC, k.id DESC LIMIT :limit"
)
_ONE: Final = text(f"{_COLUMNS} AND k.id = :id")
_LOCKED: Final = text(f"{_COLUMNS} AND k.id = :id FOR NO KEY UPDATE OF k")
_SOME: Final = text(
    f"{_COLUMNS} AND k.id = ANY(CAST(:ids AS uuid[])) ORDER BY {_SEEN} DESC, k.id DESC"
)


async def page(
    session: Reader, tenant_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[ContactCard]:
    """Who was here last first."""
    at, id_ = before or (None, None)
    given = {"tenant": tenant_id, "before_at": at, "before_id": id_, "limit": limit}
    return [_card(row) for row in await every(session, _PAGE, given)]


async def cards(session: Reader, tenant_id: UUID, ids: Sequence[UUID]) -> list[ContactCard]:
    given = {"tenant": tenant_id, "ids": list(ids)}
    return [_card(row) for row in await every(session, _SOME, given)]


async def card(session: Reader, tenant_id: UUID, contact_id: UUID) -> ContactCard | None:
    found = await first(session, _ONE, {"tenant": tenant_id, "id": contact_id})
    return None if found is None else _card(found)


async def locked(tx: Transaction, tenant_id: UUID, contact_id: UUID) -> ContactCard | None:
    """The same, and hold its row until the transaction ends."""
    found = await first(tx, _LOCKED, {"tenant": tenant_id, "id": contact_id})
    return None if found is None else _card(found)


_UPDATE: Final = text("""
UPDATE contacts SET name = :name, email = :email, phone = :phone, locale = :locale,
    attributes = CAST(:attributes AS jsonb), words = NULL
WHERE tenant_id = :tenant AND id = :id
""")


async def update(
    tx: Transaction, tenant_id: UUID, contact_id: UUID, values: Mapping[str, Any]
) -> None:
    """Write name, email, phone, locale and attributes of a held contact."""
    packed = orjson.dumps(values["attributes"]).decode()
    given = {**values, "tenant": tenant_id, "id": contact_id, "attributes": packed}
    await tx.execute(_UPDATE, given)


_VOUCH: Final = text("""
UPDATE contacts SET signed = CAST(:signed AS jsonb), name = coalesce(:name, name),
    email = coalesce(:email, email), phone = coalesce(:phone, phone),
    locale = coalesce(:locale, locale), attributes = attributes || CAST(:attributes AS jsonb),
    words = CASE WHEN (coalesce(:name, name), coalesce(:email, email), coalesce(:phone, phone))
        IS NOT DISTINCT FROM (name, email, phone) THEN words END
WHERE tenant_id = :tenant AND id = :id
""")


async def vouch(
    tx: Transaction, tenant_id: UUID, contact_id: UUID, signed: Mapping[str, Any]
) -> None:
    """Keep what the tenant's backend signed, in the place of what was signed before."""
    given = {name: signed.get(name) for name in ("name", "email", "phone", "locale")}
    await tx.execute(
        _VOUCH,
        {
            **given,
            "tenant": tenant_id,
            "id": contact_id,
            "signed": orjson.dumps(dict(signed)).decode(),
            "attributes": orjson.dumps(signed.get("attributes", {})).decode(),
        },
    )


def _card(row: list[Any]) -> ContactCard:
    return ContactCard(*[*row[:5], _json(row[5]), _json(row[6]), *row[7:]])


def _json(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = value if isinstance(value, dict) else orjson.loads(value or "{}")
    return found
