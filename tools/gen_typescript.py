"""`sdk/src/wire.gen.ts`: one interface per frame, the codes, the limits, a decode guard."""

from collections.abc import Iterable, Iterator
from enum import Enum

from chorus.codes import CLOSE_MEANING, NACK_RULES, reconnect_policy
from chorus.wire import common
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

HEAD = "// Written by `make gen` from chorus/wire and chorus/codes.py. Do not edit.\n"


def wire_typescript() -> str:
    """The whole file."""
    clients, servers = client_frames(), server_frames()
    blocks = [
        HEAD,
        *_constants(),
        *(_enum(kind) for kind in enums()),
        *(_interface(kind.__name__, summary(kind), fields_of(kind)) for kind in shapes()),
        *(_frame(frame, from_server=False) for frame in clients),
        *(_frame(frame, from_server=True) for frame in servers),
        _union("ClientFrame", "Every frame that a client may send.", (one.name for one in clients)),
        _union("ServerFrame", "Every frame that a server may send.", (one.name for one in servers)),
        _required_keys(servers),
        _durable(servers),
        _nack_rules(),
        _close_codes(),
    ]
    return "\n".join(blocks)


def limits() -> dict[str, int | str]:
    """The constants of `chorus.wire.common` that clients must know too."""
    return {name: value for name, value in vars(common).items() if _is_limit(name, value)}


def _is_limit(name: str, value: object) -> bool:
    return name.isupper() and isinstance(value, (int, str)) and not name.startswith("_")


def _constants() -> Iterator[str]:
    for name, value in limits().items():
        yield f"export const {name} = {_literal(value)};"
    yield ""


def _literal(value: int | str) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:_}"


def _doc(text: str, indent: str = "") -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "\n".join(f"{indent} * {line}".rstrip() for line in lines)
    return f"{indent}/**\n{body}\n{indent} */\n"


def _enum(kind: type[Enum]) -> str:
    if kind.__name__ == "NackCode":
        values = "".join(f'\n  | "{one.value}"' for one in kind)
    else:
        values = " " + " | ".join(f'"{one.value}"' for one in kind)
    return f"{_doc(summary(kind))}export type {kind.__name__} ={values};\n"


def _interface(name: str, doc: str, fields: Iterable[Field]) -> str:
    body = "".join(_member(field, "  ") for field in fields)
    return f"{_doc(doc)}export interface {name} {{\n{body}}}\n"


def _member(field: Field, indent: str) -> str:
    doc = " ".join(filter(None, (field.doc, _limit_words(field))))
    mark = "?" if field.optional else ""
    return f"{_doc(doc, indent)}{indent}readonly {field.name}{mark}: {field.kind};\n"


def _limit_words(field: Field) -> str:
    words = ", ".join(field.limits)
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _frame(frame: Frame, *, from_server: bool) -> str:
    data = "".join(_member(field, "    ") for field in frame.fields)
    shape = f"{{\n{data}  }}" if data else "Readonly<Record<string, never>>"
    tags = "\n\nDurable: takes a place in its conversation." if frame.durable else ""
    seq = "  readonly seq?: number;\n" if from_server else ""
    return (
        f"{_doc(frame.doc + tags)}export interface {frame.name} {{\n"
        f'  readonly event: "{frame.event}";\n'
        f"  readonly data: {shape};\n"
        f"{seq}  readonly ref?: number;\n  readonly conv?: string;\n}}\n"
    )


def _union(name: str, doc: str, members: Iterable[str]) -> str:
    listed = "".join(f"\n  | {one}" for one in members)
    return f"{_doc(doc)}export type {name} ={listed};\n"


def _required_keys(frames: Iterable[Frame]) -> str:
    rows = "".join(f'  "{frame.event}": [{_required(frame)}],\n' for frame in frames)
    doc = _doc("The keys that `data` of each server frame always has.")
    kind = 'Readonly<Record<ServerFrame["event"], readonly string[]>>'
    return f"{doc}export const REQUIRED_KEYS: {kind} = {{\n{rows}}};\n"


def _required(frame: Frame) -> str:
    return ", ".join(f'"{field.name}"' for field in frame.fields if not field.optional)


def _durable(frames: Iterable[Frame]) -> str:
    names = "".join(f'  "{frame.event}",\n' for frame in frames if frame.durable)
    doc = _doc(
        "Frames that take a place in their conversation (to its sender, `delivered` does too)."
    )
    return f'{doc}export const DURABLE_EVENTS: readonly ServerFrame["event"][] = [\n{names}];\n'


def _nack_rules() -> str:
    rows = "".join(
        f"  {code.value}: {{ retryable: {_bool(rule.retryable)}, ambiguous: {_bool(rule.ambiguous)} }},\n"
        for code, rule in NACK_RULES.items()
    )
    kind = (
        "Readonly<Record<NackCode, { readonly retryable: boolean; readonly ambiguous: boolean }>>"
    )
    doc = _doc("What each nack code says about sending again. The nack itself says it too.")
    return f"{doc}export const NACK_RULES: {kind} = {{\n{rows}}};\n"


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _close_codes() -> str:
    rows = "".join(
        f'  {int(code)}: {{ name: "{code.name}", reconnect: "{reconnect_policy(code)}", meaning: "{meaning}" }},\n'
        for code, meaning in CLOSE_MEANING.items()
    )
    doc = _doc("The close codes a server sends. For an unknown one the range decides.")
    policies = " | ".join(f'"{policy}"' for policy in type(reconnect_policy(1000)))
    return (
        f"/** What a client does after a close. */\nexport type ReconnectPolicy = {policies};\n\n"
        f"{doc}export const CLOSE_CODES: Readonly<\n"
        "  Record<number, { readonly name: string; readonly reconnect: ReconnectPolicy; readonly meaning: string }>\n"
        f"> = {{\n{rows}}};\n"
    )
