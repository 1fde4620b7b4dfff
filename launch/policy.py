"""Content-Security-Policy: what a page with a strict one must grant to the widget, and the demo
page that has no more than that.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from launch.widget_files import PREFIX

Directives = Mapping[str, tuple[str, ...]]
_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?", re.IGNORECASE)


def widget_directives(base: str) -> Directives:
    """What the widget of this server needs; styles need nothing, it makes them by script."""
    parts = urlsplit(base)
    socket = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
    return {
        "script-src": (base + PREFIX,),
        "connect-src": (base, socket),
        "img-src": (base, "blob:"),
    }


def written(directives: Directives) -> str:
    return "; ".join(" ".join((name, *sources)) for name, sources in directives.items())


def strict_policy(scheme: str, host: str) -> str | None:
    """The policy of a page that has only its own files and the widget; None for a host that is none.

    With Trusted Types none of its scripts can turn text into markup.
    """
    if not _HOST.fullmatch(host):
        return None
    granted = widget_directives(f"{scheme}://{host}")
    return written(
        {
            "default-src": ("'none'",),
            "style-src": ("'self'",),
            **{name: ("'self'", *sources) for name, sources in granted.items()},
            "base-uri": ("'none'",),
            "form-action": ("'none'",),
            "frame-ancestors": ("'self'",),
            "require-trusted-types-for": ("'script'",),
            "trusted-types": ("'none'",),
        }
    )
