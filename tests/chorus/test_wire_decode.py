"""`decode` answers every input; it never raises."""

import json
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from chorus.codes import NACK_RULES, NackCode
from chorus.ids import uuid7
from chorus.wire.client import CLIENT_FRAMES, Message
from chorus.wire.common import MAX_CONTENT_BYTES, MAX_FRAME_BYTES, MAX_JSON_DEPTH, MAX_META_BYTES
from chorus.wire.envelope import Received, Refused, decode, nack

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = sorted({name for model in CLIENT_FRAMES.values() for name in model.model_fields})
DATA = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6)
ENVELOPES = st.fixed_dictionaries(
    {"event": st.sampled_from(sorted(CLIENT_FRAMES)) | JSON, "data": DATA | JSON},
    optional={"ref": JSON, "conv": JSON, "seq": JSON},
)


def text(data: Any, event: str = "message", **envelope: Any) -> str:
    return json.dumps({"event": event, "data": data, **envelope}, ensure_ascii=False)


def message(**data: Any) -> dict[str, Any]:
    return {"id": str(uuid7()), "content": "Hello", **data}


def refused(payload: str | bytes) -> Refused:
    answer = decode(payload)
    assert isinstance(answer, Refused), answer
    return answer


def received_message(payload: str | bytes) -> Message:
    answer = decode(payload)
    assert isinstance(answer, Received), answer
    assert isinstance(answer.frame, Message)
    return answer.frame


@given(st.text() | st.binary())
@example("\ud800")
@example('{"event":"message","data":{"content":"\\ud800"}}')
@example("[" * 60_000)
@example('{"event":"ping","data":{"n":NaN}}')
def test_any_text_and_any_bytes_are_answered(payload: str | bytes) -> None:
    assert isinstance(decode(payload), (Received, Refused))


@given(JSON)
def test_any_json_is_answered(value: Any) -> None:
    assert isinstance(decode(json.dumps(value)), (Received, Refused))


@given(ENVELOPES)
def test_any_envelope_is_answered_and_keeps_its_ref(envelope: dict[str, Any]) -> None:
    answer = decode(json.dumps(envelope))
    ref = envelope.get("ref")
    fits = isinstance(ref, int) and not isinstance(ref, bool) and abs(ref) <= 2**53
    assert answer.ref == (ref if fits else None)


@given(st.binary(max_size=40))
def test_a_refusal_never_repeats_what_was_sent(noise: bytes) -> None:
    secret = f"secret-{noise.hex()}"
    answer = refused(text(message(content=["", secret], id=secret, type=secret)))
    assert secret not in answer.reason


@pytest.mark.parametrize("payload", ["", "null", "[]", '"x"', "7", "{", b"\xff\xfe", b"\x00"])
def test_what_is_no_object_is_a_bad_frame(payload: str | bytes) -> None:
    assert refused(payload).code is NackCode.BAD_FRAME


@pytest.mark.parametrize(
    "envelope", [{}, {"event": "ping"}, {"event": 1, "data": {}}, {"event": "ping", "data": []}]
)
def test_an_envelope_without_event_or_data_is_a_bad_frame(envelope: dict[str, Any]) -> None:
    answer = refused(json.dumps({**envelope, "ref": 5}))
    assert (answer.code, answer.ref) == (NackCode.BAD_FRAME, 5)


def test_an_unknown_event_is_refused_with_its_id() -> None:
    message_id = uuid7()
    answer = refused(text({"id": str(message_id)}, event="message.burn", ref=1))
    assert (answer.code, answer.id, answer.ref) == (NackCode.UNKNOWN_EVENT, message_id, 1)


def test_a_frame_may_have_64_kib_and_no_byte_more() -> None:
    frame = text(message(extra=""))
    fitting = text(message(extra="x" * (MAX_FRAME_BYTES - len(frame))))
    assert isinstance(decode(fitting), Received)
    assert refused(fitting + " ").code is NackCode.TOO_LARGE


@pytest.mark.parametrize(("letter", "size"), [("x", 1), ("é", 2), ("€", 3), ("😀", 4)])
def test_content_may_have_16_kib_of_utf8_and_no_letter_more(letter: str, size: int) -> None:
    most = MAX_CONTENT_BYTES // size
    assert received_message(text(message(content=letter * most))).content == letter * most
    assert refused(text(message(content=letter * (most + 1)))).code is NackCode.TOO_LARGE


