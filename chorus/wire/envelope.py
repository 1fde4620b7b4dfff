"""The envelope: one text frame is one JSON object (PROTOCOL §2).

`decode` never raises on client input: it answers a `Received` or a `Refused`, so the pure core
of the gateway has nothing to catch.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel, ValidationError

from chorus.codes import NACK_RULES, NackCode
from chorus.wire.client import CLIENT_FRAMES
from chorus.wire.common import (
    MAX_FRAME_BYTES,
    MAX_JSON_DEPTH,
    MAX_META_BYTES,
    ContentTooLarge,
    Inbound,
    Outbound,
)
from chorus.wire.server import SERVER_FRAMES

Json = Any
_MAX_REF = 2**53
_NESTED = (dict, list)
_MAX_KEYS = 256


@dataclass(frozen=True, slots=True)
class Received:
    """A frame that could be read."""

    frame: Inbound
    ref: int | None
    conv: UUID | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A frame that could not, with what its answer needs."""

    code: NackCode
    reason: str
    ref: int | None = None
    conv: UUID | None = None
    id: UUID | None = None


def decode(payload: str | bytes) -> Received | Refused:
    """Read one client frame. Never raises."""
    if len(payload) > MAX_FRAME_BYTES:
        return Refused(NackCode.TOO_LARGE, "A frame may have 64 KiB.")
    try:
        envelope = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return Refused(NackCode.BAD_FRAME, NACK_RULES[NackCode.BAD_FRAME].reason)
    if not isinstance(envelope, dict):
        return Refused(NackCode.BAD_FRAME, NACK_RULES[NackCode.BAD_FRAME].reason)
    if _names_unclear(payload, envelope):
        return Refused(NackCode.BAD_FRAME, "A name stands twice in an object, or too many do.")
    return _open(envelope, may_hold_nul=_holds_nul_escape(payload))


def _named_once(pairs: list[tuple[str, Json]]) -> None:
    """Raises ValueError: a name is given twice, or there are too many."""
    if len(pairs) > _MAX_KEYS or len({name for name, _ in pairs}) != len(pairs):
        raise ValueError


_STRICT = json.JSONDecoder(object_pairs_hook=_named_once)


def _names_unclear(payload: str | bytes, envelope: dict[str, Json]) -> bool:
    """Whether a name stands twice in one object, where two readers may differ, or there are too many.

    The parser keeps the last of two. Every name is followed by a colon, so as many colons as names
    kept means that none was lost. Colons in what is said count as well, where nothing is escaped;
    only where there are more is the frame read a second time.
    """
    data = envelope.get("data")
    kept = len(envelope) + (len(data) if data.__class__ is dict else 0)
    colons = payload.count(":") if isinstance(payload, str) else payload.count(b":")
    if colons == kept <= _MAX_KEYS:
        return False
    text = payload if isinstance(payload, str) else payload.decode()
    if kept <= _MAX_KEYS and "\\" not in text:
        said = data.values() if data.__class__ is dict else ()
        if colons == kept + sum(one.count(":") for one in said if one.__class__ is str):
            return False
    try:
        _STRICT.decode(text)
    except (ValueError, RecursionError):
        return True
    return False


def _holds_nul_escape(payload: str | bytes) -> bool:
    return "\\u0000" in payload if isinstance(payload, str) else b"\\u0000" in payload


def _open(envelope: dict[str, Json], *, may_hold_nul: bool) -> Received | Refused:
    ref, conv, data = _ref(envelope.get("ref")), _uuid(envelope.get("conv")), envelope.get("data")
    event = envelope.get("event")
    if not isinstance(event, str) or not isinstance(data, dict):
        return Refused(NackCode.BAD_FRAME, "`event` and `data` are needed.", ref, conv)
    message_id = _uuid(data.get("id"))
    model = CLIENT_FRAMES.get(event)
    if model is None:
        reason = NACK_RULES[NackCode.UNKNOWN_EVENT].reason
        return Refused(NackCode.UNKNOWN_EVENT, reason, ref, conv, message_id)
    if envelope.get("conv") is not None and conv is None:
        return Refused(NackCode.INVALID, "`conv` is not a UUID.", ref, None, message_id)
    if any(
        _too_deep(part, MAX_JSON_DEPTH - 1) for part in data.values() if part.__class__ in _NESTED
    ):
        return Refused(NackCode.INVALID, "This is nested too deeply.", ref, conv, message_id)
    if may_hold_nul and _has_nul(data):
        return Refused(NackCode.INVALID, "A NUL character cannot be stored.", ref, conv, message_id)
    meta = data.get("meta")
    if meta and len(orjson.dumps(meta)) > MAX_META_BYTES:
        return Refused(NackCode.TOO_LARGE, "`meta` may have 4 KiB.", ref, conv, message_id)
    try:
        return Received(model.model_validate(data), ref, conv)
    except ValidationError as error:
        code, reason = _why(error)
        return Refused(code, reason, ref, conv, message_id)


