"""Counts, once an hour, whom bots have helped and who came back: what alarms look at.

The truth is the report (`bot_report`); what a conductor was not there for is not counted again.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chat_service.bot_report import REOPENED_WITHIN_DAYS
from chat_service.jobs import Tools
from chat_service.store import bot_report as store
from chat_service.store.bot_report import QUIET, Slice
from chorus import metrics
from chorus.errors import Overloaded, Unavailable
from chorus.log import get_logger

log = get_logger(__name__)

RESOLVED: Final = "resolved"
REOPENED: Final = "reopened"
HOUR: Final = timedelta(hours=1)
WITHIN: Final = timedelta(days=REOPENED_WITHIN_DAYS)
BEHIND_MAX: Final = timedelta(hours=3)
"""Of more nothing is made up for: a window that grows while it cannot be read never can be."""


class Tally:
    """Remembers up to which hour it has counted; a new one begins with the hour it is made in."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._until = _hour(tools.clock.now())

    async def step(self) -> None:
        """Count the hours that are over. Whose cannot be counted now are left out, and hinder nobody.

        Raises:
            Unavailable, Overloaded: PostgreSQL cannot be reached; nothing of them is counted yet.
        """
        until = _hour(self._tools.clock.now())
        if until <= self._until:
            return
        async with self._tools.db.read(None) as session:
            tenants = await store.tenants(session)
        since, self._until = max(self._until, until - BEHIND_MAX), until
        for tenant_id in tenants:
            try:
                await self._count(tenant_id, since, until)
            except (Unavailable, Overloaded) as error:
                log.warning(
                    "bot_outcomes_uncounted", tenant_id=str(tenant_id), error=type(error).__name__
                )
            except Exception:
                log.exception("bot_outcomes_uncounted", tenant_id=str(tenant_id))

    async def _count(self, tenant_id: UUID, since: datetime, until: datetime) -> None:
        # A day later it shows whether an answer stood, a week later whether somebody came back.
        stood = Slice(tenant_id, [since - QUIET], until - QUIET, until, WITHIN)
        seen = Slice(tenant_id, [since - WITHIN], until - WITHIN, until, WITHIN)
        async with self._tools.db.read(tenant_id) as session:
            resolved, _ = await store.endings(session, stood)
            _, reopened = await store.endings(session, seen)
        metrics.bot_outcomes_total.labels(RESOLVED).inc(resolved)
        metrics.bot_outcomes_total.labels(REOPENED).inc(reopened)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
