"""SQL on what a tenant sets for itself, its API keys, and its audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.rows import every, first
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class TenantCard:
    id: UUID
    slug: str
    name: str
    tier: str
    retention_days: int | None
    traits: bool
    """Rules read customers' words."""
    auto_tags: bool
    """And put the tags that these bear out."""
    created_at: datetime

    @property
    def chosen(self) -> dict[str, Any]:
        names = ("name", "retention_days", "traits", "auto_tags")
        return {one: getattr(self, one) for one in names}


_TENANT: Final = text("""
SELECT id, slug, name, tier, retention_days,
    coalesce(settings->'traits'->>'enabled', 'true') <> 'false',
    coalesce(settings->'traits'->>'tags', '') = 'apply', created_at
FROM tenants WHERE id = :tenant
""")
_CHANGE: Final = text("""
UPDATE tenants SET name = :name, retention_days = :retention_days,
    settings = jsonb_set(settings, '{traits}', jsonb_build_object('enabled',
        CAST(:traits AS boolean), 'tags', CASE WHEN :auto_tags THEN 'apply' ELSE 'suggest' END))
WHERE id = :tenant
""")


async def tenant(session: Reader, tenant_id: UUID) -> TenantCard:
    found = await first(session, _TENANT, {"tenant": tenant_id})
    assert found is not None
    return TenantCard(*found)


async def change(tx: Transaction, tenant_id: UUID, values: Mapping[str, Any]) -> None:
    """Write what a tenant may choose, all of it."""
    await tx.execute(_CHANGE, {"tenant": tenant_id, **values})


@dataclass(frozen=True, slots=True)
class KeyCard:
    """An API key; its secret is nowhere."""

    id: UUID
    name: str
    scopes: list[str]
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


_KEYS: Final = text(
    "SELECT id, name, scopes, created_by, created_at, expires_at, revoked_at FROM api_keys"
    " WHERE tenant_id = :tenant ORDER BY revoked_at IS NOT NULL, created_at DESC, id LIMIT 500"
)
_NEW_KEY: Final = text(
    "INSERT INTO api_keys (id, tenant_id, name, secret_hash, scopes, created_by, expires_at)"
    " VALUES (:id, :tenant, :name, :hash, CAST(:scopes AS text[]), :by, :expires)"
)
_REVOKE: Final = text(
    "UPDATE api_keys SET revoked_at = :at WHERE tenant_id = :tenant AND id = :id"
    " AND revoked_at IS NULL RETURNING name"
)


async def keys(session: Reader, tenant_id: UUID) -> list[KeyCard]:
    """The newest first, revoked ones last; at most 500."""
    return [KeyCard(*row) for row in await every(session, _KEYS, {"tenant": tenant_id})]


@dataclass(frozen=True, slots=True)
class NewKey:
    id: UUID
    name: str
    secret_hash: bytes
    scopes: list[str]
    by: UUID
    expires_at: datetime | None


async def insert_key(tx: Transaction, tenant_id: UUID, new: NewKey) -> None:
    given = {
        "id": new.id,
        "tenant": tenant_id,
        "name": new.name,
        "hash": new.secret_hash,
        "scopes": new.scopes,
        "by": new.by,
        "expires": new.expires_at,
    }
    await tx.execute(_NEW_KEY, given)


async def revoke_key(tx: Transaction, tenant_id: UUID, key_id: UUID, *, at: datetime) -> str | None:
    """Revoke a key and say its name; None: there is none, or it was revoked before."""
    found: str | None = await tx.scalar(_REVOKE, {"tenant": tenant_id, "id": key_id, "at": at})
    return found


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to what."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    actor: str | None
    role: str
    action: str
    subject: str
    detail: dict[str, Any]
    address: str | None


_AUDIT: Final = text("""
SELECT l.id, l.at, l.actor_id, a.name, l.actor_role, l.action, l.subject, l.detail, l.address
FROM audit_log l LEFT JOIN agents a ON a.id = l.actor_id AND a.tenant_id = l.tenant_id
WHERE l.tenant_id = :tenant
    AND (CAST(:action AS text) IS NULL OR starts_with(l.action, CAST(:action AS text)))
    AND (CAST(:subject AS text) IS NULL OR starts_with(l.subject, CAST(:subject AS text)))
    AND (CAST(:actor AS uuid) IS NULL OR l.actor_id = CAST(:actor AS uuid))
    AND (CAST(:since AS timestamptz) IS NULL OR l.at >= CAST(:since AS timestamptz))
    AND (CAST(:until AS timestamptz) IS NULL OR l.at < CAST(:until AS timestamptz))
    AND (CAST(:before_at AS timestamptz) IS NULL
        OR (l.at, l.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
ORDER BY l.at DESC, l.id DESC LIMIT :limit
""")


async def audit(
    session: Reader,
    tenant_id: UUID,
    filters: Mapping[str, Any],
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Entry]:
    """The latest entries first; `filters`: action, subject (both by their beginning), actor, since,
    until.
    """
    at, id_ = before or (None, None)
    given = {"tenant": tenant_id, "before_at": at, "before_id": id_, "limit": limit, **filters}
    return [_entry(row) for row in await every(session, _AUDIT, given)]


def _entry(row: list[Any]) -> Entry:
    detail = row[7] if isinstance(row[7], dict) else orjson.loads(row[7] or "{}")
    return Entry(*[*row[:7], detail, row[8]])
