"""An embedder behind a provider: whatever embeds as LangChain's `Embeddings` do."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from ai.guards.redaction import Vault
from ai.knowledge.embed import Confidence, Embedder, EmbedderAway, EmbedderRefused, Vector, unit
from ai.models.spending import NotAsked

TEXT_CHARS_MAX: Final = 8_000
_UNNAMEABLE: Final = re.compile(r"[^a-z0-9]+")


class Embeddings(Protocol):
    """The part of LangChain's `Embeddings` that is used."""

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]: ...

    async def aembed_query(self, text: str) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class ProviderEmbedder:
    """`spec` names provider and model. Deadlines are the caller's: a provider keeps none.

    It asks `embeddings`, whoever the tenant is: who pays is for `ai.knowledge.planned`.
    Where texts leave the house, what identifies people stays: each is told with marks for it.
    Nothing of a provider's error is told on: it may repeat what it was sent.
    """

    embeddings: Embeddings
    spec: str
    dimensions: int
    confidence: Confidence
    leaves: bool = True
    """Whether its texts leave the house."""

    @property
    def fingerprint(self) -> str:
        name = _UNNAMEABLE.sub("-", self.spec.lower()).strip("-")
        return f"{name}-redacted" if self.leaves else name

    async def serving(self, _tenant_id: UUID) -> Embedder:
        return self

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        # A hundred long texts take longer to look through than others can wait on this loop.
        given = await asyncio.to_thread(self._given, texts)
        try:
            found = await self.embeddings.aembed_documents(given)
        except NotAsked as error:
            raise EmbedderRefused(error.why) from None
        # Clients of providers raise whatever they like.
        except Exception as error:  # noqa: BLE001
            raise EmbedderAway(type(error).__name__) from None
        return self._checked(found, len(given))

    async def embed_query(self, text: str) -> Vector:
        (given,) = self._given([text])
        try:
            found = await self.embeddings.aembed_query(given)
        except NotAsked as error:
            raise EmbedderRefused(error.why) from None
        except Exception as error:  # noqa: BLE001
            raise EmbedderAway(type(error).__name__) from None
        return self._checked([found], 1)[0]

    def _given(self, texts: Sequence[str]) -> list[str]:
        # A vault each: the same text has the same marks, so that it gets the same vector.
        short = [text[:TEXT_CHARS_MAX] for text in texts]
        return [Vault().redact(text) for text in short] if self.leaves else short

    def _checked(self, found: Sequence[Sequence[float]], count: int) -> list[Vector]:
        if len(found) != count or any(len(one) != self.dimensions for one in found):
            raise EmbedderAway(f"no {count} vectors of {self.dimensions} numbers")
        return [unit(one) for one in found]
