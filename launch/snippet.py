"""What to paste into a page, and whether it would find its script."""

from html import escape
from urllib.parse import urlsplit

import httpx

ASK_S = 5.0


def script_url(base: str) -> str:
    return f"{base}/widget/v1/chorus.js"


def is_served(url: str) -> bool:
    try:
        return httpx.get(url, timeout=ASK_S, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def snippet(base: str, inbox_key: str) -> tuple[str, str]:
    """Write the script tag, and the policy lines a page with a strict policy needs."""
    html = (
        f'<script async src="{escape(script_url(base))}" data-key="{escape(inbox_key)}"></script>'
    )
    parts = urlsplit(base)
    socket = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
    policy = f"Content-Security-Policy: script-src {base}; connect-src {base} {socket}; img-src {base} blob:"
    return html, policy
