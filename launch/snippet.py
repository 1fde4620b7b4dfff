"""What to paste into a page; pure."""

from html import escape
from urllib.parse import urlsplit


def snippet(base: str, inbox_key: str) -> tuple[str, str]:
    """Write the script tag, and the policy lines a page with a strict policy needs."""
    source = f"{base}/widget/v1/chorus.js"
    html = f'<script async src="{escape(source)}" data-key="{escape(inbox_key)}"></script>'
    parts = urlsplit(base)
    socket = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
    policy = f"Content-Security-Policy: script-src {base}; connect-src {base} {socket}; img-src {base} blob:"
    return html, policy
