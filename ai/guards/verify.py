"""The last look at an answer before a customer sees it. What fails is never sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ai.guards.fences import leaks, orders_in
from ai.guards.grounding import unsupported
from ai.guards.links import foreign_links
from ai.guards.moderation import harms_out

CHARS_MAX: Final = 1_500
_EXHAUSTED: Final = ("model call limits exceeded", "tool call limits", "as an ai language model")


class Fault(StrEnum):
    """Why an answer is not sent."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNCITED = "uncited"
    FOREIGN_CITATION = "foreign_citation"
    UNGROUNDED = "ungrounded"
    FOREIGN_LINK = "foreign_link"
    LEAK = "leak"
    HARMFUL = "harmful"
    PROMISE = "promise"
    MACHINE_TALK = "machine_talk"


@dataclass(frozen=True, slots=True)
class Source:
    """A passage an answer may rest on."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an answer may hold besides its sources."""

    allowed_hosts: Collection[str] = ()
    known: Collection[str] = ()
    """Set phrases that need no source."""
    asked: str = ""
    """What is answered: its words may be taken up, and bear nothing out."""
    canary: str = ""
    translated: bool = False
    """It is in another language than its sources: of those, only facts can be found in it."""


def faults_of(
    text: str, cited: Sequence[str], sources: Sequence[Source], bounds: Bounds
) -> tuple[Fault, ...]:
    """What is wrong with an answer; empty: it may be sent."""
    if not text.strip():
        return (Fault.EMPTY,)
    by_id = {one.id: one for one in sources}
    used = [by_id[one].text for one in cited if one in by_id]
    harms = harms_out(text)
    # A promise of the tenant's own article is theirs.
    promises = "promise" in harms and not any("promise" in harms_out(one) for one in used)
    found = {
        Fault.TOO_LONG: len(text) > CHARS_MAX,
        Fault.UNCITED: not cited,
        Fault.FOREIGN_CITATION: any(one not in by_id for one in cited),
        Fault.UNGROUNDED: bool(_unsupported(text, used, bounds)),
        Fault.FOREIGN_LINK: bool(foreign_links(text, bounds.allowed_hosts)),
        Fault.LEAK: bool(bounds.canary) and leaks(text, bounds.canary),
        Fault.HARMFUL: bool(harms - {"promise"}),
        Fault.PROMISE: promises,
        Fault.MACHINE_TALK: _is_machine_talk(text, used),
    }
    return tuple(fault for fault, here in found.items() if here)


def _unsupported(text: str, used: Sequence[str], bounds: Bounds) -> tuple[str, ...]:
    return unsupported(
        text, used, known=bounds.known, asked=bounds.asked, translated=bounds.translated
    )


def _is_machine_talk(text: str, used: Sequence[str]) -> bool:
    told = text.lower()
    if any(one in told for one in _EXHAUSTED):
        return True
    # An article of the tenant may say that admins approve; an answer that says so by itself was told to.
    return bool(orders_in(text, used))
