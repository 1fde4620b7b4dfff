"""A conversation as a model is told of it: one JSON document, bounded, nothing but data."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import orjson

from ai.contracts import ConversationSummary, Evidence, Fact, Msg, Tried
from ai.extract.plain import cut, plain

HEAD: Final = 6
TAIL: Final = 30
"""Most of what is wanted now was said at the beginning and lately; rules have read all of it."""
PICKED: Final = 12
"""Of those between: messages that the rules' summary names."""
LATEST: Final = 6
"""The end of the end, which gives way last."""
SAID_CHARS: Final = 1_200
DOCUMENT_CHARS: Final = 16_000
FACTS: Final = 16
_SPEAK: Final = ("customer", "agent", "bot")


def spoken(messages: Sequence[Msg]) -> list[Msg]:
    """What was said in public. Notes are what agents say among themselves: they never leave."""
    return [one for one in messages if one.role in _SPEAK and not one.turn and one.content.strip()]


def shown(messages: Sequence[Msg], floor: ConversationSummary) -> list[Msg]:
    """What of it a model is told: the beginning, what rules picked from the middle, and the end."""
    said = spoken(messages)
    if len(said) <= HEAD + TAIL:
        return said
    middle, picked = said[HEAD:-TAIL], _picked(said, floor)
    return [*said[:HEAD], *(one for one in middle if one.seq in picked), *said[-TAIL:]]


def document(
    messages: Sequence[Msg], floor: ConversationSummary, *, clean: Callable[[str], str] = str
) -> str:
    """The document; every text goes through `clean` first."""
    lines = [_line(one, clean) for one in shown(messages, floor)]
    picked = _picked(spoken(messages), floor)
    while len(lines) > 2 and sum(len(one["said"]) for one in lines) > DOCUMENT_CHARS:
        del lines[_least(lines, picked)]
    facts = [{"kind": one.kind, "value": clean(one.value)} for one in floor.facts[:FACTS]]
    told = {"conversation": lines, "facts": facts, "left_out": len(spoken(messages)) - len(lines)}
    return orjson.dumps(told).decode()


def _picked(said: Sequence[Msg], floor: ConversationSummary) -> frozenset[int]:
    """Where between beginning and end the rules' summary comes from; later lines of it first."""
    middle = {one.seq for one in said[HEAD:-TAIL]}
    found = dict.fromkeys(seq for seq in _named(floor) if seq in middle)
    return frozenset(islice(found, PICKED))


def _named(floor: ConversationSummary) -> Iterator[int]:
    """Seqs by their worth: facts come last, because a model is told their values anyway."""
    if floor.issue is not None:
        yield from floor.issue.seqs
    # The newest of a kind first; so the kinds stand here from the last to the first.
    lines: tuple[Evidence | Tried | Fact, ...]
    lines = (*floor.facts, *floor.tried, *floor.commitments, *floor.open_questions)
    for line in reversed(lines):
        yield from line.seqs


def _least(lines: Sequence[dict[str, Any]], picked: frozenset[int]) -> int:
    """Which line gives way. The head says what it is about, the end where it stands."""
    others = range(HEAD, len(lines) - LATEST)
    oldest = min(HEAD, len(lines) // 2)
    return next((place for place in others if lines[place]["seq"] not in picked), oldest)


def as_told(message: Msg) -> str:
    """A message as plain words; 200 KB of one are read by nobody."""
    return cut(plain(message.content), SAID_CHARS)


def _line(message: Msg, clean: Callable[[str], str]) -> dict[str, Any]:
    return {"seq": message.seq, "who": message.role, "said": clean(as_told(message))}
