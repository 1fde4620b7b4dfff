"""Whether the address that customers and agents use leads here whole, through all proxies."""

import asyncio
import time
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

import httpx

from launch.client import Refused, open_socket
from launch.faults import LaunchError
from launch.findings import Finding, broken, fine, warning
from launch.plan import is_loopback
from launch.widget_files import LOADER

ASK_S = 10.0
SKEW_MAX_S = 5.0
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NO_CONVERSATION = "00000000-0000-7000-8000-000000000000"


def origin(typed: str, option: str) -> str:
    """Write scheme, host and port as a browser does; what stands behind them is no part of it.

    Raises:
        LaunchError: it is no address.
    """
    example = f"{option} takes an address like https://example.com"
    try:
        parts = urlsplit(typed if "://" in typed else f"https://{typed}")
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError as error:
        raise LaunchError(f"{example}, not {typed!r}") from error
    if parts.scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
        raise LaunchError(f"{example}, not {typed!r}")
    if option == "--url" and _rest(parts):
        raise LaunchError(f"{example}, without {_rest(parts)!r}: all paths are the server's own")
    shown = f"[{host}]" if ":" in host else host
    usual = port is None or port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{shown}" + ("" if usual else f":{port}")


def _rest(parts: SplitResult) -> str:
    return parts._replace(scheme="", netloc="").geturl().removesuffix("/")


async def examine(base: str) -> list[Finding]:
    """Ask it what a browser would; seconds at most."""
    findings = [address(base), *await asyncio.to_thread(_ask, base)]
    if any(one.state == "broken" for one in findings):
        return findings
    return [*findings, await upgrade("ws" + base.removeprefix("http"))]


def _ask(base: str) -> list[Finding]:
    with httpx.Client(base_url=base, timeout=ASK_S, trust_env=False) as client:
        try:
            answer = client.get("/healthz")
        except httpx.HTTPError as error:
            return [_unreachable(base, error)]
        if _is_health(answer):
            return [loader(client), clock(answer)]
        return [_elsewhere(answer)]


def _is_health(answer: httpx.Response) -> bool:
    return answer.is_success and answer.text.strip() == "ok"


def _unreachable(base: str, error: httpx.HTTPError) -> Finding:
    if "CERTIFICATE" in str(error).upper():
        fix = "renew the certificate, with its whole chain, for this name"
        return broken("proxy", f"browsers will not trust {base}: {error}", fix)
    fix = "does the name lead here, is the port open, does the proxy run?"
    return broken("proxy", f"{base} does not answer: {str(error) or type(error).__name__}", fix)


def _elsewhere(answer: httpx.Response) -> Finding:
    if answer.has_redirect_location:
        there = answer.headers["location"]
        fix = "name that address in its place, or take the redirection out"
        return broken("proxy", f"it redirects to {there}; sockets do not follow", fix)
    fix = "pass all paths on to the edge as they are, /healthz too"
    return broken("proxy", f"something else answers there ({answer.status_code})", fix)


def clock(answer: httpx.Response) -> Finding:
    """Whether tokens mean the same time here and there."""
    try:
        there = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return warning("clock", "it tells no date", "let the proxy pass Date on, or set its own")
    skew_s = there - time.time()
    # A date has whole seconds.
    if abs(skew_s) > SKEW_MAX_S + 1:
        fix = "synchronise both clocks (NTP): tokens and timers need it"
        return warning("clock", f"its clock is {skew_s:+.0f} s from ours", fix)
    return fine("clock", "as ours")


def address(base: str) -> Finding:
    """Whether pages of others can talk to it at all."""
    parts = urlsplit(base)
    if is_loopback(parts.hostname or ""):
        fix = "name the public address: --url https://chat.example.com"
        return warning("address", f"{base} is seen from this machine alone", fix)
    if parts.scheme == "http":
        fix = "put TLS in front and name that: --url https://…"
        return warning("address", "browsers let no https page talk to an http server", fix)
    return fine("address", base)


def loader(client: httpx.Client) -> Finding:
    """Whether the script of the widget comes, as it is."""
    try:
        answer = client.get(LOADER)
    except httpx.HTTPError as error:
        fix = "is it running, and does its name lead here? chorus doctor"
        return broken("script", f"{client.base_url} does not answer ({type(error).__name__})", fix)
    kind = answer.headers.get("content-type", "")
    if answer.is_success and "javascript" in kind:
        return fine("script", f"{LOADER} is served, {len(answer.content) / 1024:.0f} KiB")
    if answer.status_code in (404, 503):
        fix = "build the pages (`npm ci && npm run build`), or let the proxy pass /widget/ on"
        return broken("script", f"{LOADER} is not served ({answer.status_code})", fix)
    fix = "let the proxy pass /widget/ on to the edge as it is"
    return broken("script", f"{LOADER} is {kind or 'nothing'} ({answer.status_code})", fix)


async def upgrade(ws_url: str) -> Finding:
    """Open a socket with a token that cannot be valid: any close code proves the upgrade."""
    try:
        async with asyncio.timeout(ASK_S):
            path = f"/ws/v1/conversations/{_NO_CONVERSATION}"
            async with open_socket(ws_url, path, "not-a-token"):
                return broken("websocket", "a false token was let in", "do not use this build")
    except (Refused, TimeoutError) as error:
        if "closed the socket: 4" in str(error):
            return fine("websocket", f"{ws_url} upgrades")
        fix = "a proxy strips `Upgrade`: set proxy_http_version 1.1 and both upgrade headers"
        return broken("websocket", str(error) or f"no answer in {ASK_S:.0f} s", fix)
