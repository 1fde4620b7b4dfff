"""One tree of errors. The class is the fact, its docstring is what the user reads.

    ChorusError
    ├── BadRequest        400/422  INVALID
    │   └── TooLarge      413      TOO_LARGE
    ├── Unauthenticated   401      UNAUTHENTICATED   4301
    │   └── TokenExpired                             4300
    ├── Forbidden         403      FORBIDDEN         4003
    │   └── TenantDisabled                           4006
    ├── NotFound          404      NOT_FOUND         4004
    ├── Conflict          409
    │   ├── IdConflict             ID_CONFLICT
    │   ├── KeyReused              (REST only)
    │   ├── ConversationClosed     CONVERSATION_CLOSED
    │   ├── AlreadyAssigned        ALREADY_ASSIGNED
    │   ├── StaleFloor             STALE_FLOOR
    │   ├── StaleView              STALE_VIEW
    │   └── EditWindow             EDIT_WINDOW
    ├── RateLimited       429      RATE_LIMITED      4101
    ├── Overloaded        503      OVERLOADED        4100
    └── Unavailable       503      UNAVAILABLE       4105

Acts raise, edges render, nothing in between catches. Expected errors log at INFO and never page.
"""

from typing import Any, ClassVar

from chorus.codes import CloseCode, NackCode


class ChorusError(Exception):
    """Something went wrong on our side. Try again."""

    code: ClassVar[NackCode] = NackCode.UNAVAILABLE
    status: ClassVar[int] = 500
    close: ClassVar[CloseCode] = CloseCode.INTERNAL
    expected: ClassVar[bool] = False

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        self.detail = detail or (self.__doc__ or "").strip()
        self.extra = extra
        super().__init__(self.detail)

    @property
    def slug(self) -> str:
        """The stable code of RFC 9457 bodies."""
        return str(self.code)


class BadRequest(ChorusError):
    """A field is missing or wrong."""

    code, status, close, expected = NackCode.INVALID, 422, CloseCode.BAD_FRAME, True


class TooLarge(BadRequest):
    """This is larger than allowed."""

    code, status = NackCode.TOO_LARGE, 413


class Unauthenticated(ChorusError):
    """Sign in again first."""

    code, status, close, expected = NackCode.UNAUTHENTICATED, 401, CloseCode.INVALID_TOKEN, True


class TokenExpired(Unauthenticated):
    """Your session has expired. Sign in again."""

    close = CloseCode.EXPIRED


class Forbidden(ChorusError):
    """You may not do this."""

    code, status, close, expected = NackCode.FORBIDDEN, 403, CloseCode.FORBIDDEN, True


class TenantDisabled(Forbidden):
    """This account is disabled."""

    close = CloseCode.TENANT_DISABLED


class NotFound(ChorusError):
    """There is no such thing here, or it is not yours."""

    code, status, close, expected = NackCode.NOT_FOUND, 404, CloseCode.NO_SUCH_CONVERSATION, True


class Conflict(ChorusError):
    """This does not fit with what is there."""

    code, status, expected = NackCode.ID_CONFLICT, 409, True


class IdConflict(Conflict):
    """This id was already used for something else."""


class KeyReused(Conflict):
    """This idempotency key was already used with another body."""

    @property
    def slug(self) -> str:
        return "KEY_REUSED"


class ConversationClosed(Conflict):
    """This conversation is closed."""

    code, close = NackCode.CONVERSATION_CLOSED, CloseCode.ENDED_LONG_AGO


class AlreadyAssigned(Conflict):
    """A colleague has this conversation."""

    code = NackCode.ALREADY_ASSIGNED


class StaleFloor(Conflict):
    """Somebody else has taken over meanwhile."""

    code = NackCode.STALE_FLOOR


class StaleView(Conflict):
    """A colleague has answered meanwhile."""

    code = NackCode.STALE_VIEW


class EditWindow(Conflict):
    """This message can no longer be changed."""

    code = NackCode.EDIT_WINDOW


class RateLimited(ChorusError):
    """Too fast. Wait a moment."""

    code, status, close, expected = NackCode.RATE_LIMITED, 429, CloseCode.RATE_ABUSE, True


class Overloaded(ChorusError):
    """The server is busy. Try again."""

    code, status, close, expected = NackCode.OVERLOADED, 503, CloseCode.OVERLOADED, True


class Unavailable(ChorusError):
    """A part of the service cannot be reached. Try again with the same id."""

    code, status, close, expected = NackCode.UNAVAILABLE, 503, CloseCode.DEPENDENCY_DOWN, True


BY_NACK: dict[NackCode, type[ChorusError]] = {
    NackCode.BAD_FRAME: BadRequest,
    NackCode.UNKNOWN_EVENT: BadRequest,
    NackCode.INVALID: BadRequest,
    NackCode.TOO_LARGE: TooLarge,
    NackCode.UNAUTHENTICATED: Unauthenticated,
    NackCode.FORBIDDEN: Forbidden,
    NackCode.NOT_FOUND: NotFound,
    NackCode.CONVERSATION_CLOSED: ConversationClosed,
    NackCode.EDIT_WINDOW: EditWindow,
    NackCode.ALREADY_ASSIGNED: AlreadyAssigned,
    NackCode.ID_CONFLICT: IdConflict,
    NackCode.STALE_FLOOR: StaleFloor,
    NackCode.STALE_VIEW: StaleView,
    NackCode.RATE_LIMITED: RateLimited,
    NackCode.OVERLOADED: Overloaded,
    NackCode.UNAVAILABLE: Unavailable,
}
"""The REST answer for a nack code, used where both edges end in one act."""
