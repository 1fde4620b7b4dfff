"""SQL on agents, contacts, tenants and inboxes: who somebody is and where they came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.rows import first, one_id, values
from chorus.db import Reader, Transaction
from chorus.db_connect import RawConnection
from chorus.ids import uuid7


@dataclass(frozen=True, slots=True)
class Found:
    """A row that was looked up before its tenant was known."""

    tenant_id: UUID
    id: UUID


_INBOX_BY_KEY = text("SELECT tenant_id, inbox_id FROM chorus_inbox(:key)")
_AGENT_BY_EMAIL = text("SELECT tenant_id, agent_id FROM chorus_login(:email)")
_TENANT_BY_SLUG = text("SELECT chorus_tenant(:slug)")


async def inbox_by_key(session: Reader, public_key: str) -> Found | None:
    found = await first(session, _INBOX_BY_KEY, {"key": public_key})
    return None if found is None else Found(*found)


async def agent_by_email(session: Reader, email: str) -> Found | None:
    found = await first(session, _AGENT_BY_EMAIL, {"email": email})
    return None if found is None else Found(*found)


async def tenant_by_slug(session: Reader, slug: str) -> UUID | None:
    return await one_id(session, _TENANT_BY_SLUG, {"slug": slug})


@dataclass(frozen=True, slots=True)
class TenantRow:
    id: UUID
    slug: str
    name: str
    state: str


_TENANT = text("SELECT id, slug, name, state FROM tenants WHERE id = :tenant")


async def tenant(session: Reader, tenant_id: UUID) -> TenantRow | None:
    found = await first(session, _TENANT, {"tenant": tenant_id})
    return None if found is None else TenantRow(*found)


@dataclass(frozen=True, slots=True)
class InboxRow:
    id: UUID
    channel: str
    name: str
    public_key: str
    allowed_origins: list[str]
    state: str
    queue_id: UUID | None
    settings: dict[str, Any]

    @property
    def bot_enabled(self) -> bool:
        bot = self.settings.get("bot")
        return isinstance(bot, dict) and bool(bot.get("enabled"))


_INBOX_COLUMNS = "id, channel, name, public_key, allowed_origins, state, queue_id, settings"
_INBOX = text(f"SELECT {_INBOX_COLUMNS} FROM inboxes WHERE tenant_id = :tenant AND id = :id")  # noqa: S608
_FIRST_INBOX = text(
    f"SELECT {_INBOX_COLUMNS} FROM inboxes"  # noqa: S608
    " WHERE tenant_id = :tenant AND state = 'enabled' AND channel = 'web' ORDER BY created_at, id LIMIT 1"
)
_ORIGINS = text("SELECT DISTINCT unnest(allowed_origins) FROM inboxes WHERE state = 'enabled'")


async def inbox(session: Reader, tenant_id: UUID, inbox_id: UUID) -> InboxRow | None:
    found = await first(session, _INBOX, {"tenant": tenant_id, "id": inbox_id})
    return None if found is None else _inbox(found)


async def first_inbox(session: Reader, tenant_id: UUID) -> InboxRow | None:
    """The oldest web inbox of a tenant."""
    found = await first(session, _FIRST_INBOX, {"tenant": tenant_id})
    return None if found is None else _inbox(found)


async def all_origins(session: Reader) -> list[str]:
    """Every origin of the enabled inboxes that this role sees: of its tenant, or of all."""
    return list(await session.scalars(_ORIGINS))


def _inbox(found: list[Any]) -> InboxRow:
    *known, settings = found
    read = settings if isinstance(settings, dict) else orjson.loads(settings or "{}")
    return InboxRow(*[*known, read])


@dataclass(frozen=True, slots=True)
class AgentRow:
    id: UUID
    email: str
    name: str
    role: str
    status: str
    capacity: int
    password_hash: str | None
    disabled_at: datetime | None


_AGENT = text(
    "SELECT id, email, name, role, status, capacity, password_hash, disabled_at FROM agents"
    " WHERE tenant_id = :tenant AND id = :id"
)
_AGENT_KEPT = text(f"{_AGENT.text} FOR SHARE")


async def agent(session: Reader, tenant_id: UUID, agent_id: UUID) -> AgentRow | None:
    found = await first(session, _AGENT, {"tenant": tenant_id, "id": agent_id})
    return None if found is None else AgentRow(*found)


async def agent_as_they_stay(tx: Transaction, tenant_id: UUID, agent_id: UUID) -> AgentRow | None:
    """The same, and nobody changes them until this transaction ends."""
    found = await first(tx, _AGENT_KEPT, {"tenant": tenant_id, "id": agent_id})
    return None if found is None else AgentRow(*found)


@dataclass(frozen=True, slots=True)
class Duty:
    """What an agent has chosen to be (None: nothing yet) and how much they have to do."""

    status: str | None
    capacity: int
    load: int
    disabled: bool


_DUTY = """
SELECT CASE WHEN a.status_at IS NOT NULL THEN a.status END, a.capacity, (
    SELECT count(*) FROM conversations c WHERE c.tenant_id = a.tenant_id
        AND c.assignee_id = a.id AND c.status = 'open' AND c.floor_holder = 'human'
), a.disabled_at IS NOT NULL
FROM agents a WHERE a.tenant_id = $1 AND a.id = $2
"""


async def duty(raw: RawConnection, tenant_id: UUID, agent_id: UUID) -> Duty | None:
    found = await raw.fetchrow(_DUTY, tenant_id, agent_id)
    return None if found is None else Duty(*found)


_CHOICES = """
SELECT id, status, status_at FROM agents WHERE id = ANY($1) AND status_at IS NOT NULL
"""


async def choices(
    raw: RawConnection, agent_ids: Sequence[UUID]
) -> list[tuple[UUID, str, datetime]]:
    """Read what agents chose, whatever the tenant; for chorus_system only."""
    return [tuple(values(record)) for record in await raw.fetch(_CHOICES, list(agent_ids))]


_SET_STATUS = text(
    "UPDATE agents SET status = :status, status_at = :at"
    " WHERE tenant_id = :tenant AND id = :id AND disabled_at IS NULL RETURNING id"
)
_DISABLE = text(
    "UPDATE agents SET disabled_at = :at, status = 'offline', token_epoch = token_epoch + 1"
    " WHERE tenant_id = :tenant AND id = :id AND disabled_at IS NULL RETURNING id"
)
_SET_ROLE = text("UPDATE agents SET role = :role WHERE tenant_id = :tenant AND id = :id")
_REHASH = text("UPDATE agents SET password_hash = :hash WHERE tenant_id = :tenant AND id = :id")


async def set_agent_status(
    tx: Transaction, tenant_id: UUID, agent_id: UUID, *, status: str, at: datetime
) -> bool:
    given = {"tenant": tenant_id, "id": agent_id, "status": status, "at": at}
    return await tx.scalar(_SET_STATUS, given) is not None


async def disable_agent(tx: Transaction, tenant_id: UUID, agent_id: UUID, *, at: datetime) -> bool:
    """Shut an agent out; False when they are already, or are none of this tenant."""
    return await tx.scalar(_DISABLE, {"tenant": tenant_id, "id": agent_id, "at": at}) is not None


async def set_role(tx: Transaction, tenant_id: UUID, agent_id: UUID, *, role: str) -> None:
    await tx.execute(_SET_ROLE, {"tenant": tenant_id, "id": agent_id, "role": role})


async def set_password_hash(
    tx: Transaction, tenant_id: UUID, agent_id: UUID, *, password_hash: str
) -> None:
    await tx.execute(_REHASH, {"tenant": tenant_id, "id": agent_id, "hash": password_hash})


_ENSURE_AGENT = text(
    "INSERT INTO agents (id, tenant_id, email, name, role)"
    " VALUES (:id, :tenant, :email, :name, :role)"
    " ON CONFLICT (id) DO UPDATE SET role = excluded.role WHERE agents.role <> excluded.role"
)


async def ensure_foreign_agent(
    tx: Transaction, tenant_id: UUID, agent_id: UUID, *, name: str, role: str
) -> None:
    """Keep a row for an agent whose issuer is not ours; the role is what the issuer says."""
    given = {"id": agent_id, "tenant": tenant_id, "name": name, "role": role}
    await tx.execute(_ENSURE_AGENT, {**given, "email": f"{agent_id}@foreign.invalid"})


_INSERT_CONTACT = text(
    "INSERT INTO contacts (id, tenant_id, name, email, phone, locale, attributes, verified,"
    " last_seen_at) VALUES (:id, :tenant, :name, :email, :phone, :locale,"
    " CAST(:attributes AS jsonb), :verified, :at) ON CONFLICT (id) DO UPDATE SET"
    " name = coalesce(contacts.signed->>'name', excluded.name, contacts.name),"
    " email = coalesce(contacts.signed->>'email', excluded.email, contacts.email),"
    " phone = coalesce(contacts.signed->>'phone', excluded.phone, contacts.phone),"
    " locale = coalesce(contacts.signed->>'locale', excluded.locale, contacts.locale),"
    " attributes = contacts.attributes || excluded.attributes"
    " || coalesce(contacts.signed->'attributes', '{}'),"
    " verified = contacts.verified OR excluded.verified, last_seen_at = excluded.last_seen_at,"
    " words = CASE WHEN (coalesce(contacts.signed->>'name', excluded.name, contacts.name),"
    " coalesce(contacts.signed->>'email', excluded.email, contacts.email),"
    " coalesce(contacts.signed->>'phone', excluded.phone, contacts.phone))"
    " IS NOT DISTINCT FROM (contacts.name, contacts.email, contacts.phone)"
    " THEN contacts.words END"
    " WHERE contacts.tenant_id = excluded.tenant_id"
)
_INSERT_IDENTITY = text(
    "INSERT INTO contact_identities (id, tenant_id, contact_id, issuer, subject)"
    " VALUES (:id, :tenant, :contact, :issuer, :subject)"
    " ON CONFLICT (tenant_id, issuer, subject) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Traits:
    """What a customer says of themselves; never trusted for anything but showing."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    attributes: Mapping[str, Any] | None = None


