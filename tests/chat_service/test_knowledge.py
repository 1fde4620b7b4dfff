"""Bringing knowledge over REST; the worker's part is in tests/ai/knowledge."""

from collections.abc import Callable
from typing import Any

import pytest

from ai.knowledge.embed import HashingEmbedder
from ai.knowledge.index import MemoryIndex
from ai.knowledge.indexing import Indexer, index_due, words_of
from ai.knowledge.search import Library
from chat_service import knowledge
from chat_service.routes.knowledge import BODY_BYTES_MAX
from chorus.wire.asks import ASKS
from tests.chat_service.admin_world import audited, call
from tests.chat_service.api_world import Api, Tenant

pytestmark = pytest.mark.anyio
SOURCES = "/admin/knowledge/sources"
ASK = "/admin/knowledge/ask"
MARKDOWN = {"name": "Delivery", "content": "# Delivery\nIt takes three to five working days."}
PAIRS = {"name": "FAQ", "pairs": [{"question": "May I return it?", "answer": "Within 30 days."}]}


async def bring(api: Api, tenant: Tenant, body: Any, status: int = 201, **ways: Any) -> Any:
    answer = await call(api, tenant, "POST", SOURCES, body, **ways)
    assert answer.status_code == status, answer.text
    return answer.json()


def library(api: Api, index: MemoryIndex) -> tuple[Indexer, Library]:
    db, embedder = api.resources.system, HashingEmbedder()
    return Indexer(db, index, embedder, in_charge=True), Library(index, embedder, words_of(db))


