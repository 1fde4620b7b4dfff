"""The agents' inbox: a page of a view, and rows again when they changed."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service.handoff_news import offer_frame
from chat_service.inbox_filters import narrowed
from chat_service.store import inbox as store
from chat_service.store import lines, open_offers
from chat_service.store import viewers as sight
from chat_service.store.inbox import Asked, InboxRecord
from chorus.auth import Principal
from chorus.clock import rfc3339
from chorus.db import Db, Reader
from chorus.db_connect import RawConnection
from chorus.errors import BadRequest, Forbidden
from chorus.wire.common import InboxSort, InboxView
from chorus.wire.envelope import with_envelope

MAX_ROWS: Final = 200
COUNT_MAX: Final = 1_000
PRIORITY_MAX: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Page:
    items: list[InboxRecord]
    next_cursor: str | None


async def read_page(db: Db, principal: Principal, asked: Asked) -> Page:
    """Read one page, and say where the next begins."""
    async with db.read(principal.tenant_id) as session:
        return await _page(session, principal, asked)


def viewer_of(principal: Principal) -> UUID | None:
    """Whose teams decide which queues are seen; None sees all."""
    return principal.user_id if principal.role == "agent" else None


async def _page(session: Reader, principal: Principal, asked: Asked) -> Page:
    more = replace(asked, limit=asked.limit + 1, viewer_id=viewer_of(principal))
    found = await store.page(session, principal.tenant_id, more)
    items = found[: asked.limit]
    return Page(items, cursor_of(items[-1], asked.sort) if len(found) > asked.limit else None)


async def counts(db: Db, principal: Principal) -> dict[str, int]:
    """How many conversations that are not closed stand in each view, as this agent sees it."""
    async with db.read(principal.tenant_id) as session:
        return await store.counts(
            session, principal.tenant_id, principal.user_id, viewer_id=viewer_of(principal)
        )


async def count_views(
    db: Db, principal: Principal, filters: Sequence[Mapping[str, Any]]
) -> list[int]:
    """How many rows each view has for this agent, at most `COUNT_MAX`."""
    if not filters:
        return []
    viewer_id = viewer_of(principal)
    wanted = [replace(_counting(one, principal), viewer_id=viewer_id) for one in filters]
    async with db.read(principal.tenant_id) as session:
        return await store.sizes(session, principal.tenant_id, wanted)


def _counting(filters: Mapping[str, Any], principal: Principal) -> Asked:
    wish = Wish(filters.get("view", InboxView.ALL), limit=COUNT_MAX)
    return asked_of(wish, filters, agent_id=principal.user_id)


async def opened(db: Db, principal: Principal, asked: Asked) -> list[tuple[str, dict[str, Any]]]:
    """What answers `inbox.open`: the page, and how each queue stands."""
    if not principal.is_agent:
        raise Forbidden
    async with db.read(principal.tenant_id) as session:
        page = await _snapshot(session, principal, asked)
        queues = await lines.counts(session, principal.tenant_id, viewer_id=viewer_of(principal))
    return [("inbox.snapshot", page), ("inbox.counts", {"queues": queues})]


async def _snapshot(session: Reader, principal: Principal, asked: Asked) -> dict[str, Any]:
    page = await _page(session, principal, asked)
    counts = await store.counts(
        session, principal.tenant_id, principal.user_id, viewer_id=viewer_of(principal)
    )
    data: dict[str, Any] = {
        "view": str(asked.view),
        "items": [item_of(one) for one in page.items],
        "counts": counts,
    }
    return data if page.next_cursor is None else {**data, "next": page.next_cursor}


async def read_rows(db: Db, principal: Principal, ids: Sequence[UUID]) -> dict[str, Any]:
    """Rows by conversation, and who sees which queue: a gateway asks for all its agents at once.

    What is not there any more, or not of this tenant, is left out.
    """
    if not principal.is_agent:
        raise Forbidden
    async with db.read(principal.tenant_id) as session:
        found = await store.rows(session, principal.tenant_id, ids[:MAX_ROWS])
        viewers = await sight.viewers(session, principal.tenant_id)
    return {"items": [item_of(one) for one in found], "viewers": viewers}


async def offers(
    raw: RawConnection, agent_ids: Sequence[UUID], *, now: datetime
) -> list[tuple[UUID, str]]:
    """The open offers of agents as frames that name their conversation."""
    packets = await open_offers.of_agents(raw, agent_ids) if agent_ids else []
    return [
        (
            one.agent_id,
            with_envelope(offer_frame(one, now=now), conv=str(one.conversation_id)).decode(),
        )
        for one in packets
    ]


def item_of(row: InboxRecord) -> dict[str, Any]:
    """An inbox row as the wire spells it (`InboxItem`)."""
    item: dict[str, Any] = {
        "conv": str(row.id),
        "rev": row.last_seq,
        "status": row.status,
        "floor": {"holder": row.floor_holder, "epoch": row.floor_epoch},
        "session": row.session,
        "queue": row.queue,
        "assignee": str(row.assignee_id) if row.assignee_id else None,
        "contact": {
            "id": str(row.contact_id),
            "name": row.contact_name,
            "verified": row.contact_verified,
        },
        "preview": row.preview,
        "unread": row.unread,
        "waiting_since": rfc3339(row.waiting_since) if row.waiting_since else None,
        "priority": row.priority,
        "tags": row.tags,
        "channel": row.channel,
        "last_ts": rfc3339(row.last_ts),
        "inbox": str(row.inbox_id),
        "snoozed_until": rfc3339(row.snoozed_until) if row.snoozed_until else None,
        "mentions": sorted(map(str, row.mentioned)) if row.mentioned else None,
        "intent": row.intent,
        "sentiment": row.sentiment,
        "language": row.language,
    }
    return {name: value for name, value in item.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Wish:
    """Which page of a view, in which order."""

    view: str
    sort: InboxSort = InboxSort.LATEST
    cursor: str | None = None
    limit: int = 50


def asked_of(wish: Wish, filters: Mapping[str, Any], *, agent_id: UUID) -> Asked:
    """Read what a client asks for.

    Raises:
        BadRequest: a filter or the cursor does not fit.
    """
    return Asked(
        view=wish.view,
        agent_id=agent_id,
        sort=wish.sort,
        after=None if wish.cursor is None else after_of(wish.cursor, wish.sort),
        limit=wish.limit,
        **narrowed(filters, agent_id=agent_id),
    )


def cursor_of(row: InboxRecord, sort: InboxSort) -> str:
    """The place of a row in its list, opaque to clients."""
    place = store.place_of(row, sort)
    spelled = place.isoformat() if isinstance(place, datetime) else place
    packed = orjson.dumps([spelled, str(row.id)])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def after_of(cursor: str, sort: InboxSort = InboxSort.LATEST) -> tuple[datetime | int, UUID]:
    """Read a cursor of ours.

    Raises:
        BadRequest: it is none, or one of another order.
    """
    try:
        at, spelled = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if sort == InboxSort.PRIORITY:
            return _priority(at), UUID(spelled)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError(cursor)
        return moment, UUID(spelled)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise BadRequest("This cursor is none of ours.") from error


def _priority(value: object) -> int:
    if not isinstance(value, int) or abs(value) > PRIORITY_MAX:
        raise ValueError(value)
    return value
