"""What calls cost: reserved before, settled after. A reservation nobody settles stays spent."""

from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

Result = Literal["answered", "unfit", "failed", "refused", "timeout", "lost"]
"""`unfit`: it came and was of no use; `refused`: the provider said no before it did anything;
`lost`: nobody was there any more to hear what became of it."""
_BYTES_A_TOKEN: Final = 3
_FRAME_TOKENS: Final = 60


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


def most_tokens(texts: list[str]) -> int:
    """More than any tokenizer makes of it; real ones download their tables."""
    return sum(len(one.encode()) // _BYTES_A_TOKEN for one in texts) + _FRAME_TOKENS
