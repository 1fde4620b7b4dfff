"""The SQL of partition leases.

A writer shows that it lives by an advisory lock on the connection it renews with: the lock ends
with the process, so a killed writer is replaced at once and not when its lease runs out. What
makes this safe is the fence, not the lock.
"""

from datetime import timedelta
from typing import Final

from chat_service.store.ingest import Lease
from chorus.db import Db
from chorus.db_connect import RawConnection

# Any constant will do as the first half of the key; the second half names the writer.
_SPACE: Final = int.from_bytes(b"writ")

_LIVING: Final = f"""
living AS (
  SELECT objid::bigint AS key FROM pg_locks
  WHERE locktype = 'advisory' AND classid = {_SPACE} AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
"""  # noqa: S608

_ANNOUNCE: Final = f"SELECT pg_advisory_lock({_SPACE}, $1)"
_CENSUS: Final = (
    f"WITH {_LIVING} SELECT count(*), (SELECT count(*) FROM ingest_partitions) FROM living"  # noqa: S608
)

# A writer that lost its session but lives stops reading before `$4` has passed.
_TAKE: Final = f"""
WITH {_LIVING}, free AS (
  SELECT part FROM ingest_partitions
  WHERE owner IS NULL OR lease_until < now()
     OR (lease_until < now() + $2 - $4::interval
         AND split_part(owner, '@', 1)::bigint NOT IN (SELECT key FROM living))
  ORDER BY part LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE ingest_partitions p
SET owner = $1, fence = p.fence + 1, lease_until = now() + $2
FROM free WHERE p.part = free.part
RETURNING p.part, p.fence
"""  # noqa: S608

_HELD: Final = """
SELECT p.part FROM ingest_partitions p
JOIN unnest($2::int[], $3::bigint[]) AS lease (part, fence) USING (part)
WHERE p.fence = lease.fence AND p.owner = $1
ORDER BY p.part FOR NO KEY UPDATE OF p
"""
_RENEW: Final = f"""
WITH held AS MATERIALIZED ({_HELD})
UPDATE ingest_partitions p SET lease_until = now() + $4 FROM held WHERE p.part = held.part
RETURNING p.part
"""  # noqa: S608
_RELEASE: Final = f"""
WITH held AS MATERIALIZED ({_HELD})
UPDATE ingest_partitions p SET owner = NULL, lease_until = NULL FROM held
WHERE p.part = held.part
"""  # noqa: S608


async def announce(connection: RawConnection, key: int) -> None:
    """Show that the writer `key` lives for as long as this connection does."""
    await connection.execute(_ANNOUNCE, key)


async def census(connection: RawConnection) -> tuple[int, int]:
    """Count the living writers and the partitions."""
    writers, partitions = await connection.fetchrow(_CENSUS)
    return max(writers, 1), partitions


async def take(
    connection: RawConnection, owner: str, count: int, *, lease_s: float, grace_s: float
) -> list[Lease]:
    """Take up to `count` partitions that nobody holds, raising their fences."""
    if count <= 0:
        return []
    lease, grace = timedelta(seconds=lease_s), timedelta(seconds=grace_s)
    rows = await connection.fetch(_TAKE, owner, lease, count, grace)
    return [Lease(row["part"], row["fence"]) for row in rows]


async def renew(
    connection: RawConnection, owner: str, leases: list[Lease], *, lease_s: float
) -> frozenset[int]:
    """Renew leases; the parts that are still ours come back."""
    if not leases:
        return frozenset()
    rows = await connection.fetch(_RENEW, *_arguments(owner, leases), timedelta(seconds=lease_s))
    return frozenset(row["part"] for row in rows)


async def release(db: Db, owner: str, leases: list[Lease]) -> None:
    """Give partitions back, so that the next writer need not wait."""
    if not leases:
        return
    async with db.raw_transaction() as connection:
        await connection.execute(_RELEASE, *_arguments(owner, leases))


def _arguments(owner: str, leases: list[Lease]) -> tuple[str, list[int], list[int]]:
    return owner, [lease.part for lease in leases], [lease.fence for lease in leases]
