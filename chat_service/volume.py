"""Reports on volume, ratings and agents: what happened in some days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chat_service.report_figures import Span, Spread
from chat_service.store import volume as store
from chat_service.store.volume import AgentSums, Days, Rated
from chorus.db import Db

SPOKEN = ("customer", "agent", "bot", "note")


@dataclass(frozen=True, slots=True)
class Flow:
    """How much came and went."""

    opened: int
    closed: int
    messages: Mapping[str, int]
    """By customer, agent, bot and note."""


@dataclass(frozen=True, slots=True)
class Volume:
    span: Span
    total: Flow
    days: Sequence[Flow]
    inboxes: Sequence[tuple[UUID, str, int, int]]
    """Id, name, opened, closed."""
    hours: Sequence[Sequence[int]]
    """Conversations that began: seven days from Monday, 24 hours each."""
    replied: int
    first_reply: Spread


async def volume(db: Db, tenant_id: UUID, span: Span) -> Volume:
    """Count what began, ended and was said."""
    days = days_of(tenant_id, span)
    async with db.read(tenant_id) as session:
        opened = await store.opened(session, days)
        closed = await store.closed(session, days)
        said = await store.said(session, days)
        begun = await store.hours(session, days)
        replied, first_reply = await store.first_replies(session, days)
        names = await store.inbox_names(session, tenant_id)
    week = [[0] * 24 for _ in range(7)]
    for day, hour, count in begun:
        week[day][hour] = count
    inboxes = [(id_, name, _of(opened, id_), _of(closed, id_)) for id_, name in names.items()]
    flows = [_flow(opened, closed, said, day) for day in range(len(span.days))]
    total = _flow(opened, closed, said, None)
    return Volume(span, total, flows, inboxes, week, replied, first_reply)


def days_of(tenant_id: UUID, span: Span) -> Days:
    return Days(tenant_id, span.starts, span.until, span.zone.key)


def _flow(
    opened: Sequence[tuple[int, UUID, int]],
    closed: Sequence[tuple[int, UUID, int]],
    said: Sequence[tuple[int, str, int]],
    day: int | None,
) -> Flow:
    """What happened on a day, or on all of them."""

    def of_day(rows: Sequence[tuple[int, object, int]]) -> int:
        return sum(count for at, _, count in rows if day in (None, at))

    spoken = {who: of_day([row for row in said if row[1] == who]) for who in SPOKEN}
    return Flow(of_day(opened), of_day(closed), spoken)


def _of(rows: Sequence[tuple[int, UUID, int]], inbox_id: UUID) -> int:
    return sum(count for _, where, count in rows if where == inbox_id)


async def ratings(db: Db, tenant_id: UUID, span: Span) -> list[Rated]:
    """The ratings of conversations that ended then, the latest first."""
    async with db.read(tenant_id) as session:
        return await store.rated(session, days_of(tenant_id, span))


async def agents(db: Db, tenant_id: UUID, span: Span) -> list[AgentSums]:
    """What each agent did."""
    async with db.read(tenant_id) as session:
        return await store.agents(session, days_of(tenant_id, span))
