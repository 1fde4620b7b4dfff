"""Which pages may open a socket (S3 of the threat model).

A socket comes from: the page's own host (console, demo), a configured origin, or the page that the
visitor token was made for, which the API checked against the inbox's allow-list. No Origin at all
is taken only from services (`aud=chorus-server`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from chorus.auth import AUD_SERVER, Principal


def normal(origin: str) -> str | None:
    """Spell an origin one way: scheme, host and port in lower case; None where it is none."""
    parts = urlsplit(origin.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or "null" in origin:
        return None
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    try:
        port = parts.port
    except ValueError:
        return None
    default = 443 if parts.scheme == "https" else 80
    suffix = "" if port in (None, default) else f":{port}"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{suffix}"


def configured(named: str) -> frozenset[str]:
    """Read a comma-separated list of origins; those that are none are left out."""
    return frozenset(origin for origin in map(normal, named.split(",")) if origin)


@dataclass(frozen=True, slots=True)
class Page:
    """Where a request says it comes from, and whom it asked."""

    origin: str | None
    host: str

    def allows(self, configured: frozenset[str], principal: Principal | None) -> bool:
        """Decide for `principal`: whom the token stands for, None while that is not known."""
        if self.origin is None:
            return principal is not None and principal.audience == AUD_SERVER
        origin = normal(self.origin)
        if origin is None:
            return False
        own = (normal(f"http://{self.host}"), normal(f"https://{self.host}"))
        if origin in own or origin in configured:
            return True
        made_for = principal.origin if principal else None
        return made_for is not None and normal(made_for) == origin


def page_of(headers: Mapping[str, str]) -> Page:
    return Page(headers.get("origin"), headers.get("host", ""))