def test_empty_content_is_invalid_but_beside_files() -> None:
    answer = refused(text(message(content="")))
    assert (answer.code, answer.reason) == (
        NackCode.INVALID,
        "data: content or attachments are needed",
    )
    files = [str(uuid7())]
    assert received_message(text(message(content="", attachments=files))).content == ""


@pytest.mark.parametrize("wrong", [7, True, None, ["Hello"], {"text": "Hello"}])
def test_content_of_another_type_is_invalid(wrong: Any) -> None:
    assert refused(text(message(content=wrong))).code is NackCode.INVALID


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "7",
        "a1890000-0000-4000-8000-000000000002",
        "00000000-0000-0000-0000-000000000000",
        7,
        None,
        {},
    ],
)
def test_an_id_that_is_no_uuid7_is_invalid(wrong: Any) -> None:
    answer = refused(text(message(id=wrong), ref=3))
    assert (answer.code, answer.ref) == (NackCode.INVALID, 3)


@pytest.mark.parametrize("wrong", ["", "x", "x" * 36, 7, {}, True])
def test_a_conv_that_is_no_uuid_is_invalid(wrong: Any) -> None:
    assert refused(text(message(), conv=wrong)).code is NackCode.INVALID


@pytest.mark.parametrize("form", ["{{{}}}", "urn:uuid:{}"])
def test_a_uuid_has_one_spelling(form: str) -> None:
    assert refused(text(message(), conv=form.format(uuid7()))).code is NackCode.INVALID


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


def test_data_may_be_nested_twelve_deep() -> None:
    # `data` and `meta` are two of the twelve.
    assert isinstance(decode(text(message(meta=nested(MAX_JSON_DEPTH - 1)))), Received)
    assert refused(text(message(meta=nested(MAX_JSON_DEPTH)))).code is NackCode.INVALID


def test_lists_nest_as_objects_do() -> None:
    deep: Any = 1
    for _ in range(MAX_JSON_DEPTH):
        deep = [deep]
    assert refused(text(message(meta={"a": deep}))).code is NackCode.INVALID


@pytest.mark.parametrize(
    "data",
    [
        message(content="a\x00b"),
        message(meta={"deep": ["\x00"]}),
        message(meta={"\x00": 1}),
    ],
)
def test_nul_cannot_be_stored(data: dict[str, Any]) -> None:
    assert refused(json.dumps({"event": "message", "data": data})).code is NackCode.INVALID
    assert refused(json.dumps({"event": "message", "data": data}).encode()).code is NackCode.INVALID


def test_nul_is_refused_on_every_way_to_a_message() -> None:
    with pytest.raises(ValidationError, match="NUL"):
        Message(id=uuid7(), content="a\x00b")


def test_a_backslash_before_u0000_is_text() -> None:
    assert received_message(text(message(content="\\u0000"))).content == "\\u0000"


def test_meta_may_have_4_kib() -> None:
    fitting = {"a": "x" * (MAX_META_BYTES - len('{"a":""}'))}
    assert received_message(text(message(meta=fitting))).meta == fitting
    assert refused(text(message(meta={"a": fitting["a"] + "x"}))).code is NackCode.TOO_LARGE


def test_unknown_fields_are_ignored() -> None:
    assert not hasattr(received_message(text(message(sparkle=1))), "sparkle")


@pytest.mark.parametrize("ref", [2**53 + 1, -(2**53) - 1, 1.5, True, "7", None])
def test_a_ref_that_is_no_small_integer_counts_as_none(ref: Any) -> None:
    answer = decode(text(message(), ref=ref))
    assert isinstance(answer, Received)
    assert answer.ref is None


def test_the_conversation_stands_in_the_envelope() -> None:
    conv = uuid7()
    answer = decode(text(message(), conv=str(conv)))
    assert isinstance(answer, Received)
    assert answer.conv == conv


@pytest.mark.parametrize("code", list(NackCode))
def test_a_nack_says_what_its_rule_says(code: NackCode) -> None:
    rule = NACK_RULES[code]
    assert nack(code) == {
        "code": code,
        "retryable": rule.retryable,
        "ambiguous": rule.ambiguous,
        "reason": rule.reason,
    }


def test_a_nack_carries_what_it_is_given() -> None:
    given_id = UUID(int=7)
    data = nack(NackCode.STALE_VIEW, id=given_id, reason="Late.", retry_after_ms=5, head_seq=9)
    assert orjson.loads(orjson.dumps(data)) == {
        "id": str(given_id),
        "code": "STALE_VIEW",
        "retryable": False,
        "ambiguous": False,
        "reason": "Late.",
        "retry_after_ms": 5,
        "head_seq": 9,
    }
