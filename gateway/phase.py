"""How far a socket has come: it signs in, enters, lives and is closed, in this order."""

from enum import Enum, auto


class Phase(Enum):
    AWAIT_AUTH = auto()
    VERIFYING = auto()
    ENTERING = auto()
    LIVE = auto()
    CLOSED = auto()
