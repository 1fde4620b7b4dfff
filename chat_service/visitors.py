"""The act of becoming a visitor: an inbox, a contact, a conversation and a token for them.

Ids are no secrets (S4 of the threat model): whoever wants an old conversation back proves whose
it is, by their own token or by one that the tenant's backend signed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chat_service import conversations, events, hours, queue_choice, signed_traits
from chat_service.attendance import Attendance
from chat_service.conversations import Opening
from chat_service.identity import Grant, Identity, Whom, grant_in
from chat_service.origins import origin_allowed
from chat_service.store import bots, contacts, people, queues, work
from chat_service.store import conversations as store
from chat_service.store.people import InboxRow, Traits
from chat_service.trust import Trust
from chorus.auth import AUD_VISITOR, Principal
from chorus.bus import Client
from chorus.db import Db, Transaction
from chorus.errors import Forbidden, NotFound, TenantDisabled, Unauthenticated
from chorus.ids import uuid7

_ENABLED: Final = "enabled"
_ATTENDANCE: Final = Attendance()


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page asks for its visitor."""

    inbox_key: str
    origin: str | None
    traits: Traits = field(default_factory=Traits)
    identity_token: str | None = None
    conversation_id: UUID | None = None
    visitor: Principal | None = None
    """The visitor's own token, if the page has one."""


@dataclass(frozen=True, slots=True)
class _Proof:
    """Whose contact this is, as far as anybody proved it."""

    contact_id: UUID
    proven: bool = False
    verified_by: Principal | None = None
    signed: Mapping[str, Any] = field(default_factory=dict)
    """What the tenant's backend says of them."""


async def public_inbox(db: Db, key: str) -> tuple[people.TenantRow, InboxRow]:
    """Find an enabled inbox of an active tenant by its public key.

    Raises:
        NotFound: there is none. TenantDisabled: its tenant is disabled.
    """
    async with db.read(None) as session:
        found = await people.inbox_by_key(session, key)
    if found is None:
        raise NotFound
    async with db.read(found.tenant_id) as session:
        tenant = await people.tenant(session, found.tenant_id)
        inbox = await people.inbox(session, found.tenant_id, found.id)
    if tenant is None or inbox is None or inbox.state != _ENABLED:
        raise NotFound
    if tenant.state != "active":
        raise TenantDisabled
    return tenant, inbox


async def bot_name(db: Db, tenant_id: UUID, inbox: InboxRow) -> str | None:
    """What the bot that answers first is called; None where none of ours does."""
    if not inbox.bot_enabled:
        return None
    async with db.read(tenant_id) as session:
        return await bots.speaker(session, tenant_id, inbox.id)


def require_page(inbox: InboxRow, origin: str | None) -> None:
    """Raises Forbidden for a page that may not use this inbox."""
    if origin is None or not origin_allowed(origin, inbox.allowed_origins):
        raise Forbidden("This page may not use this inbox.")


@dataclass(frozen=True, slots=True)
class Availability:
    """What the hours of an inbox's queue say, and whether somebody is there."""

    open: bool
    opens_at: datetime | None
    """Of a closed one; None: not in sight."""
    staffed: bool | None
    """None: not known now."""


async def availability(
    db: Db, redis: Client, tenant_id: UUID, inbox: InboxRow, *, now: datetime
) -> Availability:
    async with db.read(tenant_id) as session:
        known = await queues.queues(session, tenant_id)
    queue = queue_choice.home(known, inbox.queue_id)
    if queue is None:
        return Availability(open=True, opens_at=None, staffed=None)
    opening = hours.read_hours(queue.hours)
    if not hours.is_open(opening, now):
        return Availability(open=False, opens_at=hours.next_open(opening, now), staffed=False)
    staffed = await _ATTENDANCE.of(db, redis, tenant_id, queue=queue, queues=known)
    return Availability(open=True, opens_at=None, staffed=staffed)


async def welcome(identity: Identity, trust: Trust, visit: Visit) -> Grant:
    """Give a visitor a token and a conversation: their open one, or a new one.

    Raises:
        NotFound: no such inbox, or `conversation_id` is not provably theirs.
        Forbidden: the page is not allowed for this inbox.
        Unauthenticated: the identity token is not good.
    """
    tenant, inbox = await public_inbox(identity.db, visit.inbox_key)
    require_page(inbox, visit.origin)
    proof = await _prove(trust, tenant.id, visit)
    async with identity.db.transaction(tenant.id) as tx:
        await _save_contact(tx, identity, tenant.id, proof=proof, traits=visit.traits)
        conversation_id = await _conversation(tx, identity, tenant.id, inbox, proof, visit)
        whom = Whom(
            tenant.id,
            proof.contact_id,
            "visitor",
            AUD_VISITOR,
            conversation_id,
            origin=visit.origin,
        )
        return await grant_in(tx, identity, whom, family=uuid7())


