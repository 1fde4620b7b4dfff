"""From settings to a library: which embedder, which index. Without a database, so that the bot may."""

import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from pydantic import ValidationError

from ai.knowledge.embed import Confidence, Embedder, HashingEmbedder
from ai.knowledge.index import KnowledgeIndex, NoIndex
from ai.knowledge.provider import ProviderEmbedder
from ai.knowledge.search import ByWords, Library, no_words
from ai.models.keys import Keys
from ai.models.plan import BadPlan, Choice, plan_of
from ai.settings import KnowledgeSettings
from ai.vectors import open_chroma

LEAVES: Final = (
    "the plan of models says local_only for somebody, and this embedder is no local one: "
    "name one on a loopback or private address, or leave it out"
)


def embedder_of(settings: KnowledgeSettings, environ: Mapping[str, str]) -> Embedder:
    """The embedder that is configured.

    Raises:
        MissingKey: its key is not where the settings say.
        ValueError, ImportError: nobody knows such a provider, or somebody's texts may not go there.
    """
    if settings.hashes:
        return HashingEmbedder()
    leaves = not _choice_of(settings).is_local
    if leaves and _keeps_to_itself(settings):
        raise ValueError(LEAVES)
    # By its name: LangChain takes more than a second to import, and most installations hash.
    make = pkgutil.resolve_name("ai.models.embeddings:make_embeddings")
    keys = Keys(environ, settings.model_keys_dir)
    key = keys.find(settings.embedder_key) if settings.embedder_key else None
    return ProviderEmbedder(
        make(settings.embedder, settings.embedder_url, key),
        settings.embedder,
        settings.embedder_size,
        Confidence(settings.embedder_none, settings.embedder_sure),
        leaves=leaves,
    )


def _choice_of(settings: KnowledgeSettings) -> Choice:
    try:
        return Choice(spec=settings.embedder, base_url=settings.embedder_url or None)
    except ValidationError:
        raise ValueError("no provider and model, or no address of a server") from None


def _keeps_to_itself(settings: KnowledgeSettings) -> bool:
    """Whether what anybody here knows may not leave the house: one embedder serves all tenants."""
    try:
        plan = plan_of(settings.models_path, named=settings.models is not None)
    except BadPlan as error:
        raise ValueError(str(error)) from error
    terms = (*plan.tiers.values(), *plan.tenants.values())
    return any(one.data == "local_only" for one in terms)


@asynccontextmanager
async def open_library(
    settings: KnowledgeSettings, environ: Mapping[str, str], by_words: ByWords = no_words
) -> AsyncIterator[Library]:
    """Open what answers questions; `by_words` is the net below the index (`indexing.words_of`).

    Without one, and while the index is away, nothing is found. Raises like `embedder_of`.
    """
    embedder = embedder_of(settings, environ)
    async with open_index(settings) as index:
        yield Library(index, embedder, by_words)


@asynccontextmanager
async def open_index(settings: KnowledgeSettings) -> AsyncIterator[KnowledgeIndex]:
    """Chroma where one is named."""
    if not settings.chroma_url:
        yield NoIndex()
        return
    async with open_chroma(settings.chroma_url, settings.chroma_token) as chroma:
        yield chroma
