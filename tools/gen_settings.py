"""`.env.example` and the tables of `docs/settings.md`, from every `settings.py`."""

import inspect
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from chorus.settings import Settings, variable
from tools.markdown import code, table

ROOT = Path(__file__).resolve().parent.parent


def settings_classes() -> list[type[Settings]]:
    """All classes of settings, the shared ones first."""
    modules = sorted(path.parent.name for path in ROOT.glob("*/settings.py"))
    found: dict[type[Settings], None] = {Settings: None}
    for name in modules:
        module = import_module(f"{name}.settings")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Settings) and kind.__module__ == module.__name__:
                found[kind] = None
    return sorted(found, key=lambda kind: (len(kind.__mro__), kind.__module__, kind.__name__))


def own_fields(kind: type[Settings]) -> dict[str, FieldInfo]:
    """The fields that a class adds to those of its bases."""
    inherited = {name for base in kind.__bases__ for name in getattr(base, "model_fields", {})}
    return {name: info for name, info in kind.model_fields.items() if name not in inherited}


def settings_tables() -> str:
    """A table for each class that adds something."""
    return "\n".join(_section(kind) for kind in settings_classes() if own_fields(kind))


def _section(kind: type[Settings]) -> str:
    rows = (
        (code(variable(kind, name)), _type(info.annotation), _default(info), info.description or "")
        for name, info in own_fields(kind).items()
    )
    where = f"{code(kind.__name__)} in {code(kind.__module__)}"
    title = f"### {(kind.__doc__ or '').strip()}\n\n{where}\n"
    return f"{title}\n{table(('variable', 'type', 'default', 'meaning'), rows)}"


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(code(str(one)) for one in get_args(annotation))
    names = [one.__name__ for one in get_args(annotation) or (annotation,) if one is not type(None)]
    words = {
        "str": "text",
        "int": "integer",
        "float": "number",
        "bool": "`1` or `0`",
        "Path": "path",
    }
    return " or ".join(words.get(name, name) for name in names)


def _default(info: FieldInfo) -> str:
    return code(spell(info.default))


def spell(value: Any) -> str:
    """A default as one would write it in the environment."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value.value if isinstance(value, Enum) else value)


def env_example() -> str:
    """Every variable, commented out, with its default."""
    head = "# Written by `make gen`. Copy to `.env` and change what you need; all have defaults.\n"
    return head + "".join(_lines())


def _lines() -> Iterator[str]:
    seen: set[str] = set()
    for kind in settings_classes():
        fresh = {
            name: info
            for name, info in own_fields(kind).items()
            if variable(kind, name) not in seen
        }
        if not fresh:
            continue
        yield f"\n# --- {(kind.__doc__ or '').strip()}\n"
        for name, info in fresh.items():
            seen.add(variable(kind, name))
            yield f"\n# {' '.join((info.description or '').split())}\n"
            yield f"# {variable(kind, name)}={spell(info.default)}\n"
