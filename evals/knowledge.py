"""Score what is found for questions: is it the right article, and is one sure only when it is?"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import yaml

from ai.knowledge.chunk import cut_source
from ai.knowledge.embed import Embedder, HashingEmbedder
from ai.knowledge.index import Entry, MemoryIndex, space_of
from ai.knowledge.passages import Article, Found
from ai.knowledge.search import Library
from evals.gates import exceeded, fallen, missed
from evals.golden import BadGolden

FOLDER: Final = Path(__file__).parent / "golden" / "knowledge"
FAMILIES: Final = ("near", "para", "typos")
OUTSIDE: Final = "out_of_domain"
SURE: Final = 0.45
"""From this confidence on a bot answers (AI policy)."""
GATES: Final[Mapping[str, float]] = {
    "R@3 near": 0.95,
    "R@3 para": 0.65,
    "R@3 typos": 0.90,
    "R@3": 0.85,
    "out of domain AUC": 0.85,
}
FALSE_SURE: Final = "sure of nothing"
FALSE_SURE_MOST: Final = 0.10
TENANT: Final = UUID(int=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; `wanted` is the article that answers it, None where none does."""

    question: str
    family: str
    wanted: UUID | None
    held_out: bool
    name: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """An article as somebody would bring it."""

    id: UUID
    name: str
    language: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class KnowledgeSet:
    shelves: tuple[Shelf, ...]
    asked: tuple[Asked, ...]


@dataclass(slots=True)
class KnowledgeScore:
    """What came of some questions: the place of the right article (0: not found), and how sure."""

    places: dict[str, list[int]] = field(default_factory=dict)
    sure: list[tuple[float, bool]] = field(default_factory=list)
    """Confidence, and whether there is an answer."""
    misses: list[str] = field(default_factory=list)

    @property
    def questions(self) -> int:
        return len(self.sure)

    def figures(self) -> dict[str, float]:
        every = [place for places in self.places.values() for place in places]
        shown = {f"R@3 {name}": _recall(self.places.get(name, []), 3) for name in FAMILIES}
        shown |= {
            "R@3": _recall(every, 3),
            "R@1": _recall(every, 1),
            "MRR": _mean([1 / place if place else 0.0 for place in every]),
            "out of domain AUC": _auc(self.sure),
            "kept at 10 % false": _kept(self.sure, 0.10),
            "sure when it may be": _share(self.sure, inside=True),
            FALSE_SURE: _share(self.sure, inside=False),
        }
        return {name: round(value, 4) for name, value in shown.items()}


def read_knowledge(folder: Path = FOLDER) -> KnowledgeSet:
    """All articles and questions of a folder.

    Raises:
        BadGolden: with the file and the entry.
    """
    shelves: list[Shelf] = []
    asked: list[Asked] = []
    for path in sorted(folder.glob("*.yaml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            try:
                if path.stem == OUTSIDE:
                    asked += _outside(entry)
                    continue
                shelves.append(_shelf(path.stem, entry, len(shelves) + 1))
                asked += _inside(entry, shelves[-1])
            except (KeyError, TypeError, AttributeError) as error:
                raise BadGolden(f"{path.name}: {str(entry)[:60]}: {error!r}") from error
    return KnowledgeSet(tuple(shelves), tuple(asked))


def _shelf(stem: str, entry: dict[str, Any], number: int) -> Shelf:
    language = entry.get("language", stem)
    return Shelf(UUID(int=number), entry["id"], language, entry["title"], entry["text"])


def _inside(entry: dict[str, Any], shelf: Shelf) -> Iterator[Asked]:
    held_out = bool(entry.get("held_out"))
    for family in FAMILIES:
        for question in entry[family]:
            yield Asked(question, family, shelf.id, held_out, shelf.name, shelf.language)


def _outside(entry: dict[str, Any]) -> Iterator[Asked]:
    name = "near the shop" if entry["near"] else "elsewhere"
    for question in entry["ask"]:
        yield Asked(question, OUTSIDE, None, bool(entry["held_out"]), name, entry["language"])


def score_knowledge(
    cases: KnowledgeSet, embedder: Embedder | None = None
) -> dict[str, KnowledgeScore]:
    """Ask everything of a library with all articles; once for all, once for what was held out."""
    return asyncio.run(_scored(cases, embedder or HashingEmbedder()))


async def _scored(cases: KnowledgeSet, embedder: Embedder) -> dict[str, KnowledgeScore]:
    library = await library_of(cases.shelves, embedder)
    parts = {"all": KnowledgeScore(), "held out": KnowledgeScore()}
    for one in cases.asked:
        found = await library.search(TENANT, one.question, k=10)
        _judge(parts["all"], one, found)
        if one.held_out:
            _judge(parts["held out"], one, found)
    return parts


async def library_of(shelves: Sequence[Shelf], embedder: Embedder) -> Library:
    """All articles on one shelf of `TENANT`, in an index in memory."""
    index = MemoryIndex()
    for shelf in shelves:
        article = Article(TENANT, shelf.id, 1, shelf.language, "editor")
        chunks = cut_source("markdown", shelf.title, shelf.text).chunks
        vectors = await embedder.embed_documents([one.weighed for one in chunks])
        entries = [Entry(article, *pair) for pair in zip(chunks, vectors, strict=True)]
        await index.put(TENANT, space_of(embedder), entries)
    return Library(index, embedder)


def _judge(score: KnowledgeScore, asked: Asked, found: Found) -> None:
    score.sure.append((found.confidence, asked.wanted is not None))
    if asked.wanted is None:
        if found.confidence >= SURE:
            score.misses.append(
                f"{asked.name}: sure ({found.confidence:.2f}) of {asked.question!r}"
            )
        return
    ids = [one.article_id for one in found.passages]
    place = ids.index(asked.wanted) + 1 if asked.wanted in ids else 0
    score.places.setdefault(asked.family, []).append(place)
    if not 0 < place <= 3:
        best = found.passages[0].title if found.passages else "nothing"
        score.misses.append(f"{asked.name} {asked.family}: {asked.question!r} → {best}")


def below_gates(figures: Mapping[str, float], baseline: Mapping[str, float]) -> list[str]:
    """Why these figures must not go in: gates they miss, and what was better before."""
    faults = missed(figures, GATES) + exceeded(figures, {FALSE_SURE: FALSE_SURE_MOST})
    return [*faults, *fallen(figures, baseline, apart_from=(FALSE_SURE,))]


def _recall(places: Sequence[int], most: int) -> float:
    return _mean([float(0 < place <= most) for place in places])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 1.0


def _auc(sure: Sequence[tuple[float, bool]]) -> float:
    """How often a question with an answer is surer than one without."""
    inside = [one for one, has in sure if has]
    outside = [one for one, has in sure if not has]
    if not inside or not outside:
        return 1.0
    won = sum((one > other) + 0.5 * (one == other) for one in inside for other in outside)
    return won / (len(inside) * len(outside))


def _kept(sure: Sequence[tuple[float, bool]], false: float) -> float:
    """The share of answerable questions above a bar that lets so many others through."""
    outside = sorted((one for one, has in sure if not has), reverse=True)
    bar = outside[int(false * len(outside))] if outside else 0.0
    return _mean([float(one > bar) for one, has in sure if has])


def _share(sure: Sequence[tuple[float, bool]], *, inside: bool) -> float:
    found = [float(one >= SURE) for one, has in sure if has == inside]
    return sum(found) / len(found) if found else 0.0
