"""Acts around identity: sign in, refresh, sign out, become a visitor, shut somebody out.

Passwords are argon2id, checked in a thread, and an unknown e-mail costs as much as a wrong
password. Refresh tokens rotate; one that returns after its use ends its whole family.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chat_service.emit import Publisher, control
from chat_service.origins import origin_allowed
from chat_service.store import people, security
from chorus.auth import AUD_AGENT, AUD_VISITOR, MAX_LIFETIME_S, Principal, TokenMaker
from chorus.clock import Clock
from chorus.db import Db, Transaction
from chorus.errors import NotFound, TenantDisabled, Unauthenticated
from chorus.ids import uuid7

REFRESH_DAYS: Final = 30
HASHERS_MAX: Final = 2
MAX_REFRESH_CHARS: Final = 128


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody gets who proved who they are."""

    principal_id: UUID
    tenant_id: UUID
    role: str
    token: str
    refresh_token: str
    expires_at: int
    """Unix seconds."""
    conversation_id: UUID | None = None
    agent_name: str | None = None


@dataclass(frozen=True, slots=True)
class Whom:
    """For whom tokens are made."""

    tenant_id: UUID
    user_id: UUID
    role: str
    audience: str
    conversation_id: UUID | None = None
    agent_name: str | None = None
    origin: str | None = None
    """The page of a visitor, where the socket will come from too."""


