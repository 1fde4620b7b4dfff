"""Summaries that a model wrote: they hold for a while, and their readers ask for them."""

from typing import Any

import orjson
import pytest

from ai.extract.summary import EXTRACTOR
from chat_service.bell import Bell
from chat_service.store.summaries import MODEL_HOLDS
from chorus import topics
from chorus.bus import Client, open_redis
from chorus.clock import SystemClock, unix_ms
from chorus.tasks import beside
from tests.chat_service.api_world import Api, Tenant, say
from tests.chat_service.ingest_world import superuser
from tests.chat_service.test_summaries import LATE, read
from tests.chat_service.writer_world import until

pytestmark = pytest.mark.anyio


async def put_model(api: Api, tenant: Tenant, upto_seq: int) -> None:
    kept = {
        "v": 1, "source": "model", "model": "openai:small", "tier": "pro", "kind": "fast",
        "upto_seq": upto_seq, "body": {"headline": "A parcel is late."}, "text": "A parcel is late.",
        "generated_at": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip
    async with superuser(api.database_url) as raw:
        await raw.execute(
            "UPDATE conversations SET metadata = jsonb_build_object('summary', $2::jsonb)"
            " WHERE id = $1",
            tenant.conversation,
            orjson.dumps(kept).decode(),
        )


async def test_what_a_model_said_holds_until_a_few_messages_came(api: Api, acme: Tenant) -> None:
    said = await say(api, acme.principal("contact"), acme.conversation, LATE)
    await put_model(api, acme, said["seq"])
    sources: list[Any] = []
    for n in range(MODEL_HOLDS):
        found = await read(api, acme)
        sources.append((found["source"], found["behind"], found["fresh"]))
        await say(api, acme.principal("contact"), acme.conversation, f"Hello {n}?")
    assert sources == [("model", n, n == 0) for n in range(MODEL_HOLDS)]
    after = await read(api, acme)
    assert (after["source"], after["model"], after["behind"]) == ("extractive", EXTRACTOR, 0)


class Words:
    """What the bell was told."""

    def __init__(self) -> None:
        self.read: list[tuple[Any, Any]] = []
        self.asked_ms: list[int] = []

    def summary(self, tenant_id: Any, conversation_id: Any, asked_ms: int) -> None:
        self.read.append((tenant_id, conversation_id))
        self.asked_ms.append(asked_ms)


async def test_who_reads_one_that_rules_have_just_made_rings_for_a_better_one(
    api: Api, acme: Tenant, redis_url: str
) -> None:
    words, begun_ms = Words(), unix_ms(SystemClock().now())
    async with open_redis(redis_url) as client:
        bell = Bell(redis_url, client, on_handoff=lambda _: None, on_summary=words.summary)
        async with beside(*bell.tasks()):
            await until(lambda: _is_heard(client))
            await say(api, acme.principal("contact"), acme.conversation, LATE)
            await read(api, acme)
            await read(api, acme)
            for strange in (b"[]", b"7", b'{"summary": ["x"]}', b'{"summary": 7}', b"{"):
                await client.publish(topics.CONTROL, strange)
            await say(api, acme.principal("contact"), acme.conversation, "Hello?")
            await read(api, acme)

            async def told_twice() -> bool:
                return len(words.read) >= 2

            await until(told_twice)
    assert words.read == [(acme.id, acme.conversation)] * 2
    assert begun_ms <= words.asked_ms[0] < words.asked_ms[1] <= unix_ms(SystemClock().now())


async def _is_heard(client: Client) -> bool:
    ((_, listeners),) = await client.pubsub_numsub(topics.CONTROL)
    return bool(listeners)


@pytest.mark.parametrize(
    ("does", "says"),
    [
        (b"summary", "Models refine summaries."),
        (b"idle", "Summaries are made by rules alone."),
        (None, "Summaries are made by rules alone."),
    ],
)
async def test_health_says_who_makes_summaries(
    api: Api, acme: Tenant, redis_url: str, does: bytes | None, says: str
) -> None:
    async with open_redis(redis_url) as client:
        if does is not None:
            await client.set(topics.WORKER_READY, does, ex=30)
        answer = await api.client.get("/admin/health", headers=api.token(acme.principal("admin")))
        await client.delete(topics.WORKER_READY)
    assert answer.status_code == 200, answer.text
    checks = {one["name"]: one for one in answer.json()["checks"]}
    assert (checks["worker"]["state"], checks["worker"]["says"]) == ("ok", says)
