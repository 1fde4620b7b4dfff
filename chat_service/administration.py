"""What every change of the configuration has in common (DESIGN §5, §6).

One at a time in a tenant, and never in the middle of a routing round; only by who may still work;
audited; heard by the router as soon as it is committed.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from chat_service import audit, events
from chat_service.deeds import Commands
from chat_service.emit import router_word
from chat_service.store import people, routing, work
from chat_service.store.work import CommandKey
from chorus.auth import Principal
from chorus.db import Transaction
from chorus.errors import BadRequest, Conflict, Forbidden, KeyReused


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something, and from which address."""

    principal: Principal
    address: str


@dataclass(frozen=True, slots=True)
class Revision:
    """A change of a tenant's configuration on its way."""

    tx: Transaction
    author: Author
    now: datetime

    @property
    def tenant_id(self) -> UUID:
        return self.author.principal.tenant_id


class Kind(StrEnum):
    """What can be changed."""

    QUEUE = "queue"
    TEAM = "team"
    INBOX = "inbox"
    BOT = "bot"
    AGENT = "agent"
    API_KEY = "api_key"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Subject:
    kind: Kind
    id: UUID


class Action(StrEnum):
    """What is done to it."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    INVITED = "invited"
    DISABLED = "disabled"
    ENABLED = "enabled"


class NameTaken(Conflict):
    """There is one of this name already."""

    @property
    def slug(self) -> str:
        return "NAME_TAKEN"


@asynccontextmanager
async def revising(commands: Commands, author: Author) -> AsyncIterator[Revision]:
    """Change the configuration of a tenant alone, and wake its router afterwards.

    Raises:
        Forbidden: an agent who was shut out meanwhile.
    """
    who = author.principal
    async with commands.db.transaction(who.tenant_id) as tx:
        await routing.lock_tenant(tx, who.tenant_id)
        known = await people.agent(tx, who.tenant_id, who.user_id)
        if known is None or known.disabled_at is not None:
            raise Forbidden
        tx.after_commit(lambda: commands.publisher.publish([router_word(who.tenant_id)]))
        yield Revision(tx, author, commands.clock.now())


async def record(
    revision: Revision, subject: Subject, action: Action, detail: Mapping[str, Any]
) -> None:
    """Write into the audit log who did what, and tell whoever follows domain events."""
    author = revision.author
    await audit.write(
        revision.tx,
        author.principal,
        f"{subject.kind}.{action}",
        subject=f"{subject.kind}:{subject.id}",
        detail=detail,
        address=author.address,
    )
    who = author.principal
    told = {
        "kind": subject.kind,
        "id": str(subject.id),
        "action": action,
        "by": str(who.user_id),
    }
    row = events.outbox_row(events.ROUTING_CHANGED, who.tenant_id, told)
    await work.tell_outbox(revision.tx, [row])


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What is new of `after`: field → {from, to}."""
    return {
        name: {"from": before[name], "to": value}
        for name, value in after.items()
        if before[name] != value
    }


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key, and what was asked for under it."""

    id: UUID
    asked: Mapping[str, Any]


async def made_before(revision: Revision, once: Once | None) -> UUID | None:
    """What was made under this key; None: nothing yet, and `keep` what is made now.

    Raises:
        KeyReused: the key stood for something else.
    """
    if once is None:
        return None
    key = _key(revision, once)
    if await work.claim_command(revision.tx, key):
        return None
    found = await work.command_answer(revision.tx, key)
    if found is None or found[0] != key.body_hash:
        raise KeyReused
    return UUID(found[1]["id"])


async def keep(revision: Revision, once: Once | None, id_: UUID) -> None:
    """Remember what was made under a key."""
    if once is not None:
        await work.save_answer(revision.tx, _key(revision, once), {"id": str(id_)})


def _key(revision: Revision, once: Once) -> CommandKey:
    who = revision.author.principal
    asked = orjson.dumps(dict(once.asked), option=orjson.OPT_SORT_KEYS, default=str)
    return CommandKey(who.tenant_id, who.user_id, once.id, blake2b(asked, digest_size=16).digest())


def wrong(field: str, what: str) -> BadRequest:
    """Say which field is wrong, as REST spells it, and why."""
    return BadRequest(f"`{field}` {what}", field=field)