class Passwords:
    """argon2id in threads, at most `HASHERS_MAX` at once: each takes 64 MiB."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._slots = asyncio.Semaphore(HASHERS_MAX)

    async def fits(self, password_hash: str | None, password: str) -> bool:
        """Compare; None costs the same time and never fits."""
        async with self._slots:
            return await asyncio.to_thread(self._fits, password_hash, password)

    async def hashed(self, password: str) -> str:
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    def _fits(self, password_hash: str | None, password: str) -> bool:
        try:
            self._hasher.verify(password_hash or _decoy(), password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None


@lru_cache(maxsize=1)
def _decoy() -> str:
    """A hash of nothing anybody can know, as dear to check as a real one."""
    return PasswordHasher().hash(secrets.token_hex(32))


@dataclass(frozen=True, slots=True)
class Identity:
    """What the acts of this module use."""

    db: Db
    maker: TokenMaker
    publisher: Publisher
    clock: Clock
    on_revoked: Callable[[list[security.RevocationRow]], None]
    """Told after the commit, so that this process stops believing at once."""
    passwords: Passwords = field(default_factory=Passwords)


async def login(identity: Identity, *, email: str, password: str) -> Grant:
    """Sign an agent in.

    Raises:
        Unauthenticated: unknown e-mail, wrong password, disabled agent: one answer for all.
        TenantDisabled: the right password, but the account is disabled.
    """
    agent, tenant = None, None
    async with identity.db.read(None) as session:
        found = await people.agent_by_email(session, email)
    if found is not None:
        async with identity.db.read(found.tenant_id) as session:
            agent = await people.agent(session, found.tenant_id, found.id)
            tenant = await people.tenant(session, found.tenant_id)
    usable = agent.password_hash if agent and agent.disabled_at is None else None
    fits = await identity.passwords.fits(usable, password)
    if not fits or agent is None or tenant is None:
        raise Unauthenticated("The e-mail address or the password is not right.")
    if tenant.state != "active":
        raise TenantDisabled
    return await first_grant(identity, tenant.id, agent.id)


async def login_as(identity: Identity, *, email: str) -> Grant:
    """Sign in whoever has this address; for the one-click link of a developer's own machine.

    Raises:
        NotFound: nobody enabled has it.
    """
    async with identity.db.read(None) as session:
        found = await people.agent_by_email(session, email)
    if found is None:
        raise NotFound
    async with identity.db.read(found.tenant_id) as session:
        agent = await people.agent(session, found.tenant_id, found.id)
    if agent is None or agent.disabled_at is not None:
        raise NotFound
    return await first_grant(identity, found.tenant_id, found.id)


async def first_grant(identity: Identity, tenant_id: UUID, agent_id: UUID) -> Grant:
    """Start a new family of refresh tokens.

    Raises:
        Unauthenticated: shut out meanwhile. TenantDisabled: all of them.
    """
    async with identity.db.transaction(tenant_id) as tx:
        tenant = await people.tenant(tx, tenant_id)
        if tenant is None or tenant.state != "active":
            raise TenantDisabled
        whom = await _agent_of(tx, tenant_id, agent_id)
        return await grant_in(tx, identity, whom, family=uuid7())


async def _agent_of(tx: Transaction, tenant_id: UUID, agent_id: UUID) -> Whom:
    """An agent as they are until the token is made: who changes them then voids it, too."""
    agent = await people.agent_as_they_stay(tx, tenant_id, agent_id)
    if agent is None or agent.disabled_at is not None:
        raise Unauthenticated
    return Whom(tenant_id, agent.id, agent.role, AUD_AGENT, agent_name=agent.name)


async def grant_in(tx: Transaction, identity: Identity, whom: Whom, *, family: UUID) -> Grant:
    """Make an access token and the refresh token that follows it in its family."""
    token, expires_at = identity.maker.make(
        tenant_id=whom.tenant_id,
        user_id=whom.user_id,
        role=whom.role,
        audience=whom.audience,
        origin=whom.origin,
    )
    secret = secrets.token_urlsafe(32)
    new = security.NewRefresh(
        id=_jti(token),
        tenant_id=whom.tenant_id,
        family=family,
        token_hash=_hashed(secret),
        user_id=whom.user_id,
        audience=whom.audience,
        conversation_id=whom.conversation_id,
        expires_at=identity.clock.now() + timedelta(days=REFRESH_DAYS),
    )
    await security.insert_refresh(tx, new)
    return Grant(
        principal_id=whom.user_id,
        tenant_id=whom.tenant_id,
        role=whom.role,
        token=token,
        refresh_token=secret,
        expires_at=expires_at,
        conversation_id=whom.conversation_id,
        agent_name=whom.agent_name,
    )


async def refresh(identity: Identity, refresh_token: str, *, origin: str | None = None) -> Grant:
    """Rotate a refresh token. A visitor's next token is made for `origin`, if an inbox allows it.

    Raises:
        Unauthenticated: unknown, expired, revoked or used before; the last ends its family.
        TenantDisabled: the account is disabled.
    """
    token_hash = _hashed(refresh_token)
    tenant_id = await _tenant_of(identity, token_hash)
    await _outlast(identity, tenant_id, token_hash)
    grant = None
    async with identity.db.transaction(tenant_id) as tx:
        row = await security.lock_refresh(tx, tenant_id, token_hash)
        if row is None:
            raise Unauthenticated
        now = identity.clock.now()
        if row.used_at is not None:
            await _end_family(tx, identity, tenant_id, family=row.family)
        elif row.revoked_at is None and row.expires_at > now:
            whom = await _whom(tx, tenant_id, row, origin)
            await security.use_refresh(tx, tenant_id, row.id, at=now)
            grant = await grant_in(tx, identity, whom, family=row.family)
    if grant is None:
        raise Unauthenticated
    return grant


async def _tenant_of(identity: Identity, token_hash: bytes) -> UUID:
    async with identity.db.read(None) as session:
        tenant_id = await security.tenant_of_refresh(session, token_hash)
    if tenant_id is None:
        raise Unauthenticated
    return tenant_id


async def _outlast(identity: Identity, tenant_id: UUID, token_hash: bytes) -> None:
    """Let the second end in which somebody's tokens were voided: one made in it is void too."""
    async with identity.db.read(tenant_id) as session:
        voided_at = await security.voided_at(session, tenant_id, token_hash)
    if voided_at is not None:
        left_s = before(voided_at) - identity.clock.now().timestamp()
        await asyncio.sleep(min(1.0, max(0.0, left_s)))


async def _whom(
    tx: Transaction, tenant_id: UUID, row: security.RefreshRow, origin: str | None
) -> Whom:
    """For whom a refresh token stands today: their role may have changed, or their access ended."""
    tenant = await people.tenant(tx, tenant_id)
    if tenant is None or tenant.state != "active":
        raise TenantDisabled
    if row.audience == AUD_VISITOR:
        allowed = origin is not None and origin_allowed(origin, await people.all_origins(tx))
        return Whom(
            tenant_id,
            row.user_id,
            "visitor",
            AUD_VISITOR,
            row.conversation_id,
            origin=origin if allowed else None,
        )
    return await _agent_of(tx, tenant_id, row.user_id)


