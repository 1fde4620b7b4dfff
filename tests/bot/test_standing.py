"""What was taken away or replaced is not said, though the index still has it: nobody has told it yet."""

from dataclasses import dataclass
from typing import Any

import pytest

from ai.knowledge.embed import HashingEmbedder
from ai.knowledge.index import MemoryIndex
from ai.knowledge.indexing import Indexer, index_due
from ai.knowledge.search import Library
from bot.chat import GrpcChat
from bot.ports import Where
from bot.standing import Standing
from chorus.errors import Unavailable
from chorus.wire.calls import ActReply, ActRequest
from tests.bot.asking import SHOES
from tests.bot.modelling import access_of, listening_to, modelled, plan_of_bots, saying
from tests.bot.test_modelled import Seen
from tests.bot.world import Shop
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import make_tenant
from tests.support.model_stub import ModelStub

pytestmark = pytest.mark.anyio

RETURNS = "You can return an item within 30 days of delivery. Return shipping is free in Germany."
SOONER = "You can return an item within 14 days of delivery. Return shipping is free in Germany."
QUESTION = "How many days do I have for returning an item?"
PATH = "/admin/knowledge/sources"


@dataclass(slots=True)
class Books:
    """Sources that a shop brings over REST, and an index that hears of them when it is told to."""

    shop: Shop
    index: MemoryIndex

    async def bring(self, name: str, content: str) -> str:
        made = await self._call("POST", PATH, {"name": name, "content": content, "language": "en"})
        return str(made["id"])

    async def change(self, source: str, content: str) -> None:
        await self._call("PATCH", f"{PATH}/{source}", {"content": content})

    async def remove(self, source: str) -> None:
        await self._call("DELETE", f"{PATH}/{source}")

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        told = await call(self.shop.api, self.shop.tenant, method, path, body)
        assert told.status_code < 300, told.text
        return told.json() if told.content else None

    async def tell_index(self) -> None:
        indexer = Indexer(self.shop.api.resources.system, self.index, HashingEmbedder(), True)
        await index_due(indexer, self.shop.tenant.id)

    async def found(self) -> list[str]:
        """What the index has to say to the question."""
        library = Library(self.index, HashingEmbedder())
        passages = (await library.search(self.shop.tenant.id, QUESTION)).passages
        return [one.text for one in passages]

    def asked(self, chat: GrpcChat | None = None) -> Shop:
        """The shop whose bot looks things up here."""
        library = Library(self.index, HashingEmbedder())
        return self.shop.thinking(knowledge=Standing(library, chat or GrpcChat(self.shop.calls)))


@pytest.fixture
def books(shop: Shop) -> Books:
    return Books(shop, MemoryIndex())


async def asking(shop: Shop) -> Where:
    where = await shop.open()
    await shop.ask(where, QUESTION)
    return where


async def test_what_was_taken_away_is_not_quoted_though_the_index_has_it(books: Books) -> None:
    source = await books.bring("Returns", RETURNS)
    await books.tell_index()
    before = await asking(books.shop)
    assert await books.asked().turn(before) == "answer"
    await books.remove(source)
    after = await asking(books.shop)
    assert await books.asked().turn(after) == "clarify"
    assert await books.found() == [RETURNS]
    (said,) = await books.shop.said(after)
    assert "30" not in said["content"]


async def test_what_was_replaced_is_not_quoted_and_the_new_words_are_once_indexed(
    books: Books,
) -> None:
    source = await books.bring("Returns", RETURNS)
    await books.tell_index()
    await books.change(source, SOONER)
    where = await asking(books.shop)
    assert await books.asked().turn(where) == "clarify"
    assert await books.found() == [RETURNS]
    await books.tell_index()
    where = await asking(books.shop)
    assert await books.asked().turn(where) == "answer"
    assert (await books.shop.said(where))[0]["content"] == SOONER


async def test_a_replacement_that_cannot_be_read_leaves_nothing_to_quote(books: Books) -> None:
    source = await books.bring("Returns", RETURNS)
    await books.tell_index()
    await books.change(source, "<script>alert(1)</script> <!-- a -->")
    await books.tell_index()
    where = await asking(books.shop)
    assert await books.asked().turn(where) == "clarify"
    assert await books.found() == [RETURNS]


async def test_what_comes_behind_it_takes_its_place(books: Books) -> None:
    gone = await books.bring("Returning an item", RETURNS)
    await books.bring("Returning an item sooner", SOONER)
    await books.tell_index()
    await books.remove(gone)
    where = await asking(books.shop)
    assert await books.asked().turn(where) == "answer"
    assert (await books.shop.said(where))[0]["content"] == SOONER


async def test_no_model_is_told_of_it_and_no_sentence_of_it_is_heard(
    books: Books, stub: ModelStub
) -> None:
    seen = Seen()
    gone = await books.bring("Returns", RETURNS)
    await books.bring("Returning shoes", SHOES)
    await books.tell_index()
    await books.remove(gone)
    stub.answer = saying(("You can return an item within 30 days of delivery.", [1]))
    shop = modelled(books.asked(), access_of(books.shop, plan_of_bots(stub, "ok")))
    where = await asking(shop)
    await listening_to(shop, seen).turn(where)
    assert not [one for one in stub.asked if "30 days" in str(one.body["messages"])]
    assert not [one for one in seen.deltas if "30" in one.get("text", "")]
    assert not [one for one in await books.shop.said(where) if "30" in one["content"]]


class Deaf:
    """Implements as much of `ChatRpc` as is asked: all but what stands."""

    def __init__(self, calls: Any) -> None:
        self._calls = calls

    async def act(self, request: ActRequest) -> ActReply:
        if request.event == "bot.standing":
            raise Unavailable
        answered: ActReply = await self._calls.act(request)
        return answered


async def test_where_nobody_can_say_what_stands_a_person_is_offered(books: Books) -> None:
    await books.bring("Returns", RETURNS)
    await books.tell_index()
    where = await asking(books.shop)
    deaf: Any = Deaf(books.shop.calls)
    assert await books.asked(GrpcChat(deaf)).turn(where) == "offer"
    assert "30" not in (await books.shop.said(where))[0]["content"]


async def test_of_another_tenants_passages_none_stands(books: Books, shop: Shop) -> None:
    await books.bring("Returns", RETURNS)
    await books.tell_index()
    library = Library(books.index, HashingEmbedder())
    ids = [one.id for one in (await library.search(shop.tenant.id, QUESTION)).passages]
    rival = await make_tenant(shop.api.database_url, "rival")
    chat = GrpcChat(shop.calls)
    assert await chat.standing(shop.tenant.id, ids) == set(ids) != set()
    assert await chat.standing(rival.id, ids) == set()
