"""`chorus kb`, on a database and an index that are really there."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from ai.models import embeddings
from ai.settings import IndexerSettings
from chat_service.store import knowledge as store
from chorus.ids import uuid7
from chorus.tasks import beside
from launch import files, knowledge
from launch.cli import app
from launch.faults import LaunchError
from launch.knowledge import Desk
from summary_engine.ingest.worker import serve
from tests.support.databases import run_apart
from tests.support.model_stub import EMBEDDING_DIMENSIONS, ModelStub, model_stub
from tests.support.servers import RunningServer, start_chroma
from tests.support.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with start_chroma(tmp_path_factory.mktemp("chroma")) as server:
        yield server


async def make_tenants(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        for slug in ("demo", "other"):
            await connection.execute(
                "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, $2)", uuid7(), slug
            )
    finally:
        await connection.close(timeout=10)


@pytest.fixture
def environ(database_url: str, chroma: RunningServer) -> dict[str, str]:
    run_apart(make_tenants(database_url))
    return {"DATABASE_URL": database_url, "CHORUS_CHROMA_URL": chroma.url}


@pytest.fixture
async def desk(environ: dict[str, str], tmp_path: Path) -> AsyncIterator[Desk]:
    async with knowledge.open_desk(tmp_path, environ, "demo") as opened:
        yield opened


async def test_a_file_is_brought_found_replaced_and_listed(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "socks.md"
    file.write_text("# Socks\nWarm socks are blue.<script>x</script>")
    card = await knowledge.add(desk, knowledge.read_file(file, ""))
    assert (card.name, card.state, card.note) == ("socks", "ready", "Taken out: 1 × <script>.")
    found = await knowledge.ask(desk, "which colour have warm socks?", 3)
    assert found.passages[0].text == "Warm socks are blue."
    assert not found.degraded
    file.write_text("Warm socks are red.")
    assert (await knowledge.add(desk, knowledge.read_file(file, ""))).version == 2
    assert [one.name for one in await knowledge.listing(desk)] == ["socks"]
    found = await knowledge.ask(desk, "which colour have warm socks?", 3)
    assert [one.text for one in found.passages] == ["Warm socks are red."]


async def test_a_pair_is_brought_and_all_of_it_indexed_anew(desk: Desk) -> None:
    await knowledge.add(desk, knowledge.read_pair("Do you ship abroad?", "Yes, we do.", ""))
    await desk.indexer.index.forget(desk.tenant_id)
    assert (await knowledge.ask(desk, "ship abroad", 1)).degraded
    assert await knowledge.reindex(desk) == 1
    found = await knowledge.ask(desk, "ship abroad", 1)
    assert (found.degraded, found.passages[0].text) == (False, "Yes, we do.")


async def test_another_tenant_knows_nothing_of_it(
    desk: Desk, environ: dict[str, str], tmp_path: Path
) -> None:
    await knowledge.add(desk, knowledge.read_pair("Do you ship abroad?", "Yes, we do.", ""))
    async with knowledge.open_desk(tmp_path, environ, "other") as theirs:
        assert (await knowledge.ask(theirs, "ship abroad", 1)).passages == ()
        assert await knowledge.listing(theirs) == []


async def test_without_an_index_it_is_found_by_words_and_nothing_is_thrown_away(
    desk: Desk, environ: dict[str, str], tmp_path: Path
) -> None:
    await knowledge.add(desk, knowledge.read_pair("Do you ship abroad?", "Yes, we do.", ""))
    away = {**environ, "CHORUS_CHROMA_URL": "http://127.0.0.1:1"}
    async with knowledge.open_desk(tmp_path, away, "demo") as alone:
        found = await knowledge.ask(alone, "ship abroad", 1)
        assert found.degraded
        text = knowledge.shown_found(found, alone.indexer.index)
        assert "degraded: the index is away" in text
        assert "Yes, we do." in text
        with pytest.raises(LaunchError, match="does not answer"):
            await knowledge.reindex(alone)


async def test_the_indexer_indexes_what_is_brought_while_it_runs(
    desk: Desk, environ: dict[str, str], tmp_path: Path
) -> None:
    settings = IndexerSettings.from_env({**environ, "CHORUS_INDEXER_POLL_MS": "50"})

    async def ready() -> bool:
        return [one.state for one in await knowledge.listing(desk)] == ["ready"]

    async with beside(serve(settings, environ)):
        brought = knowledge.read_pair("Do you ship abroad?", "Yes, we do.", "")
        async with desk.db.transaction(desk.tenant_id) as tx:
            await store.insert(tx, desk.tenant_id, uuid7(), brought.values())
        await until(ready)


@pytest.fixture(scope="module")
def provider() -> Iterator[ModelStub]:
    with model_stub() as stub:
        yield stub


@pytest.fixture
def embedding(environ: dict[str, str], provider: ModelStub, redis_db: str) -> dict[str, str]:
    """The environment of an installation whose embedder is a provider's."""
    return {
        **environ,
        "REDIS_URL": redis_db,
        "CHORUS_EMBEDDER": "openai:ok",
        "CHORUS_EMBEDDER_URL": provider.url,
        "CHORUS_EMBEDDER_SIZE": str(EMBEDDING_DIMENSIONS),
    }


