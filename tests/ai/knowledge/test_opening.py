"""From settings to what answers: which embedder, which index."""

from pathlib import Path

import pytest

from ai.knowledge.embed import Confidence, EmbedderAway, HashingEmbedder
from ai.knowledge.index import NoIndex
from ai.knowledge.opening import embedder_of, open_library
from ai.knowledge.passages import Found
from ai.knowledge.provider import ProviderEmbedder
from ai.models.keys import MissingKey
from ai.models.plan import PLAN_FILE
from ai.settings import KnowledgeSettings
from chorus.ids import uuid7
from chorus.settings import BadSettings

pytestmark = pytest.mark.anyio
PROVIDER = {
    "CHORUS_EMBEDDER": "openai:some-model",
    "CHORUS_EMBEDDER_URL": "http://127.0.0.1:9/v1",
    "CHORUS_EMBEDDER_SIZE": "8",
}


def settings(**environ: str) -> KnowledgeSettings:
    return KnowledgeSettings.from_env(environ)


def test_without_a_word_nothing_but_the_hashing_embedder_is_needed() -> None:
    assert embedder_of(settings(), {}) == HashingEmbedder()


def test_a_provider_is_made_as_it_is_set(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    chosen = settings(
        **PROVIDER,
        CHORUS_EMBEDDER_KEY="file:key",
        CHORUS_MODEL_KEYS=str(tmp_path),
        CHORUS_EMBEDDER_NONE="0.3",
        CHORUS_EMBEDDER_SURE="0.7",
    )
    made = embedder_of(chosen, {})
    assert isinstance(made, ProviderEmbedder)
    assert (made.fingerprint, made.dimensions) == ("openai-some-model", 8)
    assert made.confidence == Confidence(0.3, 0.7)


@pytest.mark.parametrize("key", ["env:NOBODYS_API_KEY", "file:nothing"])
def test_a_key_that_is_nowhere_is_missed(key: str) -> None:
    with pytest.raises(MissingKey):
        embedder_of(settings(**PROVIDER, CHORUS_EMBEDDER_KEY=key), {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHORUS_CHROMA_URL", "localhost:8000"),
        ("CHORUS_EMBEDDER", "nothing"),
        ("CHORUS_EMBEDDER_NONE", "0.9"),
        ("CHORUS_EMBEDDER_SIZE", "0"),
    ],
)
def test_settings_that_cannot_be_are_refused(name: str, value: str) -> None:
    with pytest.raises(BadSettings):
        settings(**{name: value})


@pytest.mark.parametrize(
    ("embedder", "url", "leaves"),
    [
        ("openai:some-model", "", True),
        ("openai:some-model", "https://models.example/v1", True),
        ("openai:some-model", "http://10.0.0.7/v1", False),
        ("ollama:some-model", "", False),
    ],
)
@pytest.mark.parametrize(
    "told", ["tenants: {acme: {data: local_only}}", "tiers: {pro: {data: raw}}", ""]
)
def test_an_embedder_elsewhere_is_told_no_personal_data_and_nothing_of_who_keeps_to_himself(
    tmp_path: Path, embedder: str, url: str, leaves: bool, told: str
) -> None:
    if told:
        (tmp_path / PLAN_FILE).write_text(told)
    chosen = settings(CHORUS_DATA=str(tmp_path), CHORUS_EMBEDDER=embedder, CHORUS_EMBEDDER_URL=url)
    if leaves and "local_only" in told:
        with pytest.raises(ValueError, match="local_only"):
            embedder_of(chosen, {})
        return
    made = embedder_of(chosen, {})
    assert isinstance(made, ProviderEmbedder)
    assert made.leaves is leaves


def test_a_plan_that_is_named_and_not_there_lets_nothing_leave(tmp_path: Path) -> None:
    chosen = settings(CHORUS_EMBEDDER="openai:x", CHORUS_MODELS=str(tmp_path / "none"))
    with pytest.raises(ValueError, match="No such file"):
        embedder_of(chosen, {})


@pytest.mark.parametrize("url", ["ftp://a.example", "https://user:secret@a.example"])
def test_an_address_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="no address") as refused:
        embedder_of(settings(CHORUS_EMBEDDER="openai:x", CHORUS_EMBEDDER_URL=url), {})
    assert "secret" not in str(refused.value)


async def test_where_no_chroma_is_named_there_is_no_index() -> None:
    async with open_library(settings(), {}) as library:
        assert isinstance(library.index, NoIndex)
        assert await library.search(uuid7(), "why?") == Found((), 0.0, degraded=True)


async def test_where_one_is_named_it_is_asked_when_something_is() -> None:
    async with open_library(settings(CHORUS_CHROMA_URL="http://127.0.0.1:1"), {}) as library:
        assert not isinstance(library.index, NoIndex)
        assert (await library.search(uuid7(), "why?")).degraded


async def test_a_provider_that_is_away_fails_for_documents_as_for_questions() -> None:
    class Gone:
        async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
            raise ConnectionError(texts[0])

        async def aembed_query(self, text: str) -> list[float]:
            raise ConnectionError(text)

    embedder = ProviderEmbedder(Gone(), "openai:x", 8, Confidence(0.2, 0.6))
    with pytest.raises(EmbedderAway, match=r"^ConnectionError$"):
        await embedder.embed_documents(["secret"])
    with pytest.raises(EmbedderAway, match=r"^ConnectionError$"):
        await embedder.embed_query("secret")
