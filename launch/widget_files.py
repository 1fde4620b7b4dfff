"""The files of the widget, for pages anywhere: a loader whose address never changes, and parts
whose names hold a hash of what is in them.

Any page may read them: they are the same for everybody, and a browser checks the integrity of a
script only where it may read it.
"""

import re
from collections.abc import Mapping

PREFIX = "/widget/v1/"
LOADER = f"{PREFIX}chorus.js"
# What has no dot is the API's: `/widget/v1/config`.
_FILE = re.compile(re.escape(PREFIX) + r"[\w-]+(\.[\w-]+)+")
_HASHED = re.compile(r"\.[\w-]{8,}\.[a-z]+")
EVERGREEN = "public, max-age=300, stale-while-revalidate=300"
IMMUTABLE = "public, max-age=31536000, immutable"
HEADERS: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}


def is_widget_file(path: str) -> bool:
    return _FILE.fullmatch(path) is not None


def headers_of(path: str) -> dict[str, str]:
    """Headers of a file that is there; its name says how long it may be kept."""
    cache = "no-cache"
    if path == LOADER:
        cache = EVERGREEN
    elif _HASHED.search(path.rsplit("/", 1)[-1]):
        cache = IMMUTABLE
    return {**HEADERS, "Cache-Control": cache}