async def _prove(trust: Trust, tenant_id: UUID, visit: Visit) -> _Proof:
    if visit.identity_token is not None:
        found = await trust.foreign(visit.identity_token)
        if found.audience != AUD_VISITOR or found.tenant_id != tenant_id:
            raise Unauthenticated
        signed = signed_traits.read(visit.identity_token)
        return _Proof(found.user_id, proven=True, verified_by=found, signed=signed)
    known = visit.visitor
    if known is not None and known.audience == AUD_VISITOR and known.tenant_id == tenant_id:
        return _Proof(known.user_id, proven=True)
    return _Proof(uuid7())


async def _save_contact(
    tx: Transaction, identity: Identity, tenant_id: UUID, *, proof: _Proof, traits: Traits
) -> None:
    verified_by = proof.verified_by
    await people.save_contact(
        tx,
        tenant_id,
        proof.contact_id,
        traits=traits,
        verified=verified_by is not None,
        at=identity.clock.now(),
    )
    if verified_by is not None:
        await contacts.vouch(tx, tenant_id, proof.contact_id, proof.signed)
        await people.save_identity(
            tx,
            tenant_id,
            proof.contact_id,
            issuer=verified_by.issuer,
            subject=verified_by.subject,
        )


async def _conversation(
    tx: Transaction,
    identity: Identity,
    tenant_id: UUID,
    inbox: InboxRow,
    proof: _Proof,
    visit: Visit,
) -> UUID:
    if visit.conversation_id is not None:
        found = await store.find(tx, tenant_id, visit.conversation_id)
        if found is None or not proof.proven or found.contact_id != proof.contact_id:
            raise NotFound
        return found.id
    if proof.proven:
        latest = await store.latest_open(
            tx, tenant_id, contact_id=proof.contact_id, inbox_id=inbox.id
        )
        if latest is not None:
            return latest
    return await start(tx, identity, tenant_id, Opening(uuid7(), proof.contact_id, inbox, {}))


async def start(tx: Transaction, identity: Identity, tenant_id: UUID, opening: Opening) -> UUID:
    """Open a conversation and tell so; a repeat with the same id does neither again.

    Raises:
        IdConflict: the id is used for something else.
    """
    now = identity.clock.now()
    if await conversations.open_conversation(tx, tenant_id, opening, now=now):
        told = {
            "conversation_id": str(opening.id),
            "contact_id": str(opening.contact_id),
            "inbox_id": str(opening.inbox.id),
        }
        row = events.outbox_row(events.CONVERSATION_CREATED, tenant_id, told)
        await work.tell_outbox(tx, [row])
    return opening.id


@dataclass(frozen=True, slots=True)
class Wanted:
    """A further conversation: whose, where, and under which id."""

    id: UUID
    contact_id: UUID | None = None
    inbox_id: UUID | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


async def start_again(identity: Identity, principal: Principal, wanted: Wanted) -> UUID:
    """Open a further conversation: a visitor for themselves, an agent for a contact.

    Raises:
        NotFound: no such contact or inbox. IdConflict: the id is used for something else.
    """
    tenant_id = principal.tenant_id
    contact_id = wanted.contact_id if principal.is_agent else principal.user_id
    if principal.conversation_id is not None or contact_id is None:
        raise Forbidden
    async with identity.db.transaction(tenant_id) as tx:
        if not await people.contact_exists(tx, tenant_id, contact_id):
            raise NotFound
        inbox = await _inbox_for(tx, tenant_id, contact_id, wanted.inbox_id)
        opening = Opening(wanted.id, contact_id, inbox, wanted.attributes)
        return await start(tx, identity, tenant_id, opening)


async def _inbox_for(
    tx: Transaction, tenant_id: UUID, contact_id: UUID, inbox_id: UUID | None
) -> InboxRow:
    """The inbox asked for, else where the contact spoke last, else the tenant's first."""
    asked = inbox_id or await store.latest_inbox(tx, tenant_id, contact_id)
    found = (
        await people.inbox(tx, tenant_id, asked)
        if asked is not None
        else await people.first_inbox(tx, tenant_id)
    )
    if found is None or found.state != _ENABLED:
        raise NotFound
    return found
