"""What one message is about: one of the intents a summary knows, or `other`.

Rules only. Decisive phrases weigh more than words that merely belong to a topic; where two topics
weigh the same, the more specific one is meant. Where nothing speaks, it abstains.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast, get_args
from uuid import UUID

from ai.contracts import Intent, Msg
from ai.extract.features import Features, features_of
from ai.extract.lexicon import WORD, lexicon_of
from ai.extract.plain import plain, sentences
from ai.intent.asks import asks_for_person, words_of

DECISIVE: Final = 3
_ANGRY: Final = -0.75
_ORDER: Final = (
    "cancellation",
    "refund",
    "change",
    "account",
    "billing",
    "complaint",
    "delivery",
    "technical",
    "product",
)
"""The more specific first."""
_LEXICON: Final = lexicon_of(words_of("intents"))
_KNOWN: Final = frozenset(get_args(Intent))


@dataclass(frozen=True, slots=True)
class Guess:
    """An intent, and how clearly it stands out: 0 for `other`, to 1."""

    intent: Intent
    clarity: float


def intent_of(text: str, language: str = "") -> Guess:
    """What a message is about; who asks for a person is understood before all else."""
    return Guess("human", 1.0) if asks_for_person(text) else topic_of(text, language)


def topic_of(text: str, language: str = "") -> Guess:
    """What a message is about, whoever they ask for in it."""
    features = features_of(Msg(id=UUID(int=0), seq=0, role="customer", content=text), language)
    weights = _weights(text, features)
    best = max(_ORDER, key=lambda one: (weights.get(one, 0), -_ORDER.index(one)))
    if not weights.get(best):
        angry = features.mood <= _ANGRY
        return Guess("complaint", 0.5) if angry else Guess("other", 0.0)
    return Guess(cast("Intent", best), weights[best] / sum(weights.values()))


def _weights(text: str, features: Features) -> Mapping[str, int]:
    weights = {name: min(count, 2) for name, count in features.intents.items() if name in _KNOWN}
    for sentence in sentences(plain(text)):
        lower = sentence.lower()
        for tag in {hit.tag for hit in _LEXICON.hits(lower, WORD.findall(lower))}:
            weights[tag] = weights.get(tag, 0) + DECISIVE
    return weights
