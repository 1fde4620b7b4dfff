"""From rows of a conversation, as `[seq, id, role, content, event, data, attachments]`, to messages."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from ai.contracts import Msg, Role, Turn

_SPEAKERS: Final[dict[str, Role]] = {"customer": "customer", "agent": "agent", "bot": "bot"}
_TURNS: Final[dict[str, Turn]] = {
    "requested": "waiting",
    "queued": "waiting",
    "offered": "waiting",
    "deferred": "waiting",
    "active": "active",
    "wrap_up": "over",
    "ended": "over",
    "cancelled": "over",
    "failed": "over",
}


def messages_of(rows: Iterable[Sequence[Any]]) -> Iterator[Msg]:
    """What of these rows a summariser reads."""
    for seq, id_, role, content, event, data, attachments in rows:
        turn = turn_of(event, data or {})
        speaks = event is None and role in _SPEAKERS
        if turn or speaks:
            yield Msg(
                id=UUID(str(id_)),
                seq=seq,
                role="system" if turn else _SPEAKERS[role],
                content=content,
                turn=turn,
                attachments=attachments,
            )


def turn_of(event: str | None, data: dict[str, Any]) -> Turn:
    """What an event means for who is to act."""
    if event == "handoff":
        return _TURNS.get(data.get("state", ""), "")
    if event == "conversation.closed":
        return "closed"
    opened = event == "conversation.updated" and data.get("status") == "open"
    return "opened" if opened else ""
