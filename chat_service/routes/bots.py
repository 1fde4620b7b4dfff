"""Bots over REST: who they are, whether they speak, and by which table they decide."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Response

from chat_service import bot_admin
from chat_service.routes.admin_parts import ADMIN, READ, Asked, By, IdempotencyKey, listed, once_of
from chat_service.routes.bot_shapes import BotAnswer, BotChange, BotList, NewBot
from chat_service.routes.guard import Route, Who, With
from chat_service.store.admin_bots import BotRow
from chorus.web import json_response

BotId = Annotated[UUID, Path(alias="botId")]


async def bots(resources: With, who: Who, asked: Asked) -> Response:
    """In order of name."""
    return listed(await bot_admin.read_page(resources.db, who, asked), _bot)


async def bot_shown(bot_id: BotId, resources: With, who: Who) -> Response:
    return json_response(_bot(await bot_admin.read_one(resources.db, who, bot_id)))


async def bot_made(
    body: NewBot, resources: With, by: By, idempotency_key: IdempotencyKey = None
) -> Response:
    """A bot of its own name, bound to no inbox yet: `PATCH /admin/inboxes/{id} {botId}` does that.
    409 `NAME_TAKEN`.
    """
    once = once_of(by.principal, "bot.create", idempotency_key, body)
    made = await bot_admin.create(resources.commands, by, _chosen(body), once)
    return json_response(_bot(made), 201)


async def bot_changed(bot_id: BotId, body: BotChange, resources: With, by: By) -> Response:
    """What is left out stays; `settings` are replaced as a whole. It holds from the next turn on."""
    return json_response(
        _bot(await bot_admin.change(resources.commands, by, bot_id, _chosen(body)))
    )


async def bot_removed(bot_id: BotId, resources: With, by: By) -> Response:
    """What it did stays in reports, its name is free again. 409 `BOT_BOUND` while an inbox has it:
    `PATCH /admin/inboxes/{id} {botId: null}` first.
    """
    await bot_admin.remove(resources.commands, by, bot_id)
    return Response(status_code=204)


def _chosen(body: BotChange) -> dict[str, Any]:
    chosen = body.model_dump(exclude_unset=True, exclude={"settings"})
    if "settings" in body.model_fields_set:
        settings = body.settings.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if "policy" in settings:
            # As the table itself is spelled.
            settings["policy"] = body.settings.policy.model_dump(exclude_unset=True)
        chosen["settings"] = settings
    return chosen


def _bot(row: BotRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "persona": row.persona,
        "instructions": row.instructions,
        "mode": row.mode,
        "enabled": row.enabled,
        "inboxIds": row.inbox_ids,
        "settings": _shown(row.settings),
    }


def _shown(settings: dict[str, Any]) -> dict[str, Any]:
    policy = settings.get("policy")
    if policy is None:
        return settings
    return settings | {"policy": {_camel(name): value for name, value in policy.items()}}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(one.title() for one in others)


_ALL, _ONE = "/admin/bots", "/admin/bots/{botId}"

ROUTES = (
    Route("GET", _ALL, bots, READ, "List bots", BotList),
    Route("POST", _ALL, bot_made, ADMIN, "Make a bot", BotAnswer, status=201),
    Route("GET", _ONE, bot_shown, READ, "A bot", BotAnswer),
    Route("PATCH", _ONE, bot_changed, ADMIN, "Change a bot", BotAnswer),
    Route("DELETE", _ONE, bot_removed, ADMIN, "Delete a bot that no inbox has", status=204),
)
