"""The report on proposed replies, as JSON and as CSV."""

from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import Header, Query, Response

from chat_service import proposals
from chat_service.proposals import ASKED, Figures
from chat_service.report_figures import read_span
from chat_service.routes.assist_shapes import AssistReport
from chat_service.routes.csv_tables import attached, is_csv, table
from chat_service.routes.figure_shapes import SpanQuery
from chat_service.routes.guard import Needs, Route, Who, With
from chat_service.routes.reports import READERS
from chorus.web import json_response

_NEEDS: Final = Needs("reports:read", READERS)


async def assist_reported(
    asked: Annotated[SpanQuery, Query()],
    resources: With,
    who: Who,
    accept: Annotated[str, Header(max_length=500)] = "",
) -> Response:
    """How many replies were proposed to agents and what became of them: in all, by source, and by
    day. CSV: by day and source.
    """
    span = read_span(asked.from_, asked.to, asked.tz, now=resources.clock.now())
    found = await proposals.report(resources.db, who.tenant_id, span)
    if is_csv(asked.format, accept):
        lines = [
            {"day": span.days[day].isoformat(), "source": source, **_figures(figures)}
            for (day, source), figures in found.lines.items()
        ]
        nothing = {"day": span.first.isoformat(), "source": ASKED, **_figures(Figures())}
        return attached(table(lines, like=nothing), f"assist-{span.first}-{span.last}.csv")
    return json_response(
        {
            "from": span.first,
            "to": span.last,
            "tz": span.zone.key,
            "total": _figures(found.total),
            "sources": {source: _figures(one) for source, one in found.sources.items()},
            "days": [
                {"day": day, **_figures(one)}
                for day, one in zip(span.days, found.days, strict=True)
            ],
        }
    )


def _figures(one: Figures) -> dict[str, Any]:
    counts = asdict(one)
    return {"shown": counts.pop("shown"), "asIs": counts.pop("as_is"), **counts, "share": one.share}


ROUTES = (
    Route(
        "GET",
        "/reports/assist",
        assist_reported,
        _NEEDS,
        "What became of proposed answers",
        AssistReport,
    ),
)
