"""Each frame of a live socket leads to one effect; what misses its conversation is refused."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from chorus.auth import AUD_AGENT, AUD_VISITOR, ROLE_SCOPES, Principal
from chorus.codes import CloseCode, NackCode
from chorus.ids import uuid7
from gateway import effects
from gateway.effects import answers
from gateway.phase import Phase
from gateway.protocol import Peer
from gateway.rules import Rules

CONV, OTHER, TENANT = uuid7(), uuid7(), uuid7()
# Names of tests must not change from run to run.
ID = UUID("01890000-0000-7000-8000-000000000001")
RULES = Rules(node="n", nonce_key=bytes(32))


def live(kind: str, role: str) -> Peer:
    """A socket that is ready."""
    peer = Peer(RULES, "conn", kind, CONV if kind == "chat" else None, 0.0)  # type: ignore[arg-type]
    greeting = json.loads(answers(peer.opened(1000.0))[0])["data"]
    auth: dict[str, Any] = {"nonce": greeting["nonce"], "token": "t", "session": str(uuid4())}
    peer.received(text("auth", client={"name": "test"}, **auth), 0.0, 1000.0)
    audience = AUD_VISITOR if role == "visitor" else AUD_AGENT
    peer.verified(Principal(TENANT, uuid7(), role, audience, ROLE_SCOPES[role], 10_000))
    peer.entered()
    assert peer.phase is Phase.LIVE
    return peer


def text(event: str, *, on: UUID | None = None, **data: Any) -> str:
    envelope = {"event": event, "data": data, "ref": 5} | ({"conv": str(on)} if on else {})
    return json.dumps(envelope, default=str)


def asked(peer: Peer, frame: str) -> list[Any]:
    return peer.received(frame, 1.0, 1001.0)


def refusal(answer: list[Any]) -> dict[str, Any]:
    (sent,) = answers(answer)
    envelope = json.loads(sent)
    assert (envelope["event"], envelope["ref"]) == ("nack", 5)
    data: dict[str, Any] = envelope["data"]
    return data


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (text("ping", n=1), effects.Pulse),
        (text("message", id=ID, content="hi"), effects.Forward),
        (text("receipt", kind="read", up_to=4), effects.Mark),
        (text("typing", state="start"), effects.Whisper),
        (text("position", seq=4, epoch="e"), effects.CatchUp),
        (text("escalate", id=ID), effects.Command),
        (text("rate", id=ID, score=5), effects.Command),
    ],
)
def test_a_frame_of_a_customer_leads_to_one_effect(frame: str, kind: type[Any]) -> None:
    (effect,) = asked(live("chat", "visitor"), frame)
    assert isinstance(effect, kind)
    assert getattr(effect, "conversation_id", CONV) == CONV


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (text("message", on=OTHER, id=ID, content="hi"), effects.Forward),
        (text("receipt", on=OTHER, kind="delivered", up_to=4), effects.Mark),
        (text("viewing", on=OTHER, state="start"), effects.Whisper),
        (text("position", on=OTHER, seq=4, epoch="e"), effects.CatchUp),
        (text("claim", on=OTHER, id=ID), effects.Command),
    ],
)
def test_on_the_inbox_the_envelope_names_the_conversation(frame: str, kind: type[Any]) -> None:
    (effect,) = asked(live("inbox", "agent"), frame)
    assert isinstance(effect, kind)
    assert getattr(effect, "conversation_id", OTHER) == OTHER


@pytest.mark.parametrize(
    "frame",
    [
        text("agent.status", id=ID, status="away"),
        text("offer.accept", id=ID, session=ID),
        text("offer.decline", id=ID, session=ID),
        text("inbox.open", view="mine"),
    ],
)
def test_commands_of_the_inbox_have_no_conversation(frame: str) -> None:
    (effect,) = asked(live("inbox", "agent"), frame)
    assert isinstance(effect, effects.Command)
    assert effect.conversation_id is None
    assert refusal(asked(live("chat", "agent"), frame))["code"] == "FORBIDDEN"


def test_a_pong_is_only_a_sign_of_life() -> None:
    assert asked(live("chat", "visitor"), text("pong", n=1)) == []


@pytest.mark.parametrize("event", ["message", "escalate"])
def test_a_frame_without_a_conversation_is_invalid_on_the_inbox(event: str) -> None:
    said = refusal(asked(live("inbox", "agent"), text(event, id=uuid7(), content="hi")))
    assert (said["code"], said["reason"]) == ("INVALID", "`conv` is needed here.")


def test_following_and_leaving_conversations() -> None:
    peer = live("inbox", "agent")
    (following,) = asked(peer, text("subscribe", items=[{"conv": str(OTHER)}]))
    assert isinstance(following, effects.Follow)
    (leaving,) = asked(peer, text("unsubscribe", conv=[str(OTHER)]))
    assert leaving == effects.Unfollow([OTHER])


@pytest.mark.parametrize("frame", [text("subscribe", items=[]), text("unsubscribe", conv=[])])
def test_a_conversation_socket_follows_nothing_else(frame: str) -> None:
    assert refusal(asked(live("chat", "agent"), frame))["code"] == "FORBIDDEN"


def test_an_agent_follows_at_most_200_conversations() -> None:
    peer = live("inbox", "agent")
    peer.followed = 200
    said = refusal(asked(peer, text("subscribe", items=[{"conv": str(OTHER)}])))
    assert "200" in said["reason"]


def test_commands_over_the_bucket_are_told_to_wait() -> None:
    peer = live("chat", "visitor")
    answers_to = [asked(peer, text("escalate", id=ID)) for _ in range(30)]
    assert isinstance(answers_to[0][0], effects.Command)
    said = refusal(answers_to[-1])
    assert said["code"] == "RATE_LIMITED"
    assert said["retry_after_ms"] > 0


def test_a_broken_nonce_closes_as_a_stale_one_does() -> None:
    peer = Peer(RULES, "conn", "chat", CONV, 0.0)
    peer.opened(1000.0)
    auth: dict[str, Any] = {"nonce": "ünreadable", "token": "t", "session": str(uuid4())}
    closing = asked(peer, text("auth", client={"name": "test"}, **auth))
    assert [one.code for one in closing if isinstance(one, effects.Close)] == [
        CloseCode.AUTH_TIMEOUT
    ]


def test_a_refusal_on_the_inbox_names_the_conversation_it_is_about() -> None:
    peer = live("inbox", "agent")
    peer.refused_later(CONV, uuid7(), NackCode.UNAVAILABLE, 1.0)
    held = asked(peer, text("message", on=CONV, id=uuid7(), content="x"))
    fast = [asked(peer, text("resolve", on=CONV, id=uuid7())) for _ in range(40)][-1]
    for (sent,), code in ((held, "UNAVAILABLE"), (fast, "RATE_LIMITED")):
        said = json.loads(sent.payload)
        assert (said["data"]["code"], said["ref"], said["conv"]) == (code, 5, str(CONV))