async def save_contact(
    tx: Transaction,
    tenant_id: UUID,
    contact_id: UUID,
    *,
    traits: Traits,
    verified: bool,
    at: datetime,
) -> None:
    """Make a contact, or add to what is known of it."""
    given = {
        "id": contact_id,
        "tenant": tenant_id,
        "name": traits.name,
        "email": traits.email,
        "phone": traits.phone,
        "locale": traits.locale,
        "attributes": orjson.dumps(dict(traits.attributes or {})).decode(),
        "verified": verified,
        "at": at,
    }
    await tx.execute(_INSERT_CONTACT, given)


async def save_identity(
    tx: Transaction, tenant_id: UUID, contact_id: UUID, *, issuer: str, subject: str
) -> None:
    """Remember what an issuer outside calls a contact."""
    given = {"id": uuid7(), "tenant": tenant_id, "contact": contact_id}
    await tx.execute(_INSERT_IDENTITY, {**given, "issuer": issuer, "subject": subject})


_CONTACT_EXISTS = text("SELECT true FROM contacts WHERE tenant_id = :tenant AND id = :id")


async def contact_exists(session: Reader, tenant_id: UUID, contact_id: UUID) -> bool:
    given = {"tenant": tenant_id, "id": contact_id}
    return await session.scalar(_CONTACT_EXISTS, given) is not None
