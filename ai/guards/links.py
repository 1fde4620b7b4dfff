"""Links in a text of ours lead where the tenant allows, or the text is not sent."""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

_SCHEME: Final = re.compile(
    r"\b([a-z][a-z0-9+.-]{1,20}):(?=//|[^\s/]*[(%]|[^\s]*script|text/|image/)", re.IGNORECASE
)
_URL: Final = re.compile(
    r"(?:https?|ftp|wss?)://[^\s<>\"'`）」』】]+|(?<![a-z0-9_@:/])//[\w-]+(?:\.[\w-]+)+[^\s<>\"'`]*",
    re.IGNORECASE,
)
_BARE: Final = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9\u00a1-\uffff](?:[a-z0-9\u00a1-\uffff-]{0,61}[a-z0-9\u00a1-\uffff])?\.)+"
    r"(?:com|net|org|io|co|de|fr|es|it|pt|pl|nl|eu|uk|us|info|biz|app|dev|ai|xyz|top|ru|cn|jp|sa|ae|me|ly|gg|tv|shop|store|online|site|link|click|zip|xn--[a-z0-9]+)"
    r"(?![a-z0-9@-]|\.[a-z])(?:/[^\s<>\"'`]*)?",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(
    r"!?\[[^\]]{0,300}\]\([^)]{0,2000}\)|<\s*(?:a|img|iframe|script|svg|form|object)\b",
    re.IGNORECASE,
)
_SAFE_SCHEMES: Final = frozenset({"http", "https"})
AT_END: Final = ".,;:!?)]}'\"…。、"
"""What ends a sentence rather than a link."""
_IMAGE: Final = re.compile(r"!\[")


def foreign_links(text: str, allowed: Collection[str]) -> tuple[str, ...]:
    """Every link, image or address that does not lead to an allowed host, as it stands there.

    `allowed` are hosts; `*.example.com` means any host below it.
    """
    found = [one[0] for one in _SCHEME.finditer(text) if one[1].lower() not in _SAFE_SCHEMES]
    if _IMAGE.search(text):
        found.append("image")
    found += [one[0] for one in _MARKUP.finditer(text) if one[0].startswith("<")]
    rest = text
    for one in _URL.finditer(text):
        url = one[0].rstrip(AT_END)
        rest = rest.replace(url, " ")
        if not _is_allowed(host_of(url), allowed):
            found.append(url)
    found += [
        one[0]
        for one in _BARE.finditer(rest)
        if not _is_allowed(host_of("//" + one[0].rstrip(AT_END)), allowed)
    ]
    return tuple(dict.fromkeys(found))


def host_of(url: str) -> str:
    """The host a browser would go to; empty where it is not plain."""
    odd = "\\" in url or "@" in url.partition("://")[2].partition("/")[0]
    if odd:
        return ""
    try:
        host = urlsplit(url).hostname or ""
        return host.encode("idna").decode().rstrip(".").lower()
    except (ValueError, UnicodeError):
        return ""


def _is_allowed(host: str, allowed: Collection[str]) -> bool:
    if not host:
        return False
    for one in allowed:
        name = one.lower()
        if host == name or (name.startswith("*.") and host.endswith(name[1:])):
            return True
    return False
