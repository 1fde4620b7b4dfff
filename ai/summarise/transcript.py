"""A conversation as a model is told of it: one JSON document, bounded, nothing but data."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from ai.contracts import ConversationSummary, Msg
from ai.extract.plain import cut, plain

HEAD: Final = 6
TAIL: Final = 30
"""Most of what is wanted now was said at the beginning and lately; rules have read all of it."""
SAID_CHARS: Final = 1_200
DOCUMENT_CHARS: Final = 16_000
FACTS: Final = 16
_SPEAK: Final = ("customer", "agent", "bot")


def spoken(messages: Sequence[Msg]) -> list[Msg]:
    """What was said in public. Notes are what agents say among themselves: they never leave."""
    return [one for one in messages if one.role in _SPEAK and not one.turn and one.content.strip()]


def shown(messages: Sequence[Msg]) -> list[Msg]:
    """What of it a model is told: the beginning and the end."""
    said = spoken(messages)
    return said if len(said) <= HEAD + TAIL else [*said[:HEAD], *said[-TAIL:]]


def document(
    messages: Sequence[Msg], floor: ConversationSummary, *, clean: Callable[[str], str] = str
) -> str:
    """The document; every text goes through `clean` first."""
    lines = [_line(one, clean) for one in shown(messages)]
    # The middle gives way first: the head says what it is about, the end where it stands.
    while len(lines) > 2 and sum(len(one["said"]) for one in lines) > DOCUMENT_CHARS:
        del lines[min(HEAD, len(lines) // 2)]
    facts = [{"kind": one.kind, "value": clean(one.value)} for one in floor.facts[:FACTS]]
    told = {"conversation": lines, "facts": facts, "left_out": len(spoken(messages)) - len(lines)}
    return orjson.dumps(told).decode()


def as_told(message: Msg) -> str:
    """A message as plain words; 200 KB of one are read by nobody."""
    return cut(plain(message.content), SAID_CHARS)


def _line(message: Msg, clean: Callable[[str], str]) -> dict[str, Any]:
    return {"seq": message.seq, "who": message.role, "said": clean(as_told(message))}
