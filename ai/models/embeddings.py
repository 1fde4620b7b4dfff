"""From a name to a provider's embeddings, by LangChain. Imported by name where they are configured."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Final
from uuid import UUID

from langchain.embeddings import init_embeddings
from pydantic import SecretStr

from ai.knowledge.planned import Accounts
from ai.models.access import Access
from ai.models.keys import Keys, MissingKey
from ai.models.make import NO_KEY, OLLAMA_URL
from ai.models.plan import Choice, Plan, Purpose
from ai.models.question import Called, Errand, For, Watch
from ai.models.spending import NotAsked
from ai.models.straight import SOCKET_TIMEOUT_S, new_clients, ollama_terms
from ai.models.tokens import tokens_at_most
from chorus.log import get_logger

log = get_logger(__name__)

PURPOSE: Final[Purpose] = "embed"
DOCUMENTS_S: Final = 25.0
"""Of a batch that is indexed; who waits for it gives up five seconds later."""
QUERY_S: Final = 1.2
"""Of a question; a search has 1.5 s in all."""
_NO_PROMPT: Final = "none"
_TASK_BYTES: Final = 12
_FRAME_TOKENS: Final = 2
"""Around each text, whatever it is."""
_READ: ContextVar[list[int | None] | None] = ContextVar("tokens_read", default=None)
Vectors = list[list[float]]


def make_embeddings(spec: str, base_url: str, key: SecretStr | None) -> Any:
    """Make what embeds as `provider:model`; LangChain's `Embeddings`.

    Raises:
        ValueError, ImportError: nobody knows such a provider, or it is not installed.
    """
    given: dict[str, Any] = {"base_url": base_url} if base_url else {}
    local = Choice(spec=spec, base_url=base_url or None).is_local
    if spec.startswith("ollama:") and not base_url:
        # Never the client's own OLLAMA_HOST: what has no address counts as local.
        given["base_url"] = OLLAMA_URL
    if spec.startswith("ollama:") and local:
        given["client_kwargs"] = ollama_terms()
    if spec.startswith("openai:"):
        given |= {
            "api_key": key or SecretStr(NO_KEY),
            "max_retries": 0,
            "timeout": SOCKET_TIMEOUT_S,
            # It would count tokens by a file that it downloads, and send numbers instead of text.
            "check_embedding_ctx_length": False,
        }
        if local:
            # A pair of its own: whoever closes these embeddings closes them as well.
            given |= new_clients() | {"openai_proxy": ""}
    elif key is not None:
        given["api_key"] = key
    made: Any = init_embeddings(spec, **given)
    if spec.startswith("openai:"):
        # LangChain hands on vectors only, and drops what the provider says it has read.
        made.async_client = _Counting(made.async_client)
    return made


@dataclass(slots=True)
class Clients:
    """The clients of a plan's embedders, each made once; one of these in a process."""

    keys: Keys
    usual_key: str
    """Where the key is that holds when a choice names none; empty: none is needed."""
    _made: dict[Choice, Any] = field(default_factory=dict)

    def warm_up(self, choices: Iterable[Choice]) -> None:
        """Make these, so that nobody waits for an import. Blocks."""
        for choice in choices:
            with suppress(NotAsked):
                self.of(choice)

    def of(self, choice: Choice) -> Any:
        """LangChain's `Embeddings`. Raises NotAsked: its key or its provider is missing."""
        if choice not in self._made:
            try:
                reference = choice.key or self.usual_key
                key = self.keys.find(reference) if reference else None
                self._made[choice] = make_embeddings(choice.spec, choice.base_url or "", key)
            except (MissingKey, ValueError, ImportError) as error:
                # Nothing of the error's text: it may quote a key.
                log.warning("model_left_out", spec=choice.spec, error=type(error).__name__)
                self._made[choice] = None
        if self._made[choice] is None:
            raise NotAsked("left_out")
        return self._made[choice]

    async def aclose(self) -> None:
        """Close their connections, where they let us: LangChain itself closes nothing."""
        made, self._made = self._made, {}
        for client in made.values():
            if isinstance(counting := getattr(client, "async_client", None), _Counting):
                await counting.aclose()