async def paid_calls(desk: Desk) -> list[tuple[str, str]]:
    async with desk.indexer.db.read(None) as session:
        found = await session.execute(
            text("SELECT purpose, result FROM llm_usage WHERE tenant_id = :tenant ORDER BY at"),
            {"tenant": desk.tenant_id},
        )
        return [(one["purpose"], one["result"]) for one in found.mappings()]


async def test_what_is_embedded_by_hand_is_in_the_books(
    embedding: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "QUERY_S", knowledge.ASK_TIMEOUT_S)
    async with knowledge.open_desk(tmp_path, embedding, "demo") as desk:
        card = await knowledge.add(desk, knowledge.read_pair("Do you ship abroad?", "Yes.", ""))
        assert card.state == "ready"
        assert not (await knowledge.ask(desk, "Abroad?", 3)).degraded
        assert await paid_calls(desk) == [("embed", "answered")] * 2


async def test_what_the_indexer_embeds_is_in_the_books(
    embedding: dict[str, str], tmp_path: Path
) -> None:
    settings = IndexerSettings.from_env({**embedding, "CHORUS_INDEXER_POLL_MS": "50"})
    async with knowledge.open_desk(tmp_path, embedding, "demo") as desk:

        async def ready() -> bool:
            return [one.state for one in await knowledge.listing(desk)] == ["ready"]

        async with beside(serve(settings, embedding)):
            brought = knowledge.read_pair("Do you ship abroad?", "Yes, we do.", "")
            async with desk.db.transaction(desk.tenant_id) as tx:
                await store.insert(tx, desk.tenant_id, uuid7(), brought.values())
            await until(ready)
        assert await paid_calls(desk) == [("embed", "answered")]


async def test_without_a_redis_nothing_is_embedded_by_hand(
    embedding: dict[str, str], tmp_path: Path
) -> None:
    del embedding["REDIS_URL"]
    with pytest.raises(LaunchError, match="Nothing runs"):
        async with knowledge.open_desk(tmp_path, embedding, "demo"):
            pass


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.pdf", b"%PDF", "files end in one of"),
        ("a.md", b"\x00\x01\x02", "binary, not text"),
        ("a.md", b"word " * 500_000, "2.5 MB; a source may have 2 MB"),
        ("a.md", b"<script>x</script>", "Nothing is left of it but markup"),
        ("a.json", b'{"a": 1}', "Pairs are a list"),
        ("none.md", None, "No such file"),
    ],
)
def test_what_cannot_be_brought_is_refused_with_a_sentence(
    tmp_path: Path, name: str, data: bytes | None, sentence: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(LaunchError, match=sentence):
        knowledge.read_file(tmp_path / name, "")


def test_a_pair_without_words_is_refused() -> None:
    with pytest.raises(LaunchError, match="empty once its markup is gone"):
        knowledge.read_pair("a", "<b></b>", "")


@pytest.mark.parametrize(
    "command", [["list"], ["ask", "why?"], ["reindex"], ["add", "why?", "--answer", "so"]]
)
def test_where_nothing_runs_every_command_says_so(tmp_path: Path, command: list[str]) -> None:
    done = CliRunner().invoke(app, ["kb", *command, "--data", str(tmp_path / "x")])
    assert isinstance(done.exception, LaunchError)
    assert "Nothing runs on" in str(done.exception)


def test_an_embedder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    unknown = {"CHORUS_EMBEDDER": "nobody:nothing"}
    with pytest.raises(LaunchError, match="CHORUS_EMBEDDER cannot be used"):
        knowledge.the_embedder(unknown)
    assert knowledge.the_embedder({}) is None


def test_the_commands_print_for_people_and_for_programs(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, ["kb", *words, "--data", str(tmp_path)])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "nothing is known yet" in said("list")
    assert json.loads(said("add", "Do you ship?", "--answer", "Yes.", "--json"))["state"] == "ready"
    assert said("list").startswith("Do you ship?  ready        1 pieces  v1")
    assert [one["kind"] for one in json.loads(said("list", "--json"))] == ["qa"]
    assert "Do you ship?   (cosine" in said("ask", "do you ship")
    assert json.loads(said("ask", "do you ship", "--json"))["passages"][0]["text"] == "Yes."
    assert said("reindex") == "1 sources indexed anew\n"
    assert said("forget", "--tenant", "demo", "--yes") == "1 sources taken away\n"
    assert "nothing is known yet" in said("list")


@pytest.mark.parametrize(("pids", "url"), [({}, ""), ({"chroma": 7}, "http://127.0.0.1:8002")])
def test_only_a_chroma_that_was_started_is_spoken_to(
    tmp_path: Path, pids: dict[str, int | list[int]], url: str
) -> None:
    run = files.RunFile(pids, {"chroma": 8002}, {}, tenant="", inbox_key="", load_inbox_key="")
    files.write_run_file(tmp_path, run)
    assert knowledge.settings_of(tmp_path, {}).chroma_url == url
