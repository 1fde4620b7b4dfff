"""Which agent somebody is who signed in at an identity provider, and who becomes one by it."""

import unicodedata
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from chat_service import audit
from chat_service import identity as who_is
from chat_service.administration import Action, Author, Kind, Subject, record, revising
from chat_service.deeds import Commands
from chat_service.identity import Identity
from chat_service.oidc_providers import ProviderSettings
from chat_service.oidc_refusal import Refusal, SignInRefused
from chat_service.oidc_tokens import Person
from chat_service.store import links, people, staff
from chat_service.store.links import Known, NewLink
from chorus.auth import AUD_AGENT, Principal
from chorus.db import Transaction
from chorus.errors import NotFound
from chorus.ids import uuid7

NAME_CHARS_MAX: Final = 80
EMAIL_CHARS_MAX: Final = 254
DEFAULT_CAPACITY: Final = 5


async def agent_of(who: Identity, settings: ProviderSettings, person: Person) -> tuple[UUID, UUID]:
    """The tenant and the agent: as linked before, else by a believed address, else a new one.

    Raises:
        SignInRefused: says why.
    """
    async with who.db.read(None) as session:
        tenant_id = await people.tenant_by_slug(session, settings.tenant)
    if tenant_id is None:
        raise SignInRefused(Refusal.UNKNOWN, "no_such_tenant")
    async with who.db.transaction(tenant_id) as tx:
        tenant = await people.tenant(tx, tenant_id)
        if tenant is None or tenant.state != "active":
            raise SignInRefused(Refusal.DISABLED, "tenant")
        by = {"issuer": settings.issuer, "subject": person.subject}
        found = await links.linked(tx, tenant_id, **by)
        if found is None:
            found = await _linked_now(tx, tenant_id, settings, person)
        if found.disabled:
            raise SignInRefused(Refusal.DISABLED, "agent")
        return tenant_id, found.id


async def _linked_now(
    tx: Transaction, tenant_id: UUID, settings: ProviderSettings, person: Person
) -> Known:
    email = _address(person, settings)
    found = await links.addressed(tx, tenant_id, email)
    if found is None:
        found = await _new_agent(tx, tenant_id, settings, person, email=email)
    if found.disabled:
        return found
    new = NewLink(uuid7(), found.id, settings.issuer, person.subject)
    if not await links.link(tx, tenant_id, new):
        # Somebody was faster: the same person in another window, or an address that moved on.
        by = {"issuer": settings.issuer, "subject": person.subject}
        if await links.linked(tx, tenant_id, **by) != found:
            raise SignInRefused(Refusal.OTHER_ACCOUNT, "linked_otherwise")
        return found
    await _record(tx, tenant_id, found, "agent.linked", {"provider": settings.name})
    return found


async def _new_agent(
    tx: Transaction,
    tenant_id: UUID,
    settings: ProviderSettings,
    person: Person,
    *,
    email: str,
) -> Known:
    allowed = settings.new_agents
    if allowed is None or email.rpartition("@")[2] not in allowed.domains:
        raise SignInRefused(Refusal.UNKNOWN, "no_such_agent")
    new = Known(uuid7(), allowed.role, disabled=False)
    chosen = {
        "email": email,
        "name": _name(person, email),
        "role": allowed.role,
        "capacity": DEFAULT_CAPACITY,
        "skills": [],
        "languages": [],
    }
    if not await staff.insert(tx, tenant_id, new.id, chosen):
        found = await links.addressed(tx, tenant_id, email)
        if found is None:
            raise SignInRefused(Refusal.UNKNOWN, "address_of_another_tenant")
        return found
    detail = {"email": email, "role": allowed.role, "provider": settings.name}
    await _record(tx, tenant_id, new, "agent.created", detail)
    return new


async def _record(
    tx: Transaction, tenant_id: UUID, agent: Known, action: str, detail: Mapping[str, Any]
) -> None:
    """Write down what somebody did by signing in, as their own deed."""
    who = Principal(tenant_id, agent.id, agent.role, AUD_AGENT, frozenset(), expires_at=0)
    await audit.write(tx, who, action, subject=f"agent:{agent.id}", detail=detail)


def _address(person: Person, settings: ProviderSettings) -> str:
    """An address that the provider vouches for. Raises SignInRefused."""
    email, mark = person.claims.get("email"), settings.verified_by
    if mark is not None and person.claims.get(mark) not in (True, "true", "1", 1):
        raise SignInRefused(Refusal.UNVERIFIED, "unverified_address")
    # Letters that only look like others, or become them when made small, would open foreign doors.
    if not isinstance(email, str) or not email.isascii() or len(email) > EMAIL_CHARS_MAX:
        raise SignInRefused(Refusal.UNVERIFIED, "no_address")
    local, at, domain = email.strip().lower().rpartition("@")
    if not local or not at or "." not in domain or not f"{local}{domain}".isprintable():
        raise SignInRefused(Refusal.UNVERIFIED, "no_address")
    return f"{local}@{domain}"


def _name(person: Person, email: str) -> str:
    """What somebody is called, without characters that steer how others are read."""
    said = person.claims.get("name")
    letters = unicodedata.normalize("NFC", said) if isinstance(said, str) else ""
    plain = "".join(one for one in letters if unicodedata.category(one)[0] != "C")
    return plain.strip()[:NAME_CHARS_MAX] or email.partition("@")[0][:NAME_CHARS_MAX]


async def forget(commands: Commands, identity: Identity, author: Author, agent_id: UUID) -> None:
    """Forget the accounts that an agent signs in by: the next one of their address is linked anew.

    Sessions of before end with their access tokens. Raises NotFound.
    """
    async with revising(commands, author) as revision:
        if await people.agent(revision.tx, revision.tenant_id, agent_id) is None:
            raise NotFound
        # In the order of a refresh: first what is refreshed, then whom it is for.
        await who_is.end_sessions(revision.tx, identity, revision.tenant_id, agent_id)
        forgotten = await links.unlink(revision.tx, revision.tenant_id, agent_id)
        if forgotten:
            subject = Subject(Kind.AGENT, agent_id)
            await record(revision, subject, Action.CHANGED, {"unlinked": forgotten})
