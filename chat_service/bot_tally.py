"""Counts, once an hour, whom bots have helped and who came back: what alarms look at.

The truth is the report (`bot_report`); what a conductor was not there for is not counted again.
"""

from datetime import datetime, timedelta
from typing import Final

from chat_service.bot_report import REOPENED_WITHIN_DAYS
from chat_service.jobs import Tools
from chat_service.store import bot_report as store
from chat_service.store.bot_report import QUIET, Slice
from chorus import metrics

RESOLVED: Final = "resolved"
REOPENED: Final = "reopened"
HOUR: Final = timedelta(hours=1)
WITHIN: Final = timedelta(days=REOPENED_WITHIN_DAYS)


class Tally:
    """Remembers up to which hour it has counted; a new one begins with the hour it is made in."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._until = _hour(tools.clock.now())

    async def step(self) -> None:
        """Count the hours that are over.

        Raises:
            Unavailable, Overloaded: PostgreSQL cannot be reached; nothing of them is counted yet.
        """
        until = _hour(self._tools.clock.now())
        if until <= self._until:
            return
        resolved = reopened = 0
        async with self._tools.db.read(None) as session:
            for tenant_id in await store.tenants(session):
                # A day later it shows whether an answer stood, a week later whether somebody came back.
                cut = Slice(tenant_id, [self._until - QUIET], until - QUIET, until, WITHIN)
                resolved += (await store.endings(session, cut))[0]
                cut = Slice(tenant_id, [self._until - WITHIN], until - WITHIN, until, WITHIN)
                reopened += (await store.endings(session, cut))[1]
        metrics.bot_outcomes_total.labels(RESOLVED).inc(resolved)
        metrics.bot_outcomes_total.labels(REOPENED).inc(reopened)
        self._until = until


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
