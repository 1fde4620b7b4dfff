"""Which tokens no longer count. Pushed over `control`, and read with the heads while Redis is away."""

from typing import Any

from pydantic import TypeAdapter

from chorus.auth import Principal
from chorus.codes import CloseCode
from chorus.log import get_logger
from chorus.wire.calls import Revocation
from gateway.hub import Hub

log = get_logger(__name__)

_REVOCATION = TypeAdapter(Revocation)
CLOSE_OF = {
    "tenant": CloseCode.TENANT_DISABLED,
    "user": CloseCode.INVALID_TOKEN,
    "token": CloseCode.INVALID_TOKEN,
}


class Revocations:
    """Remembers what was revoked for as long as a token can live."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._seen: dict[int, Revocation] = {}

    def heard(self, word: dict[str, Any]) -> None:
        """Something was revoked just now."""
        ended = self.add(_REVOCATION.validate_python(word))
        log.info("revoked", kind=word["kind"], sockets=ended)

    def add(self, revocation: Revocation) -> int:
        """Take one; close the sockets it ends. Answers how many."""
        if revocation.id in self._seen:
            return 0
        self._seen[revocation.id] = revocation
        ended = [
            connection
            for connection in self._hub.connections.values()
            if connection.peer.principal is not None
            and _hits(revocation, connection.peer.principal)
        ]
        for connection in ended:
            connection.close(CLOSE_OF.get(revocation.kind, CloseCode.INVALID_TOKEN))
        return len(ended)

    def ended(self, principal: Principal) -> CloseCode | None:
        """Why this token does not count any more; None: it does."""
        for revocation in self._seen.values():
            if _hits(revocation, principal):
                return CLOSE_OF.get(revocation.kind, CloseCode.INVALID_TOKEN)
        return None

    def forget(self, before_unix_s: float) -> None:
        """Drop those that no living token can be hit by."""
        self._seen = {key: one for key, one in self._seen.items() if one.before >= before_unix_s}


def _hits(revocation: Revocation, principal: Principal) -> bool:
    subject = {
        "tenant": str(principal.tenant_id),
        "user": str(principal.user_id),
        "token": principal.jti,
    }.get(revocation.kind)
    return subject == revocation.subject and principal.issued_at < revocation.before
