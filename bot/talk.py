"""Events of the chat service as a talk: what was said in public, in order. Pure."""

from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID

import orjson

from ai.contracts import Msg, Role
from bot.ports import Talk
from chorus.wire.calls import ResumeReply, StoredEvent

META: Final = "bot"
"""Under this name a message of the bot carries what it was."""
_SPEAK: Final = frozenset({"customer", "agent", "bot"})
_PUBLIC: Final = "public"


def talk_of(found: ResumeReply) -> Talk:
    """Read what was said; notes, events and what was taken back are left out."""
    said = [_said(event) for event in found.events if event.visibility == _PUBLIC]
    told = [(seq, data) for seq, data in said if data is not None]
    return Talk(
        messages=tuple(_msg(seq, data) for seq, data in told),
        actions={seq: action for seq, data in told if (action := _action(data))},
        floor_holder=found.floor_holder,
        floor_epoch=found.floor_epoch,
        head_seq=found.head_seq,
    )


def _said(event: StoredEvent) -> tuple[int, dict[str, Any] | None]:
    frame = orjson.loads(event.frame)
    data = frame.get("data", {})
    speaks = frame.get("event") == "message" and data.get("role") in _SPEAK
    return event.seq, data if speaks else None


def _msg(seq: int, data: dict[str, Any]) -> Msg:
    return Msg(
        id=UUID(data["id"]),
        seq=seq,
        role=cast("Role", data["role"]),
        content=data.get("content") or "",
        attachments=len(data.get("attachments") or ()),
    )


def _action(data: dict[str, Any]) -> str:
    meta = data.get("meta") or {}
    marked = meta.get(META) if data["role"] == "bot" else None
    return str(marked.get("action", "")) if isinstance(marked, dict) else ""


def question_of(messages: Sequence[Msg]) -> tuple[Msg, ...]:
    """What the customer said last and nobody has answered; empty: nothing."""
    open_: list[Msg] = []
    for one in reversed(messages):
        if one.role != "customer":
            break
        open_.append(one)
    return tuple(reversed(open_))
