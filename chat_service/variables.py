"""`{{contact.first_name}}` and its like in canned replies and macros. Pure.

`{{contact.first_name | there}}` says what stands there when nobody knows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_FIELD: Final = re.compile(r"\{\{\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}\}")
NAMES: Final = frozenset(
    {
        "contact.name",
        "contact.first_name",
        "contact.email",
        "contact.phone",
        "contact.locale",
        "agent.name",
        "agent.first_name",
        "agent.email",
        "conversation.id",
        "inbox.name",
        "tenant.name",
    }
)
OPEN: Final = ("contact.attributes.", "conversation.attributes.")
"""What may follow is the tenant's own choice."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as it would be sent; a variable that nobody knows stays as it is written."""

    text: str
    missing: tuple[str, ...]
    """Known names without a value here."""
    unknown: tuple[str, ...]
    """Names that there are none of."""


def render(written: str, facts: Mapping[str, Any]) -> Rendered:
    """Put values in the place of variables."""
    missing: dict[str, None] = {}
    unknown: dict[str, None] = {}

    def value(found: re.Match[str]) -> str:
        name, instead = found[1], found[2]
        if not is_known(name):
            unknown[name] = None
            return found[0]
        if (fact := facts.get(name)) not in (None, ""):
            return _spelled(fact)
        if instead is not None:
            return instead.strip()
        missing[name] = None
        return found[0]

    return Rendered(_FIELD.sub(value, written), tuple(missing), tuple(unknown))


def unknown_names(written: str) -> list[str]:
    """Names in a text that no conversation will ever have a value for."""
    return [name for name in dict.fromkeys(_names(written)) if not is_known(name)]


def is_known(name: str) -> bool:
    return name in NAMES or any(name.startswith(one) and len(name) > len(one) for one in OPEN)


def _names(written: str) -> list[str]:
    return [found[1] for found in _FIELD.finditer(written)]


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def first_name(name: str | None) -> str | None:
    """The first word of a name, as its bearer writes it."""
    words = (name or "").split()
    return words[0] if words else None
