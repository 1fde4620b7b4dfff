"""What a provider of models has to do for us: the stub on each wire; with a key, the real one.

`make test-live` asks the real ones, for a few cents; each is asked where its key is set.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from ai.knowledge.embed import Confidence, cosine
from ai.knowledge.provider import ProviderEmbedder
from ai.models.access import Access
from ai.models.embeddings import make_embeddings
from ai.models.keys import Keys
from ai.models.limits import Limits
from ai.models.plan import Plan
from bot.answering import Modelled, answer_prompt
from bot.speaking import joined
from tests.ai.models.asking import question
from tests.ai.models.books import Books
from tests.bot.modelling import RETURNING, SAYS, Ear, saying, wanted
from tests.support.model_stub import EMBEDDING_DIMENSIONS, Asked, ModelStub, model_stub
from tests.support.model_wires import anthropic_wire, base_url, ollama_wire

pytestmark = pytest.mark.anyio
PATIENCE_S = 50.0
KEY = "PROVIDER_API_KEY"
LINES = {
    "headline": "A late parcel",
    "issue": "Where is it?",
    "tried": "",
    "next_step": "Look it up",
}


@dataclass(frozen=True, slots=True)
class Provider:
    """A model and one of embeddings, "" for none, behind `url`, "" for the provider's own."""

    name: str
    model: str
    key: str
    url: str = ""
    embeds: str = ""
    dimensions: int = 0
    is_made_up: bool = False

    @property
    def keys(self) -> Keys:
        return Keys({KEY: self.key}, Path("/nowhere"))


# Clients of providers are closed by nobody, so they live as long as the process.


@cache
def access_to(provider: Provider) -> Access:
    choice: dict[str, Any] = {"spec": f"{provider.name}:{provider.model}", "base_url": provider.url}
    choice |= {"price_in": 1, "price_out": 2}
    choice |= {"key": f"env:{KEY}"} if provider.key else {}
    models = {purpose: [choice] for purpose in ("summary_fast", "bot")}
    plan = Plan.model_validate({"tiers": {"pro": {"budget_usd": 1, "models": models}}})
    access = Access(plan, provider.keys, Limits(None), Books())
    access.warm_up([answer_prompt()])
    return access


@cache
def embedder_of(provider: Provider) -> ProviderEmbedder:
    spec = f"{provider.name}:{provider.embeds}"
    key = provider.keys.find(f"env:{KEY}") if provider.key else None
    client = make_embeddings(spec, provider.url, key)
    return ProviderEmbedder(client, spec, provider.dimensions, Confidence(0.2, 0.6))


REAL = {
    "openai": Provider(
        "openai", "gpt-5-mini", "OPENAI_API_KEY", "", "text-embedding-3-small", 1536
    ),
    "anthropic": Provider("anthropic", "claude-haiku-4-5", "ANTHROPIC_API_KEY"),
    "ollama": Provider("ollama", "llama3.2", "OLLAMA_API_KEY", "", "nomic-embed-text", 768),
}
"""Where the key is, in place of the key. `LIVE_OPENAI_MODEL` names another model, `LIVE_OPENAI_URL` another server."""


def real(name: str) -> Provider:
    """Skips where nobody opted in: by a key, or, for a server of one's own, by where it is."""
    known, shouted = REAL[name], name.upper()
    key, url = os.environ.get(known.key, ""), os.environ.get(f"LIVE_{shouted}_URL", "")
    if not key and not url:
        pytest.skip(f"neither {known.key} nor LIVE_{shouted}_URL is set")
    model = os.environ.get(f"LIVE_{shouted}_MODEL", known.model)
    return replace(known, key=key, url=url, model=model)


def made_up(stub: ModelStub, name: str) -> Provider:
    embeds = "ok" if name == "openai" else ""
    url = base_url(stub, name)
    return Provider(name, "ok", "sk-made-up", url, embeds, EMBEDDING_DIMENSIONS, is_made_up=True)


@pytest.fixture(scope="module")
def stub() -> Iterator[ModelStub]:
    """Answers what it is asked: a summary, or a question to the bot."""
    with model_stub(anthropic_wire, ollama_wire) as opened:
        says = saying(*SAYS)

        def answer(asked: Asked) -> Any:
            return says(asked) if '"passages"' in asked.texts[-1] else LINES

        opened.answer = answer
        yield opened


def live(name: str) -> Any:
    return pytest.param(name, marks=[pytest.mark.live, pytest.mark.timeout(120)])


@pytest.fixture(params=[*(f"stub {one}" for one in REAL), *map(live, REAL)])
def provider(request: pytest.FixtureRequest, stub: ModelStub) -> Provider:
    kind, _, name = request.param.rpartition(" ")
    return made_up(stub, name) if kind else real(name)


async def test_it_answers_in_the_shape_of_a_summary(provider: Provider) -> None:
    answer = await access_to(provider).ask(question(soon_s=PATIENCE_S))
    assert answer is not None, "what was wrong with it is in the log"
    assert answer.value.headline


async def test_it_speaks_from_a_passage_sentence_by_sentence(provider: Provider) -> None:
    asked = wanted(RETURNING)
    ear = Ear(asked)
    heard = replace(asked, aloud=ear, until_s=monotonic() + PATIENCE_S)
    draft = await Modelled(access_to(provider)).answer(heard)
    assert draft is not None, "what was wrong with it is in the log"
    assert draft.text == joined([one.text for one in ear.sentences])
    assert (draft.by, draft.cited) == ("model", (RETURNING.id,))
    assert "30 days" in draft.text


@pytest.mark.parametrize("provider", ["stub openai", live("openai"), live("ollama")], indirect=True)
async def test_it_puts_what_belongs_together_together(provider: Provider) -> None:
    embedder = embedder_of(provider)
    near, far = await embedder.embed_documents([RETURNING.text, "The moon has no air."])
    (again,) = await embedder.embed_documents([RETURNING.text])
    assert cosine(near, again) > 0.99 > cosine(near, far)
    if not provider.is_made_up:
        asked = await embedder.embed_query(wanted().question)
        assert cosine(asked, near) > cosine(asked, far)
