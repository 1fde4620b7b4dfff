"""From stored rows to what is stored of them."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from ai.extract.rows import turn_of
from ai.extract.state import State
from chat_service.digest import Material, digest, is_usable

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ID = str(UUID(int=1))


@pytest.mark.parametrize(
    ("event", "data", "turn"),
    [
        ("handoff", {"state": "requested"}, "waiting"),
        ("handoff", {"state": "deferred"}, "waiting"),
        ("handoff", {"state": "active"}, "active"),
        ("handoff", {"state": "ended"}, "over"),
        ("handoff", {"state": "of another day"}, ""),
        ("conversation.closed", {}, "closed"),
        ("conversation.updated", {"status": "open"}, "opened"),
        ("conversation.updated", {"tags": ["vip"]}, ""),
        ("message.updated", {"content": "x"}, ""),
        (None, {}, ""),
    ],
)
def test_an_event_says_who_is_to_act(event: str | None, data: dict[str, str], turn: str) -> None:
    assert turn_of(event, data) == turn


def test_events_system_words_and_speech_are_told_apart() -> None:
    rows = [
        [1, ID, "customer", "My lamp is broken.", None, None, 1],
        [2, ID, "system", "All agents are busy. Order 99999.", None, None, 0],
        [3, ID, "system", "", "handoff", {"state": "queued"}, 0],
        [4, ID, "agent", "", "conversation.updated", {"tags": []}, 0],
    ]
    made = digest(Material(UUID(int=9), 7, 0, State(), rows, left_out=False), at=NOW)
    assert made is not None
    body = made.summary["body"]
    assert (made.summary["upto_seq"], body["status"], body["flags"]) == (
        7,
        "escalated",
        ["attachments"],
    )
    assert body["facts"] == []


def test_what_was_left_out_once_stays_left_out() -> None:
    first = digest(Material(UUID(int=9), 7, 0, State(), [], left_out=True), at=NOW)
    assert first is not None
    later = digest(Material(UUID(int=9), 9, 0, first.state, [], left_out=False), at=NOW)
    assert later is not None
    assert later.summary["body"]["flags"] == ["messages_left_out"]


def test_an_empty_conversation_has_no_digest() -> None:
    assert digest(Material(UUID(int=9), 0, 0, State(), [], left_out=False), at=NOW) is None


@pytest.mark.parametrize(
    ("kept", "usable"),
    [
        (None, False),
        ({}, False),
        ({"v": 0, "source": "human", "model": "human"}, False),
        ({"v": 1, "source": "human", "model": "human"}, True),
        ({"v": 1, "source": "model", "model": "any"}, True),
        ({"v": 1, "source": "extractive", "model": "extractive-0"}, False),
    ],
)
def test_only_what_we_would_still_make_is_shown(
    kept: dict[str, object] | None, usable: bool
) -> None:
    assert is_usable(kept) == usable
