"""SQL of what bots did in some days, by stretch: acts of a bot in a conversation, a day apart at most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from chat_service.store.rows import every
from chorus.db import Reader

QUIET: Final = timedelta(hours=24)
"""Nothing for so long, and a stretch is over; an answer that stood for so long has helped."""
FURTHER: Final = timedelta(days=7)
"""So far past the days asked for a stretch is followed; who is still at it then is not resolved."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Which stretches: by a moment of theirs."""

    tenant_id: UUID
    starts: Sequence[datetime]
    """When each day begins."""
    until: datetime
    now: datetime
    reopened_within: timedelta

    def given(self) -> dict[str, Any]:
        return {
            "tenant": self.tenant_id,
            "starts": list(self.starts),
            "since": self.starts[0],
            "until": self.until,
        }


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of a bot that began on a day, and were handed over for the same reasons."""

    bot_id: UUID
    day: int
    reasons: str
    """As sessions have them, with commas; empty: the bot handed nobody over."""
    conversations: int
    answered: int
    handed_off: int
    to_person: int
    open: int
    resolved: int
    reopened: int


@dataclass(frozen=True, slots=True)
class Suggested:
    """What a bot proposed to agents on a day."""

    bot_id: UUID
    day: int
    made: int
    used: int


# An answer that came late is a suggestion, and no act. Of session and message there is one act each.
# Retention takes messages and leaves sessions: of what went nothing counts, or handoffs would alone.
_ACTS: Final = """
SELECT m.conversation_id, m.created_at AS at, m.seq, b.id AS bot_id,
    m.payload->'meta'->'bot'->'citations' IS NOT NULL AS answers, NULL AS reason
FROM messages m LEFT JOIN bots b ON b.tenant_id = :tenant
    AND CAST(b.id AS text) = m.payload->'meta'->'bot'->>'id'
WHERE m.tenant_id = :tenant AND m.role = 'bot' AND m.message_type <> 'event'
    AND m.created_at >= :first AND m.created_at < :last
    AND m.visibility = 'public' AND m.payload->'meta'->'bot' IS NOT NULL
UNION ALL
SELECT s.conversation_id, s.requested_at, NULL, b.id, false, coalesce(s.reason, '')
FROM live_chat_sessions s JOIN bots b ON b.tenant_id = :tenant AND b.id = s.requested_by
JOIN conversations c ON c.tenant_id = :tenant AND c.id = s.conversation_id
WHERE s.tenant_id = :tenant AND s.source = 'bot'
    AND s.requested_at >= :first AND s.requested_at < :last
    AND (c.first_seq = 1 OR s.requested_at >= (
        SELECT o.created_at FROM messages o WHERE o.conversation_id = c.id ORDER BY o.seq LIMIT 1
    ))
"""
_STRETCHES: Final = f"""
SELECT bot_id, conversation_id, min(at) AS began, max(at) AS ended, max(seq) AS last_seq,
    bool_or(answers) AS answered, string_agg(DISTINCT reason, ', ') AS reasons
FROM (
    SELECT *, count(*) FILTER (WHERE begins)
        OVER (PARTITION BY bot_id, conversation_id ORDER BY at) AS stretch
    FROM (
        SELECT *, coalesce(
            at - lag(at) OVER (PARTITION BY bot_id, conversation_id ORDER BY at) > :quiet, true
        ) AS begins
        FROM ({_ACTS}) acts
    ) parted
) numbered
GROUP BY bot_id, conversation_id, stretch
"""  # noqa: S608 - our own constants
# Messages name their bot since there are reports; before that it is whoever the inbox has now.
# A session of anybody is a person called; who comes unasked has a session as well.
_JUDGED: Final = f"""
WITH st AS MATERIALIZED ({_STRETCHES}), known AS MATERIALIZED (
    SELECT coalesce(st.bot_id, i.bot_id) AS bot_id, st.conversation_id, st.began, st.ended,
        st.answered, st.reasons, c.contact_id, coalesce(c.closed_at >= st.ended, false) AS closed, (
            SELECT min(s.requested_at) FROM live_chat_sessions s
            WHERE s.conversation_id = st.conversation_id AND s.requested_at >= st.began
        ) AS person_at, (
            SELECT min(m.created_at) FROM messages m WHERE m.conversation_id = st.conversation_id
                AND m.seq > st.last_seq AND m.role = 'customer' AND m.message_type <> 'event'
        ) AS back_at
    FROM st
    JOIN conversations c ON c.tenant_id = :tenant AND c.id = st.conversation_id
    JOIN inboxes i ON i.tenant_id = :tenant AND i.id = c.inbox_id
    WHERE st.{{which}} >= :since AND st.{{which}} < :until
), j AS MATERIALIZED (
    SELECT known.*, reasons IS NOT NULL AS handed_off, over, person,
        answered AND over AND NOT (person OR coalesce(back_at < ended + :quiet, false)) AS resolved
    FROM known CROSS JOIN LATERAL (SELECT
        closed OR ended <= CAST(:now AS timestamptz) - CAST(:quiet AS interval) AS over,
        coalesce(person_at < ended + :quiet, false) AS person
    ) told WHERE bot_id IS NOT NULL
)
"""  # noqa: S608
_REOPENED: Final = """
j.resolved AND (coalesce(j.back_at < j.ended + :reopened_within, false) OR EXISTS (
    SELECT FROM conversations n WHERE n.contact_id = j.contact_id AND n.id <> j.conversation_id
        AND n.created_at > j.ended AND n.created_at < j.ended + :reopened_within
))
"""
_SUMS: Final = text(f"""
{_JUDGED.format(which="began")}
SELECT bot_id, width_bucket(began, CAST(:starts AS timestamptz[])) - 1,
    coalesce(reasons, ''), count(*), count(*) FILTER (WHERE answered),
    count(*) FILTER (WHERE handed_off), count(*) FILTER (WHERE person AND NOT handed_off),
    count(*) FILTER (WHERE NOT (person OR over)), count(*) FILTER (WHERE resolved),
    count(*) FILTER (WHERE {_REOPENED})
