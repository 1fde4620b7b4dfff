"""What of a text is compared: its words, their beginnings, what they mean, their letters. Pure.

The same for a passage and a question, on every machine and in every process: what was stored years
ago is found by what is asked today. Whoever changes this file or its lists raises `VERSION`.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from typing import Any, Final

VERSION: Final = 1
TOKENS_MAX: Final = 2_000
_LETTERS_FROM: Final = 4
_STEM_CHARS: Final = 5
_WEIGHTS: Final = {"word": 1.0, "stem": 0.7, "means": 1.6, "letters": 0.34}
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+"
)
_TOKEN: Final = re.compile(r"\w+")
# Marks that some write and others leave out; Arabic vowels and the stretching line, too.
_MARKS: Final = re.compile("[\u0300-\u036f\u064b-\u0652\u0640]+")


def _read(name: str) -> dict[str, Any]:
    read = files("ai.knowledge").joinpath("words", name).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(read)
    return found


def _folded(text: str) -> str:
    """Letters without case and marks: `Größe` and `groesse` differ, `Größe` and `grosse` do not."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", apart))


STOP: Final = frozenset(
    token for words in _read("stop.json").values() for token in _TOKEN.findall(_folded(words))
)


def _meanings() -> tuple[dict[str, tuple[str, ...]], dict[str, list[tuple[str, str]]]]:
    whole: dict[str, tuple[str, ...]] = {}
    begun: dict[str, list[tuple[str, str]]] = {}
    for meaning, words in _read("concepts.json").items():
        for word in map(_folded, words):
            if word.endswith("*"):
                begun.setdefault(word[:2], []).append((word[:-1], meaning))
            else:
                whole[word] = (*whole.get(word, ()), meaning)
    return whole, begun


_WHOLE, _BEGUN = _meanings()


def tokens(text: str) -> Iterator[str]:
    """Words in order; where no spaces are written, every two neighbours."""
    for token in _TOKEN.findall(_folded(text)):
        if not _UNSPACED.search(token):
            yield token.strip("_")
            continue
        for run in _UNSPACED.findall(token):
            yield from (run[at : at + 2] for at in range(max(len(run) - 1, 1)))
        yield from (part for part in _UNSPACED.split(token) if part)


@lru_cache(maxsize=16_384)
def meanings(token: str) -> tuple[str, ...]:
    """What a word is about, in whichever language."""
    begun = (meaning for start, meaning in _BEGUN.get(token[:2], ()) if token.startswith(start))
    return tuple(dict.fromkeys((*_WHOLE.get(token, ()), *begun)))


@lru_cache(maxsize=16_384)
def _of_token(token: str) -> tuple[tuple[str, float], ...]:
    found = [(f"w:{token}", _WEIGHTS["word"])]
    if len(token) > _STEM_CHARS:
        found.append((f"s:{token[:_STEM_CHARS]}", _WEIGHTS["stem"]))
    found += [(f"m:{meaning}", _WEIGHTS["means"]) for meaning in meanings(token)]
    if len(token) >= _LETTERS_FROM:
        edged = f"<{token}>"
        found += [(f"l:{edged[at : at + 3]}", _WEIGHTS["letters"]) for at in range(len(token))]
    return tuple(found)


def kept(text: str) -> list[str]:
    """The words that say what it is about; all of them where there are no others."""
    every = list(islice((one for one in tokens(text) if one), TOKENS_MAX))
    return [one for one in every if one not in STOP] or every


def features(text: str) -> Mapping[str, float]:
    """Each feature with its weight; what is said often counts more, but less each time."""
    weights: dict[str, float] = {}
    for token, count in Counter(kept(text)).items():
        often = 1.0 + 0.5 * (count - 1) / count
        for feature, weight in _of_token(token):
            weights[feature] = weights.get(feature, 0.0) + weight * often
    return {feature: min(weight, 3.0) for feature, weight in weights.items()}


def terms(text: str) -> list[str]:
    """What a database looks for: words, their beginnings and what they mean, each once."""
    found = (feature for token in kept(text) for feature, _ in _of_token(token))
    return list(dict.fromkeys(one for one in found if not one.startswith("l:")))
