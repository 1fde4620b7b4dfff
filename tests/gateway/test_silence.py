"""How long a socket may be silent: while it comes, while it lives, and while it takes what waits for it."""

import json

import pytest

from chorus.codes import CloseCode
from gateway.effects import answers
from gateway.phase import Phase
from gateway.protocol import Peer
from gateway.rules import Rules
from tests.gateway.test_protocol import (
    CONVERSATION,
    KEY,
    closed_with,
    live_peer,
    new_peer,
    principal,
)


def arriving(phase: Phase, at_s: float) -> Peer:
    """An event stream that opened then and waits for us."""
    rules = Rules(node="n", nonce_key=KEY)
    peer = Peer(rules, "c", "chat", CONVERSATION, at_s, phase=Phase.VERIFYING, one_way=True)
    if phase is Phase.ENTERING:
        peer.verified(principal("agent"))
    assert peer.phase is phase
    return peer


@pytest.mark.parametrize("phase", [Phase.VERIFYING, Phase.ENTERING])
def test_a_stream_has_as_long_to_enter_as_a_socket(phase: Phase) -> None:
    peer = arriving(phase, 80_000.0)
    auth_s = peer.rules.auth_ms / 1000
    assert peer.tick(80_000.0 + auth_s - 0.1, 1000.0) == []
    assert closed_with(peer.tick(80_000.0 + auth_s, 1000.0)) == CloseCode.DEPENDENCY_DOWN


def test_who_comes_by_a_stream_did_something_just_now() -> None:
    peer = arriving(Phase.ENTERING, 80_000.0)
    peer.entered()
    assert (peer.phase, peer.acted_s) == (Phase.LIVE, 80_000.0)


def test_a_socket_that_takes_what_waits_for_it_is_not_silent() -> None:
    peer = live_peer()
    dead_s = peer.rules.dead_ms / 1000
    peer.fell_behind()
    assert peer.tick(3 * dead_s, 1000.0) == []
    peer.took(3 * dead_s)
    assert peer.tick(4 * dead_s - 0.1, 1000.0) != [] and peer.phase is Phase.LIVE
    assert closed_with(peer.tick(4 * dead_s, 1000.0)) == CloseCode.NO_PONG


def test_silence_is_answered_by_a_ping_and_then_by_4201() -> None:
    peer = live_peer()
    assert peer.tick(24.9, 1024.9) == []
    assert json.loads(answers(peer.tick(25.0, 1025.0))[0])["event"] == "ping"
    assert peer.tick(30.0, 1030.0) == []
    assert closed_with(peer.tick(35.0, 1035.0)) == CloseCode.NO_PONG


def test_any_frame_is_life() -> None:
    peer = live_peer()
    peer.received("nonsense", 20.0, 1020.0)
    assert peer.tick(44.9, 1044.9) == []


def test_an_event_stream_is_never_silent_too_long() -> None:
    peer = new_peer(one_way=True)
    peer.phase = Phase.VERIFYING
    peer.verified(principal())
    peer.entered()
    assert peer.tick(500.0, 1500.0) == []