FROM j GROUP BY 1, 2, 3
""")  # noqa: S608
_ENDINGS: Final = text(f"""
{_JUDGED.format(which="ended")}
SELECT count(*) FILTER (WHERE resolved), count(*) FILTER (WHERE {_REOPENED}) FROM j
""")  # noqa: S608
# What was changed within is not found again: only words put before or behind it.
_SUGGESTED: Final = text("""
SELECT bot_id, day, count(*), count(*) FILTER (WHERE used) FROM (
    SELECT coalesce(b.id, i.bot_id) AS bot_id,
        width_bucket(m.created_at, CAST(:starts AS timestamptz[])) - 1 AS day, EXISTS (
            SELECT FROM messages a WHERE a.conversation_id = m.conversation_id AND a.seq > m.seq
                AND a.role = 'agent' AND a.visibility = 'public' AND a.message_type <> 'event'
                AND a.created_at < m.created_at + :quiet
                AND strpos(a.content, btrim(m.content)) > 0
        ) AS used
    FROM messages m
    JOIN conversations c ON c.tenant_id = :tenant AND c.id = m.conversation_id
    JOIN inboxes i ON i.tenant_id = :tenant AND i.id = c.inbox_id
    LEFT JOIN bots b ON b.tenant_id = :tenant
        AND CAST(b.id AS text) = m.payload->'meta'->'bot'->>'id'
    WHERE m.tenant_id = :tenant AND m.role = 'bot' AND m.message_type = 'suggestion'
        AND m.created_at >= :since AND m.created_at < :until
        AND m.payload->'meta'->'bot' IS NOT NULL AND btrim(m.content) <> ''
) proposed WHERE bot_id IS NOT NULL GROUP BY 1, 2
""")
_NAMES: Final = text("SELECT id, name FROM bots WHERE tenant_id = :tenant ORDER BY name, id")
_TENANTS: Final = text("SELECT DISTINCT tenant_id FROM bots")


async def stretches(session: Reader, cut: Slice) -> list[Stretches]:
    """Those that began in these days, summed up."""
    given = cut.given() | _bounds(cut) | {"last": cut.until + FURTHER}
    return [Stretches(*row) for row in await every(session, _SUMS, given)]


async def endings(session: Reader, cut: Slice) -> tuple[int, int]:
    """Of those whose last act lies in these days: how many were resolved, and came up again."""
    given = cut.given() | _bounds(cut) | {"last": cut.until + QUIET}
    del given["starts"]
    ((resolved, reopened),) = await every(session, _ENDINGS, given)
    return resolved, reopened


def _bounds(cut: Slice) -> dict[str, Any]:
    return {
        "first": cut.starts[0] - QUIET,
        "quiet": QUIET,
        "now": cut.now,
        "reopened_within": cut.reopened_within,
    }


async def suggested(session: Reader, cut: Slice) -> list[Suggested]:
    """What bots proposed to agents in these days, and how much of it was sent."""
    given = cut.given() | {"quiet": QUIET}
    return [Suggested(*row) for row in await every(session, _SUGGESTED, given)]


async def names(session: Reader, tenant_id: UUID) -> dict[UUID, str]:
    """What the bots of a tenant are called, also those that are no more."""
    return dict(await every(session, _NAMES, {"tenant": tenant_id}))


async def tenants(session: Reader) -> list[UUID]:
    """Those who have bots."""
    return [row[0] for row in await every(session, _TENANTS, {})]
