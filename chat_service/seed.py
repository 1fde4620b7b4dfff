"""Fill a new database: the demo tenant with its thirty days of history, or a bare one.

Every row of a tenant is written under chorus_app with that tenant set, so that seeding obeys
the same policies as the API. Only the tenant itself is made by chorus_system.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import insert, text

from chat_service import demo_bot
from chat_service.demo_desk import desk_of
from chat_service.demo_knowledge import sources_of
from chat_service.demo_plan import DAYS, SLA_S, Cast, Tale, tales, texts
from chat_service.demo_story import Values
from chorus.db import Db, Transaction, open_db
from chorus.ids import uuid7
from chorus.jobs import JobKind
from chorus.tables.columns import Row
from chorus.tables.content import CannedReply, Summary
from chorus.tables.conversations import Conversation, ConversationRead, Message
from chorus.tables.knowledge import KnowledgeSource
from chorus.tables.people import Agent, Contact, ContactIdentity
from chorus.tables.routing import Queue, QueueMember
from chorus.tables.sessions import LiveChatSession, SessionOffer
from chorus.tables.tenancy import Inbox, Tenant
from chorus.tables.work import Job
from chorus.wire.common import ConversationStatus, UserRef

TENANT: Final = "demo"
PEOPLE: Final = (
    ("ada@demo.test", "Ada Keller", "admin", ("en", "de")),
    ("bo@demo.test", "Bo Martín", "agent", ("en", "es")),
    ("cy@demo.test", "Cy Haddad", "supervisor", ("en", "ar")),
)
"""E-mail, name, role, languages; the first is the one admin of an empty installation."""

LOOPBACK_ORIGINS: Final = [
    f"{scheme}://{host}:*"
    for scheme in ("http", "https")
    for host in ("localhost", "127.0.0.1", "[::1]")
]
"""`:*` is any port."""

_TENANT_ID: Final = text("SELECT chorus_tenant(:slug)")
_INBOX_KEYS: Final = text("SELECT name, public_key FROM inboxes WHERE tenant_id = :tenant")
_PEOPLE: Final = text("""
SELECT id, email, name, role, password_hash FROM agents
WHERE tenant_id = :tenant AND email = ANY (:emails)
""")
_WITHOUT_BOT: Final = text("""
SELECT queue_id FROM inboxes WHERE tenant_id = :tenant AND name = :name
    AND NOT EXISTS (SELECT FROM bots WHERE tenant_id = :tenant)
