"""Reports over REST, as JSON and as CSV."""

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import Header, Query, Response

from chat_service import reports
from chat_service.report_figures import Spread, judged, read_span
from chat_service.reports import Line, Report
from chat_service.routes.csv_tables import attached, flat, harmless, is_csv
from chat_service.routes.guard import Needs, Route, Who, With
from chat_service.routes.report_shapes import EscalationQuery, EscalationReport
from chorus.web import json_response

READERS: Final = frozenset({"supervisor", "admin", "server"})


async def escalation(
    asked: Annotated[EscalationQuery, Query()],
    resources: With,
    who: Who,
    accept: Annotated[str, Header(max_length=500)] = "",
) -> Response:
    """What became of the wishes for a person: funnel, waits, promises and ratings; in all, by queue
    and by day, from `from` to `to`, at most 92 days. CSV by `Accept: text/csv` or `format=csv`.
    """
    now = resources.clock.now()
    span = read_span(asked.from_, asked.to, asked.tz, now=now)
    report = await reports.escalation(resources.db, who.tenant_id, span, queue=asked.queue, now=now)
    if is_csv(asked.format, accept):
        return attached(_table(report), f"escalation-{span.first}-{span.last}.csv")
    verdicts = judged(report.total.sums, resources.targets)
    targets = [asdict(one) | {"met": one.met} for one in verdicts]
    return json_response(_shown(report) | {"targets": targets})


def _shown(report: Report) -> dict[str, Any]:
    return {
        "from": report.span.first,
        "to": report.span.last,
        "tz": report.span.zone.key,
        "queue": report.queue,
        "total": _figures(report.total),
        "queues": [
            {
                "queueId": queue_id,
                "queue": queue_id and report.names.get(queue_id),
                **_figures(line),
            }
            for queue_id, line in report.queues.items()
        ],
        "days": [
            {"day": day, **_figures(line)}
            for day, line in zip(report.span.days, report.days, strict=True)
        ],
    }


def _figures(line: Line) -> dict[str, Any]:
    sums = line.sums
    counted = asdict(sums)
    return {
        "funnel": {name: counted[name] for name in _FUNNEL},
        "apart": {shown: counted[name] for name, shown in _APART.items()},
        "successRate": sums.success_rate,
        "abandonRate": sums.abandon_rate,
        "serviceLevel": sums.service_level,
        "waitSeconds": _spread(sums.wait) | {"max": _round(sums.wait_max_s)},
        "handleSeconds": _spread(sums.handle),
        "etaSeconds": {
            "promised": sums.promised,
            "promisedMean": _round(sums.promised_mean_s),
            "actualMean": _round(sums.actual_mean_s),
            "late": _spread(sums.late),
        },
        "csat": {"mean": _round(sums.rating_mean), "count": sums.ratings},
        "offers": asdict(line.offers),
    }


_FUNNEL: Final = ("requested", "queued", "offered", "accepted", "resolved", "rated")
_APART: Final[Mapping[str, str]] = {
    "cancelled": "cancelled",
    "unasked": "unasked",
    "deferred": "deferred",
    "abandoned": "abandoned",
    "failed": "failed",
    "returned_to_bot": "returnedToBot",
    "waiting": "waiting",
}


def _spread(spread: Spread) -> dict[str, float | None]:
    return {"p50": _round(spread.p50_s), "p90": _round(spread.p90_s)}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _table(report: Report) -> str:
    shown = _shown(report)
    lines = [("total", "", shown["total"])]
    lines += [("queue", one.pop("queue") or "", one) for one in shown["queues"]]
    lines += [("day", one.pop("day").isoformat(), one) for one in shown["days"]]
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(["part", "name", *(name for name, _ in flat(shown["total"]))])
    for part, name, figures in lines:
        figures.pop("queueId", None)
        table.writerow([part, harmless(name), *(value for _, value in flat(figures))])
    return written.getvalue()


ROUTES = (
    Route(
        "GET",
        "/reports/escalation",
        escalation,
        Needs("reports:read", READERS),
        "What became of wishes for a person",
        EscalationReport,
    ),
)
