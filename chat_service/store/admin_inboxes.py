"""SQL on inboxes as those who set them up see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.name_pages import AFTER, Stretch
from chat_service.store.routing import WEIGHT
from chat_service.store.rows import every, first
from chorus.db import Reader, Transaction


@dataclass(frozen=True, slots=True)
class InboxCard:
    """An inbox; `weight` is how much of a capacity one of its conversations takes."""

    id: UUID
    name: str
    channel: str
    enabled: bool
    weight: int
    queue_id: UUID | None
    public_key: str
    allowed_origins: list[str]
    bot_id: UUID | None
    """Who answers or suggests in it, of our bots."""
    widget: dict[str, Any]
    """What the widget shows and does, as `docs/widget.md` has it."""
    bot: bool


_COLUMNS: Final = f"""
SELECT b.id, b.name, b.channel, b.state = 'enabled', {WEIGHT}, b.queue_id, b.public_key,
    b.allowed_origins, b.bot_id, coalesce(b.settings->'widget', '{{}}'),
    coalesce(b.settings->'bot'->>'enabled' = 'true', false)
FROM inboxes b WHERE b.tenant_id = :tenant
"""  # noqa: S608 - our own constant
_PAGE = text(f"{_COLUMNS} AND {AFTER.format('b')}")
_ONE = text(f"{_COLUMNS} AND b.id = :id")
# What a bot is set to besides stays.
_SETTINGS: Final = """
settings || CAST(:settings AS jsonb) || CASE WHEN CAST(:bot AS boolean) IS NULL THEN '{}'
    ELSE jsonb_build_object('bot', coalesce(settings->'bot', '{}')
        || jsonb_build_object('enabled', CAST(:bot AS boolean))) END
"""
_INSERT = text(
    "INSERT INTO inboxes (id, tenant_id, name, channel, public_key)"
    " VALUES (:id, :tenant, :name, 'web', :key)"
)
_UPDATE = text(
    "UPDATE inboxes SET name = :name, allowed_origins = CAST(:origins AS text[]), state = :state,"  # noqa: S608
    f" queue_id = :queue, bot_id = :bot_id, settings = {_SETTINGS} WHERE tenant_id = :tenant AND id = :id"
)
_NAMED = text("SELECT id FROM inboxes WHERE tenant_id = :tenant AND name = :name AND id <> :id")


async def page(session: Reader, tenant_id: UUID, stretch: Stretch) -> list[InboxCard]:
    """Inboxes in order of name."""
    given = {"tenant": tenant_id} | stretch.given()
    return [_card(row) for row in await every(session, _PAGE, given)]


async def card(session: Reader, tenant_id: UUID, inbox_id: UUID) -> InboxCard | None:
    found = await first(session, _ONE, {"tenant": tenant_id, "id": inbox_id})
    return None if found is None else _card(found)


async def name_taken(session: Reader, tenant_id: UUID, name: str, *, by_other_than: UUID) -> bool:
    given = {"tenant": tenant_id, "name": name, "id": by_other_than}
    return await session.scalar(_NAMED, given) is not None


async def insert(
    tx: Transaction, tenant_id: UUID, inbox_id: UUID, *, key: str, values: Mapping[str, Any]
) -> None:
    """Make an inbox for web pages; `values` as of an `InboxCard`."""
    named = {"id": inbox_id, "tenant": tenant_id, "name": values["name"], "key": key}
    await tx.execute(_INSERT, named)
    await update(tx, tenant_id, inbox_id, values)


async def update(
    tx: Transaction, tenant_id: UUID, inbox_id: UUID, values: Mapping[str, Any]
) -> None:
    """Write what an inbox is; of its settings only what `values` have, those of others stay."""
    settings = {name: values[name] for name in ("weight", "widget") if name in values}
    given = {
        "tenant": tenant_id,
        "id": inbox_id,
        "name": values["name"],
        "origins": values["allowed_origins"],
        "state": "enabled" if values["enabled"] else "disabled",
        "queue": values["queue_id"],
        "settings": orjson.dumps(settings).decode(),
        "bot": values.get("bot"),
        "bot_id": values["bot_id"],
    }
    await tx.execute(_UPDATE, given)


def _card(row: list[Any]) -> InboxCard:
    *known, widget, bot = row
    read = widget if isinstance(widget, dict) else orjson.loads(widget or "{}")
    return InboxCard(*[*known, read, bot])
