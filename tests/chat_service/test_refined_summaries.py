"""Summaries that a model wrote: they hold for a while, and their readers ask for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
import pytest
from prometheus_client import REGISTRY

from ai.extract.summary import EXTRACTOR
from chat_service import summaries
from chat_service.bell import Bell
from chat_service.reopened import AGAIN_S, Reopened
from chat_service.store import summaries as store
from chat_service.store.summaries import MODEL_HOLDS
from chat_service.summaries import WHOLE
from chorus import topics
from chorus.bus import Client, open_redis
from chorus.clock import SystemClock, unix_ms
from chorus.ids import uuid7
from chorus.tasks import beside
from tests.chat_service.api_world import Api, Tenant, say
from tests.chat_service.ingest_world import superuser
from tests.chat_service.test_summaries import LATE, read, write
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
        self.glances: list[tuple[Any, Any]] = []

    def glance(self, tenant_id: Any, conversation_id: Any) -> None:
        self.glances.append((tenant_id, conversation_id))

    async def have_glances(self) -> bool:
        return bool(self.glances)

    def summary(self, tenant_id: Any, conversation_id: Any, asked_ms: int) -> None:
        self.read.append((tenant_id, conversation_id))
        self.asked_ms.append(asked_ms)

    async def are(self, count: int) -> None:
        async def told() -> bool:
            return len(self.read) >= count

        await until(told)


@asynccontextmanager
async def ringing(redis_url: str) -> AsyncIterator[Words]:
    """What the conductor's bell is told meanwhile."""
    words = Words()
    async with open_redis(redis_url) as client:
        bell = Bell(
            redis_url,
            client,
            on_handoff=lambda _: None,
            on_summary=words.summary,
            on_glance=words.glance,
        )
        async with beside(*bell.tasks()):
            await until(lambda: _is_heard(client))
            yield words


class Times(SystemClock):
    """A clock whose seconds pass by hand."""

    at_s = 0.0

    def monotonic(self) -> float:
        return self.at_s


async def test_who_reads_one_that_rules_have_just_made_rings_for_a_better_one(
    api: Api, acme: Tenant, redis_url: str
) -> None:
    begun_ms = unix_ms(SystemClock().now())
    before = _dropped()
    async with ringing(redis_url) as words:
        await say(api, acme.principal("contact"), acme.conversation, LATE)
        await read(api, acme)
        # Nothing is new, and it was rung for just now.
        await read(api, acme)
        for strange in (b"[]", b"7", b'{"summary": ["x"]}', b'{"summary": 7}', b"{"):
            await api.resources.redis.publish(topics.CONTROL, strange)
        await say(api, acme.principal("contact"), acme.conversation, "Hello?")
        await read(api, acme)
        await words.are(2)
    assert words.read == [(acme.id, acme.conversation)] * 2
    assert begun_ms <= words.asked_ms[0] < words.asked_ms[1] <= unix_ms(SystemClock().now())
    assert _dropped() == before + 4


def _dropped() -> float:
    return REGISTRY.get_sample_value("bad_publications_total", {"channel": "control"}) or 0.0


async def keep_floor(api: Api, tenant: Tenant) -> None:
    """As for the packet of an offer, or ahead: nobody has read it."""
    db = api.resources.commands.db
    async with db.read(tenant.id) as session:
        (found,) = await store.materials(
            session, tenant.id, [tenant.conversation], span=WHOLE, wanted=False
        )
    made = summaries.kept_of(found, SystemClock())
    assert made is not None
    await summaries.keep_all(db, tenant.id, [made])


async def test_who_opens_one_that_rules_have_left_rings_and_again_only_after_a_while(
    api: Api, acme: Tenant, redis_url: str
) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    await keep_floor(api, acme)
    clock = Times()
    commands = replace(api.resources.commands, clock=clock, reopened=Reopened())

    async with ringing(redis_url) as words:
        for clock.at_s in (0.0, 1.0, AGAIN_S - 0.1, AGAIN_S, AGAIN_S + 1.0, 2 * AGAIN_S):
            view = await summaries.read(commands, acme.principal("agent"), acme.conversation)
            assert (view.fresh, view.made_now) == (True, False)
        await words.are(3)
    assert words.read == [(acme.id, acme.conversation)] * 3


async def test_of_a_models_only_one_that_has_not_read_all_is_rung_for(
    api: Api, acme: Tenant, rival: Tenant, redis_url: str
) -> None:
    said = await say(api, acme.principal("contact"), acme.conversation, LATE)
    await say(api, rival.principal("contact"), rival.conversation, LATE)
    async with ringing(redis_url) as words:
        await put_model(api, acme, said["seq"])
        assert (await read(api, acme))["fresh"]
        await read(api, rival)
        await say(api, acme.principal("contact"), acme.conversation, "Hello?")
        assert (await read(api, acme))["source"] == "model"
        await words.are(2)
    assert words.read == [(rival.id, rival.conversation), (acme.id, acme.conversation)]


async def test_a_persons_words_and_silence_are_not_rung_for(
    api: Api, acme: Tenant, rival: Tenant, redis_url: str
) -> None:
    async with ringing(redis_url) as words:
        await read(api, acme)
        await say(api, acme.principal("contact"), acme.conversation, LATE)
        assert (await write(api, acme, "Mine.", rev=0)).status_code == 200
        await say(api, acme.principal("contact"), acme.conversation, "Hello?")
        assert (await read(api, acme))["behind"] == 1
        await say(api, rival.principal("contact"), rival.conversation, LATE)
        await read(api, rival)
        await words.are(1)
    assert words.read == [(rival.id, rival.conversation)]


def test_only_so_many_conversations_are_remembered() -> None:
    reopened, ids = Reopened(most=2), [uuid7() for _ in range(3)]
    for at_s, one in enumerate(ids):
        reopened.ring(one, at_s)
    assert [reopened.is_due(one, 3.0) for one in ids] == [True, False, False]
    assert reopened.is_due(UUID(int=1), 3.0)


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
