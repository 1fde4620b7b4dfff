"""From settings to a library: which embedder, which index. Without a database, so that the bot may."""

import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from ai.knowledge.embed import Confidence, Embedder, HashingEmbedder
from ai.knowledge.index import KnowledgeIndex, NoIndex
from ai.knowledge.provider import ProviderEmbedder
from ai.knowledge.search import ByWords, Library, no_words
from ai.models.keys import Keys
from ai.settings import KnowledgeSettings
from ai.vectors import open_chroma


def embedder_of(settings: KnowledgeSettings, environ: Mapping[str, str]) -> Embedder:
    """The embedder that is configured.

    Raises:
        MissingKey: its key is not where the settings say.
        ValueError, ImportError: nobody knows such a provider.
    """
    if settings.hashes:
        return HashingEmbedder()
    # By its name: LangChain takes more than a second to import, and most installations hash.
    make = pkgutil.resolve_name("ai.models.embeddings:make_embeddings")
    keys = Keys(environ, settings.model_keys_dir)
    key = keys.find(settings.embedder_key) if settings.embedder_key else None
    return ProviderEmbedder(
        make(settings.embedder, settings.embedder_url, key),
        settings.embedder,
        settings.embedder_size,
        Confidence(settings.embedder_none, settings.embedder_sure),
    )


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
