"""From settings to a library: which embedder, which index. Without a database, so that the bot may."""

import pkgutil
from asyncio import get_running_loop, to_thread
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Final

from pydantic import ValidationError

from ai.knowledge.embed import Confidence, Embedder, HashingEmbedder
from ai.knowledge.index import KnowledgeIndex, NoIndex
from ai.knowledge.planned import Accounts, PlannedEmbedder, Terms, Unpaid
from ai.knowledge.provider import Embeddings, ProviderEmbedder
from ai.knowledge.search import ByWords, Library, no_words
from ai.models.keys import Keys
from ai.models.plan import BadPlan, Choice, Plan, plan_of
from ai.settings import KnowledgeSettings
from ai.vectors import open_chroma

NOT_THE_ONE: Final = (
    "the plan of models names another model for embed than CHORUS_EMBEDDER and CHORUS_EMBEDDER_URL do: "
    "vectors of two cannot be compared, so name the same in both, or take embed out of the plan"
)
NOBODY_PAYS: Final = "an embedder of a provider is asked by processes only that say who pays for it"
LEAVES: Final = (
    "the plan of models says local_only for somebody, and this embedder is no local one: "
    "name one on a loopback or private address, or leave it out"
)


def embedder_of(settings: KnowledgeSettings, environ: Mapping[str, str]) -> Embedder:
    """The embedder that is configured, for whoever asks and for nobody's money.

    For evaluations, and to see at the start that it can be made; tenants have `open_embedder`'s.

    Raises:
        MissingKey: its key is not where the settings say.
        ValueError, ImportError: nobody knows such a provider, or somebody's texts may not go there.
    """
    usual = _usual(settings, _plan(settings))
    if usual is None:
        return HashingEmbedder()
    # By its name: LangChain takes more than a second to import, and most installations hash.
    make = pkgutil.resolve_name("ai.models.embeddings:make_embeddings")
    keys = Keys(environ, settings.model_keys_dir)
    key = keys.find(settings.embedder_key) if settings.embedder_key else None
    return _provider(settings, usual, make(settings.embedder, settings.embedder_url, key))


@asynccontextmanager
async def open_embedder(
    settings: KnowledgeSettings, environ: Mapping[str, str], accounts: Accounts | None
) -> AsyncIterator[tuple[Embedder, Terms | None]]:
    """Open the embedder of all tenants, paid for by each, and say who may have it.

    Raises like `embedder_of`; ValueError, too, where it costs and there are no `accounts`.
    """
    plan = _plan(settings)
    usual = _usual(settings, plan)
    if usual is None:
        yield HashingEmbedder(), None
        return
    if accounts is None:
        raise ValueError(NOBODY_PAYS)
    keys, terms = Keys(environ, settings.model_keys_dir), Terms(plan, usual)
    make = pkgutil.resolve_name("ai.models.embeddings:make_cashier")
    cashier = make(plan, keys, settings.embedder_key, accounts, now_s=get_running_loop().time)
    provider = _provider(settings, usual, Unpaid())
    async with aclosing(cashier.clients):
        await to_thread(cashier.clients.warm_up, terms.named)
        yield PlannedEmbedder(provider, terms, accounts.whose, cashier.paid_by), terms


def _provider(
    settings: KnowledgeSettings, usual: Choice, embeddings: Embeddings
) -> ProviderEmbedder:
    return ProviderEmbedder(
        embeddings,
        settings.embedder,
        settings.embedder_size,
        Confidence(settings.embedder_none, settings.embedder_sure),
        leaves=not usual.is_local,
    )


def _usual(settings: KnowledgeSettings, plan: Plan) -> Choice | None:
    """The model behind the embedder, on no terms; None: it hashes.

    Raises:
        ValueError: the settings, or they and the plan, do not fit together.
    """
    usual = None if settings.hashes else _choice_of(settings)
    ours = None if usual is None else (usual.spec, usual.base_url)
    if any((one.spec, one.base_url) != ours for one in plan.embedders()):
        raise ValueError(NOT_THE_ONE)
    terms = (*plan.tiers.values(), *plan.tenants.values())
    keeps_to_itself = any(one.data == "local_only" for one in terms)
    if usual is not None and not usual.is_local and keeps_to_itself:
        raise ValueError(LEAVES)
    return usual


def _choice_of(settings: KnowledgeSettings) -> Choice:
    try:
        return Choice(spec=settings.embedder, base_url=settings.embedder_url or None)
    except ValidationError:
        raise ValueError("no provider and model, or no address of a server") from None


def _plan(settings: KnowledgeSettings) -> Plan:
    """Raises ValueError: it does not fit."""
    try:
        return plan_of(settings.models_path, named=settings.models is not None)
    except BadPlan as error:
        raise ValueError(str(error)) from error


@asynccontextmanager
async def open_library(
    settings: KnowledgeSettings,
    environ: Mapping[str, str],
    by_words: ByWords = no_words,
    *,
    accounts: Accounts | None = None,
) -> AsyncIterator[Library]:
    """Open what answers questions; `by_words` is the net below the index (`indexing.words_of`).

    Without one, and while the index is away, nothing is found. Raises like `open_embedder`.
    """
    async with (
        open_embedder(settings, environ, accounts) as (embedder, _),
        open_index(settings) as index,
    ):
        yield Library(index, embedder, by_words)


@asynccontextmanager
async def open_index(settings: KnowledgeSettings) -> AsyncIterator[KnowledgeIndex]:
    """Chroma where one is named."""
    if not settings.chroma_url:
        yield NoIndex()
        return
    async with open_chroma(settings.chroma_url, settings.chroma_token) as chroma:
        yield chroma
