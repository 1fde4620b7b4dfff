"""The live board, and reports on volume, ratings and agents, as JSON and as CSV."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import Header, Query, Response

from chat_service import board, volume
from chat_service.report_figures import Span, Spread, read_span
from chat_service.resources import Resources
from chat_service.routes.csv_tables import attached, is_csv, table
from chat_service.routes.figure_shapes import (
    AgentReport,
    LiveBoard,
    RatingReport,
    SpanQuery,
    VolumeReport,
)
from chat_service.routes.guard import Needs, Route, Who, With
from chat_service.routes.reports import READERS
from chat_service.store.volume import AgentSums, Rated
from chat_service.volume import Flow
from chorus.clock import rfc3339
from chorus.web import json_response

COMMENTS_MAX: Final = 100
_NEEDS: Final = Needs("reports:read", READERS)
Asked = Annotated[SpanQuery, Query()]
Accept = Annotated[str, Header(max_length=500)]


async def live(resources: With, who: Who) -> Response:
    """Who waits and how long, who is there and how busy, what the bot answers: now. Presence is
    `unknown` while nobody can tell.
    """
    found = await board.read(resources.commands, who.tenant_id)
    now = found.now
    totals = asdict(found.sums)
    oldest = totals.pop("oldest")
    answer = {
        "at": rfc3339(now),
        "total": {_camel(name): value for name, value in totals.items()}
        | {"longestWaitSeconds": _age_s(oldest, now)},
        "queues": [
            {
                "id": one.queue_id,
                "name": one.queue,
                "waiting": one.waiting,
                "longestWaitSeconds": _age_s(one.oldest, now),
                "late": one.late,
                "deferred": one.deferred,
                "active": one.active,
                "members": one.members,
            }
            for one in found.lines
        ],
        "longest": [
            {
                "conversationId": one.conversation_id,
                "sessionId": one.session_id,
                "state": one.state,
                "queue": one.queue,
                "contactId": one.contact_id,
                "contact": one.contact,
                "waitingSeconds": _age_s(one.requested_at, now),
                "priority": one.priority,
                "late": one.sla_due_at is not None and one.sla_due_at < now,
                "offeredTo": one.offered_to,
            }
            for one in found.waiters
        ],
        "agents": [asdict(one) for one in found.agents],
        "presence": Counter(str(one.presence) for one in found.agents),
    }
    return json_response(answer)


def _age_s(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else max(0, int((now - since).total_seconds()))


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def _span(asked: SpanQuery, resources: Resources) -> Span:
    return read_span(asked.from_, asked.to, asked.tz, now=resources.clock.now())


def _named(span: Span) -> dict[str, Any]:
    return {"from": span.first, "to": span.last, "tz": span.zone.key}


async def volumes(asked: Asked, resources: With, who: Who, accept: Accept = "") -> Response:
    """What began, ended and was said; by day, by inbox, and by hour of the week. CSV: by day."""
    span = _span(asked, resources)
    found = await volume.volume(resources.db, who.tenant_id, span)
    days = [{"day": day, **_flow(flow)} for day, flow in zip(span.days, found.days, strict=True)]
    if is_csv(asked.format, accept):
        return attached(table(days), f"volume-{span.first}-{span.last}.csv")
    inboxes = [
        {"inboxId": id_, "inbox": name, "opened": opened, "closed": closed}
        for id_, name, opened, closed in found.inboxes
    ]
    return json_response(
        {
            **_named(span),
            "total": _flow(found.total),
            "firstReplySeconds": _spread(found.first_reply),
            "replied": found.replied,
            "days": days,
            "inboxes": inboxes,
            "hours": found.hours,
        }
    )


def _flow(flow: Flow) -> dict[str, Any]:
    return {"opened": flow.opened, "closed": flow.closed, "messages": flow.messages}


def _spread(spread: Spread) -> dict[str, float | None]:
    return {"p50": _round(spread.p50_s), "p90": _round(spread.p90_s)}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


async def csat(asked: Asked, resources: With, who: Who, accept: Accept = "") -> Response:
    """How conversations that ended were rated: by score, day and agent, and what was written with
    it. CSV: each rating.
    """
    span = _span(asked, resources)
    found = await volume.ratings(resources.db, who.tenant_id, span)
    if is_csv(asked.format, accept):
        lines = [_rating(one, span.days) for one in found]
        return attached(table(lines), f"csat-{span.first}-{span.last}.csv")
    scores = Counter(one.score for one in found)
    answer = {
        **_named(span),
        "total": {**_mean(found), "scores": {str(one): scores[one] for one in range(1, 6)}},
        "days": [
            {"day": day, **_mean(one for one in found if one.day == place)}
            for place, day in enumerate(span.days)
        ],
        "agents": [
            {"agentId": id_, "agent": name, **_mean(one for one in found if one.agent_id == id_)}
            for id_, name in dict.fromkeys((one.agent_id, one.agent) for one in found)
        ],
        "comments": [
            {
                "conversationId": one.conversation_id,
                "score": one.score,
                "comment": one.comment,
                "at": rfc3339(one.at),
                "agent": one.agent,
            }
            for one in found
            if one.comment
        ][:COMMENTS_MAX],
    }
    return json_response(answer)


def _mean(rated: Iterable[Rated]) -> dict[str, Any]:
    scores = [one.score for one in rated]
    return {"count": len(scores), "mean": _round(sum(scores) / len(scores)) if scores else None}


def _rating(one: Rated, days: Sequence[date]) -> dict[str, Any]:
    return {
        "day": days[one.day].isoformat(),
        "conversationId": str(one.conversation_id),
        "score": one.score,
        "agent": one.agent or "",
        "comment": one.comment or "",
    }


async def agents_report(asked: Asked, resources: With, who: Who, accept: Accept = "") -> Response:
    """What each agent was offered, took, resolved and said."""
    span = _span(asked, resources)
    found = [_agent(one) for one in await volume.agents(resources.db, who.tenant_id, span)]
    if is_csv(asked.format, accept):
        lines = [{**one, "agentId": str(one["agentId"])} for one in found]
        return attached(table(lines), f"agents-{span.first}-{span.last}.csv")
    return json_response({**_named(span), "agents": found})


def _agent(one: AgentSums) -> dict[str, Any]:
    return {
        "agentId": one.agent_id,
        "agent": one.name,
        "offers": {"made": one.offered, "declined": one.declined, "expired": one.expired},
        "accepted": one.accepted,
        "resolved": one.resolved,
        "handleSeconds": _spread(one.handle),
        "csatCount": one.ratings,
        "csatMean": _round(one.rating_mean),
        "messages": one.messages,
        "notes": one.notes,
    }


ROUTES = (
    Route("GET", "/reports/live", live, _NEEDS, "How it stands now", LiveBoard),
    Route("GET", "/reports/volume", volumes, _NEEDS, "What came and went", VolumeReport),
    Route("GET", "/reports/csat", csat, _NEEDS, "How it was rated", RatingReport),
    Route("GET", "/reports/agents", agents_report, _NEEDS, "What agents did", AgentReport),
)
