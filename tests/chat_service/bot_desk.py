"""A tenant with a bot, and what was said with it, written down line by line."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from chorus.ids import uuid7
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.test_properties import another

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAYS = "from=2026-03-01&to=2026-03-03"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZEROS = {"answered": 0, "resolved": 0, "handedOff": 0, "toPerson": 0, "open": 0, "left": 0, "reopened": 0}  # fmt: skip


@dataclass(slots=True)
class Talk:
    """A conversation that is written down line by line, each a minute after the one before."""

    api: Api
    tenant: Tenant
    bot_id: UUID
    id: UUID
    at: datetime
    seq: int = 0
    last: dict[str, Any] = field(default_factory=dict)

    async def say(self, role: str, content: str = "…", **columns: Any) -> "Talk":
        self.seq, self.at = self.seq + 1, self.at + timedelta(minutes=1)
        row = {
            "conversation_id": self.id,
            "seq": self.seq,
            "id": uuid7(),
            "tenant_id": self.tenant.id,
            "role": role,
            "content": content,
            "created_at": self.at,
            **columns,
        }
        places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        await self.api.rows(
            f"INSERT INTO messages ({', '.join(row)}) VALUES ({places})", *row.values()
        )
        return self

    async def bot(self, action: str = "answer", content: str = "…", **columns: Any) -> "Talk":
        marked: dict[str, Any] = {"action": action, "id": str(self.bot_id)}
        if action == "answer":
            marked["citations"] = []
        payload = orjson.dumps({"meta": {"bot": marked}}).decode()
        return await self.say("bot", content, payload=payload, **columns)

    async def session(self, source: str, **columns: Any) -> "Talk":
        self.at += timedelta(minutes=1)
        by = self.bot_id if source == "bot" else self.tenant.contact
        row = {
            "id": uuid7(),
            "tenant_id": self.tenant.id,
            "conversation_id": self.id,
            "status": "ended",
            "source": source,
            "requested_by": by,
            "requested_at": self.at,
            "ended_at": self.at,
            **columns,
        }
        places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        await self.api.rows(
            f"INSERT INTO live_chat_sessions ({', '.join(row)}) VALUES ({places})", *row.values()
        )
        return self


@dataclass(frozen=True, slots=True)
class Desk:
    """A tenant with a bot."""

    api: Api
    tenant: Tenant
    bot_id: UUID

    async def talk(self, at: datetime = NOON, **columns: Any) -> Talk:
        id_ = await another(self.api, self.tenant, created_at=at, **columns)
        return await Talk(self.api, self.tenant, self.bot_id, id_, at).say("customer")

    async def figures(self, query: str = "") -> dict[str, Any]:
        answer = await call(
            self.api, self.tenant, "GET", f"/reports/bot?{DAYS}{query}", who="supervisor"
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def counted(self, query: str = "") -> dict[str, int]:
        """What is not zero of the total."""
        total = (await self.figures(query))["total"]
        return {name: total[name] for name in ("conversations", *ZEROS) if total[name]}


async def make_bot(api: Api, tenant: Tenant, name: str) -> UUID:
    id_ = uuid7()
    await api.rows("INSERT INTO bots (id, tenant_id, name) VALUES ($1, $2, $3)", id_, tenant.id, name)  # fmt: skip
    return id_
