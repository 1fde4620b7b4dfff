"""Whom this process believes: tokens and service secrets, minus what was revoked since.

Revocations are read every second or so from PostgreSQL, so they count within seconds also while
Redis is away; those of this process count at once.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from chat_service import identity
from chat_service.store import people, security
from chat_service.store.rows import plain
from chorus.auth import AUD_SERVER, ROLE_SCOPES, Principal, Verifier
from chorus.clock import Clock
from chorus.db import Db
from chorus.errors import Forbidden, TenantDisabled, Unauthenticated
from chorus.ids import uuid7
from chorus.wire.calls import Revocation
from chorus.wire.common import MAX_TOKEN_BYTES

TENANT_CACHE_S: Final = 300.0
API_KEY_CACHE_S: Final = 30.0
API_KEY_LIFETIME_S: Final = 900
CACHE_MAX: Final = 10_000
OWN_KEPT_S: Final = 30.0


class Revoked:
    """What must not be believed any more."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._rows: dict[int, Revocation] = {}
        self._before: dict[tuple[str, str], int] = {}
        self._own: list[tuple[float, security.RevocationRow]] = []

    def replace(self, rows: Iterable[security.RevocationRow]) -> None:
        """Take the whole list as it stood in the database a moment ago.

        What this process revoked since may be missing there, so it is kept a little longer.
        """
        self._rows, self._before = {}, {}
        self._own = [one for one in self._own if self._now() - one[0] < OWN_KEPT_S]
        self._take(row for _, row in self._own)
        self._take(rows)

    def add(self, rows: Sequence[security.RevocationRow]) -> None:
        """Take what this process has just revoked."""
        self._own += [(self._now(), row) for row in rows]
        self._take(rows)

    def _take(self, rows: Iterable[security.RevocationRow]) -> None:
        for row in rows:
            at = identity.before(row.created_at)
            self._rows[row.seq] = Revocation(row.seq, row.kind, row.subject, at)
            key = (row.kind, row.subject)
            self._before[key] = max(at, self._before.get(key, 0))

    def covers(self, principal: Principal) -> bool:
        subjects = (
            ("token", principal.jti),
            ("user", str(principal.user_id)),
            ("tenant", str(principal.tenant_id)),
        )
        return any(principal.issued_at < self._before.get(subject, 0) for subject in subjects)

    @property
    def all(self) -> list[Revocation]:
        return list(self._rows.values())


@dataclass(frozen=True, slots=True)
class _Cached:
    until: float
    state: str | None


class Trust:
    """Turns an Authorization header into a principal, or into a refusal that says nothing."""

    def __init__(
        self,
        db: Db,
        verifier: Verifier,
        *,
        clock: Clock,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self.revoked = Revoked()
        self._db = db
        self._verifier = verifier
        self._clock = clock
        self._now = now
        self._tenants: dict[UUID, _Cached] = {}
        self._keys: dict[bytes, tuple[float, Principal]] = {}

    def note_revoked(self, rows: list[security.RevocationRow]) -> None:
        """Believe at once what this process has revoked."""
        self.revoked.add(rows)
        for row in rows:
            if row.kind == "tenant":
                self._tenants.pop(UUID(row.subject), None)

    async def principal(self, authorization: str) -> Principal:
        """Check `Bearer <jwt>` or `Token <secret>.<tenant>`.

        Raises:
            Unauthenticated: not believed, for whatever reason.
            TenantDisabled: believed, but the account is disabled.
        """
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return await self.bearer(credential)
        if scheme.lower() == "token":
            return await self._checked(await self._service(credential))
        raise Unauthenticated

    async def bearer(self, token: str) -> Principal:
        return await self._checked(await self._verifier.verify(token))

    async def foreign(self, token: str) -> Principal:
        """Check an identity token of a tenant's own backend; ours is none."""
        principal = await self._verifier.verify(token)
        if principal.subject == str(principal.user_id):
            raise Unauthenticated
        return principal

    async def _checked(self, principal: Principal) -> Principal:
        if self.revoked.covers(principal):
            raise Unauthenticated
        await self.require_tenant(principal.tenant_id)
        return principal

    async def require_tenant(self, tenant_id: UUID) -> None:
        """Raises Unauthenticated for no tenant and TenantDisabled for a disabled one."""
        cached = self._tenants.get(tenant_id)
        if cached is None or cached.until < self._now():
            async with self._db.read(tenant_id) as session:
                row = await people.tenant(session, tenant_id)
            if len(self._tenants) >= CACHE_MAX:
                self._tenants.clear()
            cached = _Cached(self._now() + TENANT_CACHE_S, row.state if row else None)
            if row is not None:
                self._tenants[tenant_id] = cached
        if cached.state is None:
            raise Unauthenticated
        if cached.state != "active":
            raise TenantDisabled

    async def _service(self, credential: str) -> Principal:
        """A service's secret with its tenant, split at the last dot; the tenant is an id or slug."""
        if len(credential) > MAX_TOKEN_BYTES:
            raise Unauthenticated
        secret, dot, tenant = credential.rpartition(".")
        if not (secret and dot and tenant):
            raise Unauthenticated
        digest = hashlib.sha256(credential.encode()).digest()
        known = self._keys.get(digest)
        if known is not None and known[0] >= self._now():
            return known[1]
        principal = await self._read_key(secret, tenant)
        if len(self._keys) >= CACHE_MAX:
            self._keys.clear()
        self._keys[digest] = (self._now() + API_KEY_CACHE_S, principal)
        return principal

    async def _read_key(self, secret: str, tenant: str) -> Principal:
        async with self._db.read(None) as session:
            secret_hash = hashlib.sha256(secret.encode()).digest()
            found = await security.api_key_by_hash(session, secret_hash)
            named = _uuid(tenant) or await people.tenant_by_slug(session, tenant)
        if found is None or named is None or found[0] != named:
            raise Unauthenticated
        async with self._db.read(named) as session:
            row = await security.api_key(session, named, found[1])
        now = self._clock.now()
        if row is None or row.revoked_at is not None or (row.expires_at and row.expires_at <= now):
            raise Unauthenticated
        ends = now + timedelta(seconds=API_KEY_LIFETIME_S)
        return Principal(
            tenant_id=plain(named),
            user_id=plain(row.id),
            role="server",
            audience=AUD_SERVER,
            scopes=ROLE_SCOPES["server"] & (frozenset(row.scopes) or ROLE_SCOPES["server"]),
            expires_at=int(min(ends, row.expires_at or ends).timestamp()),
            issued_at=int(now.timestamp()),
            jti=str(uuid7()),
            subject=str(row.id),
        )


def require(principal: Principal, scope: str, roles: frozenset[str]) -> None:
    """Raises Forbidden where the token lacks the scope or its role is not among `roles`."""
    if scope not in principal.scopes or (roles and principal.role not in roles):
        raise Forbidden


def _uuid(spelled: str) -> UUID | None:
    try:
        return UUID(spelled)
    except ValueError:
        return None
