"""Which embedder a tenant has by the plan of models, and that it pays for it (docs/adr/0043).

Vectors of two embedders are never compared: each has spaces of its own, and a tenant stands in one.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from ai.knowledge.embed import Confidence, Embedder, EmbedderAway, HashingEmbedder, Vector
from ai.knowledge.provider import Embeddings, ProviderEmbedder
from ai.models.limits import Limits
from ai.models.plan import Choice, Plan, Purpose
from ai.models.spending import Ledger, NotAsked
from chorus.errors import Overloaded, Unavailable

PURPOSE: Final[Purpose] = "embed"
OFFLINE: Final = HashingEmbedder()
Whose = tuple[str, str]
"""Slug and tier of a tenant."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """What a process pays by. `whose` is None of a tenant that is gone; it raises Unavailable, Overloaded."""

    limits: Limits
    ledger: Ledger
    whose: Callable[[UUID], Awaitable[Whose | None]]


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may have the embedder that is configured: whom the plan lists it for under `embed`.

    A plan that lists it for nobody says nothing about it: then all have it, on no terms.
    """

    plan: Plan
    usual: Choice

    @property
    def is_split(self) -> bool:
        """Whether some may have it and others not."""
        return bool(self.plan.embedders())

    @property
    def named(self) -> tuple[Choice, ...]:
        """Every way to it that anybody has."""
        return self.plan.embedders() or (self.usual,)

    def choices(self, whose: Whose) -> tuple[Choice, ...]:
        """What is asked for a tenant, in turn; empty: it has the offline embedder."""
        if not self.is_split:
            return (self.usual,)
        return tuple(one for one in self.plan.choices(*whose, PURPOSE) if not one.is_offline)


@dataclass(frozen=True, slots=True)
class PlannedEmbedder:
    """Implements `Embedder`; itself it embeds nothing, because nobody would pay for it.

    Its fingerprint and size are those of whoever has no other (`Terms`).
    """

    provider: ProviderEmbedder
    terms: Terms
    whose: Callable[[UUID], Awaitable[Whose | None]]
    paid_by: Callable[[UUID, Whose, Sequence[Choice]], Embeddings]

    @property
    def fingerprint(self) -> str:
        return self.provider.fingerprint

    @property
    def dimensions(self) -> int:
        return self.provider.dimensions

    @property
    def confidence(self) -> Confidence:
        return self.provider.confidence

    async def serving(self, tenant_id: UUID) -> Embedder:
        try:
            whose = await self.whose(tenant_id)
        except (Unavailable, Overloaded) as error:
            raise EmbedderAway(type(error).__name__) from error
        if whose is None:
            raise EmbedderAway("there is no such tenant")
        choices = self.terms.choices(whose)
        if not choices:
            return OFFLINE
        return replace(self.provider, embeddings=self.paid_by(tenant_id, whose, choices))

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        return await self.provider.embed_documents(texts)

    async def embed_query(self, text: str) -> Vector:
        return await self.provider.embed_query(text)


class Unpaid:
    """Implements `Embeddings` where nobody said for whom."""

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        raise NotAsked("no_tenant")

    async def aembed_query(self, text: str) -> list[float]:
        raise NotAsked("no_tenant")
