"""HTTP straight to a server of our own, whatever proxy the environment names: `local_only` rests on it."""

import ssl
from functools import cache
from typing import Any, Final

import httpx
import httpx2

SOCKET_TIMEOUT_S: Final = 20.0
"""Of one read. It bounds no call: a trickle goes on for ever. Deadlines are the ladder's."""
IDLE_S: Final = 1.0
"""So long an unused connection is kept. Servers (vLLM, uvicorn) close theirs after 5 s: one that is closed
in the moment in which it is used again breaks a call."""
AT_ONCE: Final = 100


def ollama_terms() -> dict[str, Any]:
    """What Ollama's client makes its own of."""
    limits = httpx.Limits(max_connections=AT_ONCE, keepalive_expiry=IDLE_S)
    return _terms() | {"timeout": SOCKET_TIMEOUT_S, "limits": limits}


def new_clients() -> dict[str, Any]:
    """A pair for the clients of OpenAI and Anthropic, by the names LangChain has for them."""
    limits = httpx2.Limits(max_connections=AT_ONCE, keepalive_expiry=IDLE_S)
    terms = _terms() | {"limits": limits}
    return {
        # Nobody asks by the first, but left out it would be one that listens to the environment.
        "http_client": httpx2.Client(timeout=SOCKET_TIMEOUT_S, **terms),
        "http_async_client": httpx2.AsyncClient(timeout=SOCKET_TIMEOUT_S, **terms),
    }


@cache
def shared_clients() -> dict[str, Any]:
    """One pair for all chat models of a process, open as long as it runs. LangChain's live so, too."""
    return new_clients()


def _terms() -> dict[str, Any]:
    return {
        "trust_env": False,
        # What SSL_CERT_FILE and SSL_CERT_DIR name is trusted all the same: who certifies a private address?
        "verify": ssl.create_default_context(),
        # A server of ours that sends elsewhere what it was told is not followed there.
        "follow_redirects": False,
    }
