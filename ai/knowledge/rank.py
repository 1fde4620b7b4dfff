"""Which of the candidates answer best: their cosines and their words together. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from ai.knowledge.embed import Confidence
from ai.knowledge.features import features
from ai.knowledge.passages import Candidate, Chunk, Found, Passage

_SATURATION: Final = 1.2
_LENGTH: Final = 0.5
_KEPT: Final = 256
"""Chunks taken apart that are kept, about 50 KB each: those that are found again and again."""
_DENSE_SHARE: Final = 0.6
_SAME_LANGUAGE: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A candidate as bags of features."""

    features: Mapping[str, float]
    length: float


def rank(
    question: str,
    candidates: Sequence[Candidate],
    confidence: Confidence,
    *,
    k: int,
    lang: str = "",
) -> Found:
    """The `k` best, each with its scores.

    Words are weighed by how rare they are among the candidates (BM25), so that a store without a
    word index ranks as well as one with. Confidence is read from cosines alone.
    """
    if not candidates:
        return Found((), 0.0)
    weighed = [_weighed(one.chunk) for one in candidates]
    lexical = _bm25(features(question), weighed)
    most = max(lexical) or 1.0
    scored = [
        _passage(one, words, words / most, lang)
        for one, words in zip(candidates, lexical, strict=True)
    ]
    ordered = sorted(scored, key=lambda one: (-one.score, one.id))[:k]
    best = tuple(replace(one, confidence=_sure(one, confidence)) for one in ordered)
    return Found(best, max(one.confidence for one in best))


def _sure(passage: Passage, confidence: Confidence) -> float:
    return round(confidence.of(passage.score_dense), 4)


@lru_cache(maxsize=_KEPT)
def _weighed(chunk: Chunk) -> _Weighed:
    found = features(f"{chunk.title}\n{chunk.text}")
    return _Weighed(found, sum(found.values()))


def _bm25(question: Mapping[str, float], weighed: Sequence[_Weighed]) -> list[float]:
    usual = sum(one.length for one in weighed) / len(weighed) or 1.0
    count = len(weighed)
    rare = {
        feature: math.log(1 + (count - having + 0.5) / (having + 0.5))
        for feature in question
        if (having := sum(feature in one.features for one in weighed))
    }
    return [_score(question, rare, one, usual) for one in weighed]


def _score(
    question: Mapping[str, float], rare: Mapping[str, float], one: _Weighed, usual: float
) -> float:
    damped = _SATURATION * (1 - _LENGTH + _LENGTH * one.length / usual)
    return sum(
        weight * rare[feature] * said * (_SATURATION + 1) / (said + damped)
        for feature, weight in question.items()
        if (said := one.features.get(feature, 0.0))
    )


def _passage(candidate: Candidate, words: float, share: float, lang: str) -> Passage:
    article, dense = candidate.article, candidate.dense or 0.0
    same = _SAME_LANGUAGE if lang and article.language == lang else 0.0
    return Passage(
        id=candidate.id,
        article_id=article.source_id,
        title=candidate.chunk.title,
        text=candidate.chunk.text,
        lang=article.language,
        trust=article.trust,
        version=article.version,
        score_dense=round(dense, 4),
        score_lex=round(words, 4),
        score=round(_DENSE_SHARE * dense + (1 - _DENSE_SHARE) * share * 0.6 + same, 4),
    )
