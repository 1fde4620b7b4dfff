"""From a choice to a model that answers: LangChain is imported here and in `offline` only.

Providers fail in every way there is: HTTP errors, proxies' pages with status 200 (AttributeError),
parse errors inside of the client. So every `Exception` of a call is the provider's failure.
"""

import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel, SecretStr, ValidationError

from ai.models.keys import Keys
from ai.models.offline import OfflineChatModel
from ai.models.plan import Choice
from ai.models.straight import SOCKET_TIMEOUT_S, ollama_terms, shared_clients

OLLAMA_URL: Final = "http://127.0.0.1:11434"
NO_KEY: Final = "none"
"""For servers that want none; the clients want one."""
CLIENTS: Final = (
    "anthropic",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "langchain",
    "langchain_core",
    "langsmith",
    "ollama",
    "openai",
)
_ABOUT_ALL: Final = frozenset({401, 402, 403, 404, 408, 429})
"""Refusals that the next request meets as well: key, money, model, time, rate."""
_CUT_SHORT: Final = frozenset({"LengthFinishReasonError", "ContentFilterFinishReasonError"})
"""What OpenAI's client raises for an answer that was cut off: with status 200, so they have none."""
T = TypeVar("T", bound=BaseModel)
Line = tuple[str, str]
"""`(system|human, text)`."""


class Unfit(Exception):
    """It answered, and of no use. `tokens` is what that took: read and written."""

    def __init__(self, tokens: tuple[int, int] | None = None) -> None:
        super().__init__("the answer does not fit")
        self.tokens = tokens


@dataclass(frozen=True, slots=True)
class Spoken(Generic[T]):
    """An answer, and what it took; None: the server did not say."""

    value: T
    tokens: tuple[int, int] | None


class Stopped(Exception):
    """Nobody wants the rest of an answer that is being written."""


class Listener(Protocol):
    """Hears an answer while it is written. Raises `Unfit`: it is of no use; `Stopped`."""

    async def begin(self) -> None:
        """A model begins; what another one has said before counts for nothing."""
        ...

    async def hear(self, piece: str) -> None:
        """Some more of its JSON."""
        ...


def make_chat_model(choice: Choice, keys: Keys, *, max_tokens: int) -> BaseChatModel:
    """Make the model of a choice; the first of a provider imports its client, which takes a second.

    Raises:
        MissingKey: its key is not where the plan says.
        ValueError, ImportError: nobody knows such a provider.
    """
    if choice.is_offline:
        return OfflineChatModel()
    key = keys.find(choice.key) if choice.key is not None else SecretStr(NO_KEY)
    given = _ollama(max_tokens) if choice.provider == "ollama" else _hosted(key, max_tokens)
    if choice.is_local:
        given |= _straight(choice.provider)
    # LangChain's caches know no tenant: one would be told what another was answered.
    given["cache"] = False
    if choice.temperature is not None:
        given["temperature"] = choice.temperature
    if choice.base_url is not None:
        given["base_url"] = choice.base_url
        if choice.provider == "openai":
            # Off by default for other servers than OpenAI's, and then nobody knows what it cost.
            given["stream_usage"] = True
    made: Any = init_chat_model(choice.name, model_provider=choice.provider, **given)
    if choice.is_local and choice.provider == "anthropic":
        # It takes no client of ours when it is made.
        clients = shared_clients()
        made._client = made._client.copy(http_client=clients["http_client"])  # noqa: SLF001
        made._async_client = made._async_client.copy(http_client=clients["http_async_client"])  # noqa: SLF001
    model: BaseChatModel = made
    return model


def _straight(provider: str) -> dict[str, Any]:
    """What keeps the client of a local model off the proxies of the environment."""
    if provider == "ollama":
        return {"client_kwargs": ollama_terms()}
    # OPENAI_PROXY is one as well, and refused beside a client of ours.
    return shared_clients() | {"openai_proxy": ""} if provider == "openai" else {}


