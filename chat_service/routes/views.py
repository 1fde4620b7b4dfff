"""Labels and saved views of the inbox over REST."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Response

from chat_service import inbox, labels, owned, preferences
from chat_service.owned import VIEWS
from chat_service.resources import Resources
from chat_service.routes.admin_parts import STAFF, By
from chat_service.routes.desk_parts import READ, WRITE
from chat_service.routes.desk_shapes import (
    Counts,
    LabelBody,
    LabelList,
    NewView,
    Preferences,
    SavedView,
    SavedViewList,
    ViewChange,
)
from chat_service.routes.guard import Route, Who, With
from chat_service.store.owned import Owned
from chorus.auth import Principal
from chorus.clock import rfc3339
from chorus.web import json_response
from chorus.wire.common import Tag

ViewId = Annotated[UUID, Path(alias="viewId")]
LabelName = Annotated[Tag, Path(alias="name")]


async def all_labels(resources: With, who: Who) -> Response:
    """What is offered, in order of name, at most 1,000; who uses a new label offers it."""
    found = await labels.read_all(resources.db, who)
    items = [
        {"name": one.name, "color": one.color, "conversations": one.conversations} for one in found
    ]
    return json_response({"items": items})


async def label_put(name: LabelName, body: LabelBody, resources: With, by: By) -> Response:
    """Offer a label, or give it another colour."""
    await labels.put(resources.commands, by, name, body.color)
    return Response(status_code=204)


async def label_removed(name: LabelName, resources: With, by: By) -> Response:
    """Offer it no more; conversations keep it."""
    await labels.remove(resources.commands, by, name)
    return Response(status_code=204)


async def counted(resources: With, who: Who) -> Response:
    """As in `inbox.snapshot`; sockets hear of queues at once, of the rest with each snapshot."""
    return json_response(await inbox.counts(resources.db, who))


async def preferences_shown(resources: With, who: Who) -> Response:
    """What you chose of your console on any device; nothing on the server reads it."""
    return json_response(await preferences.read(resources.db, who))


async def preferences_changed(body: Preferences, resources: With, who: Who) -> Response:
    """What is left out stays, null takes away. All together may have 16 KiB."""
    return json_response(await preferences.change(resources.commands, who, body.root))


async def views(resources: With, who: Who) -> Response:
    """Your own and everybody's, in order of name, each with how many you see in it."""
    found = await owned.read_all(resources.db, who, VIEWS)
    return json_response({"items": await _counted(resources, who, found)})


async def view_made(body: NewView, resources: With, by: By) -> Response:
    """409 `NAME_TAKEN` where its owner has one of this name."""
    chosen = _chosen(body) | {"sort": str(body.sort)}
    made = await owned.create(resources.commands, by, VIEWS, chosen)
    (shown,) = await _counted(resources, by.principal, [made])
    return json_response(shown, 201)


async def view_changed(view_id: ViewId, body: ViewChange, resources: With, by: By) -> Response:
    """What is left out stays; `filter` is replaced as a whole."""
    found = await owned.change(resources.commands, by, VIEWS, view_id, chosen=_chosen(body))
    (shown,) = await _counted(resources, by.principal, [found])
    return json_response(shown)


async def view_removed(view_id: ViewId, resources: With, by: By) -> Response:
    await owned.remove(resources.commands, by, VIEWS, view_id)
    return Response(status_code=204)


def _chosen(body: ViewChange) -> dict[str, Any]:
    chosen = body.model_dump(mode="json", exclude_unset=True, exclude={"filter"})
    if "filter" in body.model_fields_set:
        wanted = body.filter.model_dump(mode="json", exclude_unset=True)
        chosen["filter"] = {"view": str(body.filter.view), **wanted}
    return chosen


async def _counted(
    resources: Resources, who: Principal, found: list[Owned]
) -> list[dict[str, Any]]:
    filters = [one.values["filter"] for one in found]
    counts = await inbox.count_views(resources.db, who, filters)
    return [
        {
            "id": one.id,
            "name": one.values["name"],
            "filter": one.values["filter"],
            "sort": one.values["sort"],
            "shared": one.owner_id is None,
            "count": count,
            "updatedAt": rfc3339(one.updated_at),
        }
        for one, count in zip(found, counts, strict=True)
    ]


_LABEL, _VIEWS = "/livechat/labels/{name}", "/livechat/views"
_MINE = "/livechat/preferences"

ROUTES = (
    Route("GET", "/livechat/labels", all_labels, READ, "Labels", LabelList),
    Route("PUT", _LABEL, label_put, STAFF, "Offer a label", status=204),
    Route("DELETE", _LABEL, label_removed, STAFF, "Offer a label no more", status=204),
    Route("GET", "/livechat/counts", counted, READ, "How much there is to do", Counts),
    Route("GET", _MINE, preferences_shown, READ, "Your preferences", dict[str, Any]),
    Route("PATCH", _MINE, preferences_changed, WRITE, "Choose preferences", dict[str, Any]),
    Route("GET", _VIEWS, views, READ, "Saved views", SavedViewList),
    Route("POST", _VIEWS, view_made, WRITE, "Save a view", SavedView, status=201),
    Route("PATCH", f"{_VIEWS}/{{viewId}}", view_changed, WRITE, "Change a view", SavedView),
    Route("DELETE", f"{_VIEWS}/{{viewId}}", view_removed, WRITE, "Throw a view away", status=204),
)
