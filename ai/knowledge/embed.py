"""How text becomes vectors: the port, and the embedder that needs neither network nor download."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID
from zlib import crc32

from ai.knowledge.features import VERSION, features
from ai.knowledge.passages import QUERY_CHARS_MAX

Vector = list[float]
DIMENSIONS: Final = 2048


@dataclass(frozen=True, slots=True)
class Confidence:
    """How a cosine of an embedder reads: at `none` it is nothing, from `sure` on an answer."""

    none: float
    sure: float

    def of(self, cosine: float) -> float:
        """From 0 to 1."""
        return min(1.0, max(0.0, (cosine - self.none) / (self.sure - self.none)))


class Embedder(Protocol):
    """Vectors of length 1 whose cosine says how near two texts are.

    The same text gets the same vector in every process, as long as `fingerprint` is the same.
    """

    @property
    def fingerprint(self) -> str:
        """Names model and version in `[a-z0-9-]`: vectors of another one are another language."""
        ...

    @property
    def dimensions(self) -> int: ...

    @property
    def confidence(self) -> Confidence: ...

    async def serving(self, tenant_id: UUID) -> "Embedder":
        """The one that this tenant has: who embeds for a tenant asks for it first.

        Raises EmbedderAway: nobody knows at the moment.
        """
        ...

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """Raises EmbedderAway: nobody answers."""
        ...

    async def embed_query(self, text: str) -> Vector:
        """Raises EmbedderAway: nobody answers."""
        ...


class EmbedderAway(Exception):
    """No vectors can be had at the moment."""


class EmbedderRefused(EmbedderAway):
    """Who makes vectors was not asked; `why` is `NotAsked`'s."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class HashingEmbedder:
    """Features hashed into a vector, with signs that let collisions cancel out.

    It finds what shares words, beginnings of words, or one of our lists of meanings; it does not
    understand. Whoever answers by it alone should be shy (docs/evaluation.md).
    """

    dimensions: int = DIMENSIONS

    @property
    def fingerprint(self) -> str:
        return f"hashing-v{VERSION}"

    @property
    def confidence(self) -> Confidence:
        return Confidence(none=0.10, sure=0.42)

    async def serving(self, _tenant_id: UUID) -> Embedder:
        return self

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        return [self.vector(text) for text in texts]

    async def embed_query(self, text: str) -> Vector:
        return self.vector(text)

    def vector(self, text: str) -> Vector:
        """Of length 1; of nothing, nothing."""
        found = [0.0] * self.dimensions
        for feature, weight in features(text[: 4 * QUERY_CHARS_MAX]).items():
            hashed = crc32(feature.encode())
            place, sign = hashed % self.dimensions, 1.0 if hashed & 0x8000_0000 else -1.0
            found[place] += sign * weight
        return unit(found)


def unit(vector: Iterable[float]) -> Vector:
    """The same direction, of length 1."""
    values = list(vector)
    length = math.sqrt(sum(value * value for value in values))
    return [value / length for value in values] if length else values


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two vectors of length 1."""
    return sum(map(float.__mul__, one, other))
