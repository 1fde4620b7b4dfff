"""What calls cost: reserved before, settled after. A reservation nobody settles stays spent."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, Protocol
from uuid import UUID

import orjson
from pydantic import BaseModel

from ai.models.tokens import tokens_at_most

Result = Literal["answered", "unfit", "failed", "refused", "timeout", "lost"]
"""`unfit`: it came and was of no use; `refused`: the provider said no before it did anything;
`lost`: nobody was there any more to hear what became of it."""
_FRAME_TOKENS: Final = 60
_OWN_WORDS_TOKENS: Final = 350
"""What providers add of their own where an answer shall have a schema: up to 346 are documented."""


class NotAsked(Exception):
    """A model was not asked: `why` is one word of it, as metrics count it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Spending:
    """A call that is about to be made."""

    tenant_id: UUID
    conversation_id: UUID | None
    purpose: str
    spec: str
    prompt: str
    """Id, version and the beginning of its digest."""
    plan: str
    """The version of the plan it was allowed by."""
    task: str
    attempt: int
    """(`task`, `attempt`) is spent once, however often it is asked for."""
    micros: int
    """The most it can cost."""
    budget_micros: int
    """A month."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a call. `micros` None: unknown, so that the reservation stays."""

    result: Result
    ms: int
    tokens_in: int = 0
    tokens_out: int = 0
    micros: int | None = None


class Ledger(Protocol):
    """Where spendings are written down."""

    async def reserve(self, spending: Spending) -> UUID | None:
        """Set the most it can cost aside; None: the month's budget does not allow it, or this attempt is spent.

        Raises:
            Unavailable, Overloaded: it cannot be written down, so nothing may be spent.
        """
        ...

    async def settle(self, spending_id: UUID, settled: Settled) -> None:
        """Say what became of it; a second time changes nothing. Raises like `reserve`."""
        ...


def most_tokens(texts: Iterable[str], kind: type[BaseModel]) -> int:
    """More than a tokenizer makes of it and of the schema of `kind`."""
    return sum(map(tokens_at_most, texts)) + _schema_tokens(kind) + _FRAME_TOKENS


@cache
def _schema_tokens(kind: type[BaseModel]) -> int:
    return tokens_at_most(orjson.dumps(kind.model_json_schema()).decode()) + _OWN_WORDS_TOKENS