async def logout(
    identity: Identity, *, refresh_token: str | None, principal: Principal | None
) -> None:
    """End the family of a refresh token, and the access token that came along.

    Knowing a refresh token is enough; an unknown one changes nothing and says nothing.
    """
    if principal is not None and principal.jti:
        async with identity.db.transaction(principal.tenant_id) as tx:
            await _revoke(tx, identity, principal.tenant_id, kind="token", subjects=[principal.jti])
    if refresh_token is None:
        return
    token_hash = _hashed(refresh_token)
    async with identity.db.read(None) as session:
        tenant_id = await security.tenant_of_refresh(session, token_hash)
    if tenant_id is None:
        return
    async with identity.db.transaction(tenant_id) as tx:
        row = await security.lock_refresh(tx, tenant_id, token_hash)
        if row is not None:
            await _end_family(tx, identity, tenant_id, family=row.family)


async def disable_agent(identity: Identity, tenant_id: UUID, agent_id: UUID) -> None:
    """Shut an agent out: no sign-in, no refresh, and every socket closes.

    Raises:
        NotFound: no such enabled agent in this tenant.
    """
    async with identity.db.transaction(tenant_id) as tx:
        await shut_out(tx, identity, tenant_id, agent_id)


async def shut_out(tx: Transaction, identity: Identity, tenant_id: UUID, agent_id: UUID) -> None:
    """The same in a transaction. Raises NotFound."""
    now = identity.clock.now()
    # In the order of `refresh`: first what is refreshed, then whom it is for.
    await security.revoke_refresh_of(tx, tenant_id, agent_id, at=now)
    if not await people.disable_agent(tx, tenant_id, agent_id, at=now):
        raise NotFound
    await void_tokens(tx, identity, tenant_id, agent_id)


async def end_sessions(tx: Transaction, identity: Identity, tenant_id: UUID, user_id: UUID) -> None:
    """Let nobody go on under the password before; access tokens end by themselves in 15 minutes."""
    await security.revoke_refresh_of(tx, tenant_id, user_id, at=identity.clock.now())


async def void_tokens(tx: Transaction, identity: Identity, tenant_id: UUID, user_id: UUID) -> None:
    """End the access tokens of somebody and close their sockets; what they get next says who they
    are by then.
    """
    await _revoke(tx, identity, tenant_id, kind="user", subjects=[str(user_id)])


async def revoke_tenant(identity: Identity, tenant_id: UUID) -> None:
    """Close everything of a tenant; whoever operates Chorus sets its state besides."""
    async with identity.db.transaction(tenant_id) as tx:
        await _revoke(tx, identity, tenant_id, kind="tenant", subjects=[str(tenant_id)])


async def _end_family(
    tx: Transaction, identity: Identity, tenant_id: UUID, *, family: UUID
) -> None:
    """Revoke a family and those of its access tokens that are still good."""
    now = identity.clock.now()
    members = await security.revoke_family(tx, tenant_id, family, at=now)
    since = now - timedelta(seconds=MAX_LIFETIME_S[AUD_AGENT])
    good = [str(token_id) for token_id, made_at in members if made_at >= since]
    await _revoke(tx, identity, tenant_id, kind="token", subjects=good)


async def _revoke(
    tx: Transaction, identity: Identity, tenant_id: UUID, *, kind: str, subjects: list[str]
) -> None:
    now = identity.clock.now()
    lifetime_s = max(MAX_LIFETIME_S.values())
    rows = [
        await security.insert_revocation(
            tx,
            tenant_id,
            kind=kind,
            subject=subject,
            at=now,
            expires_at=now + timedelta(seconds=lifetime_s),
        )
        for subject in subjects
    ]
    tx.after_commit(_tell(identity, rows))


def _tell(identity: Identity, rows: list[security.RevocationRow]) -> Callable[[], Awaitable[None]]:
    async def tell() -> None:
        identity.on_revoked(rows)
        await identity.publisher.publish([control({"revoke": spelled(row)}) for row in rows])

    return tell


def spelled(row: security.RevocationRow) -> dict[str, Any]:
    """A revocation as `chorus.wire.calls.Revocation`: tokens issued before `before` are void."""
    return {
        "id": row.seq,
        "kind": row.kind,
        "subject": row.subject,
        "before": before(row.created_at),
    }


def before(at: datetime) -> int:
    # Tokens count seconds: one made in this very second may be meant, so it is.
    return int(at.timestamp()) + 1


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret[:MAX_REFRESH_CHARS].encode()).digest()


def _jti(token: str) -> UUID:
    """Read the id of a token we have just made."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return UUID(claims["jti"])