""")
_KNOWS: Final = text("SELECT EXISTS (SELECT FROM knowledge_sources WHERE tenant_id = :tenant)")
_RENEW: Final = text("UPDATE agents SET password_hash = :hashed WHERE id = :agent")
_LOCK_KEY: Final = int.from_bytes(b"ch-seed")
_DEMO_INBOX: Final = "Demo shop"
_LOAD_INBOX: Final = "Load"
_OFF: Final = {"enabled": False}
_ON: Final = {"enabled": True}


@dataclass(frozen=True, slots=True)
class SeededAgent:
    """Somebody who can sign in."""

    id: UUID
    email: str
    name: str
    role: str
    password: str | None
    """As given or made up just now; None for one who was here and keeps a password unknown to us."""


@dataclass(frozen=True, slots=True)
class SeedResult:
    """What is there now, whether this run made it or an earlier one."""

    tenant: str
    tenant_id: UUID
    inbox_key: str
    load_inbox_key: str
    """Empty where there is no such inbox."""
    agents: tuple[SeededAgent, ...]
    created: bool
    bot_inbox_key: str = ""
    """Of the inbox where a bot answers first; empty where there is none."""


async def seed(
    db_url: str, *, empty: bool, passwords: Mapping[str, str] | None = None
) -> SeedResult:
    """Make the tenant unless it is there; idempotent, and safe to run twice at once.

    `empty` makes a tenant with one admin, a queue and an inbox, and no history. `passwords`, by
    e-mail, are also given to agents who are there and have another one.
    """
    known = passwords or {}
    async with open_db(
        db_url, role="chorus_system", pool_size=1, application_name="chorus seed"
    ) as db:
        found = await _found(db, known)
        if found is not None:
            return await _caught_up(db, found, known)
        people = PEOPLE[:1] if empty else PEOPLE
        agents = await asyncio.gather(*(_agent(*person, known) for person in people))
        async with db.transaction(None) as tx:
            await tx.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})"))
            created = await _make(tx, agents, empty=empty)
        made = await _found(db, known)
    assert made is not None
    if not created:
        return made
    fresh = {agent["email"]: password for agent, password in agents}
    seeded = tuple(replace(one, password=fresh[one.email]) for one in made.agents)
    return replace(made, agents=seeded, created=True)


async def _make(tx: Transaction, agents: list[tuple[Values, str]], *, empty: bool) -> bool:
    if await tx.scalar(_TENANT_ID, {"slug": TENANT}) is not None:
        return False
    now = datetime.now(UTC)
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    began = now - timedelta(days=DAYS + 1)
    tenant_id = uuid7()
    tx.add(Tenant(id=tenant_id, slug=TENANT, name="Demo shop", created_at=began))
    await tx.flush()
    await tx.execute(text("SET LOCAL ROLE chorus_app"))
    await tx.execute(
        text("SELECT set_config('app.tenant_id', :tenant, true)"), {"tenant": str(tenant_id)}
    )
    rows = [{**row, "tenant_id": tenant_id, "created_at": began} for row, _ in agents]
    await tx.execute(insert(Agent), rows)
    cast = await _furnish(tx, tenant_id, rows, began=began, empty=empty)
    if not empty:
        await _tell_history(tx, cast, now, began)
    return True


async def _furnish(
    tx: Transaction, tenant_id: UUID, agents: list[Values], *, began: datetime, empty: bool
) -> Cast:
    """Make queues, inboxes and memberships."""
    support = Queue(
        id=uuid7(), tenant_id=tenant_id, name="Support", is_default=True, created_at=began
    )
    manual = Queue(
        id=uuid7(),
        tenant_id=tenant_id,
        name="Back office",
        policy="manual",
        visibility="internal",
        sla_s=SLA_S,
        created_at=began,
    )
    queues = [support] if empty else [support, manual]
    tx.add_all(queues)
    await tx.flush()
    inbox = _inbox(tenant_id, support.id, _DEMO_INBOX, settings={"bot": _OFF, "summaries": _ON})
    load = _inbox(tenant_id, support.id, _LOAD_INBOX, settings={"bot": _OFF, "summaries": _OFF})
    inbox.created_at, load.created_at = began, began + timedelta(seconds=1)
    tx.add_all([inbox] if empty else [inbox, load])
    if not empty:
        await _add_bot(tx, tenant_id, support.id, began + timedelta(seconds=2))
    members = [
        {"queue_id": queue.id, "agent_id": agent["id"], "tenant_id": tenant_id}
        for queue in queues
        for agent in agents
    ]
    await tx.execute(insert(QueueMember), members)
    return Cast(
        tenant_id,
        inbox.id,
        (support.id, support.name),
        (manual.id, manual.name),
        tuple(UserRef(userId=agent["id"], name=agent["name"]) for agent in agents),
        (),
    )


async def _caught_up(db: Db, found: SeedResult, known: Mapping[str, str]) -> SeedResult:
    """Give a demo shop from before there were bots its bot; who took it away gets none again."""
    if found.bot_inbox_key or not found.load_inbox_key:
        return found
    tenant_id = found.tenant_id
    async with db.transaction(tenant_id) as tx:
        await tx.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})"))
        await tx.execute(text("SET LOCAL ROLE chorus_app"))
        asked = {"tenant": tenant_id, "name": _DEMO_INBOX}
        shop = (await tx.execute(_WITHOUT_BOT, asked)).first()
        now = datetime.now(UTC)
        if shop is not None:
            await _add_bot(tx, tenant_id, shop.queue_id, now)
            if not await tx.scalar(_KNOWS, {"tenant": tenant_id}):
                await tx.execute(insert(KnowledgeSource), sources_of(tenant_id, now))
    return await _found(db, known) or found


async def _add_bot(tx: Transaction, tenant_id: UUID, queue_id: UUID, made: datetime) -> None:
    bot = demo_bot.bot_of(tenant_id, made)
    tx.add(bot)
    await tx.flush()
    inbox = _inbox(tenant_id, queue_id, demo_bot.INBOX, settings={"bot": _ON, "summaries": _ON})
    inbox.bot_id, inbox.created_at = bot.id, made
    tx.add(inbox)


def _inbox(tenant_id: UUID, queue_id: UUID, name: str, *, settings: Values) -> Inbox:
    return Inbox(
        id=uuid7(),
        tenant_id=tenant_id,
        queue_id=queue_id,
        name=name,
        public_key=f"pk_{secrets.token_urlsafe(18)}",
        allowed_origins=LOOPBACK_ORIGINS,
        settings=settings,
    )


async def _tell_history(tx: Transaction, cast: Cast, now: datetime, began: datetime) -> None:
    script = texts()
    contacts = [
        _contact(cast.tenant_id, number, person, began)
        for number, person in enumerate(script["contacts"])
    ]
    speakers = tuple((contact["id"], contact["locale"]) for contact in contacts)
    cast = replace(cast, contacts=speakers)
    told = list(tales(cast, script, now))
    seen = {
        tale.conversation["contact_id"]: tale.conversation["last_ts"]
        for tale in sorted(told, key=lambda tale: tale.conversation["last_ts"])
    }
    rows = [contact | {"last_seen_at": seen.get(contact["id"])} for contact in contacts]
    await tx.execute(insert(Contact), rows)
    await tx.execute(insert(ContactIdentity), [_identity(row) for row in rows if row["verified"]])
    replies = [
        {"id": uuid7(), "tenant_id": cast.tenant_id, **reply} for reply in script["canned_replies"]
    ]
    await tx.execute(insert(CannedReply), replies)
    await _store(tx, told)
    await tx.execute(insert(KnowledgeSource), sources_of(cast.tenant_id, began))
    for table, made in desk_of(cast, script, began):
        await tx.execute(insert(Row.metadata.tables[str(table.__tablename__)]), made)


async def _store(tx: Transaction, told: list[Tale]) -> None:
    # Core inserts: the ORM would take `metadata` for the table's own.
    tables: list[tuple[type[Row], list[Values]]] = [
        (Conversation, [tale.conversation for tale in told]),
        (Message, [row for tale in told for row in tale.messages]),
        (ConversationRead, [row for tale in told for row in tale.reads]),
        (LiveChatSession, [tale.session for tale in told if tale.session]),
        (SessionOffer, [tale.offer for tale in told if tale.offer]),
        (Summary, [tale.summary for tale in told if tale.summary]),
        (Job, [_reopening(tale) for tale in told if tale.conversation["snoozed_until"]]),
    ]
    for table, rows in tables:
        await tx.execute(insert(Row.metadata.tables[str(table.__tablename__)]), rows)


def _contact(tenant_id: UUID, number: int, person: Values, began: datetime) -> Values:
    verified = number % 2 == 0
    email, customer_number = f"customer{number + 1}@example.test", f"K-{1000 + number}"
    signed = {
        "name": person["name"],
        "email": email,
        "attributes": {"customer_number": customer_number},
    }
    return {
        "id": uuid7(),
        "tenant_id": tenant_id,
        "name": person["name"],
        "email": email,
        "locale": person["locale"],
        "attributes": {"orders": number * 3 % 8, "customer_number": customer_number},
        "signed": signed if verified else {},
        "verified": verified,
        "created_at": began,
    }


def _identity(contact: Values) -> Values:
    return {
        "id": uuid7(),
        "tenant_id": contact["tenant_id"],
        "contact_id": contact["id"],
        "issuer": "https://shop.demo.test",
        "subject": contact["attributes"]["customer_number"],
    }


def _reopening(tale: Tale) -> Values:
    conversation = tale.conversation
    assert conversation["status"] == ConversationStatus.SNOOZED
    return {
        "id": uuid7(),
        "tenant_id": conversation["tenant_id"],
        "kind": JobKind.UNSNOOZE,
        "key": f"{conversation['id']}:{conversation['last_seq']}",
        "payload": {"conversation_id": str(conversation["id"])},
        "due_at": conversation["snoozed_until"],
    }


async def _agent(
    email: str, name: str, role: str, languages: tuple[str, ...], known: Mapping[str, str]
) -> tuple[Values, str]:
    password = known.get(email) or f"chorus-{secrets.token_urlsafe(12)}"
    row = {
        "id": uuid7(),
        "email": email,
        "name": name,
        "role": role,
        "languages": list(languages),
        "capacity": 5,
        "password_hash": await asyncio.to_thread(PasswordHasher().hash, password),
    }
    return row, password


async def _found(db: Db, known: Mapping[str, str]) -> SeedResult | None:
    async with db.read(None) as read:
        tenant_id: UUID | None = await read.scalar(_TENANT_ID, {"slug": TENANT})
        if tenant_id is None:
            return None
        inboxes = await read.execute(_INBOX_KEYS, {"tenant": tenant_id})
        keys = {row.name: row.public_key for row in inboxes}
        emails = [email for email, *_ in PEOPLE]
        agents = await read.execute(_PEOPLE, {"tenant": tenant_id, "emails": emails})
        people = sorted(agents, key=lambda agent: emails.index(agent.email))
    await _renew_passwords(db, tenant_id, people, known)
    seeded = tuple(
        SeededAgent(one.id, one.email, one.name, one.role, known.get(one.email)) for one in people
    )
    return SeedResult(
        TENANT,
        tenant_id,
        keys.get(_DEMO_INBOX, ""),
        keys.get(_LOAD_INBOX, ""),
        seeded,
        created=False,
        bot_inbox_key=keys.get(demo_bot.INBOX, ""),
    )


async def _renew_passwords(
    db: Db, tenant_id: UUID, people: Sequence[Any], known: Mapping[str, str]
) -> None:
    """Give the wanted password to whoever has another one: a new data folder has new ones."""
    stale: list[dict[str, Any]] = []
    for agent in people:
        wanted = known.get(agent.email)
        if wanted and not await asyncio.to_thread(_fits, agent.password_hash, wanted):
            hashed = await asyncio.to_thread(PasswordHasher().hash, wanted)
            stale.append({"agent": agent.id, "hashed": hashed})
    if not stale:
        return
    async with db.transaction(tenant_id) as tx:
        await tx.execute(text("SET LOCAL ROLE chorus_app"))
        await tx.execute(_RENEW, stale)


def _fits(hashed: str | None, password: str) -> bool:
    try:
        return PasswordHasher().verify(hashed or "", password)
    except (VerificationError, InvalidHashError):
        return False
