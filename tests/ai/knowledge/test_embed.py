"""What every embedder promises, and what the hashing one does besides."""

import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from ai.knowledge.embed import Confidence, Embedder, EmbedderAway, HashingEmbedder, cosine
from ai.knowledge.features import features, kept, meanings, terms
from ai.knowledge.index import space_of
from ai.knowledge.provider import ProviderEmbedder
from ai.models.embeddings import make_embeddings
from tests.support.model_stub import EMBEDDING_DIMENSIONS, ModelStub, model_stub

pytestmark = pytest.mark.anyio
TEXTS = ["Delivery takes three days.", "配送に何日かかりますか", "", "🚀" * 50, "x" * 100_000]


@pytest.fixture(scope="module")
def provider() -> Iterator[ModelStub]:
    with model_stub() as stub:
        yield stub


@cache
def client_of(spec: str, url: str) -> Any:
    """Clients of providers are closed by nobody, so they live as long as the process."""
    return make_embeddings(spec, url, None)


def behind(
    stub: ModelStub, model: str = "ok", size: int = EMBEDDING_DIMENSIONS
) -> ProviderEmbedder:
    spec = f"openai:{model}"
    return ProviderEmbedder(client_of(spec, stub.url), spec, size, Confidence(0.2, 0.6))


@pytest.fixture(params=["hashing", "provider"])
def embedder(request: pytest.FixtureRequest, provider: ModelStub) -> Embedder:
    return HashingEmbedder() if request.param == "hashing" else behind(provider)


async def test_vectors_have_length_one_and_the_size_that_is_said(embedder: Embedder) -> None:
    for vector in [*await embedder.embed_documents(TEXTS), await embedder.embed_query("why?")]:
        assert len(vector) == embedder.dimensions
        length = math.sqrt(sum(value * value for value in vector))
        assert length == pytest.approx(1, abs=1e-6) or length == 0


@pytest.mark.parametrize(("leaves", "told"), [(True, "<EMAIL_1>"), (False, "ada@lovelace.example")])
async def test_what_identifies_people_stays_in_the_house(
    provider: ModelStub, leaves: bool, told: str
) -> None:
    provider.reset()
    embedder = replace(behind(provider), leaves=leaves)
    said = "Write to ada@lovelace.example."
    (one,), two = await embedder.embed_documents([said]), await embedder.embed_query(said)
    assert one == two
    assert [asked.body["input"] for asked in provider.asked] == [[f"Write to {told}."]] * 2
    assert embedder.fingerprint.endswith("-redacted") is leaves


async def test_the_same_text_gets_the_same_vector(embedder: Embedder) -> None:
    first, again = await embedder.embed_documents([TEXTS[0], TEXTS[0]])
    assert first == again


def test_its_space_can_be_a_name_everywhere(embedder: Embedder) -> None:
    assert set(space_of(embedder).name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")


@pytest.mark.parametrize("model", ["500", "401", "429@1"])
async def test_a_provider_that_fails_is_away_and_its_words_are_not_repeated(
    provider: ModelStub, model: str
) -> None:
    with pytest.raises(EmbedderAway) as refused:
        await behind(provider, model).embed_query("secret question")
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert len(provider.of(model)) == 1


async def test_vectors_of_another_size_are_refused(provider: ModelStub) -> None:
    with pytest.raises(EmbedderAway, match="no 1 vectors of 17 numbers"):
        await behind(provider, size=EMBEDDING_DIMENSIONS + 1).embed_query("why?")


def test_text_leaves_as_text_and_not_as_numbers_of_a_tokenizer(provider: ModelStub) -> None:
    assert all(isinstance(one, str) for asked in provider.asked for one in asked.body["input"])


def test_another_process_makes_the_same_vector_whatever_its_hash_seed() -> None:
    program = (
        "from ai.knowledge.embed import HashingEmbedder\n"
        "vector = HashingEmbedder().vector('Größe L, delivery takes three days')\n"
        "print(repr([(at, one) for at, one in enumerate(vector) if one]))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_what_is_stored_today_is_found_by_the_same_features_tomorrow() -> None:
    # Whoever changes this raises `features.VERSION`: stored vectors would no longer fit.
    assert dict(features("Returning")) == pytest.approx(
        {
            "w:returning": 1.0,
            "s:retur": 0.7,
            "m:return": 1.6,
            **dict.fromkeys(
                [
                    f"l:{one}"
                    for one in ("<re", "ret", "etu", "tur", "urn", "rni", "nin", "ing", "ng>")
                ],
                0.34,
            ),
        }
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How long does delivery take?", "wie lange dauert der Versand"),
        ("cancel my order", "anular el pedido"),
        ("reset my password", "mot de passe oublié"),
        ("delivery", "delivrey"),
        ("配送に何日", "配送の日数"),
    ],
)
def test_what_means_the_same_is_nearer_than_what_does_not(one: str, other: str) -> None:
    vector = HashingEmbedder().vector
    elsewhere = cosine(vector(one), vector("My dog barks at the moon"))
    assert cosine(vector(one), vector(other)) > 0.2 > elsewhere


def test_small_words_count_only_where_there_are_no_others() -> None:
    assert kept("how do I return it") == ["return"]
    assert kept("how is it") == ["how", "is", "it"]


def test_terms_are_each_there_once_and_hold_no_letters() -> None:
    found = terms("Return, returning, RETURN")
    assert len(found) == len(set(found))
    assert "m:return" in found
    assert not any(one.startswith("l:") for one in found)


def test_a_word_may_mean_several_things() -> None:
    assert set(meanings("zwrot")) == {"return", "refund"}


def test_confidence_stays_between_nothing_and_sure() -> None:
    reads = Confidence(none=0.1, sure=0.5)
    assert [reads.of(one) for one in (-1.0, 0.1, 0.3, 0.5, 1.0)] == [
        0.0,
        0.0,
        pytest.approx(0.5),
        1.0,
        1.0,
    ]
