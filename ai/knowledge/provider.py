"""An embedder behind a provider: whatever embeds as LangChain's `Embeddings` do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ai.knowledge.embed import Confidence, EmbedderAway, Vector, unit

TEXT_CHARS_MAX: Final = 8_000
_UNNAMEABLE: Final = re.compile(r"[^a-z0-9]+")


class Embeddings(Protocol):
    """The part of LangChain's `Embeddings` that is used."""

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]: ...

    async def aembed_query(self, text: str) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class ProviderEmbedder:
    """`spec` names provider and model. Deadlines are the caller's: a provider keeps none.

    Nothing of a provider's error is told on: it may repeat what it was sent.
    """

    embeddings: Embeddings
    spec: str
    dimensions: int
    confidence: Confidence

    @property
    def fingerprint(self) -> str:
        return _UNNAMEABLE.sub("-", self.spec.lower()).strip("-")

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        given = [text[:TEXT_CHARS_MAX] for text in texts]
        try:
            found = await self.embeddings.aembed_documents(given)
        # Clients of providers raise whatever they like.
        except Exception as error:  # noqa: BLE001
            raise EmbedderAway(type(error).__name__) from None
        return self._checked(found, len(given))

    async def embed_query(self, text: str) -> Vector:
        try:
            found = await self.embeddings.aembed_query(text[:TEXT_CHARS_MAX])
        except Exception as error:  # noqa: BLE001
            raise EmbedderAway(type(error).__name__) from None
        return self._checked([found], 1)[0]

    def _checked(self, found: Sequence[Sequence[float]], count: int) -> list[Vector]:
        if len(found) != count or any(len(one) != self.dimensions for one in found):
            raise EmbedderAway(f"no {count} vectors of {self.dimensions} numbers")
        return [unit(one) for one in found]