def _why(error: ValidationError) -> tuple[NackCode, str]:
    """Name the first bad field; never repeat what was sent."""
    first = error.errors(include_input=False, include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ContentTooLarge):
        return NackCode.TOO_LARGE, "A message may have 16 KiB."
    where = ".".join(str(part)[:40] for part in first["loc"][:4]) or "data"
    return NackCode.INVALID, f"{where}: {first['msg']}"[:200]


def _ref(value: Json) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and -_MAX_REF <= value <= _MAX_REF:
        return value
    return None


def _uuid(value: Json) -> UUID | None:
    if not isinstance(value, str) or len(value) != 36:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def _too_deep(value: Json, budget: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    if budget == 0:
        return True
    children = value.values() if isinstance(value, dict) else value
    return any(_too_deep(child, budget - 1) for child in children)


def _has_nul(value: Json) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(_has_nul(part) for part in value)


def encode(
    frame: Outbound,
    *,
    seq: int | None = None,
    ref: int | None = None,
    conv: UUID | None = None,
) -> bytes:
    """Write one server frame. Fields that are None are left out."""
    return encode_raw(
        frame.event, frame.model_dump(mode="python", exclude_none=True), seq, ref, conv
    )


def encode_raw(
    event: str,
    data: dict[str, Json],
    seq: int | None = None,
    ref: int | None = None,
    conv: UUID | None = None,
) -> bytes:
    """Write a frame whose `data` is known to fit its model: the writer's fast path.

    Tests decode what comes out of here with the model of `event`.
    """
    envelope: dict[str, Json] = {"event": event, "data": data}
    if seq is not None:
        envelope["seq"] = seq
    if ref is not None:
        envelope["ref"] = ref
    if conv is not None:
        envelope["conv"] = conv
    return orjson.dumps(envelope)


def with_envelope(frame: bytes, *, ref: int | None = None, conv: str | None = None) -> bytes:
    """Add `ref` or `conv` to an encoded frame without reading it again."""
    if ref is None and conv is None:
        return frame
    tail = b""
    if ref is not None:
        tail += b',"ref":%d' % ref
    if conv is not None:
        tail += b',"conv":"%b"' % conv.encode()
    return frame[:-1] + tail + b"}"


def nack(
    code: NackCode,
    *,
    id: UUID | None = None,
    reason: str | None = None,
    retry_after_ms: int | None = None,
    **facts: Json,
) -> dict[str, Json]:
    """The `data` of a nack by the rule of its code. `facts`: `head_seq`, `by`, `at`; None is left out."""
    rule = NACK_RULES[code]
    data: dict[str, Json] = {
        "code": code,
        "retryable": rule.retryable,
        "ambiguous": rule.ambiguous,
        "reason": reason or rule.reason,
    }
    if id is not None:
        data["id"] = id
    if retry_after_ms is not None:
        data["retry_after_ms"] = retry_after_ms
    return data | {name: value for name, value in facts.items() if value is not None}


def decode_server(payload: str | bytes) -> tuple[Outbound, dict[str, Json]]:
    """Read a server frame as a client would; for tests, the terminal client and the bench.

    Raises:
        ValueError: the frame is not one of `SERVER_FRAMES` or does not fit its model.
    """
    envelope = orjson.loads(payload)
    model = SERVER_FRAMES.get(envelope["event"])
    if model is None:
        raise ValueError(f"unknown server frame {envelope['event']!r}")
    return model.model_validate(envelope["data"]), envelope


def dump(model: BaseModel) -> dict[str, Json]:
    """A part of a frame as plain JSON data, empty fields left out."""
    return model.model_dump(mode="json", exclude_none=True)