@dataclass(frozen=True, slots=True)
class Cashier:
    """Of a process: makes what a tenant embeds and pays by."""

    access: Access
    clients: Clients

    def paid_by(self, tenant_id: UUID, whose: tuple[str, str], choices: Sequence[Choice]) -> "Paid":
        whom = For(tenant_id, *whose, conversation_id=None)
        return Paid(self.access, self.clients, whom, choices)


def make_cashier(
    plan: Plan, keys: Keys, usual_key: str, accounts: Accounts, *, now_s: Callable[[], float]
) -> Cashier:
    """`usual_key` names the key of choices that name none; whoever makes it closes its `clients`."""
    access = Access(plan, keys, accounts.limits, accounts.ledger, now_s=now_s)
    return Cashier(access, Clients(keys, usual_key))


@dataclass(frozen=True, slots=True)
class Paid:
    """Implements `ai.knowledge.provider.Embeddings` for one tenant, who pays for it.

    Its models are the same one behind several keys, asked in turn.

    Raises:
        NotAsked: none of them was, and why the last was not. What a provider raises, if it failed.
    """

    access: Access
    clients: Clients
    whom: For
    choices: Sequence[Choice]

    async def aembed_documents(self, texts: list[str]) -> Vectors:
        # A hundred long texts take a tenth of a second to count, and others wait on this loop.
        tokens = await asyncio.to_thread(_most_tokens, texts)
        return await self._asked(lambda client: client.aembed_documents(texts), tokens, DOCUMENTS_S)

    async def aembed_query(self, text: str) -> list[float]:
        async def one(client: Any) -> Vectors:
            return [await client.aembed_query(text)]

        (vector,) = await self._asked(one, _most_tokens([text]), QUERY_S)
        return vector

    async def _asked(
        self, ask: Callable[[Any], Awaitable[Vectors]], tokens: int, limit_s: float
    ) -> Vectors:
        until_s = self.access.now_s() + limit_s
        task = f"{PURPOSE}:{token_hex(_TASK_BYTES)}"
        fault: Exception = NotAsked("left_out")
        for attempt, choice in enumerate(self.choices, 1):
            errand = Errand(self.whom, PURPOSE, choice, _NO_PROMPT, task, attempt, tokens, 0)
            try:
                called = await self._paid(errand, ask, until_s - self.access.now_s())
            except NotAsked as error:
                fault = error
                continue
            if called.value is not None:
                return called.value
            fault = called.fault or TimeoutError()
        raise fault

    async def _paid(
        self, errand: Errand, ask: Callable[[Any], Awaitable[Vectors]], left_s: float
    ) -> Called[Vectors]:
        """Raises NotAsked."""
        client = self.clients.of(errand.choice)

        async def calling(limit_s: float) -> Called[Vectors]:
            return await _embedded(
                lambda: ask(client), Watch.of(errand.choice, self.access.now_s), limit_s
            )

        return await self.access.paid(errand, calling, left_s=left_s)


async def _embedded(
    ask: Callable[[], Awaitable[Vectors]], watch: Watch, limit_s: float
) -> Called[Vectors]:
    """Ask once; what goes wrong is told, not raised."""
    read: list[int | None] = []
    listening = _READ.set(read)
    try:
        async with asyncio.timeout(limit_s):
            vectors = await ask()
    # Clients of providers raise whatever they like.
    except Exception as error:  # noqa: BLE001
        return watch.gone_wrong(error)
    finally:
        _READ.reset(listening)
    return Called(watch.settled("answered", _in_all(read)), vectors)


def _in_all(read: Sequence[int | None]) -> tuple[int, int] | None:
    """None: of a part of it nobody said. Nobody answers without reading."""
    if not read or not all(read):
        return None
    return sum(one or 0 for one in read), 0


def _most_tokens(texts: Sequence[str]) -> int:
    return sum(tokens_at_most(one) + _FRAME_TOKENS for one in texts)


class _Counting:
    """OpenAI's client of embeddings, whose answers say what they took to whoever listens."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def create(self, **asked: Any) -> Any:
        answer = await self._client.create(**asked)
        if (read := _READ.get()) is not None:
            read.append(getattr(getattr(answer, "usage", None), "prompt_tokens", None))
        return answer

    async def aclose(self) -> None:
        # A resource of OpenAI's keeps the client it belongs to, and shows it to nobody.
        await self._client._client.close()  # noqa: SLF001
