"""SQL on refresh tokens, revocations, API keys and the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from chat_service.store.rows import every, first, one_id
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class RefreshRow:
    id: UUID
    family: UUID
    user_id: UUID
    audience: str
    conversation_id: UUID | None
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


_TENANT_OF_REFRESH = text("SELECT chorus_refresh(:hash)")
_LOCK_REFRESH = text(
    "SELECT id, family, user_id, audience, conversation_id, expires_at, used_at, revoked_at"
    " FROM refresh_tokens WHERE tenant_id = :tenant AND token_hash = :hash FOR UPDATE"
)
_INSERT_REFRESH = text(
    "INSERT INTO refresh_tokens (id, tenant_id, family, token_hash, user_id, audience,"
    " conversation_id, expires_at) VALUES (:id, :tenant, :family, :hash, :user, :audience,"
    " :conversation, :expires)"
)
_USE_REFRESH = text(
    "UPDATE refresh_tokens SET used_at = :at WHERE tenant_id = :tenant AND id = :id"
)
_REVOKE_FAMILY = text(
    "UPDATE refresh_tokens SET revoked_at = coalesce(revoked_at, :at)"
    " WHERE tenant_id = :tenant AND family = :family RETURNING id, created_at"
)
_REVOKE_OF_USER = text(
    "UPDATE refresh_tokens SET revoked_at = coalesce(revoked_at, :at)"
    " WHERE tenant_id = :tenant AND user_id = :user"
)


async def tenant_of_refresh(session: Reader, token_hash: bytes) -> UUID | None:
    return await one_id(session, _TENANT_OF_REFRESH, {"hash": token_hash})


async def lock_refresh(tx: Transaction, tenant_id: UUID, token_hash: bytes) -> RefreshRow | None:
    given = {"tenant": tenant_id, "hash": token_hash}
    found = await first(tx, _LOCK_REFRESH, given)
    return None if found is None else RefreshRow(*found)


@dataclass(frozen=True, slots=True)
class NewRefresh:
    """`id` is the jti of the access token handed out with it, so that a family can be revoked."""

    id: UUID
    tenant_id: UUID
    family: UUID
    token_hash: bytes
    user_id: UUID
    audience: str
    conversation_id: UUID | None
    expires_at: datetime


_VOIDED = text(
    "SELECT max(r.created_at) FROM revocations r JOIN refresh_tokens t"
    " ON t.tenant_id = r.tenant_id AND r.subject = t.user_id::text"
    " WHERE r.tenant_id = :tenant AND r.kind = 'user' AND t.token_hash = :hash"
)


async def voided_at(session: Reader, tenant_id: UUID, token_hash: bytes) -> datetime | None:
    """When all access tokens of whom a refresh token is for were voided the last time."""
    row = await first(session, _VOIDED, {"tenant": tenant_id, "hash": token_hash})
    found: datetime | None = None if row is None else row[0]
    return found


async def insert_refresh(tx: Transaction, new: NewRefresh) -> None:
    given = {
        "id": new.id,
        "tenant": new.tenant_id,
        "family": new.family,
        "hash": new.token_hash,
        "user": new.user_id,
        "audience": new.audience,
        "conversation": new.conversation_id,
        "expires": new.expires_at,
    }
    await tx.execute(_INSERT_REFRESH, given)


async def use_refresh(tx: Transaction, tenant_id: UUID, token_id: UUID, *, at: datetime) -> None:
    await tx.execute(_USE_REFRESH, {"tenant": tenant_id, "id": token_id, "at": at})


async def revoke_family(
    tx: Transaction, tenant_id: UUID, family: UUID, *, at: datetime
) -> list[tuple[UUID, datetime]]:
    """End a chain of refresh tokens; answers their ids with the time each was made."""
    rows = await every(tx, _REVOKE_FAMILY, {"tenant": tenant_id, "family": family, "at": at})
    return [(row[0], row[1]) for row in rows]


async def revoke_refresh_of(
    tx: Transaction, tenant_id: UUID, user_id: UUID, *, at: datetime
) -> None:
    await tx.execute(_REVOKE_OF_USER, {"tenant": tenant_id, "user": user_id, "at": at})


@dataclass(frozen=True, slots=True)
class RevocationRow:
    seq: int
    tenant_id: UUID
    kind: str
    subject: str
    created_at: datetime


_INSERT_REVOCATION = text(
    "INSERT INTO revocations (tenant_id, kind, subject, created_at, expires_at)"
    " VALUES (:tenant, :kind, :subject, :at, :expires)"
    " RETURNING seq, tenant_id, kind, subject, created_at"
)
_REVOCATIONS = text(
    "SELECT seq, tenant_id, kind, subject, created_at FROM revocations"
    " WHERE expires_at > :at ORDER BY seq"
)


async def insert_revocation(
    tx: Transaction, tenant_id: UUID, *, kind: str, subject: str, at: datetime, expires_at: datetime
) -> RevocationRow:
    given = {"tenant": tenant_id, "kind": kind, "subject": subject, "at": at}
    found = await first(tx, _INSERT_REVOCATION, {**given, "expires": expires_at})
    assert found is not None
    return RevocationRow(*found)


async def revocations(session: Reader, *, at: datetime) -> list[RevocationRow]:
    """Read all that count at `at`, whatever the tenant; for chorus_system only."""
    return [RevocationRow(*row) for row in await every(session, _REVOCATIONS, {"at": at})]


@dataclass(frozen=True, slots=True)
class KeyRow:
    id: UUID
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None


_KEY_TENANT = text("SELECT tenant_id, api_key_id FROM chorus_api_key(:hash)")
_KEY = text(
    "SELECT id, scopes, expires_at, revoked_at FROM api_keys WHERE tenant_id = :tenant AND id = :id"
)


async def api_key_by_hash(session: Reader, secret_hash: bytes) -> tuple[UUID, UUID] | None:
    """The tenant and id of a service's secret."""
    found = await first(session, _KEY_TENANT, {"hash": secret_hash})
    return None if found is None else (found[0], found[1])


async def api_key(session: Reader, tenant_id: UUID, key_id: UUID) -> KeyRow | None:
    found = await first(session, _KEY, {"tenant": tenant_id, "id": key_id})
    return None if found is None else KeyRow(*found)


_AUDIT = text(
    "INSERT INTO audit_log (id, tenant_id, actor_id, actor_role, action, subject, detail, address)"
    " VALUES (:id, :tenant, :actor, :role, :action, :subject, CAST(:detail AS jsonb), :address)"
)


async def audit(tx: Transaction, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write who did what; keys: id tenant actor role action subject detail address."""
    await tx.execute(_AUDIT, [dict(entry) for entry in entries])
