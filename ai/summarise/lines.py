"""The four lines a model is asked for, and what of them is believed.

A line is believed as far as its sources bear it out; for one that is not, what rules found stands.
"""

from collections.abc import Callable, Sequence
from typing import Final

from ai.contracts import Contract, ConversationSummary
from ai.extract.cues import DEFAULT, cues_of
from ai.extract.plain import cut, plain
from ai.extract.summary import TEXT_CHARS, text_of
from ai.guards.fences import leaks, orders_in
from ai.guards.grounding import unsupported
from ai.guards.links import foreign_links

LINE_CHARS: Final = {"headline": 160, "issue": 400, "tried": 400, "next_step": 240}
_QUOTES: Final = ("headline", "issue", "tried")
"""What these say was said. A next step is the model's own idea: of it only facts need a source."""
_KNOWN: Final = ("customer", "agent", "bot", "support", "order", "Kunde", "client", "cliente")


class Lines(Contract):
    """A handover note for a support agent, in four lines."""

    headline: str
    issue: str
    tried: str
    next_step: str


def tidy(lines: Lines, restore: Callable[[str], str]) -> Lines:
    """Plain, short lines with the values back in them that were held back from the model."""
    each = lines.model_dump()
    return Lines(**{name: cut(plain(restore(one)), LINE_CHARS[name]) for name, one in each.items()})


def unbelievable(lines: Lines, sources: Sequence[str], canary: str) -> tuple[str, ...]:
    """Names of the lines that say what no source does, or repeat what they must not."""
    each = lines.model_dump().items()
    return tuple(name for name, said in each if said and _is_made_up(name, said, sources, canary))


def _is_made_up(name: str, said: str, sources: Sequence[str], canary: str) -> bool:
    if leaks(said, canary) or orders_in(said, sources):
        # What sounds like an order to a model was said by one that took it.
        return True
    whole = "\n".join(sources)
    if any(one not in whole for one in foreign_links(said, ())):
        return True
    found = unsupported(said, sources, known=_KNOWN)
    return bool(found) if name in _QUOTES else any(map(_is_fact, found))


def _is_fact(found: str) -> bool:
    """Numbers, addresses and the like hold no blanks; a sentence of other words does."""
    return len(found.split()) <= 2


def refined(floor: ConversationSummary, lines: Lines) -> tuple[ConversationSummary, str]:
    """The floor with a model's lines in it, and the text of both.

    What is quoted, counted or looked up stays the extractor's, and so do the places it names.
    """
    issue = floor.issue
    if issue is not None and lines.issue:
        issue = issue.model_copy(update={"text": lines.issue})
    summary = floor.model_copy(
        update={
            "headline": lines.headline or floor.headline,
            "issue": issue,
            "next_step": lines.next_step or floor.next_step,
        }
    )
    return summary, _text(summary, lines.tried)


def _text(summary: ConversationSummary, tried: str) -> str:
    words = cues_of(summary.language or DEFAULT).words
    told = text_of(summary).split("\n")
    if tried:
        label = f"{words['tried']}: "
        place = next((at for at, line in enumerate(told) if line.startswith(label)), None)
        if place is None:
            told.insert(len(told) - 1, label + tried)
        else:
            told[place] = label + tried
    return cut("\n".join(told), TEXT_CHARS)
