"""`docs/wire.schema.json`: every frame as JSON Schema 2020-12, for readers in other languages."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from chorus.wire.client import CLIENT_FRAMES
from chorus.wire.common import PROTOCOL
from chorus.wire.server import SERVER_FRAMES
from tools.wire_model import Frame, client_frames, server_frames

Schema = dict[str, Any]
# Defaults stay optional in validation mode; on the wire a field that is None is left out.
MODE: JsonSchemaMode = "validation"


def wire_schema() -> str:
    """The whole file."""
    models: list[type[BaseModel]] = [*CLIENT_FRAMES.values(), *SERVER_FRAMES.values()]
    frames = [*client_frames(), *server_frames()]
    refs, document = models_json_schema([(model, MODE) for model in models])
    names = {
        _target(refs[model, MODE]): f"{frame.name}Data"
        for model, frame in zip(models, frames, strict=True)
    }
    parts = {names.get(key, key): value for key, value in document["$defs"].items()}
    definitions = {**{frame.name: _envelope(frame) for frame in frames}, **parts}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": PROTOCOL,
        "description": "Written by `make gen`. A frame is one text frame that holds one object.",
        "oneOf": [{"$ref": "#/$defs/ClientFrame"}, {"$ref": "#/$defs/ServerFrame"}],
        "$defs": {
            "ClientFrame": _one_of(client_frames()),
            "ServerFrame": _one_of(server_frames()),
            **_clean(definitions, names),
        },
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _target(ref: Mapping[str, Any]) -> str:
    return str(ref["$ref"]).removeprefix("#/$defs/")


def _one_of(frames: list[Frame]) -> Schema:
    return {"oneOf": [{"$ref": f"#/$defs/{frame.name}"} for frame in frames]}


def _envelope(frame: Frame) -> Schema:
    sequence: Schema = {"seq": {"type": "integer", "minimum": 1}}
    return {
        "description": frame.doc,
        "type": "object",
        "properties": {
            "event": {"const": frame.event},
            "data": {"$ref": f"#/$defs/{frame.name}Data"},
            **(sequence if frame.name.endswith("Frame") else {}),
            "ref": {"type": "integer"},
            "conv": {"type": "string", "format": "uuid"},
        },
        "required": ["event", "data"],
    }


def _clean(value: Any, names: Mapping[str, str]) -> Any:
    """Rename what pydantic had to spell long, drop titles and the null of optional fields."""
    if isinstance(value, list):
        return [_clean(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        target = _target(value)
        return {**value, "$ref": f"#/$defs/{names.get(target, target)}"}
    kept = {key: _clean(one, names) for key, one in value.items() if not _is_noise(key, one)}
    return _without_null(kept)


def _is_noise(key: str, value: Any) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def _without_null(schema: Schema) -> Schema:
    choices = schema.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return schema
    left = [choice for choice in choices if choice != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rest, **left[0]} if len(left) == 1 else {**rest, "anyOf": left}
