"""A name that stands twice in an object means one thing to one reader and another to the next."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorus.codes import NackCode
from chorus.ids import uuid7
from chorus.wire.envelope import Received, Refused, decode

ID = str(uuid7())
GOOD: dict[str, Any] = {"event": "message", "data": {"id": ID, "content": "see http://a:80/: ok"}}


def refused(frame: str | bytes) -> bool:
    read = decode(frame)
    assert isinstance(read, Received) or read.code is NackCode.BAD_FRAME
    return isinstance(read, Refused)


@pytest.mark.parametrize(
    "frame",
    [
        '{"event":"message","event":"message","data":{"id":"%s","content":"x"}}',
        '{"event":"message","data":{},"data":{"id":"%s","content":"x"}}',
        '{"event":"message","data":{"id":"%s","content":"x","content":"y"}}',
        '{"event":"message","data":{"id":"%s","content" : "x", "content"\n:"y"}}',
        '{"event":"message","data":{"id":"%s","content":"x","con\\u0074ent":"y"}}',
        '{"event":"message","data":{"id":"%s","content":"x","meta":{"a":1,"a":2}}}',
        '{"event":"message","data":{"id":"%s","content":"\\u003a","ref":1,"ref":2}}',
    ],
)
@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_name_given_twice_is_a_bad_frame(frame: str, as_bytes: bool) -> None:
    text = frame % ID
    assert refused(text.encode() if as_bytes else text)


def test_colons_in_what_is_said_are_no_names() -> None:
    assert not refused(json.dumps(GOOD))
    assert not refused(json.dumps({**GOOD, "ref": 7, "later": {"a": [{"b": 1}, {"b": 2}]}}))


@pytest.mark.parametrize(("names", "bad"), [(254, False), (255, True)])
def test_an_object_has_at_most_256_names(names: int, bad: bool) -> None:
    data = {**GOOD["data"], **{f"n{number}": 1 for number in range(names)}}
    assert refused(json.dumps({**GOOD, "data": data})) is bad


def test_a_subscription_to_200_conversations_is_read() -> None:
    items = [{"conv": str(uuid7()), "last_seq": 1, "epoch": "a"} for _ in range(200)]
    assert not refused(json.dumps({"event": "subscribe", "data": {"items": items}}))


# But for the names of the envelope, which may not hold just anything.
NAMES = st.text(min_size=1, max_size=4).filter(lambda name: name not in {"conv", "ref"})
VALUES = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_what_json_writes_never_has_a_name_twice(extra: dict[str, Any]) -> None:
    assert not refused(json.dumps({**extra, **GOOD}))


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=6), st.data())
def test_any_name_repeated_is_found(extra: dict[str, Any], chosen: st.DataObject) -> None:
    twice = chosen.draw(st.sampled_from(sorted(extra)))
    whole = json.dumps({**extra, **GOOD})
    assert refused(f"{whole[:-1]},{json.dumps(twice)}:0}}")
