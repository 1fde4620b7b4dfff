"""Short conversations for tests: `c`ustomer, `b`ot, `a`gent, `n`ote, `e`vent."""

from typing import Final
from uuid import UUID

from ai.contracts import Msg, Role, Turn

_ROLES: Final[dict[str, Role]] = {
    "c": "customer",
    "b": "bot",
    "a": "agent",
    "n": "note",
    "s": "system",
}


def talk(*lines: str, start: int = 1) -> list[Msg]:
    return [_said(seq, line) for seq, line in enumerate(lines, start)]


def _said(seq: int, line: str) -> Msg:
    who, _, said = line.partition(": ")
    if who == "e":
        turn: Turn = said  # type: ignore[assignment]
        return Msg(id=UUID(int=seq), seq=seq, role="system", turn=turn)
    return Msg(id=UUID(int=seq), seq=seq, role=_ROLES[who.rstrip(":")], content=said)
