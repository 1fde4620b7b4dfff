"""From stored rows to a summary as it is stored and shown. Pure: no database, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ai.contracts import SCHEMA
from ai.extract.fold import fold
from ai.extract.rows import messages_of
from ai.extract.state import State
from ai.extract.summary import EXTRACTOR, summarise, text_of
from chorus.clock import rfc3339

TIER: Final = "free"
"""The one that needs no model."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a summary is made from: the state of before, and what happened since."""

    conversation_id: UUID
    head_seq: int
    edits: int
    """How often something that was said had been changed when this was read."""
    state: State
    rows: Sequence[Sequence[Any]]
    """`[seq, id, role, content, event, data, attachments]` of each, in order."""
    left_out: bool
    """There was more in between than was read."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A state and what is stored of it."""

    state: State
    summary: dict[str, Any]


def digest(material: Material, *, at: datetime) -> Digest | None:
    """Go on from what was known; None: nobody has said anything."""
    if material.head_seq == 0:
        return None
    state = fold(material.state, messages_of(material.rows))
    left_out = state.left_out or material.left_out
    state = state.model_copy(update={"upto_seq": material.head_seq, "left_out": left_out})
    return Digest(state, stored(state, at=at))


def stored(state: State, *, at: datetime) -> dict[str, Any]:
    """What `metadata.summary` holds of a summary made by rules."""
    made = summarise(state)
    return {
        "v": SCHEMA,
        "upto_seq": state.upto_seq,
        "source": "extractive",
        "model": EXTRACTOR,
        "tier": TIER,
        "body": made.model_dump(mode="json"),
        "text": text_of(made),
        "generated_at": rfc3339(at),
    }


def is_usable(summary: dict[str, Any] | None) -> bool:
    """Whether a kept summary has a shape, and comes from rules, that are still ours."""
    if summary is None or summary.get("v") != SCHEMA:
        return False
    return summary["source"] != "extractive" or bool(summary["model"] == EXTRACTOR)
