"""Conversations that may be summarised, and a refinery over real servers."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ai.summarise.llm import LlmSummariser, prompt_for
from chat_service.messages import ingest
from chat_service.store import refining
from chat_service.store.refining import Wish
from chorus.bus import Client
from chorus.clock import SystemClock, unix_ms
from chorus.db import Db
from summary_engine.ledger import PgLedger
from summary_engine.refine import Refinery
from tests.ai.models.asking import access_for, plan_for
from tests.chat_service.ingest_world import World, answered, make_world, said, superuser
from tests.support.model_stub import ModelStub

LINES = (
    "My order A-48213 was charged twice, $89.99 each time.",
    "I restarted the app and it still shows both charges.",
)
HEADLINE = "Order A-48213 was charged twice"


def behaving(_: object) -> dict[str, str]:
    """What a good model says of `LINES`."""
    return {
        "headline": HEADLINE,
        "issue": "The customer was charged $89.99 twice for order A-48213.",
        "tried": "Restarted the app: it still shows both charges.",
        "next_step": "Look into the second charge.",
    }


async def make_talk(database_url: str, db: Db, conversations: int = 1) -> World:
    """A tenant of tier `pro` whose conversations say `LINES`."""
    world = await make_world(database_url, conversations)
    async with superuser(database_url) as raw:
        await raw.execute("UPDATE tenants SET tier = 'pro' WHERE id = $1", world.tenant_id)
    await ingest(db, [said(world, one, line) for one in world.conversations for line in LINES])
    return world


async def say(db: Db, world: World, *lines: str, number: int = 0) -> None:
    where = world.conversations[number]
    await ingest(db, [answered(world, where, content=line) for line in lines])


def refinery_for(
    db: Db, client: Client, stub: ModelStub, *models: str, budget: float = 1.0, **terms: Any
) -> Refinery:
    clock = SystemClock()
    access = access_for(plan_for(stub, *models, budget=budget, **terms))
    access.ledger = PgLedger(db, clock)
    access.warm_up([prompt_for("fast"), prompt_for("rich")])
    return Refinery(db, client, clock, LlmSummariser(access))


async def ask(
    db: Db,
    world: World,
    *,
    kind: refining.Kind = "fast",
    least: int = 1,
    numbers: Sequence[int] = (0,),
) -> int:
    now_ms = unix_ms(SystemClock().now())
    wishes = [
        Wish(world.tenant_id, world.conversations[n].id, kind, least, now_ms) for n in numbers
    ]
    async with db.raw_transaction() as raw:
        return await refining.ask(raw, wishes)


async def jobs_of(database_url: str, world: World) -> list[Any]:
    async with superuser(database_url) as raw:
        found: list[Any] = await raw.fetch(
            "SELECT id, state, last_error, fence, attempts, payload FROM jobs WHERE tenant_id = $1"
            " AND kind = 'refine_summary' ORDER BY key",
            world.tenant_id,
        )
    return found


async def job_of(database_url: str, world: World) -> Any:
    (one,) = await jobs_of(database_url, world)
    return one


async def shown(database_url: str, world: World, number: int = 0) -> dict[str, Any] | None:
    async with superuser(database_url) as raw:
        kept = await raw.fetchval(
            "SELECT metadata->'summary' FROM conversations WHERE id = $1",
            world.conversations[number].id,
        )
    found: dict[str, Any] | None = json.loads(kept) if kept else None
    return found


async def put(database_url: str, world: World, kept: dict[str, Any]) -> None:
    """Show a summary as if somebody had made it."""
    async with superuser(database_url) as raw:
        await raw.execute(
            "UPDATE conversations SET metadata = metadata || jsonb_build_object('summary', $2::jsonb)"
            " WHERE id = $1",
            world.conversations[0].id,
            json.dumps(kept),
        )


async def filed(database_url: str, world: World) -> list[tuple[str, int]]:
    """Source and last seq of each summary that was kept by a model."""
    async with superuser(database_url) as raw:
        rows = await raw.fetch(
            "SELECT source, upto_seq FROM summaries WHERE tenant_id = $1 AND source = 'model'"
            " ORDER BY created_at",
            world.tenant_id,
        )
    return [tuple(row) for row in rows]


async def usage(database_url: str, tenant_id: UUID) -> list[Any]:
    async with superuser(database_url) as raw:
        found: list[Any] = await raw.fetch(
            "SELECT result, micros, tokens_in, tokens_out, attempt FROM llm_usage"
            " WHERE tenant_id = $1 ORDER BY at, attempt",
            tenant_id,
        )
    return found


async def spent(database_url: str, tenant_id: UUID) -> int:
    async with superuser(database_url) as raw:
        return int(
            await raw.fetchval(
                "SELECT coalesce(sum(micros), 0) FROM llm_months WHERE tenant_id = $1", tenant_id
            )
        )
