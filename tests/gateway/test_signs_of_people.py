"""What counts as a sign of the person behind a socket: who shows none for long is away."""

import json
from typing import Any
from uuid import uuid4

from gateway.protocol import Peer
from tests.gateway.test_protocol import (
    CONVERSATION,
    frame,
    hello_nonce,
    live_peer,
    new_peer,
    principal,
)


def acted(peer: Peer, event: str, **data: Any) -> bool:
    """Whether a frame of 9 s counts as a sign of the person."""
    said = {"event": event, "conv": str(CONVERSATION), "data": data}
    peer.received(json.dumps(said), 9.0, 1009.0)
    return peer.acted_s == 9.0


def test_what_a_page_sends_by_itself_is_no_sign_of_a_person() -> None:
    peer = live_peer("agent", "inbox")
    item = {"conv": str(CONVERSATION)}
    assert not acted(peer, "inbox.open", view="mine")
    assert not acted(peer, "subscribe", items=[item])
    assert not acted(peer, "unsubscribe", conv=[str(CONVERSATION)])
    assert not acted(peer, "viewing", state="start")
    assert not acted(peer, "receipt", kind="read", up_to=1)
    assert not acted(peer, "auth", token="next")
    peer.verified(principal("agent"))
    assert peer.acted_s == 0.0
    assert acted(peer, "typing", state="start")


def test_a_touch_is_a_sign_and_is_not_answered() -> None:
    peer = live_peer("agent", "inbox")
    assert peer.received(frame("active"), 9.0, 1009.0) == []
    assert peer.acted_s == 9.0


def test_who_comes_back_by_itself_was_touched_when_they_say() -> None:
    peer = new_peer("inbox")
    told = {"name": "test", "idle_s": 700}
    asked = frame("auth", nonce=hello_nonce(peer), token="t", session=str(uuid4()), client=told)
    peer.received(asked, 800.0, 1000.0)
    peer.verified(principal("agent"))
    peer.entered()
    assert (peer.heard_s, peer.acted_s) == (800.0, 100.0)
