"""SQL on files: what is known of them, who may have them, and what may go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from chat_service.attachments_intake import Claimed
from chat_service.store.rows import first, plain, values
from chorus.db import Reader, Transaction
from chorus.db_connect import RawConnection

_COLUMNS: Final = (
    "a.id, a.conversation_id, a.uploader_id, a.name, a.mime, a.size, a.width, a.height,"
    " a.digest, a.state"
)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as readers get it; `visibility` and `author` are those of the message that carries it."""

    id: UUID
    conversation_id: UUID
    uploader_id: UUID
    name: str
    mime: str
    size: int
    width: int | None
    height: int | None
    digest: bytes
    state: str
    visibility: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """How many bytes there are, of all and of one person within a day."""

    tenant: int
    person: int


_FIND: Final = text(f"""
SELECT {_COLUMNS}, m.visibility, m.role FROM attachments a
LEFT JOIN messages m ON m.conversation_id = a.conversation_id AND m.seq = a.seq
    AND m.id = a.message_id AND m.deleted_at IS NULL
WHERE a.tenant_id = :tenant AND a.id = :id
""")  # noqa: S608 - our own constant

_USED: Final = text("""
SELECT coalesce((SELECT sum(size) FROM attachments WHERE tenant_id = :tenant), 0),
    coalesce((SELECT sum(size) FROM attachments WHERE tenant_id = :tenant
        AND uploader_id = :person AND created_at > now() - '1 day'::interval), 0)
""")

_ENABLED: Final = text(
    "SELECT count(*) FROM agents WHERE tenant_id = :tenant AND id = :id AND disabled_at IS NULL"
)

_USABLE_KEY: Final = text(
    "SELECT count(*) FROM api_keys WHERE tenant_id = :tenant AND id = :id"
    " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())"
)

# Who adds counts first, so two of one tenant do so one after the other.
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('files:' || :tenant, 0))")

_ADD: Final = text("""
INSERT INTO attachments (id, tenant_id, conversation_id, uploader_id, name, mime, size, width,
    height, digest)
VALUES (:id, :tenant, :conversation, :uploader, :name, :mime, :size, :width, :height, :digest)
""")

_WITHDRAW: Final = text(
    "UPDATE attachments SET state = 'gone'"
    " WHERE tenant_id = :tenant AND conversation_id = :conversation AND seq = :seq"
)

# After the conversations and sessions, in order of id, as every act locks.
_LOCK: Final = """
SELECT a.id, a.tenant_id, a.conversation_id, a.uploader_id, a.name, a.mime, a.size, a.width,
    a.height, a.state, a.message_id
FROM attachments a JOIN unnest($1::uuid[], $2::uuid[]) AS n (tenant_id, id) USING (tenant_id, id)
ORDER BY id, tenant_id FOR UPDATE OF a
"""

_SEND: Final = """
UPDATE attachments a SET state = 'sent', message_id = s.message_id, seq = s.seq
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[])
    AS s (tenant_id, id, message_id, seq)
WHERE a.tenant_id = s.tenant_id AND a.id = s.id
"""

_GIVE_UP: Final = """
UPDATE attachments SET state = 'gone'
WHERE state = 'ready' AND created_at < now() - make_interval(hours => $1)
"""

_GONE: Final = """
SELECT tenant_id, id FROM attachments WHERE state = 'gone'
ORDER BY created_at, id LIMIT $1 OFFSET $2
"""

_FORGET: Final = """
DELETE FROM attachments a USING unnest($1::uuid[], $2::uuid[]) AS g (tenant_id, id)
WHERE a.tenant_id = g.tenant_id AND a.id = g.id AND a.state = 'gone'
"""

_KNOWN: Final = "SELECT id FROM attachments WHERE tenant_id = $1 AND id = ANY ($2::uuid[])"


async def find(session: Reader, tenant_id: UUID, file_id: UUID) -> FileRow | None:
    row = await first(session, _FIND, {"tenant": tenant_id, "id": file_id})
    return None if row is None else FileRow(*row)


async def used(session: Reader, tenant_id: UUID, person_id: UUID) -> Used:
    row = await first(session, _USED, {"tenant": tenant_id, "person": person_id})
    assert row is not None
    return Used(int(row[0]), int(row[1]))


async def enabled_agent(session: Reader, tenant_id: UUID, agent_id: UUID) -> bool:
    return bool(await session.scalar(_ENABLED, {"tenant": tenant_id, "id": agent_id}))


async def usable_key(session: Reader, tenant_id: UUID, key_id: UUID) -> bool:
    return bool(await session.scalar(_USABLE_KEY, {"tenant": tenant_id, "id": key_id}))


async def stand_alone(tx: Transaction, tenant_id: UUID) -> None:
    """Let nobody else add a file of this tenant until the transaction ends."""
    await tx.execute(_ALONE, {"tenant": str(tenant_id)})


async def add(tx: Transaction, tenant_id: UUID, row: FileRow) -> None:
    given = {
        "id": row.id,
        "tenant": tenant_id,
        "conversation": row.conversation_id,
        "uploader": row.uploader_id,
        "name": row.name,
        "mime": row.mime,
        "size": row.size,
        "width": row.width,
        "height": row.height,
        "digest": row.digest,
    }
    await tx.execute(_ADD, given)


async def withdraw(tx: Transaction, tenant_id: UUID, conversation_id: UUID, seq: int) -> None:
    """Let nobody read the files of a message that was taken back."""
    await tx.execute(_WITHDRAW, {"tenant": tenant_id, "conversation": conversation_id, "seq": seq})


async def lock(connection: RawConnection, files: Sequence[tuple[UUID, UUID]]) -> list[Claimed]:
    """The rows of these files, by tenant and id, held until the end."""
    rows = await connection.fetch(_LOCK, [one[0] for one in files], [one[1] for one in files])
    return [Claimed(*values(row)) for row in rows]


async def send(connection: RawConnection, sent: Sequence[tuple[UUID, UUID, UUID, int]]) -> None:
    """Give files to their messages: tenant, file, message and seq of each."""
    await connection.execute(_SEND, *map(list, zip(*sent, strict=True)))


async def give_up(connection: RawConnection, *, after_h: int) -> None:
    """Mark what was never sent."""
    await connection.execute(_GIVE_UP, after_h)


async def gone(connection: RawConnection, limit: int, *, after: int = 0) -> list[tuple[UUID, UUID]]:
    """Tenant and id of files whose bytes may go, but for the first `after` of them."""
    rows = await connection.fetch(_GONE, limit, after)
    return [(plain(row["tenant_id"]), plain(row["id"])) for row in rows]


async def forget(connection: RawConnection, files: Sequence[tuple[UUID, UUID]]) -> None:
    await connection.execute(_FORGET, [one[0] for one in files], [one[1] for one in files])


async def known(connection: RawConnection, tenant_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are files of the tenant."""
    rows = await connection.fetch(_KNOWN, tenant_id, list(ids))
    return {plain(row["id"]) for row in rows}
