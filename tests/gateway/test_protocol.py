"""The pure core of a socket: what goes in, what comes out."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chorus.auth import AUD_AGENT, AUD_VISITOR, ROLE_SCOPES, Principal
from chorus.codes import CloseCode, NackCode
from chorus.ids import uuid7
from chorus.wire.client import CLIENT_FRAMES
from gateway import effects, nonce
from gateway.effects import answers
from gateway.gates import GATE_S
from gateway.phase import Phase
from gateway.protocol import Peer
from gateway.rules import ABUSE_PER_MINUTE, Rules
from tests.support.examples import examples

KEY = b"k" * 32
CONVERSATION = uuid7()


def principal(
    role: str = "visitor", *, expires_at: int = 10_000, user: UUID | None = None
) -> Principal:
    audience = AUD_VISITOR if role == "visitor" else AUD_AGENT
    return Principal(TENANT, user or USER, role, audience, ROLE_SCOPES[role], expires_at)


TENANT, USER = uuid7(), uuid7()
# Names of tests must not change from run to run.
ID = UUID("01890000-0000-7000-8000-000000000001")
NOT_V7 = UUID("a1890000-0000-4000-8000-000000000002")


def new_peer(kind: str = "chat", *, one_way: bool = False) -> Peer:
    rules = Rules(node="n", nonce_key=KEY)
    conversation = CONVERSATION if kind == "chat" else None
    return Peer(rules, "conn", kind, conversation, 0.0, one_way=one_way)  # type: ignore[arg-type]


def hello_nonce(peer: Peer) -> str:
    return str(json.loads(answers(peer.opened(1000.0))[0])["data"]["nonce"])


def auth_frame(given_nonce: str, **data: Any) -> str:
    return frame(
        "auth", nonce=given_nonce, token="t", session=str(uuid4()), client={"name": "test"}, **data
    )


def frame(event: str, ref: int | None = None, conv: UUID | None = None, **data: Any) -> str:
    envelope: dict[str, Any] = {"event": event, "data": data}
    if ref is not None:
        envelope["ref"] = ref
    if conv is not None:
        envelope["conv"] = str(conv)
    return json.dumps(envelope, default=str)


def live_peer(role: str = "visitor", kind: str = "chat", **more: Any) -> Peer:
    peer = new_peer(kind)
    peer.received(auth_frame(hello_nonce(peer)), 0.0, 1000.0)
    peer.verified(principal(role, **more))
    peer.entered()
    assert peer.phase is Phase.LIVE
    return peer


def say(
    peer: Peer, at_s: float = 1.0, *, id: UUID | None = None, ref: int | None = None, **data: Any
) -> list[Any]:
    text = frame("message", ref, id=id or uuid7(), content=data.pop("content", "hi"), **data)
    return peer.received(text, at_s, 1000.0 + at_s)


def nacks(asked: list[Any]) -> list[dict[str, Any]]:
    decoded = (json.loads(one) for one in answers(asked))
    return [one["data"] for one in decoded if one["event"] == "nack"]


def closed_with(asked: list[Any]) -> int | None:
    return next((one.code for one in asked if isinstance(one, effects.Close)), None)


def test_hello_tells_the_intervals() -> None:
    data = json.loads(answers(new_peer().opened(1000.0))[0])["data"]
    assert data["protocol"] == "chorus.v1"
    told = {"nonce", "ping_ms", "dead_ms", "auth_ms", "ack_ms", "max_frame", "backoff", "features"}
    assert told <= set(data)


def test_a_good_auth_asks_for_the_token_then_for_access() -> None:
    peer = new_peer()
    asked = peer.received(
        auth_frame(hello_nonce(peer), resume={"epoch": "e", "last_seq": 7}), 1.0, 1001.0
    )
    assert asked == [effects.Verify("t")]
    entering = peer.verified(principal())
    assert isinstance(entering[0], effects.Enter)
    assert entering[0].resume is not None and entering[0].resume.last_seq == 7


def test_the_subprotocol_token_stands_in_for_a_missing_one() -> None:
    peer = new_peer()
    peer.token = "from-header"
    given_nonce = hello_nonce(peer)
    text = frame("auth", nonce=given_nonce, session=str(uuid4()), client={"name": "x"})
    assert peer.received(text, 1.0, 1001.0) == [effects.Verify("from-header")]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x",
        "1.2.3",
        pytest.param(nonce.make(KEY, "other", 1000.0), id="of another socket"),
        pytest.param(nonce.make(b"o" * 32, "conn", 1000.0), id="of another key"),
        "é.é.é",
    ],
)
def test_a_nonce_that_is_not_ours_closes_4302(bad: str) -> None:
    assert closed_with(new_peer().received(auth_frame(bad), 1.0, 1000.0)) == CloseCode.AUTH_TIMEOUT


def test_a_stale_nonce_closes_4302() -> None:
    peer = new_peer()
    given_nonce = hello_nonce(peer)
    assert (
        closed_with(peer.received(auth_frame(given_nonce), 1.0, 1031.0)) == CloseCode.AUTH_TIMEOUT
    )


def test_a_nonce_is_good_once() -> None:
    peer = new_peer()
    given_nonce = hello_nonce(peer)
    peer.received(auth_frame(given_nonce), 1.0, 1001.0)
    assert closed_with(peer.received(auth_frame(given_nonce), 1.0, 1001.0)) == CloseCode.PROTOCOL


def test_a_frame_before_auth_closes_4000() -> None:
    peer = new_peer()
    asked = say(peer)
    assert closed_with(asked) == CloseCode.PROTOCOL
    assert json.loads(answers(asked)[0])["data"] == {"code": "PROTOCOL", "fatal": True}


def test_garbage_before_auth_closes_4001() -> None:
    assert closed_with(new_peer().received("{", 1.0, 1000.0)) == CloseCode.BAD_FRAME


def test_no_token_at_all_closes_4301() -> None:
    peer = new_peer()
    text = frame("auth", nonce=hello_nonce(peer), session=str(uuid4()), client={"name": "x"})
    assert closed_with(peer.received(text, 1.0, 1000.0)) == CloseCode.INVALID_TOKEN


def test_auth_without_session_or_client_closes_4001() -> None:
    peer = new_peer()
    text = frame("auth", nonce=hello_nonce(peer), token="t")
    assert closed_with(peer.received(text, 1.0, 1000.0)) == CloseCode.BAD_FRAME


def test_a_visitor_may_not_open_the_inbox() -> None:
    peer = new_peer("inbox")
    peer.received(auth_frame(hello_nonce(peer)), 1.0, 1000.0)
    assert closed_with(peer.verified(principal())) == CloseCode.FORBIDDEN


def test_binary_closes_1003() -> None:
    assert closed_with(live_peer().received_binary()) == CloseCode.BINARY


def test_a_message_is_forwarded_with_its_ref() -> None:
    asked = say(live_peer(), ref=5)
    assert isinstance(asked[0], effects.Forward)
    assert (asked[0].ref, asked[0].conversation_id) == (5, CONVERSATION)


@pytest.mark.parametrize("role", ["agent", "bot", "system", "admin", "visitors"])
def test_a_visitor_with_another_role_is_forbidden(role: str) -> None:
    assert nacks(say(live_peer(), role=role))[0]["code"] == NackCode.FORBIDDEN


@pytest.mark.parametrize("role", ["visitor", "customer"])
def test_the_role_of_the_token_is_accepted(role: str) -> None:
    assert isinstance(say(live_peer(), role=role)[0], effects.Forward)


def test_a_visitor_cannot_write_a_note() -> None:
    assert nacks(say(live_peer(), visibility="agents"))[0]["code"] == NackCode.FORBIDDEN


def test_an_agent_can_write_a_note() -> None:
    assert isinstance(say(live_peer("agent"), visibility="agents")[0], effects.Forward)


def test_a_token_without_the_write_scope_only_reads() -> None:
    peer = live_peer()
    reader = principal()
    peer.principal = Principal(
        reader.tenant_id, reader.user_id, "visitor", AUD_VISITOR, frozenset({"chat:read"}), 10_000
    )
    assert nacks(say(peer))[0]["code"] == NackCode.FORBIDDEN


def test_the_bucket_says_when_to_come_again_and_holds_later_messages_back() -> None:
    peer = live_peer()
    for _ in range(20):
        assert isinstance(say(peer, 1.0)[0], effects.Forward)
    refused = uuid7()
    first = nacks(say(peer, 1.0, id=refused))[0]
    assert first["code"] == NackCode.RATE_LIMITED
    assert 0 < first["retry_after_ms"] <= 201
    later = nacks(say(peer, 2.0))[0]
    assert later["code"] == NackCode.RATE_LIMITED, "a newer id may not overtake the refused one"
    assert isinstance(say(peer, 2.0, id=refused)[0], effects.Forward)
    assert isinstance(say(peer, 2.0)[0], effects.Forward)


def test_the_gate_opens_by_itself_after_five_seconds() -> None:
    peer = live_peer()
    peer.refused_later(CONVERSATION, uuid7(), NackCode.UNAVAILABLE, 1.0)
    waiting = uuid7()
    assert nacks(say(peer, 1.0 + GATE_S - 0.1, id=waiting))
    assert isinstance(say(peer, 1.0 + GATE_S, id=waiting)[0], effects.Forward)


def test_a_final_refusal_holds_nobody_back() -> None:
    peer = live_peer()
    peer.refused_later(CONVERSATION, uuid7(), NackCode.CONVERSATION_CLOSED, 1.0)
    assert isinstance(say(peer, 1.1)[0], effects.Forward)


def test_the_older_refusal_keeps_the_gate() -> None:
    peer = live_peer()
    first, second = uuid7(), uuid7()
    peer.refused_later(CONVERSATION, first, NackCode.UNAVAILABLE, 1.0)
    peer.refused_later(CONVERSATION, second, NackCode.UNAVAILABLE, 1.1)
    assert nacks(say(peer, 1.2, id=second))
    assert isinstance(say(peer, 1.3, id=first)[0], effects.Forward)


def test_the_51st_refused_frame_in_a_minute_closes_4101() -> None:
    peer = live_peer()
    for number in range(ABUSE_PER_MINUTE):
        assert closed_with(peer.received("nonsense", 1.0 + number / 100, 1001.0)) is None
    assert closed_with(peer.received("nonsense", 2.0, 1002.0)) == CloseCode.RATE_ABUSE


def test_refusals_of_an_outage_are_no_abuse() -> None:
    peer = live_peer()
    peer.refused_later(CONVERSATION, uuid7(), NackCode.UNAVAILABLE, 1.0)
    for _ in range(ABUSE_PER_MINUTE * 2):
        assert closed_with(say(peer, 1.5)) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[]", NackCode.BAD_FRAME),
        ("nul", NackCode.BAD_FRAME),
        ('{"event":"message"}', NackCode.BAD_FRAME),
        ('{"event":"dance","data":{}}', NackCode.UNKNOWN_EVENT),
        ('{"event":"message","data":{}}', NackCode.INVALID),
        ('{"event":"message","data":{"id":"x","content":"y"}}', NackCode.INVALID),
        (frame("message", id=NOT_V7, content="v4"), NackCode.INVALID),
        (frame("message", id=ID, content=""), NackCode.INVALID),
        (frame("message", id=ID, content=5), NackCode.INVALID),
        (frame("message", id=ID, content="a\u0000b"), NackCode.INVALID),
        (frame("message", id=ID, content="x" * 16_385), NackCode.TOO_LARGE),
        (frame("message", id=ID, content="é" * 8_193), NackCode.TOO_LARGE),
        (frame("message", id=ID, content="x", meta={"a": "x" * 4_100}), NackCode.TOO_LARGE),
        (frame("receipt", kind="seen", up_to=3), NackCode.INVALID),
        (frame("receipt", kind="read", up_to=-1), NackCode.INVALID),
        (frame("rate", id=ID, score=6), NackCode.INVALID),
    ],
)
def test_a_bad_frame_gets_a_nack_and_the_socket_lives(text: str, code: NackCode) -> None:
    peer = live_peer()
    assert nacks(peer.received(text, 1.0, 1001.0))[0]["code"] == code
    assert isinstance(say(peer)[0], effects.Forward)


def test_json_deeper_than_twelve_is_refused() -> None:
    deep: Any = "x"
    for _ in range(13):
        deep = {"a": deep}
    assert nacks(say(live_peer(), meta=deep))[0]["code"] == NackCode.INVALID


def test_a_refusal_repeats_the_ref_and_the_id_but_never_the_input() -> None:
    peer = live_peer()
    id = uuid7()
    text = frame("message", 9, id=id, content={"secret-looking": "value-7"})
    raw = answers(peer.received(text, 1.0, 1001.0))[0]
    answer = json.loads(raw)
    assert (answer["ref"], answer["data"]["id"]) == (9, str(id))
    assert b"value-7" not in raw


@pytest.mark.parametrize(
    "event", ["moderate", "claim", "assign", "transfer", "resolve", "snooze", "return_to_bot"]
)
def test_a_visitor_cannot_command_like_an_agent(event: str) -> None:
    examples: dict[str, dict[str, Any]] = {
        "moderate": {"target": uuid7(), "visibility": "hidden"},
        "assign": {"to": uuid7()},
        "transfer": {"to": "bot", "mode": "blind"},
        "snooze": {"until": "2030-01-01T00:00:00Z"},
    }
    text = frame(event, id=uuid7(), **examples.get(event, {}))
    assert nacks(live_peer().received(text, 1.0, 1001.0))[0]["code"] == NackCode.FORBIDDEN


def test_a_command_goes_to_the_chat_service_without_empty_fields() -> None:
    id = uuid7()
    asked = live_peer().received(frame("escalate", 3, id=id), 1.0, 1001.0)
    assert asked == [effects.Command(CONVERSATION, "escalate", {"id": str(id)}, id, 3)]


def test_commands_have_a_bucket_of_their_own() -> None:
    peer = live_peer("agent")
    for _ in range(20):
        assert isinstance(
            peer.received(frame("resolve", id=uuid7()), 1.0, 1001.0)[0], effects.Command
        )
    assert (
        nacks(peer.received(frame("resolve", id=uuid7()), 1.0, 1001.0))[0]["code"]
        == NackCode.RATE_LIMITED
    )
    assert isinstance(say(peer)[0], effects.Forward)


def test_the_inbox_needs_conv_in_the_envelope() -> None:
    peer = live_peer("agent", "inbox")
    assert nacks(say(peer))[0]["code"] == NackCode.INVALID
    asked = peer.received(
        frame("message", None, CONVERSATION, id=uuid7(), content="x"), 1.0, 1001.0
    )
    assert isinstance(asked[0], effects.Forward)


def test_at_most_200_conversations_are_followed() -> None:
    peer = live_peer("agent", "inbox")
    items = [{"conv": str(uuid7())} for _ in range(200)]
    assert isinstance(
        peer.received(frame("subscribe", items=items), 1.0, 1001.0)[0], effects.Follow
    )
    peer.followed = 200
    assert (
        nacks(peer.received(frame("subscribe", items=items[:1]), 1.0, 1001.0))[0]["code"]
        == NackCode.INVALID
    )


def test_typing_faster_than_every_three_seconds_is_dropped_silently() -> None:
    peer = live_peer()
    start = frame("typing", state="start", role="customer")
    assert isinstance(peer.received(start, 10.0, 1010.0)[0], effects.Whisper)
    assert peer.received(start, 11.0, 1011.0) == []
    assert isinstance(
        peer.received(frame("typing", state="stop"), 11.1, 1011.0)[0], effects.Whisper
    )
    assert isinstance(peer.received(start, 13.1, 1013.0)[0], effects.Whisper)


def test_only_agents_view_and_type_notes() -> None:
    visitor, agent = live_peer(), live_peer("agent")
    viewing, note = (
        frame("viewing", state="start"),
        frame("typing", state="start", visibility="agents"),
    )
    assert nacks(visitor.received(viewing, 1.0, 1001.0)) and nacks(
        visitor.received(note, 1.0, 1001.0)
    )
    assert isinstance(agent.received(viewing, 1.0, 1001.0)[0], effects.Whisper)
    assert isinstance(agent.received(note, 1.0, 1001.0)[0], effects.Whisper)


def test_an_unauthenticated_socket_ends_after_ten_seconds() -> None:
    peer = new_peer()
    assert peer.tick(9.9, 1009.9) == []
    assert closed_with(peer.tick(10.0, 1010.0)) == CloseCode.AUTH_TIMEOUT


def test_an_expiring_token_is_announced_once_and_closes_25_seconds_late() -> None:
    peer = live_peer(expires_at=1100)
    assert peer.tick(1.0, 1039.0) == []
    notice = json.loads(answers(peer.tick(2.0, 1041.0))[0])
    assert notice == {"event": "auth.expiring", "data": {"in_ms": 59_000}}
    assert peer.tick(3.0, 1050.0) == []
    peer.heard_s = 30.0
    assert closed_with(peer.tick(30.0, 1125.0)) == CloseCode.EXPIRED


def test_a_new_token_of_the_same_subject_is_taken_in_place() -> None:
    peer = live_peer(expires_at=1100)
    peer.tick(1.0, 1041.0)
    assert peer.received(frame("auth", token="new"), 2.0, 1042.0) == [effects.Verify("new")]
    answer = json.loads(answers(peer.verified(principal(expires_at=2000)))[0])
    assert answer == {"event": "auth.ok", "data": {"token_exp": 2000}}
    assert answers(peer.tick(3.0, 1941.0)), "the next expiry is announced again"


def test_a_new_token_of_another_subject_closes_4003() -> None:
    assert closed_with(live_peer().verified(principal(user=uuid7()))) == CloseCode.FORBIDDEN


def test_a_refresh_without_a_token_closes_4301() -> None:
    assert closed_with(live_peer().received(frame("auth"), 1.0, 1001.0)) == CloseCode.INVALID_TOKEN


def test_nothing_is_answered_after_a_close() -> None:
    peer = live_peer()
    peer.end(CloseCode.DRAIN)
    assert say(peer) == []
    assert peer.received_binary() == []
    assert peer.tick(99.0, 99.0) == []
    assert peer.verified(principal()) == []
    assert peer.rejected(CloseCode.INVALID_TOKEN) == []
    assert peer.end(CloseCode.DRAIN) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
envelopes = st.fixed_dictionaries(
    {"event": st.sampled_from([*CLIENT_FRAMES, "x"]), "data": json_values},
    optional={"ref": json_values, "conv": json_values, "seq": json_values},
)
steps = st.one_of(
    st.text(max_size=60).map(lambda text: ("text", text)),
    envelopes.map(lambda envelope: ("text", json.dumps(envelope))),
    st.just(("binary", "")),
    st.just(("tick", "")),
    st.just(("verified", "")),
    st.just(("entered", "")),
)


def step(peer: Peer, move: str, text: str, at_s: float) -> list[Any]:
    """What the core answers to one thing that happens."""
    if move == "text":
        return list(peer.received(text, at_s, 1000 + at_s))
    if move == "tick":
        return list(peer.tick(at_s, 1000 + at_s))
    if move == "verified":
        return list(peer.verified(principal("agent"))) if peer.phase is Phase.VERIFYING else []
    return list(peer.received_binary() if move == "binary" else peer.entered())


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(steps, max_size=25), st.booleans(), st.sampled_from(["chat", "inbox"]))
def test_no_input_makes_the_core_raise_and_after_a_close_it_is_silent(
    moves: list[tuple[str, str]], start_live: bool, kind: str
) -> None:
    peer = live_peer("agent", kind) if start_live else new_peer(kind)
    at_s, closed = 1.0, False
    for move, text in moves:
        at_s += 0.5
        asked = step(peer, move, text, at_s)
        assert not (closed and asked)
        closed = closed or closed_with(asked) is not None
        assert all(json.loads(one) for one in answers(asked))
