"""A shop whose agents ask: what it knows stands in its tables, and is indexed as the indexer does it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from ai.knowledge.embed import HashingEmbedder
from ai.knowledge.index import MemoryIndex
from ai.knowledge.indexing import Indexer, index_due
from ai.knowledge.search import Library
from bot.asks import Asks
from bot.assist import Assistant
from bot.ports import Answerer, Knowledge, Where
from chorus.bus import open_redis
from chorus.tasks import beside
from tests.bot.world import Shop
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Tenant

RETURNS = "You can return an item within 30 days of delivery. Return shipping is free in Germany."
SHOES = "You can return shoes within 60 days of delivery if they were not worn outside."
SPAIN = "Shipping to Spain costs 9.90 EUR and takes three to five working days."
PAIRS = (
    ("How many days do I have for returning an item?", RETURNS),
    ("How many days do I have for returning shoes?", SHOES),
    ("What does shipping to Spain cost?", SPAIN),
)


async def known(shop: Shop, tenant: Tenant, pairs: Sequence[tuple[str, str]] = PAIRS) -> Library:
    """What a tenant brings over REST, in an index of this process."""
    told = [{"question": question, "answer": answer} for question, answer in pairs]
    body = {"name": "FAQ", "pairs": told, "language": "en"}
    made = await call(shop.api, tenant, "POST", "/admin/knowledge/sources", body)
    assert made.status_code == 201, made.text
    index, embedder = MemoryIndex(), HashingEmbedder()
    await index_due(Indexer(shop.api.resources.system, index, embedder, in_charge=True), tenant.id)
    return Library(index, embedder)


def assistant(shop: Shop, shelf: Knowledge, *models: Answerer) -> Assistant:
    return Assistant(shelf, shop.voice.chat, models, monotonic)


@asynccontextmanager
async def answering(redis_url: str, answers: Any, *, at_once: int = 16) -> AsyncIterator[None]:
    """A process that answers, for as long as the block runs."""
    async with open_redis(redis_url, timeout_s=20.0, max_connections=40) as client:
        async with beside(Asks(client, answers, at_once=at_once).run()):
            yield


async def propose(shop: Shop, where: Where, *, who: str = "agent", of: Tenant | None = None) -> Any:
    """What an agent is told who asks for answers."""
    path = f"/livechat/conversations/{where.conversation_id}/assist/replies"
    return await call(shop.api, of or shop.tenant, "POST", path, who=who)


async def try_out(
    shop: Shop, question: str, *, who: str = "admin", of: Tenant | None = None
) -> Any:
    body = {"question": question}
    return await call(shop.api, of or shop.tenant, "POST", "/admin/knowledge/ask", body, who=who)
