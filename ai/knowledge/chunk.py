"""A cleaned source becomes chunks of 120 to 220 words, cut at headings, paragraphs, sentences. Pure."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ai.guards.fences import suspicions
from ai.knowledge.clean import Refused, clean_markdown, clean_text, refuse_binary
from ai.knowledge.passages import Chunk, Kind

WORDS_MIN: Final = 120
WORDS_MAX: Final = 220
PAIRS_MAX: Final = 2_000
TITLE_CHARS: Final = 200
_ENOUGH_WORDS: Final = 15
"""A section with fewer is no answer by itself; it goes to the one before it."""
_HEADING: Final = re.compile(r"^(#{1,6})[ \t]+(.{1,300}?)[ \t#]*$", re.MULTILINE)
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")
_SENTENCE: Final = re.compile(r"(?<=[.!?…؟])\s+|(?<=[。！？])")
_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_ORDERS: Final = frozenset({"override", "orders", "exfiltration"})
"""Kinds of injection that articles hold for no good reason. They do speak of systems, admins and keys."""
_INJECTED: Final = "It looks like orders to a model"


@dataclass(frozen=True, slots=True)
class Cut:
    """What became of a source; `removed` as in `Cleaned`."""

    chunks: tuple[Chunk, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    text: str


def cut_source(kind: Kind, name: str, content: str) -> Cut:
    """Clean a source and cut it.

    Raises:
        Refused: there is nothing to find in it, or its pairs are no pairs.
    """
    refuse_binary(content)
    sections, removed = _read(kind, name, content)
    pieces = [
        _Section(one.title[:TITLE_CHARS], piece) for one in sections for piece in _pieces(one.text)
    ]
    if not pieces:
        raise Refused("Nothing is left of it but markup.")
    chunks = (_chunk(place, one) for place, one in enumerate(pieces))
    return Cut(tuple(chunks), removed)


def _read(kind: Kind, name: str, content: str) -> tuple[list[_Section], tuple[str, ...]]:
    if kind == "qa":
        return _pairs(content)
    cleaned = clean_markdown(content) if kind == "markdown" else clean_text(content)
    if kind == "markdown":
        return list(_sections(name, cleaned.text)), cleaned.removed
    return [_Section(name, cleaned.text)], cleaned.removed


def _pairs(content: str) -> tuple[list[_Section], tuple[str, ...]]:
    cleaned = [(clean_text(one), clean_markdown(other)) for one, other in read_pairs(content)]
    removed = [what for pair in cleaned for side in pair for what in side.removed]
    sections = [_Section(question.text, answer.text) for question, answer in cleaned]
    if any(not one.title or not one.text for one in sections):
        raise Refused("A question or an answer is empty once its markup is gone.")
    return sections, tuple(removed)


def read_pairs(content: str) -> list[tuple[str, str]]:
    """Read question–answer pairs as they are kept: `[{"question": …, "answer": …}, …]`.

    Raises:
        Refused: they are none, or too many.
    """
    try:
        found = [(str(one["question"]), str(one["answer"])) for one in json.loads(content)]
    except (ValueError, TypeError, KeyError) as error:
        raise Refused('Pairs are a list of {"question": …, "answer": …}.') from error
    if not 0 < len(found) <= PAIRS_MAX:
        raise Refused(f"A source has 1 to {PAIRS_MAX} pairs.")
    return found


def _sections(name: str, text: str) -> Iterator[_Section]:
    """The text under each heading, titled with the headings above it."""
    above: list[tuple[int, str]] = []
    held = ""
    for level, heading, body in _headed(text):
        if level:
            above = [one for one in above if one[0] < level] + [(level, heading)]
        if words(body) < _ENOUGH_WORDS and level > 1:
            held += f"\n\n{heading}. {body}" if body else ""
            continue
        names = [name, *(one for _, one in above if one != name)]
        if body or held:
            yield _Section(" › ".join(names), f"{held}\n\n{body}".strip())
        held = ""
    if held:
        yield _Section(name, held.strip())


def _headed(text: str) -> Iterator[tuple[int, str, str]]:
    marks = list(_HEADING.finditer(text))
    first = marks[0].start() if marks else len(text)
    if head := text[:first].strip():
        yield 0, "", head
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=False):
        yield len(mark[1]), mark[2].strip(), text[mark.end() : end].strip()


def _pieces(text: str) -> Iterator[str]:
    """Whole paragraphs up to the most words a chunk may have; long ones at their sentences."""
    held: list[str] = []
    count = 0
    for part in _parts(text):
        length = words(part)
        if held and (count + length > WORDS_MAX or count >= WORDS_MIN):
            yield "\n\n".join(held)
            held, count = [], 0
        held.append(part)
        count += length
    if held:
        yield "\n\n".join(held)


def _parts(text: str) -> Iterator[str]:
    for paragraph in _PARAGRAPH.split(text):
        if words(paragraph) <= WORDS_MAX:
            yield from ([paragraph.strip()] if paragraph.strip() else [])
            continue
        yield from _joined(_SENTENCE.split(paragraph))


def _joined(sentences: Sequence[str]) -> Iterator[str]:
    held: list[str] = []
    count = 0
    for sentence in (piece for one in sentences for piece in _halves(one)):
        length = words(sentence)
        if held and count + length > WORDS_MAX:
            yield " ".join(held)
            held, count = [], 0
        held.append(sentence)
        count += length
    if held:
        yield " ".join(held)


def _halves(sentence: str) -> Iterator[str]:
    """A sentence without an end in sight is cut where it is too long."""
    if words(sentence) <= WORDS_MAX:
        yield from ([sentence.strip()] if sentence.strip() else [])
        return
    spaced = sentence.split()
    if len(spaced) > WORDS_MAX:
        for at in range(0, len(spaced), WORDS_MAX):
            yield from _halves(" ".join(spaced[at : at + WORDS_MAX]))
        return
    chars = 3 * WORDS_MAX // 2
    yield from (sentence[at : at + chars] for at in range(0, len(sentence), chars))


def words(text: str) -> int:
    """How many words; two characters are one where no spaces are written, and a run of 30 anywhere."""
    unspaced = len(_UNSPACED.findall(text))
    return sum(1 + len(one) // 30 for one in text.split()) + unspaced // 2


def _chunk(place: int, section: _Section) -> Chunk:
    return Chunk(place, section.title, section.text, _suspicion(f"{section.title}\n{section.text}"))


def _suspicion(text: str) -> str:
    return _INJECTED if _ORDERS & set(suspicions(text)) else ""