def _hosted(key: SecretStr, max_tokens: int) -> dict[str, Any]:
    # Never the client's own search for a key in the environment: what is used is what is named.
    return {
        "api_key": key,
        "max_tokens": max_tokens,
        "max_retries": 0,
        "timeout": SOCKET_TIMEOUT_S,
    }


def _ollama(max_tokens: int) -> dict[str, Any]:
    return {
        # Never the client's own OLLAMA_HOST: what has no address in the plan counts as local.
        "base_url": OLLAMA_URL,
        "num_predict": max_tokens,
        "client_kwargs": {"timeout": SOCKET_TIMEOUT_S},
    }


async def ask(
    model: BaseChatModel, lines: Sequence[Line], kind: type[T], *, method: str
) -> Spoken[T]:
    """Ask once for an answer of this kind.

    Raises:
        Unfit: what came is no such answer. Anything else: the provider failed.
    """
    runnable: Any = model.with_structured_output(kind, method=method, include_raw=True)
    answered = await runnable.ainvoke(list(lines))
    tokens = _tokens(answered["raw"])
    value = answered["parsed"]
    if not isinstance(value, kind):
        raise Unfit(tokens)
    return Spoken(value, tokens)


async def ask_aloud(
    model: BaseChatModel, lines: Sequence[Line], kind: type[T], *, method: str, listener: Listener
) -> Spoken[T]:
    """The same, heard while it is written. Raises like `ask`, and what the listener raises."""
    # By its schema: the clients try to parse after each piece where they are given the class.
    parsing: Any = model.with_structured_output(kind.model_json_schema(), method=method)
    said: list[str] = []
    tokens = None
    await listener.begin()
    # Its first step alone, because the parser behind it would wait for the end. Closed for certain:
    # who stops listening must not leave the provider writing, and charging.
    async with aclosing(parsing.first.astream(list(lines))) as chunks:
        async for chunk in chunks:
            piece = _written(chunk)
            tokens = _tokens(chunk) or tokens
            if piece:
                said.append(piece)
                await listener.hear(piece)
    whole = "".join(said)
    try:
        value = kind.model_validate_json(whole[whole.find("{") : whole.rfind("}") + 1])
    except ValidationError as error:
        raise Unfit(tokens) from error
    return Spoken(value, tokens)


def _written(chunk: Any) -> str:
    """What a chunk adds to the answer, be it text or the arguments of a tool."""
    arguments = (one["args"] or "" for one in chunk.tool_call_chunks)
    return str(chunk.text) + "".join(arguments)


def _tokens(raw: Any) -> tuple[int, int] | None:
    usage = getattr(raw, "usage_metadata", None)
    if usage:
        return _counted(usage["input_tokens"], usage["output_tokens"])
    # At the end of a stream with a schema, OpenAI's client has it there only.
    told = getattr(raw, "response_metadata", {}).get("token_usage")
    return _counted(told["prompt_tokens"], told["completion_tokens"]) if told else None


def _counted(read: Any, written: Any) -> tuple[int, int] | None:
    # Nobody answers without reading: some say only at the end what they have written, and the client
    # makes a nought of the rest. What was set aside then stays spent.
    return (int(read), int(written)) if read else None


def keep_quiet() -> None:
    """Let no client log what it sends: below WARNING they print whole requests, words and all."""
    for name in CLIENTS:
        logging.getLogger(name).setLevel(logging.WARNING)


def is_refusal(error: BaseException) -> bool:
    """Whether the provider said no before it did anything, so that nothing is charged."""
    status = getattr(error, "status_code", None)
    return isinstance(status, int) and 400 <= status < 500


def is_about_one_request(error: BaseException) -> bool:
    """Whether it was this request that the provider did not like: too long, filtered, no such field.

    Who writes to us can make that happen at will, so it says nothing about the next request.
    """
    if type(error).__name__ in _CUT_SHORT:
        return True
    return is_refusal(error) and getattr(error, "status_code", None) not in _ABOUT_ALL


def is_key_refused(error: BaseException) -> bool:
    return getattr(error, "status_code", None) in (401, 403)
