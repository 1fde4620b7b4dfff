"""What an identity token of a tenant's own backend says of its customer, beside who they are."""

from typing import Any, Final

import jwt
import orjson

from chorus.wire.common import MAX_META_BYTES

_CLAIMS: Final = {"name": "name", "email": "email", "phone": "phone_number", "locale": "locale"}
_LONGEST: Final = {"name": 80, "email": 254, "phone": 40, "locale": 35}


def read(verified_token: str) -> dict[str, Any]:
    """The traits in a token whose signature was checked a moment ago; what does not fit is no trait.

    Attributes stand in the claim `attributes`, an object of plain values.
    """
    claims = jwt.decode(verified_token, options={"verify_signature": False})
    found = {
        trait: value.strip()
        for trait, claim in _CLAIMS.items()
        if isinstance(value := claims.get(claim), str)
        and 0 < len(value.strip()) <= _LONGEST[trait]
        and "\x00" not in value
    }
    attributes = _attributes(claims.get("attributes"))
    return {**found, "attributes": attributes} if attributes else found


def _attributes(claimed: object) -> dict[str, Any]:
    if not isinstance(claimed, dict):
        return {}
    plain = {
        name: value
        for name, value in claimed.items()
        if isinstance(value, str | int | float | bool) and "\x00" not in f"{name}{value}"
    }
    try:
        fits = len(orjson.dumps(plain)) <= MAX_META_BYTES
    except TypeError:
        return {}
    return plain if fits else {}
