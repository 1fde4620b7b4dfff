"""Canned replies and macros over REST: one's own and everybody's."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Response

from chat_service import commands, conversations, macros, owned, speech
from chat_service.commands import Order
from chat_service.desk import at_work
from chat_service.macros import RunMacro
from chat_service.owned import MACROS, REPLIES
from chat_service.routes.admin_parts import By
from chat_service.routes.desk_parts import READ, WRITE, ConversationId
from chat_service.routes.desk_shapes import (
    Macro,
    MacroChange,
    MacroList,
    MacroRun,
    NewMacro,
    NewReply,
    RenderedText,
    Reply,
    ReplyChange,
    ReplyList,
    RunBody,
    TextBody,
)
from chat_service.routes.guard import AGENTS, Needs, Route, Who, With
from chat_service.store import texts
from chat_service.store.owned import Owned
from chat_service.variables import render
from chorus.clock import rfc3339
from chorus.errors import NotFound
from chorus.web import json_response

ReplyId = Annotated[UUID, Path(alias="replyId")]
MacroId = Annotated[UUID, Path(alias="macroId")]


async def replies(resources: With, who: Who) -> Response:
    """Your own and everybody's, in order of their shortcuts, at most 1,000."""
    found = await owned.read_all(resources.db, who, REPLIES)
    return json_response({"items": [_shown(one) for one in found]})


async def reply_made(body: NewReply, resources: With, by: By) -> Response:
    """409 `NAME_TAKEN` where its owner has one of this shortcut and language."""
    chosen = body.model_dump(exclude_unset=True) | {"language": body.language}
    made = await owned.create(resources.commands, by, REPLIES, chosen)
    return json_response(_shown(made), 201)


async def reply_changed(reply_id: ReplyId, body: ReplyChange, resources: With, by: By) -> Response:
    """What is left out stays."""
    chosen = body.model_dump(exclude_unset=True)
    found = await owned.change(resources.commands, by, REPLIES, reply_id, chosen=chosen)
    return json_response(_shown(found))


async def reply_removed(reply_id: ReplyId, resources: With, by: By) -> Response:
    await owned.remove(resources.commands, by, REPLIES, reply_id)
    return Response(status_code=204)


async def rendered(
    conversation_id: ConversationId, body: TextBody, resources: With, who: Who
) -> Response:
    """A text with its variables as they would be sent here, and those that have no value."""
    async with resources.db.read(who.tenant_id) as session:
        await at_work(session, who)
        facts = await texts.facts(session, who.tenant_id, conversation_id, agent_id=who.user_id)
    if facts is None:
        raise NotFound
    found = render(body.text, facts)
    return json_response({"text": found.text, "missing": found.missing, "unknown": found.unknown})


async def all_macros(resources: With, who: Who) -> Response:
    """Your own and everybody's, in order of name, at most 1,000."""
    found = await owned.read_all(resources.db, who, MACROS)
    return json_response({"items": [_shown(one) for one in found]})


async def macro_made(body: NewMacro, resources: With, by: By) -> Response:
    """409 `NAME_TAKEN` where its owner has one of this name."""
    made = await owned.create(resources.commands, by, MACROS, _chosen(body))
    return json_response(_shown(made), 201)


async def macro_changed(macro_id: MacroId, body: MacroChange, resources: With, by: By) -> Response:
    """What is left out stays; `actions` are replaced as a whole."""
    found = await owned.change(resources.commands, by, MACROS, macro_id, chosen=_chosen(body))
    return json_response(_shown(found))


async def macro_removed(macro_id: MacroId, resources: With, by: By) -> Response:
    await owned.remove(resources.commands, by, MACROS, macro_id)
    return Response(status_code=204)


async def macro_run(
    conversation_id: ConversationId, macro_id: MacroId, body: RunBody, resources: With, who: Who
) -> Response:
    """What it says is said first; then all it does is done, or nothing. The same `id` again says
    and does nothing twice. 422 `MISSING_VARIABLES` names what has no value here, in `missing`.
    """
    now = resources.clock.now()
    async with resources.db.read(who.tenant_id) as session:
        await at_work(session, who)
        macro = await owned.read_one(session, who, MACROS, macro_id)
        await conversations.enter(session, who, conversation_id)
        facts = await texts.facts(session, who.tenant_id, conversation_id, agent_id=who.user_id)
    plan = macros.plan(
        macro.values["actions"], facts or {}, run_id=body.id, me=who.user_id, now=now
    )
    where, expected = (resources.db, resources.publisher, resources.clock), body.expected_seq
    said = []
    for frame in plan.words:
        words = frame.model_copy(update={"expected_seq": expected})
        said.append(await speech.say(where, who, conversation_id, words))
        expected = None
    done = None
    if plan.steps:
        wish = RunMacro(id=body.id, steps=plan.steps)
        named = {"macro": str(macro_id)}
        order = Order(wish, body.id, conversation_id, wish=wish, body=named)
        done = (await commands.carry_out(resources.commands, who, order)).answer
    return json_response({"said": said, "done": done})


def _chosen(body: MacroChange) -> dict[str, Any]:
    chosen = body.model_dump(exclude_unset=True, exclude={"actions"})
    if "actions" in body.model_fields_set:
        chosen["actions"] = [
            one.model_dump(mode="json", exclude_unset=True) for one in body.actions
        ]
    return chosen


def _shown(one: Owned) -> dict[str, Any]:
    shown = {"id": one.id, **one.values, "shared": one.owner_id is None}
    if "actions" in shown:
        shown["actions"] = [_spelled(action) for action in shown["actions"]]
    return shown | {"updatedAt": rfc3339(one.updated_at)}


_CAMEL = {"add_tags": "addTags", "remove_tags": "removeTags"}


def _spelled(action: dict[str, Any]) -> dict[str, Any]:
    return {_CAMEL.get(name, name): value for name, value in action.items()}


_REPLIES, _MACROS = "/livechat/canned-replies", "/livechat/macros"
_HERE = "/livechat/conversations/{conversationId}"
_RUN = Needs("chat:write", AGENTS, meter="command")

ROUTES = (
    Route("GET", _REPLIES, replies, READ, "Canned replies", ReplyList),
    Route("POST", _REPLIES, reply_made, WRITE, "Make a canned reply", Reply, status=201),
    Route("PATCH", f"{_REPLIES}/{{replyId}}", reply_changed, WRITE, "Change a canned reply", Reply),
    Route(
        "DELETE",
        f"{_REPLIES}/{{replyId}}",
        reply_removed,
        WRITE,
        "Throw a canned reply away",
        status=204,
    ),
    Route("POST", f"{_HERE}/rendered", rendered, READ, "Fill in a text's variables", RenderedText),
    Route("GET", _MACROS, all_macros, READ, "Macros", MacroList),
    Route("POST", _MACROS, macro_made, WRITE, "Make a macro", Macro, status=201),
    Route("PATCH", f"{_MACROS}/{{macroId}}", macro_changed, WRITE, "Change a macro", Macro),
    Route(
        "DELETE", f"{_MACROS}/{{macroId}}", macro_removed, WRITE, "Throw a macro away", status=204
    ),
    Route("POST", f"{_HERE}/macros/{{macroId}}", macro_run, _RUN, "Run a macro", MacroRun),
)
