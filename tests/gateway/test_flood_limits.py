"""Whatever one socket repeats in one instant has at most the effects of one burst."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chorus.codes import CloseCode, NackCode
from chorus.ids import uuid7
from gateway import effects
from gateway.gates import LANES
from gateway.rules import ABUSE_PER_MINUTE, Rules
from tests.gateway.test_protocol import CONVERSATION, closed_with, frame, live_peer, nacks, say
from tests.support.examples import examples

RULES = Rules(node="n", nonce_key=b"k" * 32)
FLOOD = 500
WHEN = 1.0


def bodies() -> dict[str, dict[str, Any]]:
    """One frame of each kind that a live socket may repeat."""
    id = str(uuid7())
    return {
        "message": {"id": id, "content": "x"},
        "edit": {"id": id, "target": id, "content": "x"},
        "escalate": {"id": id},
        "claim": {"id": id},
        "agent.status": {"id": id, "status": "away"},
        "inbox.open": {"view": "all"},
        "receipt": {"kind": "read", "up_to": 3},
        "position": {"seq": 1, "epoch": "e"},
        "subscribe": {"items": [{"conv": id}]},
        "unsubscribe": {"conv": [id]},
        "auth": {"token": "t"},
        "ping": {"n": 1},
        "viewing": {"state": "start"},
        "typing": {"state": "start"},
    }


def said(event: str, conv: UUID | None, **more: Any) -> str:
    """The text of one of them."""
    envelope = {"event": event, "data": bodies()[event] | more, "ref": 7}
    return json.dumps(envelope | ({} if conv is None else {"conv": str(conv)}))


def burst_of(event: str) -> int:
    """How many effects of an event one instant may have."""
    special = {"message": RULES.agent_messages[1], "typing": 2 * RULES.typing[1]}
    signs = {"ping": RULES.signs[1], "receipt": RULES.signs[1]}
    return int({**special, **signs}.get(event, RULES.commands[1]))


def carried_out(asked: list[Any]) -> list[Any]:
    return [one for one in asked if not isinstance(one, (effects.Send, effects.Close))]


@pytest.mark.parametrize("kind", ["chat", "inbox"])
@pytest.mark.parametrize("event", bodies())
def test_a_flood_of_one_event_has_the_effects_of_one_burst(event: str, kind: str) -> None:
    peer = live_peer("agent", kind)
    done = 0
    for _ in range(FLOOD):
        conv = uuid7() if kind == "inbox" else None
        done += len(carried_out(peer.received(said(event, conv), WHEN, 1001.0)))
    assert done <= burst_of(event)


ELSEWHERE = uuid7()
flooded = st.lists(
    st.tuples(st.sampled_from(list(bodies())), st.sampled_from(["start", "stop"]), st.booleans()),
    min_size=100,
    max_size=300,
)


@settings(max_examples=examples(60), deadline=None)
@given(flooded, st.sampled_from(["chat", "inbox"]), st.sampled_from(["visitor", "agent"]))
def test_no_mix_of_frames_in_one_instant_does_more_than_all_bursts(
    frames: list[tuple[str, str, bool]], kind: str, role: str
) -> None:
    peer = live_peer("agent" if kind == "inbox" else role, kind)
    done: list[Any] = []
    for event, state, elsewhere in frames:
        body = {"state": state} if event in ("typing", "viewing") else {}
        conv = (ELSEWHERE if elsewhere else CONVERSATION) if kind == "inbox" else None
        done += carried_out(peer.received(said(event, conv, **body), WHEN, 1001.0))
    messages = RULES.agent_messages[1] + RULES.commands[1]
    assert len(done) <= messages + RULES.signs[1] + 2 * RULES.typing[1]


def test_typing_that_was_told_is_taken_back_once_at_any_time() -> None:
    peer = live_peer()
    start, stop = frame("typing", state="start"), frame("typing", state="stop")
    assert peer.received(stop, WHEN, 1001.0) == [], "nothing was begun"
    assert isinstance(peer.received(start, WHEN, 1001.0)[0], effects.Whisper)
    assert isinstance(peer.received(stop, WHEN, 1001.0)[0], effects.Whisper)
    assert peer.received(stop, WHEN, 1001.0) == []
    assert peer.received(start, WHEN, 1001.0) == [], "a start costs three seconds, stopped or not"


def test_naming_conversations_leaves_no_memory_behind() -> None:
    peer = live_peer("agent", "inbox")
    for at_s in range(1, 2_000):
        peer.received(frame("typing", None, uuid7(), state="start"), float(at_s), 1001.0)
        peer.refused_later(uuid7(), uuid7(), NackCode.OVERLOADED, float(at_s))
    assert peer._allowance is not None
    assert len(peer._allowance._typing_s) <= 4
    assert peer._gates is not None
    assert len(peer._gates._lanes) <= LANES


@pytest.mark.parametrize("event", ["position", "subscribe", "unsubscribe", "auth"])
def test_what_costs_like_a_command_is_refused_like_one(event: str) -> None:
    peer = live_peer("agent", "inbox")
    text = said(event, CONVERSATION)
    for _ in range(RULES.commands[1]):
        assert carried_out(peer.received(text, WHEN, 1001.0))
    asked: list[Any] = peer.received(text, WHEN, 1001.0)
    assert nacks(asked)[0]["code"] == NackCode.RATE_LIMITED
    assert json.loads(asked[0].payload)["ref"] == 7
    assert carried_out(peer.received(text, WHEN + 0.2, 1001.2)), "the bucket fills again"


def test_a_flood_behind_a_message_that_came_too_fast_is_abuse() -> None:
    peer = live_peer()
    answers = [say(peer, WHEN) for _ in range(RULES.customer_messages[1] + ABUSE_PER_MINUTE + 1)]
    assert [closed_with(one) for one in answers[:-1]] == [None] * (len(answers) - 1)
    assert closed_with(answers[-1]) == CloseCode.RATE_ABUSE


def test_a_flood_of_one_kind_leaves_room_for_messages() -> None:
    peer = live_peer("agent")
    for event in ("ping", "receipt", "viewing", "typing"):
        for _ in range(FLOOD):
            peer.received(said(event, None), WHEN, 1001.0)
    assert isinstance(say(peer, WHEN)[0], effects.Forward)
