"""The report on bots, as JSON and as CSV."""

from datetime import date, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header, Query, Response

from chat_service import bot_report
from chat_service.bot_report import Figures
from chat_service.report_figures import read_span
from chat_service.routes.csv_tables import attached, is_csv, table
from chat_service.routes.figure_shapes import BotQuery, BotReport
from chat_service.routes.guard import Needs, Route, Who, With
from chat_service.routes.reports import READERS
from chorus.web import json_response

_NEEDS: Final = Needs("reports:read", READERS)


async def bots_reported(
    asked: Annotated[BotQuery, Query()],
    resources: With,
    who: Who,
    accept: Annotated[str, Header(max_length=500)] = "",
) -> Response:
    """Whom bots helped, handed over and saw again: in all, by bot, and by day. CSV: by bot and day,
    reasons in one column.
    """
    now = resources.clock.now()
    span = read_span(asked.from_, asked.to, asked.tz, now=now)
    within = timedelta(days=asked.reopened_within)
    found = await bot_report.report(
        resources.db, who.tenant_id, span, reopened_within=within, now=now
    )
    if is_csv(asked.format, accept):
        lines = [
            _line(span.days[day], bot_id, found.names.get(bot_id, ""), figures)
            for (day, bot_id), figures in found.lines.items()
        ]
        nobody = _line(span.first, UUID(int=0), "", Figures())
        return attached(table(lines, like=nobody), f"bot-{span.first}-{span.last}.csv")
    answer = {
        "from": span.first,
        "to": span.last,
        "tz": span.zone.key,
        "reopenedWithin": asked.reopened_within,
        "total": _figures(found.total),
        "bots": [
            {"botId": bot_id, "bot": found.names.get(bot_id), **_figures(figures)}
            for bot_id, figures in found.bots.items()
        ],
        "days": [
            {"day": day, **_figures(figures)}
            for day, figures in zip(span.days, found.days, strict=True)
        ],
    }
    return json_response(answer)


def _figures(one: Figures) -> dict[str, Any]:
    return {
        "conversations": one.conversations,
        "answered": one.answered,
        "resolved": one.resolved,
        "handedOff": one.handed_off,
        "toPerson": one.to_person,
        "open": one.open,
        "left": one.left,
        "reopened": one.reopened,
        "resolutionRate": one.resolution_rate,
        "handoffRate": one.handoff_rate,
        "reopenRate": one.reopen_rate,
        "suggestions": {"made": one.suggested, "used": one.suggestions_used},
        "handoffReasons": dict(one.reasons.most_common()),
    }


def _line(day: date, bot_id: UUID, name: str, figures: Figures) -> dict[str, Any]:
    return {
        "day": day.isoformat(),
        "botId": str(bot_id),
        "bot": name,
        **_figures(figures),
        "handoffReasons": _spelled(figures),
    }


def _spelled(one: Figures) -> str:
    return ", ".join(f"{reason}: {count}" for reason, count in one.reasons.most_common())


ROUTES = (Route("GET", "/reports/bot", bots_reported, _NEEDS, "What bots did", BotReport),)
