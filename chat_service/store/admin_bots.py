"""SQL on bots as those who set them up see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.name_pages import AFTER, Stretch
from chat_service.store.rows import every, first, one_id
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class BotRow:
    """A bot, with the inboxes it is bound to."""

    id: UUID
    name: str
    persona: str
    instructions: str
    mode: str
    enabled: bool
    inbox_ids: list[UUID]
    settings: dict[str, Any]


_COLUMNS: Final = """
SELECT b.id, b.name, b.persona, b.instructions, b.mode, b.state = 'enabled',
    ARRAY(SELECT i.id FROM inboxes i WHERE i.tenant_id = b.tenant_id AND i.bot_id = b.id
        ORDER BY i.name, i.id), b.settings
FROM bots b WHERE b.tenant_id = :tenant AND b.archived_at IS NULL
"""
_PAGE = text(f"{_COLUMNS} AND {AFTER.format('b')}")
_ONE = text(f"{_COLUMNS} AND b.id = :id")
_NAMED = text(
    "SELECT id FROM bots WHERE tenant_id = :tenant AND name = :name AND id <> :id"
    " AND archived_at IS NULL"
)
_BOUND = text("SELECT name FROM inboxes WHERE tenant_id = :tenant AND bot_id = :id ORDER BY name")
_ARCHIVE = text("UPDATE bots SET archived_at = :at WHERE tenant_id = :tenant AND id = :id")
_INSERT = text("INSERT INTO bots (id, tenant_id, name) VALUES (:id, :tenant, :name)")
_UPDATE = text(
    "UPDATE bots SET name = :name, persona = :persona, instructions = :instructions, mode = :mode,"
    " state = :state, settings = CAST(:settings AS jsonb) WHERE tenant_id = :tenant AND id = :id"
)


async def page(session: Reader, tenant_id: UUID, stretch: Stretch) -> list[BotRow]:
    """Bots in order of name."""
    given = {"tenant": tenant_id} | stretch.given()
    return [_row(row) for row in await every(session, _PAGE, given)]


async def card(session: Reader, tenant_id: UUID, bot_id: UUID) -> BotRow | None:
    found = await first(session, _ONE, {"tenant": tenant_id, "id": bot_id})
    return None if found is None else _row(found)


async def name_taken(session: Reader, tenant_id: UUID, name: str, *, by_other_than: UUID) -> bool:
    given = {"tenant": tenant_id, "name": name, "id": by_other_than}
    return await one_id(session, _NAMED, given) is not None


async def insert(tx: Transaction, tenant_id: UUID, bot_id: UUID, values: Mapping[str, Any]) -> None:
    """Make a bot; `values` as of a `BotRow`."""
    await tx.execute(_INSERT, {"id": bot_id, "tenant": tenant_id, "name": values["name"]})
    await update(tx, tenant_id, bot_id, values)


async def update(tx: Transaction, tenant_id: UUID, bot_id: UUID, values: Mapping[str, Any]) -> None:
    """Write what a bot is."""
    given = {
        "tenant": tenant_id,
        "id": bot_id,
        "state": "enabled" if values["enabled"] else "disabled",
        "settings": orjson.dumps(values["settings"]).decode(),
    }
    given |= {name: values[name] for name in ("name", "persona", "instructions", "mode")}
    await tx.execute(_UPDATE, given)


async def bound(session: Reader, tenant_id: UUID, bot_id: UUID) -> list[str]:
    """The inboxes that have it, by name."""
    return [row[0] for row in await every(session, _BOUND, {"tenant": tenant_id, "id": bot_id})]


async def archive(tx: Transaction, tenant_id: UUID, bot_id: UUID, *, at: datetime) -> None:
    """Delete a bot: it frees its name, and stays for what it did."""
    await tx.execute(_ARCHIVE, {"tenant": tenant_id, "id": bot_id, "at": at})


def _row(row: list[Any]) -> BotRow:
    *known, inboxes, settings = row
    read = settings if isinstance(settings, dict) else orjson.loads(settings or "{}")
    return BotRow(*[*known, [UUID(int=one.int) for one in inboxes], read])
