"""What one message holds, whatever stands around it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ai.contracts import Msg
from ai.extract.cues import INJECTION, INTENT, SHARED, cues_of
from ai.extract.facts import Found, facts_in
from ai.extract.language import language_of
from ai.extract.lexicon import WORD, Hit
from ai.extract.plain import plain, sentences

_CHARS_A_WORD: Final = 3
"""In scripts without blanks, about."""
_QUESTION: Final = re.compile(r"[?？؟]")
_ASKED: Final = re.compile(r"(?:ますか|ですか|でしょうか|ませんか)[。\s]*$")
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_ELIDED: Final = re.compile(r"\b(?:l|d|un|dell|dall|nell|sull|all)'")
_SHOUTED: Final = re.compile(r"\b[A-Z]{4,}\b")
_SAD: Final = re.compile(
    "[\U0001f620-\U0001f624\U0001f621\U0001f92c\U0001f62d\U0001f61e\U0001f614\U0001f44e]|:-?\\("
)
_GLAD: Final = re.compile(
    "[\U0001f600-\U0001f60a\U0001f60d\U0001f64f\U0001f44d\U0001f389\u2764]|:-?\\)"
)
_FULL: Final = 4.0
"""So much weight in a message is as strong as it gets."""


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    tags: frozenset[str]
    words: int
    asks: bool


@dataclass(frozen=True, slots=True)
class Features:
    """A message, taken apart."""

    language: str
    """Of this message alone; empty: unsure."""
    sentences: tuple[Sentence, ...]
    facts: tuple[Found, ...]
    mood: float
    """From -1 to 1."""
    intents: Mapping[str, int]
    injected: bool

    def tagged(self, *tags: str) -> bool:
        return any(tag in one.tags for one in self.sentences for tag in tags)


def features_of(message: Msg, language: str) -> Features:
    """Take a message apart; `language` is what the conversation was in until now, or empty."""
    text = plain(message.content)
    spoken = language_of(text, language)
    lexicon = cues_of(spoken or language).lexicon
    parts: list[Sentence] = []
    mood = 0.0
    intents: dict[str, int] = {}
    injected = False
    for one in sentences(text):
        lower = one.lower()
        words = WORD.findall(_ELIDED.sub("", lower) if "'" in lower else lower)
        hits = list(lexicon.hits(lower, words))
        shared = {hit.tag for hit in SHARED.hits(lower, words)}
        injected |= INJECTION in shared
        for tag in shared - {INJECTION}:
            name = tag.removeprefix(INTENT)
            intents[name] = intents.get(name, 0) + 1
        mood += _mood(hits, words)
        tags = frozenset(hit.tag for hit in hits) | (shared & {INJECTION})
        parts.append(Sentence(one, tags, _length(one, words), _asks(one)))
    facts = tuple(facts_in(text, message.role))
    return Features(spoken, tuple(parts), facts, _whole_mood(text, mood), intents, injected)


def _length(text: str, words: Sequence[str]) -> int:
    unspaced = len(_UNSPACED.findall(text))
    return unspaced // _CHARS_A_WORD if unspaced > len(words) else len(words)


def _asks(text: str) -> bool:
    return _QUESTION.search(text) is not None or _ASKED.search(text) is not None


def _mood(hits: Iterable[Hit], words: Sequence[str]) -> float:
    """Weights of a sentence, turned around after a negation, more after a stronger word."""
    told = list(hits)
    weighty = [hit for hit in told if hit.tag in ("positive", "negative")]
    if not weighty:
        return 0.0
    places = {tag: {hit.at for hit in told if hit.tag == tag} for tag in ("negation", "stronger")}
    total = 0.0
    for hit in weighty:
        before = {hit.at - 1, hit.at - 2} if words else set()
        value = float(hit.weight if hit.tag == "positive" else -hit.weight)
        if before & places["stronger"]:
            value *= 1.5
        if before & places["negation"]:
            value *= -0.5
        total += value
    return total


def _whole_mood(text: str, total: float) -> float:
    total += 1.5 * (_GLAD.search(text) is not None) - 1.5 * (_SAD.search(text) is not None)
    if total < 0 and ("!!" in text or len(_SHOUTED.findall(text)) > 1):
        total *= 1.4
    return max(-1.0, min(1.0, total / _FULL))
