"""A made-up shop with a bot: real tables, real calls, a real index in memory."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

import orjson

from ai.knowledge.embed import HashingEmbedder
from ai.knowledge.index import Entry, MemoryIndex, space_of
from ai.knowledge.passages import Article, Chunk
from ai.knowledge.search import Library
from bot.act import Voice, take_turn
from bot.chat import GrpcChat
from bot.ports import Answerer, Where
from bot.quoting import Quoting
from bot.stage import FanStage
from bot.standing import Standing
from bot.turn import Mind
from chorus.auth import Principal
from chorus.bus import Client
from chorus.errors import Unavailable
from chorus.ids import uuid7
from chorus.rpc import RpcClient
from chorus.wire.calls import ActRequest
from tests.chat_service.api_world import Api, Tenant, make_tenant

KNOWN = {
    "Returning an item": "You can return an item within 30 days of delivery. Return shipping is "
    "free in Germany. Refunds arrive within five working days.",
    "Shipping to Spain": "Shipping to Spain costs 9.90 EUR and takes three to five working days.",
    "Artikel zurückgeben": "Sie können einen Artikel innerhalb von 30 Tagen zurückgeben. Der "
    "Rückversand ist in Deutschland kostenlos.",
    "Devolver un artículo": "Puede devolver un artículo en un plazo de 30 días. El envío de la "
    "devolución es gratuito.",
    "商品の返品": "商品は到着後30日以内に返品できます。返送料は無料です。",
}
QUESTION = "How many days do I have for returning an item?"
EPOCH = 3
TRIES = 8
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shop:
    """A tenant with a bot; `mind` and `voice` are what its turns are taken with."""

    api: Api
    tenant: Tenant
    calls: RpcClient
    bot_id: UUID
    mind: Mind
    voice: Voice

    async def open(self, *, floor: str = "bot") -> Where:
        """Another conversation, with the bot's floor."""
        return (await self.open_many(1, floor=floor))[0]

    async def open_many(self, count: int, *, floor: str = "bot") -> list[Where]:
        ids = [uuid7() for _ in range(count)]
        await self.api.rows(
            "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, floor_holder,"
            " floor_epoch, last_ts) SELECT id, $2, $3, $4, $5, $6, now()"
            " FROM unnest($1::uuid[]) AS made (id)",
            ids, self.tenant.id, self.tenant.inbox_id, self.tenant.contact, floor, EPOCH,
        )  # fmt: skip
        return [Where(self.tenant.id, id_) for id_ in ids]

    async def act(self, who: Principal, where: Where, event: str, **data: Any) -> dict[str, Any]:
        order = ActRequest(who, where.conversation_id, "", event, {"id": str(uuid7()), **data})
        told = await patiently(lambda: self.calls.act(order))
        answer: dict[str, Any] = orjson.loads(told.frames[0])
        return answer

    async def ask(self, where: Where, content: str) -> None:
        told = await self.act(self.tenant.principal("contact"), where, "message", content=content)
        assert told["event"] == "delivered", told

    async def turn(self, where: Where, *, superseded: bool = False) -> str:
        return await take_turn(self.mind, self.voice, where, lambda: superseded)

    async def said(self, where: Where, *, role: str = "bot") -> list[Any]:
        """What the bot said: content, visibility, type and payload, in order."""
        return await self.api.rows(
            "SELECT content, visibility, message_type, payload FROM messages"
            " WHERE conversation_id = $1 AND role = $2 AND message_type <> 'event' ORDER BY seq",
            where.conversation_id, role,
        )  # fmt: skip

    async def sessions(self, where: Where) -> list[Any]:
        return await self.api.rows(
            "SELECT source, reason, priority, status FROM live_chat_sessions"
            " WHERE conversation_id = $1",
            where.conversation_id,
        )

    async def set_bot(self, **columns: Any) -> None:
        for name, value in columns.items():
            await self.api.rows(f"UPDATE bots SET {name} = $1 WHERE id = $2", value, self.bot_id)

    def thinking(self, *answerers: Answerer, **changes: Any) -> "Shop":
        mind = replace(self.mind, answerers=answerers or self.mind.answerers, **changes)
        return replace(self, mind=mind)


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Ask again where a busy machine took too long: the same id, and so the same act."""
    for _ in range(TRIES):
        with suppress(Unavailable):
            return await call()
    return await call()


async def open_shop(api: Api, calls: RpcClient, client: Client) -> Shop:
    tenant, bot_id = await make_tenant(api.database_url, "shop"), uuid7()
    await api.rows(
        "INSERT INTO bots (id, tenant_id, name) VALUES ($1, $2, 'Robin')", bot_id, tenant.id
    )
    await api.rows("UPDATE inboxes SET bot_id = $1 WHERE id = $2", bot_id, tenant.inbox_id)
    chat = GrpcChat(calls)
    knowledge = Standing(await knowing(api, tenant.id), chat)
    mind = Mind(knowledge, (Quoting(),), 5.0, lambda: 0.0)
    voice = Voice(chat, FanStage(client), 5.0, answers=True)
    return Shop(api, tenant, calls, bot_id, mind, voice)


async def knowing(api: Api, tenant_id: UUID) -> Library:
    """What the shop has written down: in its tables, and in an index of this process."""
    embedder, index = HashingEmbedder(), MemoryIndex()
    chunks = [Chunk(place, title, text) for place, (title, text) in enumerate(KNOWN.items())]
    vectors = await embedder.embed_documents([one.weighed for one in chunks])
    article = Article(tenant_id, uuid7(), 1, "", "editor")
    entries = [Entry(article, chunk, vector) for chunk, vector in zip(chunks, vectors, strict=True)]
    await index.put(tenant_id, space_of(embedder), entries)
    await api.rows(
        "INSERT INTO knowledge_sources (id, tenant_id, name, content, state, chunks, indexed_as)"
        " VALUES ($1, $2, 'Shop', '', 'ready', $3, $4)",
        article.source_id, tenant_id, len(chunks), space_of(embedder).name,
    )  # fmt: skip
    await api.rows(
        "INSERT INTO kb_chunks (source_id, tenant_id, version, place, title, text, terms)"
        " SELECT $1, $2, 1, place - 1, title, '', '{}'"
        " FROM unnest($3::text[]) WITH ORDINALITY AS made (title, place)",
        article.source_id, tenant_id, list(KNOWN),
    )  # fmt: skip
    return Library(index, embedder)
