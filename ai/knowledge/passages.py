"""The shapes of knowledge: what is stored, what is found, and how sure one can be of it."""

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

Trust = Literal["editor", "imported", "web"]
"""Who vouches for it: somebody of the tenant wrote it, brought it along, or it stood on a page."""
Kind = Literal["qa", "markdown", "text"]

PASSAGES_MAX: Final = 20
QUERY_CHARS_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a source, short enough to quote and whole enough to answer."""

    place: int
    title: str
    text: str
    held_back: str = ""
    """Why it is not to be found: what a customer reads must not give orders to a model."""

    @property
    def weighed(self) -> str:
        """What is embedded: a title says more than a sentence."""
        return f"{self.title}\n{self.title}\n{self.text}"


@dataclass(frozen=True, slots=True)
class Article:
    """The version of a source that its chunks belong to."""

    tenant_id: UUID
    source_id: UUID
    version: int
    language: str
    trust: Trust


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that may answer; `dense` is its cosine to the question, None where nobody compared."""

    article: Article
    chunk: Chunk
    dense: float | None = None

    @property
    def id(self) -> str:
        return passage_id(self.article, self.chunk.place)


def passage_id(article: Article, place: int) -> str:
    """The same for the same chunk of the same version, wherever it is made."""
    return f"{article.source_id}:{article.version}:{place}"


@dataclass(frozen=True, slots=True)
class Passage:
    """What an answer may cite. `score` orders, `confidence` says how sure one can be of it alone."""

    id: str
    article_id: UUID
    title: str
    text: str
    lang: str
    trust: Trust
    version: int
    score_dense: float
    score_lex: float
    score: float
    confidence: float = 1.0
    """From 0 to 1, read from `score_dense` by whoever compared; `rank` always says it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known about a question, best first.

    `confidence` (0 to 1) comes from cosines alone: how well the best passage ranks says nothing
    about whether any of them answers. It is that of the surest, which need not be the first.
    `degraded`: the index is away, words alone were compared.
    """

    passages: tuple[Passage, ...]
    confidence: float
    degraded: bool = False
