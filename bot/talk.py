"""Events of the chat service as a talk: what was said in public, in the order the bot heard it. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, cast
from uuid import UUID

import orjson

from ai.contracts import Msg, Role
from bot.ports import Talk
from chorus.wire.calls import ResumeReply, StoredEvent

META: Final = "bot"
"""Under this name a message of the bot carries what it was."""
UPTO: Final = "upto"
"""In `META`: the seq of the last message that the bot had read when it said so."""
_SPEAK: Final = frozenset({"customer", "agent", "bot"})
_PUBLIC: Final = "public"


def talk_of(found: ResumeReply) -> Talk:
    """Read what was said; notes, events and what a customer took back are left out.

    What a customer said while the bot made an answer was stored before it, and stands behind it:
    the bot had not read it, and nobody has answered it.
    """
    frames = [(event, orjson.loads(event.frame)) for event in found.events]
    said = [_said(event, frame) for event, frame in frames if event.visibility == _PUBLIC]
    told = [(seq, data) for seq, data in said if data is not None]
    told.sort(key=lambda one: _heard_at(*one))
    return Talk(
        messages=tuple(_msg(seq, data) for seq, data in told),
        actions={seq: action for seq, data in told if (action := _action(data))},
        floor_holder=found.floor_holder,
        floor_epoch=found.floor_epoch,
        head_seq=found.head_seq,
        handed_seq=_handed_seq(frames),
    )


def since_handed(talk: Talk) -> Talk:
    """What was said since a person was called: the wish for one is not asked of the bot any more."""
    left = tuple(one for one in talk.messages if one.seq > talk.handed_seq)
    return replace(talk, messages=left)


def _handed_seq(frames: Sequence[tuple[StoredEvent, dict[str, Any]]]) -> int:
    steps = [
        (event.seq, frame["data"]["session"])
        for event, frame in frames
        if frame.get("event") == "handoff"
    ]
    return next((seq for seq, session in steps if session == steps[-1][1]), 0)


def _said(event: StoredEvent, frame: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
    data = frame.get("data", {})
    speaks = frame.get("event") == "message" and data.get("role") in _SPEAK
    return event.seq, data if speaks and not _taken_back(data) else None


def _taken_back(data: dict[str, Any]) -> bool:
    """Whether it is a tombstone of the customer's; one of an answer still says that there was one."""
    return data["role"] == "customer" and data.get("content") is None


def _heard_at(seq: int, data: dict[str, Any]) -> tuple[int, int]:
    upto = _marked(data).get(UPTO)
    return (min(upto, seq), seq) if isinstance(upto, int) else (seq, 0)


def _msg(seq: int, data: dict[str, Any]) -> Msg:
    return Msg(
        id=UUID(data["id"]),
        seq=seq,
        role=cast("Role", data["role"]),
        content=data.get("content") or "",
        attachments=len(data.get("attachments") or ()),
    )


def _action(data: dict[str, Any]) -> str:
    return str(_marked(data).get("action", ""))


def _marked(data: dict[str, Any]) -> dict[str, Any]:
    marked = (data.get("meta") or {}).get(META) if data["role"] == "bot" else None
    return marked if isinstance(marked, dict) else {}


def question_of(messages: Sequence[Msg]) -> tuple[Msg, ...]:
    """What the customer said last and nobody has answered; empty: nothing."""
    open_: list[Msg] = []
    for one in reversed(messages):
        if one.role != "customer":
            break
        open_.append(one)
    return tuple(reversed(open_))
