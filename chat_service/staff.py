"""Who works here: inviting agents, choosing their role, shutting them out and letting them in again."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chat_service import handoff
from chat_service import identity as who_is
from chat_service.administration import (
    Action,
    Author,
    Kind,
    Revision,
    Subject,
    record,
    revising,
)
from chat_service.deeds import Commands
from chat_service.handoff import Moved
from chat_service.identity import Grant, Identity, Whom, grant_in
from chat_service.session_facts import AgentLost
from chat_service.store import people
from chat_service.store import staff as store
from chat_service.store.people import AgentRow
from chorus.auth import AUD_AGENT
from chorus.errors import BadRequest, Conflict, NotFound, TenantDisabled, Unauthenticated
from chorus.ids import uuid7

INVITE_DAYS: Final = 7
SECRET_CHARS_MAX: Final = 128


class AddressTaken(Conflict):
    """Somebody signs in with this e-mail address already."""

    @property
    def slug(self) -> str:
        return "EMAIL_TAKEN"


class LastAdmin(Conflict):
    """Somebody has to stay who can set things up."""

    @property
    def slug(self) -> str:
        return "LAST_ADMIN"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A secret that is shown once; whoever has it chooses the agent's password."""

    agent_id: UUID
    token: str
    expires_at: datetime


async def invite(commands: Commands, author: Author, chosen: Mapping[str, Any]) -> Invitation:
    """Make an agent who chooses a password by the invitation. Raises AddressTaken."""
    async with revising(commands, author) as revision:
        agent_id = uuid7()
        if not await store.insert(revision.tx, revision.tenant_id, agent_id, chosen):
            raise AddressTaken(field="email")
        subject = Subject(Kind.AGENT, agent_id)
        kept = {name: chosen[name] for name in ("email", "name", "role")}
        await record(revision, subject, Action.CREATED, kept)
        return await _invite(revision, agent_id)


async def invite_again(commands: Commands, author: Author, agent_id: UUID) -> Invitation:
    """Let an agent choose a password anew; earlier invitations are void.

    Raises:
        NotFound: absent, foreign, or shut out.
    """
    async with revising(commands, author) as revision:
        found = await _agent(revision, agent_id)
        if found.disabled_at is not None:
            raise NotFound
        await record(revision, Subject(Kind.AGENT, agent_id), Action.INVITED, {})
        return await _invite(revision, agent_id)


async def _invite(revision: Revision, agent_id: UUID) -> Invitation:
    secret = secrets.token_urlsafe(32)
    expires_at = revision.now + timedelta(days=INVITE_DAYS)
    await store.spend(revision.tx, revision.tenant_id, agent_id, at=revision.now)
    await store.invite(
        revision.tx,
        revision.tenant_id,
        agent_id,
        id_=uuid7(),
        token_hash=_hashed(secret),
        expires_at=expires_at,
    )
    return Invitation(agent_id, secret, expires_at)


async def accept(identity: Identity, token: str, password: str) -> Grant:
    """Choose a password by an invitation, and sign in. Whoever was signed in is no more.

    Raises:
        Unauthenticated: unknown, used, or too old: one answer for all. TenantDisabled.
    """
    async with identity.db.read(None) as session:
        tenant_id = await store.tenant_of_invite(session, _hashed(token))
    if tenant_id is None:
        raise Unauthenticated("This invitation is not good any more.")
    password_hash = await identity.passwords.hashed(password)
    now = identity.clock.now()
    async with identity.db.transaction(tenant_id) as tx:
        found = await store.lock_invite(tx, tenant_id, _hashed(token))
        tenant = await people.tenant(tx, tenant_id)
        if tenant is None or tenant.state != "active":
            raise TenantDisabled
        agent = None
        if found is not None and found.used_at is None and found.expires_at > now:
            agent = await people.agent(tx, tenant_id, found.agent_id)
        if agent is None or agent.disabled_at is not None:
            raise Unauthenticated("This invitation is not good any more.")
        await store.spend(tx, tenant_id, agent.id, at=now)
        await who_is.end_sessions(tx, identity, tenant_id, agent.id)
        await people.set_password_hash(tx, tenant_id, agent.id, password_hash=password_hash)
        whom = Whom(tenant_id, agent.id, agent.role, AUD_AGENT, agent_name=agent.name)
        return await grant_in(tx, identity, whom, family=uuid7())


async def choose_role(
    commands: Commands, identity: Identity, author: Author, agent_id: UUID, role: str
) -> None:
    """Give an agent another role; their tokens of the old one are void at once.

    Raises:
        NotFound, LastAdmin.
    """
    async with revising(commands, author) as revision:
        before = await _agent(revision, agent_id)
        if before.role == role:
            return
        if before.role == "admin" and before.disabled_at is None:
            await _stays_an_admin(revision, agent_id)
        await people.set_role(revision.tx, revision.tenant_id, agent_id, role=role)
        await who_is.void_tokens(revision.tx, identity, revision.tenant_id, agent_id)
        detail = {"role": {"from": before.role, "to": role}}
        await record(revision, Subject(Kind.AGENT, agent_id), Action.CHANGED, detail)


async def disable(commands: Commands, identity: Identity, author: Author, agent_id: UUID) -> None:
    """Shut an agent out: sockets close, and whom they answer is asked for anew.

    Raises:
        NotFound, LastAdmin. BadRequest: oneself.
    """
    if agent_id == author.principal.user_id:
        raise BadRequest("You cannot shut yourself out.")
    async with revising(commands, author) as revision:
        before = await _agent(revision, agent_id)
        if before.disabled_at is not None:
            return
        if before.role == "admin":
            await _stays_an_admin(revision, agent_id)
        moved = await _take_away(revision, agent_id)
        revision.tx.after_commit(lambda: handoff.tell(commands.publisher, moved, now=revision.now))
        await store.spend(revision.tx, revision.tenant_id, agent_id, at=revision.now)
        await who_is.shut_out(revision.tx, identity, revision.tenant_id, agent_id)
        detail = {"sessions": len(moved)}
        await record(revision, Subject(Kind.AGENT, agent_id), Action.DISABLED, detail)


async def _take_away(revision: Revision, agent_id: UUID) -> list[Moved]:
    held = await store.held_by(revision.tx, revision.tenant_id, agent_id)
    lost = dict.fromkeys(held, AgentLost(agent_id))
    done = await handoff.apply_all(revision.tx, revision.tenant_id, lost, now=revision.now)
    return [one for one in done.values() if isinstance(one, Moved)]


async def enable(commands: Commands, author: Author, agent_id: UUID) -> None:
    """Let an agent in again, who signs in as before. Raises NotFound."""
    async with revising(commands, author) as revision:
        await _agent(revision, agent_id)
        if await store.enable(revision.tx, revision.tenant_id, agent_id):
            await record(revision, Subject(Kind.AGENT, agent_id), Action.ENABLED, {})


async def _stays_an_admin(revision: Revision, agent_id: UUID) -> None:
    if not await store.other_admins(revision.tx, revision.tenant_id, agent_id):
        raise LastAdmin


async def _agent(revision: Revision, agent_id: UUID) -> AgentRow:
    found = await people.agent(revision.tx, revision.tenant_id, agent_id)
    if found is None:
        raise NotFound
    return found


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret[:SECRET_CHARS_MAX].encode()).digest()
