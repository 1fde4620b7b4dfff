"""What a tenant sets for itself: name and retention, API keys; and who did what in it."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chat_service import places
from chat_service.administration import (
    Action,
    Author,
    Kind,
    Subject,
    differences,
    record,
    revising,
    wrong,
)
from chat_service.deeds import Commands
from chat_service.store import tenant as store
from chat_service.store.tenant import Entry, KeyCard, NewKey, TenantCard
from chorus.auth import Principal
from chorus.db import Db
from chorus.errors import NotFound
from chorus.ids import uuid7


async def read(db: Db, principal: Principal) -> TenantCard:
    async with db.read(principal.tenant_id) as session:
        return await store.tenant(session, principal.tenant_id)


async def change(commands: Commands, author: Author, chosen: Mapping[str, Any]) -> TenantCard:
    """Choose otherwise; what is left out stays."""
    async with revising(commands, author) as revision:
        before = await store.tenant(revision.tx, revision.tenant_id)
        known = before.chosen
        new = differences(known, chosen)
        if not new:
            return before
        await store.change(revision.tx, revision.tenant_id, {**known, **chosen})
        await record(revision, Subject(Kind.TENANT, revision.tenant_id), Action.CHANGED, new)
        return await store.tenant(revision.tx, revision.tenant_id)


async def keys(db: Db, principal: Principal) -> list[KeyCard]:
    """The newest first, revoked ones last."""
    async with db.read(principal.tenant_id) as session:
        return await store.keys(session, principal.tenant_id)


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key, and the credential that is shown once."""

    id: UUID
    credential: str
    """What follows `Authorization: Token `."""


async def make_key(
    commands: Commands,
    author: Author,
    *,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
) -> MadeKey:
    """Make a key for a service. Raises BadRequest where it would have expired already."""
    async with revising(commands, author) as revision:
        if expires_at is not None and expires_at <= revision.now:
            raise wrong("expiresAt", "lies in the past.")
        secret, key_id = secrets.token_urlsafe(32), uuid7()
        hashed = hashlib.sha256(secret.encode()).digest()
        new = NewKey(
            key_id, name, hashed, sorted(set(scopes)), author.principal.user_id, expires_at
        )
        await store.insert_key(revision.tx, revision.tenant_id, new)
        detail = {"name": name, "scopes": new.scopes, "expires_at": expires_at}
        await record(revision, Subject(Kind.API_KEY, key_id), Action.CREATED, detail)
        tenant = await store.tenant(revision.tx, revision.tenant_id)
    return MadeKey(key_id, f"{secret}.{tenant.slug}")


async def revoke_key(commands: Commands, author: Author, key_id: UUID) -> None:
    """Let a key be used no more; within half a minute every process knows.

    Raises:
        NotFound: absent, foreign, or revoked already.
    """
    async with revising(commands, author) as revision:
        name = await store.revoke_key(revision.tx, revision.tenant_id, key_id, at=revision.now)
        if name is None:
            raise NotFound
        subject = Subject(Kind.API_KEY, key_id)
        await record(revision, subject, Action.DELETED, {"name": name})


@dataclass(frozen=True, slots=True)
class AuditPage:
    items: Sequence[Entry]
    next_cursor: str | None


async def audit(
    db: Db, principal: Principal, filters: Mapping[str, Any], *, cursor: str | None, limit: int
) -> AuditPage:
    """Who did what, the latest first."""
    before = None
    if cursor is not None:
        at, id_ = places.read(cursor, places.moment, places.uuid)
        before = at, id_
    async with db.read(principal.tenant_id) as session:
        found = await store.audit(
            session, principal.tenant_id, filters, before=before, limit=limit + 1
        )
    items = found[:limit]
    if len(found) <= limit:
        return AuditPage(items, None)
    return AuditPage(items, places.spelled(items[-1].at, items[-1].id))
