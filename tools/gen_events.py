"""The table of `docs/events.md`, from the registry of `chat_service.events`."""

from chat_service.events import REGISTRY, EventKind
from tools.markdown import code, table


def events_table() -> str:
    rows = (
        (code(kind.name), str(kind.version), _fields(kind), code(kind.emitted_by), kind.says)
        for kind in sorted(REGISTRY.values(), key=lambda kind: kind.name)
    )
    return table(("event", "version", "data", "emitted by", "says"), rows)


def _fields(kind: EventKind) -> str:
    return "<br>".join(f"{code(name)} {meaning}" for name, meaning in kind.fields.items())
