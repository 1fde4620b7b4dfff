"""SQL that says how an installation is: for chorus_system, no row of a tenant leaves it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chorus.db_connect import RawConnection

_STATE: Final = """
SELECT current_setting('server_version') AS version, clock_timestamp() AS now,
    (SELECT version_num FROM alembic_version) AS migration,
    (SELECT count(*) FROM ingest_partitions) AS parts,
    (SELECT count(*) FROM ingest_partitions WHERE lease_until > now()) AS led,
    (SELECT count(*) FROM outbox WHERE sent_at IS NULL) AS unsent,
    (SELECT extract(epoch FROM now() - min(created_at))::float8 FROM outbox WHERE sent_at IS NULL)
        AS unsent_s,
    (SELECT count(*) FROM outbox WHERE searched_at IS NULL
        AND event IN ('message.created', 'message.changed')) AS unsearched,
    (SELECT extract(epoch FROM now() - min(due_at))::float8 FROM jobs
        WHERE state = 'pending' AND due_at < now() AND kind <> 'refine_summary') AS overdue_s,
    (SELECT count(*) FROM jobs
        WHERE state = 'pending' AND due_at < now() AND kind <> 'refine_summary') AS overdue,
    (SELECT count(*) FROM jobs WHERE state = 'dead' AND finished_at > now() - interval '7 days')
        AS dead
"""


@dataclass(frozen=True, slots=True)
class State:
    """What PostgreSQL knows of the processes around it."""

    version: str
    now: datetime
    migration: str | None
    parts: int
    led: int
    """Ingest partitions with a writer."""
    unsent: int
    unsent_s: float | None
    """The age of the oldest event that was not relayed."""
    unsearched: int
    overdue_s: float | None
    """How late the latest job is."""
    overdue: int
    dead: int
    """Jobs that were given up in the last seven days."""


async def state(raw: RawConnection) -> State:
    found = await raw.fetchrow(_STATE)
    return State(**found)
