"""Whose turn it is: so many files at once, of all, of a tenant and of a person; the others wait a little."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from chorus.auth import Principal
from chorus.errors import Overloaded

OF_A_PERSON: Final = 3
PARTS: Final = 4
"""A tenant has one of so many parts of all turns, and so have the visitors of one address."""
WAIT_S: Final = 20.0
"""Clients give up an upload that does not move for 30 s."""


class Coming:
    """Counts the files that come in. Nobody has all turns."""

    def __init__(self, at_once: int, *, wait_s: float = WAIT_S) -> None:
        self._at_once = at_once
        self._wait_s = wait_s
        self._counts: Counter[str] = Counter()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def one(self, who: Principal, address: str = "") -> AsyncIterator[None]:
        """One more file of this person comes in, from an address that has one share of its own.

        Raises:
            Overloaded: no turn came in time.
        """
        shares = self._shares(who, address)
        try:
            async with asyncio.timeout(self._wait_s):
                while any(self._counts[name] >= most for name, most in shares.items()):
                    await self._freed.wait()
        except TimeoutError as error:
            raise Overloaded from error
        self._counts.update(shares.keys())
        try:
            yield
        finally:
            self._leave(shares)

    def _shares(self, who: Principal, address: str) -> dict[str, int]:
        tenant, part = str(who.tenant_id), -(-self._at_once // PARTS)
        shares = {"": self._at_once, tenant: part, f"{tenant}/{who.user_id}": OF_A_PERSON}
        return shares | ({f"from {address}": part} if address else {})

    def _leave(self, shares: dict[str, int]) -> None:
        self._counts.subtract(shares.keys())
        self._counts = +self._counts
        self._freed.set()
        self._freed = asyncio.Event()


@asynccontextmanager
async def turn(turns: asyncio.Semaphore, *, wait_s: float = WAIT_S) -> AsyncIterator[None]:
    """Take one of a few turns. Raises Overloaded: none came in time."""
    try:
        async with asyncio.timeout(wait_s):
            await turns.acquire()
    except TimeoutError as error:
        raise Overloaded from error
    try:
        yield
    finally:
        turns.release()
