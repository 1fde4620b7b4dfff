"""The tables of `docs/protocol.md`."""

from collections.abc import Iterable

from chorus.codes import CLOSE_MEANING, NACK_RULES, CloseCode, Reconnect, reconnect_policy
from tools.gen_typescript import limits
from tools.markdown import code, table
from tools.wire_model import (
    Field,
    Frame,
    client_frames,
    enums,
    fields_of,
    server_frames,
    shapes,
    summary,
)

NEXT_STEP = {
    Reconnect.STOP: "stop and say why",
    Reconnect.BACKOFF: "reconnect with back-off",
    Reconnect.SPREAD: "reconnect now, spread over the given window",
    Reconnect.REFRESH: "get a new credential, then reconnect",
    Reconnect.BACKOFF_DOUBLE: "reconnect with twice the back-off",
    Reconnect.DROP_MESSAGE: "drop that message, reconnect",
}
STANDARD_CODES = (1000, 1001, 1003, 1006, 1007, 1008, 1009, 1011, 1012, 1013)


def protocol_parts() -> dict[str, str]:
    """The generated parts by the name of their place."""
    return {
        "client-frames": _frames(client_frames()),
        "server-frames": _frames(server_frames()),
        "shapes": _shapes(),
        "words": _words(),
        "limits": _limits(),
        "nack-codes": _nacks(),
        "close-codes": _closes(),
        "standard-codes": _standard(),
    }


def _frames(frames: Iterable[Frame]) -> str:
    rows = ((code(one.event), _fields(one.fields), _says(one)) for one in frames)
    return table(("event", "data", "says"), rows)


def _says(frame: Frame) -> str:
    first = " ".join(frame.doc.split())
    return f"{first} **Durable.**" if frame.durable else first


def _fields(fields: Iterable[Field]) -> str:
    return "<br>".join(_field(field) for field in fields) or "nothing"


def _field(field: Field) -> str:
    spelled = code(f"{field.name}{'?' if field.optional else ''}: {_short(field.kind)}")
    notes = " ".join(filter(None, (", ".join(field.limits), field.doc)))
    return f"{spelled} {notes}".strip()


def _short(kind: str) -> str:
    return kind.replace("readonly ", "").replace("Readonly<", "").replace(">>", ">")


def _shapes() -> str:
    rows = ((code(one.__name__), _fields(fields_of(one)), summary(one)) for one in shapes())
    return table(("part", "fields", "is"), rows)


def _words() -> str:
    known = (one for one in enums() if one.__name__ != "NackCode")
    rows = (
        (code(one.__name__), " ".join(code(str(it.value)) for it in one), summary(one))
        for one in known
    )
    return table(("word", "one of", "is"), rows)


def _limits() -> str:
    rows = ((code(name), code(str(value))) for name, value in limits().items())
    return table(("name", "value"), rows)


def _nacks() -> str:
    rows = (
        (
            code(one),
            _yes(rule.retryable),
            _yes(rule.ambiguous),
            _yes(rule.counts_as_abuse),
            rule.reason,
        )
        for one, rule in NACK_RULES.items()
    )
    return table(("code", "send again", "may be stored", "counts towards 4101", "reason"), rows)


def _yes(fact: bool) -> str:
    return "yes" if fact else ""


def _closes() -> str:
    own = (one for one in CloseCode if one >= 4000)
    rows = ((str(int(one)), CLOSE_MEANING[one], NEXT_STEP[reconnect_policy(one)]) for one in own)
    return table(("code", "means", "a client will"), rows)


def _standard() -> str:
    rows = ((str(one), NEXT_STEP[reconnect_policy(one)]) for one in STANDARD_CODES)
    return table(("code", "a client will"), rows)
