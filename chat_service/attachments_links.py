"""Links to files: good without a token, for a while, and only as long as who asked may still read.

A signed token of a type of its own, so that it is no access token and no access token is one. It
repeats what revocation looks at: whoever is shut out loses the links, too.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import jwt

from chorus import keys
from chorus.auth import FileKeys, Principal
from chorus.errors import NotFound

AUDIENCE: Final = "chorus-file"
TYPE: Final = "file+jwt"
_CLAIMS: Final = ["aud", "exp", "tid", "fid", "sub", "role", "for", "jti", "iat"]


@dataclass(frozen=True, slots=True)
class Link:
    """A file, and who may read it by this link."""

    file_id: UUID
    principal: Principal


class Links:
    """Makes and reads links with the keys of our own issuer."""

    def __init__(
        self, directory: Path, *, for_s: int, now: Callable[[], float] = time.time
    ) -> None:
        self._directory = directory
        self._keys = FileKeys(directory)
        self._for_s = for_s
        self._now = now

    def make(self, file_id: UUID, who: Principal) -> tuple[str, int]:
        """A token, and until when it is good in Unix seconds; never longer than `for_s`."""
        signing, until = keys.signing_key(self._directory), int(self._now()) + self._for_s
        claims: dict[str, Any] = {
            "aud": AUDIENCE,
            "exp": until,
            "tid": str(who.tenant_id),
            "fid": str(file_id),
            "sub": str(who.user_id),
            "role": who.role,
            "for": who.audience,
            "jti": who.jti,
            # Of the token that asked: revocation counts from when that one was made.
            "iat": who.issued_at,
        }
        if who.conversation_id is not None:
            claims["conv"] = str(who.conversation_id)
        headers = {"kid": signing.kid, "typ": TYPE}
        return jwt.encode(claims, signing.private_pem, keys.ALGORITHM, headers), until

    async def read(self, token: str) -> Link:
        """Raises NotFound for a link that is none, or none any more."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != TYPE or not isinstance(header.get("kid"), str):
                raise NotFound
            key = await self._keys.key(header["kid"])
            if key is None:
                raise NotFound
            claims = jwt.decode(
                token,
                key,
                algorithms=[keys.ALGORITHM],
                audience=AUDIENCE,
                options={"require": _CLAIMS, "verify_exp": False, "verify_iat": False},
            )
            if claims["exp"] <= self._now():
                raise NotFound("This link is no longer good.")
            return Link(UUID(claims["fid"]), _principal(claims))
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise NotFound from error


def _principal(claims: dict[str, Any]) -> Principal:
    return Principal(
        tenant_id=UUID(claims["tid"]),
        user_id=UUID(claims["sub"]),
        role=str(claims["role"]),
        audience=str(claims["for"]),
        scopes=frozenset(),
        expires_at=claims["exp"],
        issued_at=claims["iat"],
        jti=str(claims["jti"]),
        conversation_id=UUID(claims["conv"]) if claims.get("conv") else None,
    )
