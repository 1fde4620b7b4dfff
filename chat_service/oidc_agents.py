"""Which agent somebody is who signed in at an identity provider, and who becomes one by it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chat_service import audit, events
from chat_service import identity as who_is
from chat_service.administration import Action, Author, Kind, Subject, record, revising
from chat_service.deeds import Commands
from chat_service.identity import Identity
from chat_service.oidc_providers import ProviderSettings
from chat_service.oidc_refusal import Refusal, SignInRefused
from chat_service.oidc_tokens import Person
from chat_service.store import links, people, staff, work
from chat_service.store.links import Known, NewLink
from chorus.auth import AUD_AGENT, Principal
from chorus.db import Transaction
from chorus.errors import NotFound
from chorus.ids import uuid7

NAME_CHARS_MAX: Final = 80
EMAIL_CHARS_MAX: Final = 254
DEFAULT_CAPACITY: Final = 5


async def agent_of(
    who: Identity, settings: ProviderSettings, person: Person, *, address: str | None
) -> tuple[UUID, UUID]:
    """The tenant and the agent: as linked before, else by a believed address, else a new one.

    `address`: where they came from, for the audit log.

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
            coming = Coming(tx, tenant_id, settings, person, address)
            found = await _linked_now(coming)
        if found.disabled:
            raise SignInRefused(Refusal.DISABLED, "agent")
        return tenant_id, found.id


@dataclass(frozen=True, slots=True)
class Coming:
    """Somebody signs in whom no account names yet."""

    tx: Transaction
    tenant_id: UUID
    settings: ProviderSettings
    person: Person
    address: str | None


async def _linked_now(coming: Coming) -> Known:
    tx, tenant_id, settings = coming.tx, coming.tenant_id, coming.settings
    email = _address(coming.person, settings)
    found = await links.addressed(tx, tenant_id, email)
    if found is None:
        found = await _new_agent(coming, email)
    if found.disabled:
        return found
    new = NewLink(uuid7(), found.id, settings.issuer, coming.person.subject)
    if not await links.link(tx, tenant_id, new):
        # Somebody was faster: the same person in another window, or an address that moved on.
        by = {"issuer": settings.issuer, "subject": coming.person.subject}
        if await links.linked(tx, tenant_id, **by) != found:
            raise SignInRefused(Refusal.OTHER_ACCOUNT, "linked_otherwise")
        return found
    await _record(coming, found, "agent.linked", {"provider": settings.name})
    return found


async def _new_agent(coming: Coming, email: str) -> Known:
    tx, tenant_id, person = coming.tx, coming.tenant_id, coming.person
    allowed = coming.settings.new_agents
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
    detail = {"email": email, "role": allowed.role, "provider": coming.settings.name}
    await _record(coming, new, "agent.created", detail)
    told = {"kind": Kind.AGENT, "id": str(new.id), "action": Action.CREATED, "by": str(new.id)}
    await work.tell_outbox(tx, [events.outbox_row(events.ROUTING_CHANGED, tenant_id, told)])
    return new


async def _record(coming: Coming, agent: Known, action: str, detail: Mapping[str, Any]) -> None:
    """Write down what somebody did by signing in, as their own deed."""
    who = Principal(coming.tenant_id, agent.id, agent.role, AUD_AGENT, frozenset(), expires_at=0)
    subject = f"agent:{agent.id}"
    await audit.write(
        coming.tx, who, action, subject=subject, detail=detail, address=coming.address
    )


async def is_still(who: Identity, agent_id: UUID, account: Mapping[str, str]) -> bool:
    """Whether an account is the agent's: nobody had it forgotten."""
    tenant_id = UUID(account["tenant"])
    by = {"issuer": account["issuer"], "subject": account["subject"]}
    async with who.db.read(tenant_id) as session:
        found = await links.linked(session, tenant_id, **by)
    return found is not None and found.id == agent_id


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
    """Forget the account that an agent signs in by: the next one of their address is linked anew.

    Sessions of before end at once. Raises NotFound.
    """
    async with revising(commands, author) as revision:
        if await people.agent(revision.tx, revision.tenant_id, agent_id) is None:
            raise NotFound
        forgotten = await links.unlink(revision.tx, revision.tenant_id, agent_id)
        await who_is.end_sessions(revision.tx, identity, revision.tenant_id, agent_id)
        await who_is.void_tokens(revision.tx, identity, revision.tenant_id, agent_id)
        if forgotten:
            subject = Subject(Kind.AGENT, agent_id)
            await record(revision, subject, Action.CHANGED, {"unlinked": forgotten})
