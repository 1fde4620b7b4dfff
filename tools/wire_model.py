"""What the generators know about frames, read from the pydantic models of `chorus.wire`."""

import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chorus.wire.client import CLIENT_FRAMES
from chorus.wire.common import Inbound, Outbound
from chorus.wire.server import SERVER_FRAMES

type_name = {str: "string", int: "number", float: "number", bool: "boolean", Any: "unknown"}
_UNIONS = (Union, types.UnionType)
_UNSAID = (None, 2**53)
_LIMITS = {
    "max_length": "at most {} long",
    "min_length": "at least {} long",
    "ge": "≥ {}",
    "le": "≤ {}",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a frame or of a part of one."""

    name: str
    kind: str
    """Its TypeScript type."""
    optional: bool
    doc: str
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; `name` is the TypeScript interface."""

    name: str
    event: str
    doc: str
    durable: bool
    fields: tuple[Field, ...]


def client_frames() -> list[Frame]:
    return [_frame(model, f"{model.__name__}Command") for model in CLIENT_FRAMES.values()]


def server_frames() -> list[Frame]:
    return [
        _frame(model, f"{model.__name__.removesuffix('Frame')}Frame")
        for model in SERVER_FRAMES.values()
    ]


def shapes() -> list[type[BaseModel]]:
    """Parts that frames share, by name."""
    return sorted((kind for kind in _used() if issubclass(kind, BaseModel)), key=_by_name)


def enums() -> list[type[Enum]]:
    return sorted((kind for kind in _used() if issubclass(kind, Enum)), key=_by_name)


def fields_of(model: type[BaseModel]) -> tuple[Field, ...]:
    return tuple(_field(name, info) for name, info in model.model_fields.items())


def summary(kind: type) -> str:
    """The class's own docstring, empty where it has none."""
    return (vars(kind).get("__doc__") or "").strip()


def _by_name(kind: type) -> str:
    return kind.__name__


def _frame(model: type[Inbound] | type[Outbound], name: str) -> Frame:
    durable = issubclass(model, Outbound) and model.durable
    return Frame(name, model.event, summary(model), durable, fields_of(model))


def _field(name: str, info: FieldInfo) -> Field:
    optional = not info.is_required() or _may_be_none(info.annotation)
    limits = tuple(dict.fromkeys(_limits(info.annotation, info.metadata)))
    return Field(name, typescript(info.annotation), optional, info.description or "", limits)


def _may_be_none(annotation: Any) -> bool:
    return get_origin(annotation) in _UNIONS and types.NoneType in get_args(annotation)


def _limits(annotation: Any, metadata: Iterable[Any] = ()) -> Iterator[str]:
    """Say in words what the annotation and everything inside it allows."""
    for constraint in metadata:
        for attribute, words in _LIMITS.items():
            value = getattr(constraint, attribute, None)
            if isinstance(constraint, annotated_types.BaseMetadata) and value not in _UNSAID:
                yield words.format(value)
    if get_origin(annotation) is Annotated:
        yield from _limits(annotation.__origin__, _flat(annotation.__metadata__))
    elif get_origin(annotation) in _UNIONS:
        for part in get_args(annotation):
            yield from _limits(part)


def _flat(metadata: Iterable[Any]) -> Iterator[Any]:
    for one in metadata:
        yield from one.metadata if isinstance(one, FieldInfo) else (one,)


def typescript(annotation: Any) -> str:
    """Spell a Python annotation in TypeScript; `None` becomes an optional field, not a type."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return typescript(args[0])
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in args)
    if origin in _UNIONS:
        return " | ".join(typescript(arg) for arg in args if arg is not types.NoneType)
    if origin is list:
        return f"readonly {_grouped(typescript(args[0]))}[]"
    if origin is tuple:
        return f"readonly [{', '.join(typescript(arg) for arg in args)}]"
    if origin is dict:
        return f"Readonly<Record<string, {typescript(args[1])}>>"
    return _plain(annotation)


def _plain(annotation: Any) -> str:
    if annotation in type_name:
        return type_name[annotation]
    if isinstance(annotation, type) and issubclass(annotation, (BaseModel, Enum)):
        return annotation.__name__
    return "string"  # UUID and datetime travel as text.


def _grouped(spelled: str) -> str:
    return f"({spelled})" if " " in spelled else spelled


def _used() -> set[type]:
    """All shapes and enums that some frame reaches."""
    found: set[type] = set()
    waiting: list[Any] = [*CLIENT_FRAMES.values(), *SERVER_FRAMES.values()]
    while waiting:
        for info in waiting.pop().model_fields.values():
            new = set(_named(info.annotation)) - found
            found |= new
            waiting += [kind for kind in new if issubclass(kind, BaseModel)]
    return found


def _named(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and issubclass(annotation, (BaseModel, Enum)):
        yield annotation
    for part in get_args(annotation):
        yield from _named(part)
