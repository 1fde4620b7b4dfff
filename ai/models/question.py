"""What is asked of a model, for whom and by when; and what came of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel

from ai.models.make import Line, Listener, Spoken, Stopped, Unfit, ask, ask_aloud, is_refusal
from ai.models.plan import Choice, Purpose
from ai.models.spending import Result, Settled
from ai.prompts.load import Prompt

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class For:
    """Whom a model is asked for."""

    tenant_id: UUID
    slug: str
    tier: str
    conversation_id: UUID | None


@dataclass(frozen=True, slots=True)
class Errand:
    """One call of one model, as it is paid for: for whom, and the most tokens it can take."""

    whom: For
    purpose: Purpose
    choice: Choice
    prompt: str
    """Id, version and the beginning of its digest; of what has none, a word."""
    task: str
    attempt: int
    """(`task`, `attempt`) is what the ledger knows a call by."""
    tokens_in: int
    tokens_out: int

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out


@dataclass(frozen=True, slots=True)
class Question(Generic[T, V]):
    whom: For
    purpose: Purpose
    prompt: Prompt
    lines: Sequence[Line]
    kind: type[T]
    accept: Callable[[T], V]
    """Makes of an answer what is wanted, or raises `Unfit`."""
    task: str
    """Together with the attempt, what the ledger knows a call by."""
    until_s: float
    """On the clock of `Access`."""
    listener: Listener | None = None
    """Hears each answer while it is written."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[V]):
    """What was answered, by which model, and what that took."""

    value: V
    choice: Choice
    tokens: int
    micros: int
    ms: int


@dataclass(frozen=True, slots=True)
class Called(Generic[V]):
    """What became of one call; `value` only where it was answered."""

    settled: Settled
    value: V | None = None
    fault: Exception | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Tells what became of a call."""

    choice: Choice
    now_s: Callable[[], float]
    began_s: float

    @classmethod
    def of(cls, choice: Choice, now_s: Callable[[], float]) -> Self:
        """Of a call that begins now."""
        return cls(choice, now_s, now_s())

    def settled(self, result: Result, tokens: tuple[int, int] | None) -> Settled:
        """With `tokens` None, nobody knows what it costs."""
        ms = round((self.now_s() - self.began_s) * 1000)
        if tokens is None:
            return Settled(result, ms)
        return Settled(result, ms, *tokens, micros=self.choice.cost_micros(*tokens))

    def gone_wrong(self, error: Exception) -> Called[Any]:
        """Of whatever a client raises."""
        if isinstance(error, Stopped | TimeoutError):
            return Called(self.settled("lost" if isinstance(error, Stopped) else "timeout", None))
        if is_refusal(error):
            return Called(self.settled("refused", (0, 0)), fault=error)
        return Called(self.settled("failed", None), fault=error)


async def call(
    model: Any,
    question: Question[T, V],
    choice: Choice,
    *,
    limit_s: float,
    now_s: Callable[[], float],
) -> Called[V]:
    """Ask once and wait for `limit_s`; what goes wrong is told, not raised."""
    watch = Watch.of(choice, now_s)
    try:
        async with asyncio.timeout(limit_s):
            spoken = await _spoken(model, question, choice.structured)
        try:
            return Called(watch.settled("answered", spoken.tokens), question.accept(spoken.value))
        except Unfit:
            return Called(watch.settled("unfit", spoken.tokens))
    except Unfit as error:
        return Called(watch.settled("unfit", error.tokens))
    # Providers and proxies fail in whatever way they like.
    except Exception as error:  # noqa: BLE001
        return watch.gone_wrong(error)


async def _spoken(model: Any, question: Question[T, V], method: str) -> Spoken[T]:
    if question.listener is None:
        return await ask(model, question.lines, question.kind, method=method)
    return await ask_aloud(
        model, question.lines, question.kind, method=method, listener=question.listener
    )