async def test_what_is_brought_waits_and_is_then_ready_and_found(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    made = await bring(api, acme, MARKDOWN)
    assert (made["state"], made["kind"], made["version"]) == ("queued", "markdown", 1)
    indexer, asked = library(api, MemoryIndex())
    await index_due(indexer, acme.id)
    shown = (await call(api, acme, "GET", f"{SOURCES}/{made['id']}")).json()
    assert (shown["state"], shown["chunks"], shown["heldBack"]) == ("ready", 1, 0)
    assert shown["content"] == MARKDOWN["content"]
    question = "How long does delivery take?"
    assert (await asked.search(acme.id, question)).passages[0].title == "Delivery"
    assert (await asked.search(rival.id, question)).passages == ()


async def test_what_failed_can_be_indexed_again(api: Api, acme: Tenant, rival: Tenant) -> None:
    made = await bring(api, acme, MARKDOWN)
    path = f"{SOURCES}/{made['id']}"
    indexer, asked = library(api, MemoryIndex())
    await index_due(indexer, acme.id)
    assert (await call(api, rival, "POST", f"{path}/reindex")).status_code == 404
    again = (await call(api, acme, "POST", f"{path}/reindex")).json()
    assert (again["version"], again["state"], again["content"]) == (2, "queued", made["content"])
    question = "How long does delivery take?"
    assert (await asked.search(acme.id, question)).passages[0].title == "Delivery"
    await index_due(indexer, acme.id)
    assert (await call(api, acme, "GET", path)).json()["state"] == "ready"


async def test_who_knows_nothing_tries_it_out_in_vain_and_nobody_is_asked(
    api: Api, acme: Tenant
) -> None:
    body = {"question": "How long does delivery take?"}
    found = (await call(api, acme, "POST", ASK, body)).json()
    assert found == {"confidence": 0, "items": []}
    assert await api.resources.redis.llen(ASKS) == 0


async def test_pairs_come_back_as_pairs(api: Api, acme: Tenant) -> None:
    made = await bring(api, acme, PAIRS)
    assert (made["kind"], made["content"], made["pairs"]) == ("qa", None, PAIRS["pairs"])
    indexer, asked = library(api, MemoryIndex())
    await index_due(indexer, acme.id)
    (found,) = (await asked.search(acme.id, "can I return it?")).passages
    assert (found.title, found.text) == ("May I return it?", "Within 30 days.")


async def test_a_change_is_a_new_version_and_nothing_new_is_none(api: Api, acme: Tenant) -> None:
    made = await bring(api, acme, MARKDOWN)
    path = f"{SOURCES}/{made['id']}"
    same = (await call(api, acme, "PATCH", path, {"name": "Delivery"})).json()
    assert same["version"] == 1
    changed = (await call(api, acme, "PATCH", path, {"content": "One day."})).json()
    assert (changed["version"], changed["state"], changed["name"]) == (2, "queued", "Delivery")
    pairs = (await call(api, acme, "PATCH", path, {"pairs": PAIRS["pairs"]})).json()
    assert pairs["kind"] == "qa"
    refused = await call(api, acme, "PATCH", path, {"format": "text"})
    assert (refused.status_code, refused.json()["field"]) == (422, "format")
    text = (await call(api, acme, "PATCH", path, {"content": "Again text."})).json()
    assert (text["kind"], text["pairs"]) == ("markdown", None)


async def test_what_is_taken_away_is_found_by_nobody_from_then_on(api: Api, acme: Tenant) -> None:
    made = await bring(api, acme, MARKDOWN)
    index = MemoryIndex()
    indexer, asked = library(api, index)
    await index_due(indexer, acme.id)
    path = f"{SOURCES}/{made['id']}"
    assert (await call(api, acme, "DELETE", path)).status_code == 204
    assert (await call(api, acme, "GET", path)).status_code == 404
    assert (await call(api, acme, "DELETE", path)).status_code == 404
    assert await api.rows("SELECT 1 FROM kb_chunks WHERE tenant_id = $1", acme.id) == []
    (row,) = await api.rows("SELECT content FROM knowledge_sources WHERE id = $1", made["id"])
    assert row["content"] == ""
    await index_due(indexer, acme.id)
    assert (await asked.search(acme.id, "How long does delivery take?")).passages == ()
    assert (await bring(api, acme, MARKDOWN))["id"] != made["id"], "its name is free again"


async def test_names_are_there_once_in_a_tenant(api: Api, acme: Tenant, rival: Tenant) -> None:
    await bring(api, acme, MARKDOWN)
    assert (await bring(api, acme, MARKDOWN, 409))["code"] == "NAME_TAKEN"
    await bring(api, rival, MARKDOWN)
    other = await bring(api, acme, PAIRS)
    answer = await call(api, acme, "PATCH", f"{SOURCES}/{other['id']}", {"name": "Delivery"})
    assert answer.status_code == 409


async def test_sources_are_listed_by_name_without_what_is_in_them(api: Api, acme: Tenant) -> None:
    for name in ("b", "a", "c"):
        await bring(api, acme, {**MARKDOWN, "name": name})
    first = (await call(api, acme, "GET", f"{SOURCES}?limit=2", who="agent")).json()
    assert [one["name"] for one in first["items"]] == ["a", "b"]
    assert "content" not in first["items"][0]
    rest = (await call(api, acme, "GET", f"{SOURCES}?cursor={first['nextCursor']}")).json()
    assert [one["name"] for one in rest["items"]] == ["c"]


@pytest.mark.parametrize("who", ["agent", "supervisor"])
async def test_only_admins_bring_knowledge(api: Api, acme: Tenant, who: str) -> None:
    await bring(api, acme, MARKDOWN, 403, who=who)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"content": "\u0001\u0002\u0003\u0004 PNG"}, "content"),
        ({"content": "--- ***"}, "content"),
        ({"content": ""}, "content"),
        ({"content": "x" * 1_000_001}, "content"),
        ({"pairs": []}, "pairs"),
        ({"pairs": [{"question": " ", "answer": "a"}]}, "pairs"),
        ({"content": "a", "pairs": PAIRS["pairs"]}, "body"),
        ({}, "body"),
        ({"content": "a", "language": "English"}, "language"),
        ({"content": "a", "trust": "web"}, "trust"),
        ({"content": "a", "contents": "a"}, "contents"),
    ],
)
async def test_what_is_wrong_is_named(api: Api, acme: Tenant, wrong: Any, field: str) -> None:
    refused = await bring(api, acme, {"name": "x", **wrong}, 422)
    assert refused["field"].split(".")[0] == field


async def test_bodies_may_be_large_here_and_of_strangers_not(api: Api, acme: Tenant) -> None:
    large: Callable[[int], Any] = lambda size: {"name": "L", "content": "word " * (size // 5)}  # noqa: E731
    await bring(api, acme, large(900_000))
    await bring(api, acme, large(BODY_BYTES_MAX + 1), 413)
    stranger = await api.client.post(SOURCES, json=large(900_000))
    assert stranger.status_code == 413


async def test_there_is_a_most(api: Api, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge, "SOURCES_MAX", 1)
    await bring(api, acme, MARKDOWN)
    assert "1 already" in (await bring(api, acme, PAIRS, 422))["detail"]


async def test_what_is_done_is_audited_without_its_words(api: Api, acme: Tenant) -> None:
    made = await bring(api, acme, MARKDOWN)
    path = f"{SOURCES}/{made['id']}"
    await call(api, acme, "PATCH", path, {"content": "secret plan"})
    await call(api, acme, "DELETE", path)
    assert await audited(api, acme) == [
        f"knowledge_source.{done}" for done in ("created", "changed", "deleted")
    ]
    found = await api.rows("SELECT detail::text FROM audit_log WHERE tenant_id = $1", acme.id)
    assert not any("working days" in row["detail"] or "secret" in row["detail"] for row in found)
