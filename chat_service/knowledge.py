"""What a tenant knows, brought and taken away. The worker cleans, cuts and indexes it (ADR-0032)."""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from chat_service import audit
from chat_service.administration import Author, NameTaken, differences, wrong
from chat_service.deeds import Commands
from chat_service.desk import at_work
from chat_service.name_pages import Page, Stretch, page_of
from chat_service.store import knowledge as store
from chat_service.store import owned
from chat_service.store.knowledge import SourceCard
from chorus.auth import Principal
from chorus.db import Db, Transaction
from chorus.errors import BadRequest, NotFound
from chorus.ids import uuid7

SOURCES_MAX: Final = 2_000
DEFAULTS: Final[Mapping[str, Any]] = {"kind": "markdown", "trust": "editor", "language": ""}
CHOSEN: Final = ("name", "kind", "trust", "language", "content")
_CONTROL: Final = re.compile("[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]")
_CONTROLS_SHARE: Final = 0.01


async def read_page(db: Db, principal: Principal, stretch: Stretch) -> Page[SourceCard]:
    """Sources in order of name."""
    async with db.read(principal.tenant_id) as session:
        found = await store.page(session, principal.tenant_id, stretch)
    return page_of(found, stretch)


async def read_one(db: Db, principal: Principal, source_id: UUID) -> SourceCard:
    """Raises NotFound for what is absent, foreign or deleted."""
    async with db.read(principal.tenant_id) as session:
        found = await store.card(session, principal.tenant_id, source_id)
    if found is None:
        raise NotFound
    return found


async def create(commands: Commands, author: Author, chosen: Mapping[str, Any]) -> SourceCard:
    """Bring a source.

    Raises:
        BadRequest: it is no text, or there are too many. NameTaken, Forbidden.
    """
    who, source_id, values = author.principal, uuid7(), {**DEFAULTS, **chosen}
    _check(values["content"])
    async with commands.db.transaction(who.tenant_id) as tx:
        await at_work(tx, who)
        await owned.alone(tx, who.tenant_id, "knowledge_sources")
        if await store.count(tx, who.tenant_id) >= SOURCES_MAX:
            raise BadRequest(f"There are {SOURCES_MAX} already.")
        await _check_name(tx, who.tenant_id, values["name"], source_id)
        await store.insert(tx, who.tenant_id, source_id, values)
        await _record(tx, author, source_id, "created", _told(values))
    return await read_one(commands.db, who, source_id)


async def change(
    commands: Commands, author: Author, source_id: UUID, chosen: Mapping[str, Any]
) -> SourceCard:
    """Bring it otherwise; what is left out stays. Raises as `create`, and NotFound."""
    who = author.principal
    async with commands.db.transaction(who.tenant_id) as tx:
        await at_work(tx, who)
        await owned.alone(tx, who.tenant_id, "knowledge_sources")
        before = await _locked(tx, who.tenant_id, source_id)
        known = {name: getattr(before, name) for name in CHOSEN}
        values = known | _fitting(before, chosen)
        new = differences(known, values)
        if not new:
            return before
        _check(values["content"])
        await _check_name(tx, who.tenant_id, values["name"], source_id)
        await store.update(tx, who.tenant_id, source_id, values)
        await _record(tx, author, source_id, "changed", {"fields": sorted(new)})
    return await read_one(commands.db, who, source_id)


async def index_again(commands: Commands, author: Author, source_id: UUID) -> SourceCard:
    """Clean, cut and index it anew, as if it had just been brought. Raises NotFound, Forbidden."""
    who = author.principal
    async with commands.db.transaction(who.tenant_id) as tx:
        await at_work(tx, who)
        before = await _locked(tx, who.tenant_id, source_id)
        values = {name: getattr(before, name) for name in CHOSEN}
        await store.update(tx, who.tenant_id, source_id, values)
        await _record(tx, author, source_id, "indexed_again", {"name": before.name})
    return await read_one(commands.db, who, source_id)


async def remove(commands: Commands, author: Author, source_id: UUID) -> None:
    """Take it away. Raises NotFound and Forbidden."""
    who = author.principal
    async with commands.db.transaction(who.tenant_id) as tx:
        await at_work(tx, who)
        before = await _locked(tx, who.tenant_id, source_id)
        await store.delete(tx, who.tenant_id, source_id)
        await _record(tx, author, source_id, "deleted", {"name": before.name})


def _fitting(before: SourceCard, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What of pairs becomes text says in which format; pairs alone have none."""
    if before.kind != "qa":
        return dict(chosen)
    if "content" in chosen:
        return {"kind": DEFAULTS["kind"], **chosen}
    if "kind" in chosen:
        raise wrong("format", "is of `content`; pairs have none.")
    return dict(chosen)


async def _locked(tx: Transaction, tenant_id: UUID, source_id: UUID) -> SourceCard:
    found = await store.lock(tx, tenant_id, source_id)
    if found is None:
        raise NotFound
    return found


def _check(content: str) -> None:
    """What surely fails later is refused at once; the worker looks closer."""
    if len(_CONTROL.findall(content)) > _CONTROLS_SHARE * len(content):
        raise wrong("content", "is binary, not text. Save it as Markdown or plain text first.")
    if not any(char.isalnum() for char in content):
        raise wrong("content", "has no word in it.")


async def _check_name(tx: Transaction, tenant_id: UUID, name: str, source_id: UUID) -> None:
    if await store.name_taken(tx, tenant_id, name, by_other_than=source_id):
        raise NameTaken("There is a source of this name already.", field="name")


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """For the audit log: its size, not its words."""
    told = {name: values[name] for name in CHOSEN if name != "content"}
    return told | {"chars": len(values["content"])}


async def _record(
    tx: Transaction, author: Author, source_id: UUID, done: str, detail: Mapping[str, Any]
) -> None:
    await audit.write(
        tx,
        author.principal,
        f"knowledge_source.{done}",
        subject=f"knowledge_source:{source_id}",
        detail=detail,
        address=author.address,
    )
