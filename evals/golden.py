"""The golden conversations and what a summary of each should hold."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args
from uuid import UUID

import yaml

from ai.contracts import Msg, Role, Turn

SUMMARIES: Final = Path(__file__).parent / "golden" / "summaries"
_ROLES: Final[dict[str, Role]] = {"c": "customer", "b": "bot", "a": "agent", "n": "note"}
_TURNS: Final[dict[str, Turn]] = {one: one for one in get_args(Turn)}


class BadGolden(Exception):
    """A golden conversation cannot be read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should be found. Places are lines of the conversation, from 1; None is not judged."""

    issue: frozenset[int]
    facts: frozenset[str]
    tried: tuple[tuple[int, str], ...]
    open: frozenset[int]
    status: str
    promised: frozenset[int] | None
    intent: str | None
    mood: str | None
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Golden:
    id: str
    family: str
    language: str
    held_out: bool
    messages: tuple[Msg, ...]
    wanted: Wanted = field(repr=False)


def read_summaries(folder: Path = SUMMARIES) -> list[Golden]:
    """All conversations of a folder, by file and place.

    Raises:
        BadGolden: with the file and the conversation.
    """
    return [one for path in sorted(folder.glob("*.yaml")) for one in _read(path)]


def _read(path: Path) -> Iterator[Golden]:
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        try:
            yield _golden(path.stem, entry)
        except (KeyError, TypeError, ValueError) as error:
            raise BadGolden(f"{path.name}: {entry.get('id')}: {error!r}") from error


def _golden(stem: str, entry: dict[str, Any]) -> Golden:
    lines = [one.strip() for one in entry["turns"].splitlines() if one.strip()]
    lines *= entry.get("repeat", 1)
    files = set(entry.get("attach", ()))
    messages = tuple(_message(at, line, at in files) for at, line in enumerate(lines, 1))
    return Golden(
        entry["id"],
        entry["family"],
        "" if stem == "shapes" else stem,
        bool(entry.get("held_out")),
        messages,
        _wanted(entry["want"], len(lines)),
    )


def _message(at: int, line: str, has_file: bool) -> Msg:
    who, _, said = line.partition(":")
    if who == "e":
        return Msg(id=UUID(int=at), seq=at, role="system", turn=_TURNS[said.strip()])
    return Msg(
        id=UUID(int=at),
        seq=at,
        role=_ROLES[who],
        content=said.strip(),
        attachments=int(has_file),
    )


def _wanted(want: dict[str, Any], length: int) -> Wanted:
    return Wanted(
        issue=frozenset(want["issue"]),
        facts=frozenset(want["facts"]),
        tried=_steps(want["tried"], length),
        open=frozenset(want["open"]),
        status=want["status"],
        promised=_places(want.get("promised"), length),
        intent=want.get("intent"),
        mood=want.get("mood"),
        flags=frozenset(want.get("flags", ())),
    )


# Where a conversation repeats four lines, the steps and promises of the last eight rounds are kept.
_ROUND: Final = 4
_ROUNDS_KEPT: Final = 8


def _steps(want: Any, length: int) -> tuple[tuple[int, str], ...]:
    if want == "last":
        return tuple((at, "failed") for at in _last(length, place=2))
    return tuple((int(at), str(outcome)) for at, outcome in want)


def _places(want: Any, length: int) -> frozenset[int] | None:
    if want is None:
        return None
    return frozenset(_last(length, place=4) if want == "last" else want)


def _last(length: int, *, place: int) -> list[int]:
    starts = range(0, length, _ROUND)
    return [start + place for start in starts][-_ROUNDS_KEPT:]
