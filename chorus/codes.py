"""Close codes and nack codes: what a client does next is written into the number.

The range of a close code *is* the reconnect policy (PROTOCOL §5, ADR-0007).
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class CloseCode(IntEnum):
    """Why the server closes a socket."""

    NORMAL = 1000
    BINARY = 1003
    PROTOCOL = 4000
    BAD_FRAME = 4001
    FORBIDDEN = 4003
    NO_SUCH_CONVERSATION = 4004
    ENDED_LONG_AGO = 4005
    TENANT_DISABLED = 4006
    SUPERSEDED = 4007
    TOO_MANY_ERRORS = 4008
    CONNECTION_LIMIT = 4010
    OVERLOADED = 4100
    RATE_ABUSE = 4101
    SLOW_CONSUMER = 4102
    INTERNAL = 4103
    DEPENDENCY_DOWN = 4105
    WRITE_TIMEOUT = 4106
    DRAIN = 4200
    NO_PONG = 4201
    REBALANCE = 4202
    EXPIRED = 4300
    INVALID_TOKEN = 4301
    AUTH_TIMEOUT = 4302


CLOSE_MEANING: dict[CloseCode, str] = {
    CloseCode.NORMAL: "done",
    CloseCode.BINARY: "binary frames are not spoken here",
    CloseCode.PROTOCOL: "a frame came where the protocol does not allow it",
    CloseCode.BAD_FRAME: "the first frame could not be read",
    CloseCode.FORBIDDEN: "this token may not open this socket",
    CloseCode.NO_SUCH_CONVERSATION: "no such conversation, or not yours",
    CloseCode.ENDED_LONG_AGO: "the conversation ended long ago",
    CloseCode.TENANT_DISABLED: "the tenant is disabled",
    CloseCode.SUPERSEDED: "a newer socket of the same tab took over",
    CloseCode.TOO_MANY_ERRORS: "too many errors on one socket",
    CloseCode.CONNECTION_LIMIT: "too many open sockets for this user or tenant",
    CloseCode.OVERLOADED: "the server is overloaded",
    CloseCode.RATE_ABUSE: "limits were ignored",
    CloseCode.SLOW_CONSUMER: "the client reads too slowly",
    CloseCode.INTERNAL: "an internal error",
    CloseCode.DEPENDENCY_DOWN: "a server behind the gateway is down",
    CloseCode.WRITE_TIMEOUT: "the client accepted no byte for too long",
    CloseCode.DRAIN: "the server is restarting",
    CloseCode.NO_PONG: "nothing was heard from the client",
    CloseCode.REBALANCE: "sockets are being spread anew",
    CloseCode.EXPIRED: "the token expired",
    CloseCode.INVALID_TOKEN: "the token is not valid",
    CloseCode.AUTH_TIMEOUT: "no valid auth frame in time, or a stale nonce",
}


class Reconnect(StrEnum):
    """What a client does after a close."""

    STOP = "stop"
    BACKOFF = "backoff"
    SPREAD = "spread"
    REFRESH = "refresh"
    BACKOFF_DOUBLE = "backoff-double"
    DROP_MESSAGE = "drop-message"


def reconnect_policy(code: int) -> Reconnect:
    """Map any close code, known or not, to the client's next step."""
    ranges = {
        40: Reconnect.STOP,
        41: Reconnect.BACKOFF,
        42: Reconnect.SPREAD,
        43: Reconnect.REFRESH,
    }
    if 4000 <= code <= 4399:
        return ranges[code // 100]
    standard = {
        1000: Reconnect.STOP,
        1003: Reconnect.STOP,
        1007: Reconnect.STOP,
        1008: Reconnect.STOP,
        1009: Reconnect.DROP_MESSAGE,
        1013: Reconnect.BACKOFF_DOUBLE,
    }
    return standard.get(code, Reconnect.BACKOFF)


class NackCode(StrEnum):
    """Why a client frame was not taken (PROTOCOL §4)."""

    BAD_FRAME = "BAD_FRAME"
    UNKNOWN_EVENT = "UNKNOWN_EVENT"
    TOO_LARGE = "TOO_LARGE"
    INVALID = "INVALID"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONVERSATION_CLOSED = "CONVERSATION_CLOSED"
    EDIT_WINDOW = "EDIT_WINDOW"
    ALREADY_ASSIGNED = "ALREADY_ASSIGNED"
    ID_CONFLICT = "ID_CONFLICT"
    STALE_FLOOR = "STALE_FLOOR"
    STALE_VIEW = "STALE_VIEW"
    RATE_LIMITED = "RATE_LIMITED"
    OVERLOADED = "OVERLOADED"
    UNAVAILABLE = "UNAVAILABLE"
    ATTACHMENT_PENDING = "ATTACHMENT_PENDING"
    UNRECOVERABLE = "UNRECOVERABLE"


@dataclass(frozen=True, slots=True)
class NackRule:
    """What a nack tells the sender, and whether it counts towards 4101."""

    reason: str
    retryable: bool = False
    ambiguous: bool = False
    counts_as_abuse: bool = False


NACK_RULES: dict[NackCode, NackRule] = {
    NackCode.BAD_FRAME: NackRule("This frame is not a JSON object.", counts_as_abuse=True),
    NackCode.UNKNOWN_EVENT: NackRule("This event is not known here.", counts_as_abuse=True),
    NackCode.TOO_LARGE: NackRule("This is larger than allowed.", counts_as_abuse=True),
    NackCode.INVALID: NackRule("A field is missing or wrong.", counts_as_abuse=True),
    NackCode.UNAUTHENTICATED: NackRule("Sign in again first.", retryable=True),
    NackCode.FORBIDDEN: NackRule("You may not do this.", counts_as_abuse=True),
    NackCode.NOT_FOUND: NackRule("There is no such thing here.", counts_as_abuse=True),
    NackCode.CONVERSATION_CLOSED: NackRule("This conversation is closed."),
    NackCode.EDIT_WINDOW: NackRule("This message can no longer be changed."),
    NackCode.ALREADY_ASSIGNED: NackRule("A colleague has this conversation."),
    NackCode.ID_CONFLICT: NackRule("This id was already used for something else."),
    NackCode.STALE_FLOOR: NackRule("Somebody else has taken over meanwhile."),
    NackCode.STALE_VIEW: NackRule("A colleague has answered meanwhile."),
    NackCode.RATE_LIMITED: NackRule(
        "Too fast. Wait a moment.", retryable=True, counts_as_abuse=True
    ),
    NackCode.OVERLOADED: NackRule("The server is busy. Try again.", retryable=True),
    NackCode.UNAVAILABLE: NackRule(
        "Not confirmed yet. It may be stored; send it again with the same id.",
        retryable=True,
        ambiguous=True,
    ),
    NackCode.ATTACHMENT_PENDING: NackRule("The file is still being checked.", retryable=True),
    NackCode.UNRECOVERABLE: NackRule("Read the history first, then send the position."),
}
