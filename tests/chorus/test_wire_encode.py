"""What the server writes: a frame that fits its model, with an envelope."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chorus.wire.common import Role, Visibility
from chorus.wire.envelope import decode_server, encode, encode_raw, with_envelope
from chorus.wire.server import SERVER_FRAMES
from chorus.wire.server_chat import Message, Void
from chorus.wire.server_socket import Ping

IDS = st.uuids()
SEQS = st.integers(1, 2**53)
REFS = st.integers(-(2**53), 2**53)
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=200)
MESSAGES = st.builds(
    Message,
    id=IDS,
    role=st.sampled_from(Role),
    userId=st.none() | IDS,
    content=st.none() | TEXTS,
    type=st.just("text"),
    visibility=st.sampled_from(Visibility),
    ts=st.datetimes(timezones=st.timezones()).filter(lambda at: 1970 < at.year < 9000),
    reply_to=st.none() | IDS,
    attachments=st.none() | st.lists(IDS, max_size=3),
    meta=st.none() | st.dictionaries(TEXTS, TEXTS, max_size=3),
)


@given(MESSAGES, SEQS, REFS, IDS)
def test_a_written_message_is_read_back(frame: Message, seq: int, ref: int, conv: UUID) -> None:
    again, envelope = decode_server(encode(frame, seq=seq, ref=ref, conv=conv))
    assert isinstance(again, Message)
    assert again.model_dump(exclude={"ts"}) == frame.model_dump(exclude={"ts"})
    assert abs((again.ts - frame.ts).total_seconds()) < 0.001
    assert (envelope["seq"], envelope["ref"], envelope["conv"]) == (seq, ref, str(conv))


@given(MESSAGES, st.none() | REFS, st.none() | IDS)
def test_an_envelope_is_added_without_reading_the_frame(
    frame: Message, ref: int | None, conv: UUID | None
) -> None:
    bare = encode(frame, seq=1)
    added = with_envelope(bare, ref=ref, conv=str(conv) if conv else None)
    assert orjson.loads(added) == orjson.loads(encode(frame, seq=1, ref=ref, conv=conv))


def test_a_frame_without_additions_stays_the_same_bytes() -> None:
    bare = encode(Void(), seq=1)
    assert with_envelope(bare) is bare


def test_what_is_none_is_left_out() -> None:
    assert encode(Ping(n=0)) == b'{"event":"ping","data":{"n":0}}'
    assert encode_raw("void", {}, seq=3) == b'{"event":"void","data":{},"seq":3}'


@pytest.mark.parametrize("model", SERVER_FRAMES.values(), ids=SERVER_FRAMES)
def test_an_undeclared_field_is_our_bug(model: type[Any]) -> None:
    with pytest.raises(ValidationError, match="surplus"):
        model.model_validate({"surplus": 1})


def test_an_unknown_server_frame_is_named() -> None:
    with pytest.raises(ValueError, match=r"unknown server frame 'x\.y'"):
        decode_server(b'{"event":"x.y","data":{}}')


def test_no_frame_is_named_like_a_javascript_global() -> None:
    taken = {"Error", "Event", "Notification", "Object", "Map", "Set", "Symbol", "Promise"}
    assert not taken & {model.__name__ for model in SERVER_FRAMES.values()}
