"""What to paste into a page, which policy lines it needs, and whether it would work there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import SplitResult, urlsplit

import httpx

from launch.doctor import Finding, broken, fine, render, warning
from launch.faults import LaunchError
from launch.plan import is_loopback
from launch.policy import Directives, widget_directives, written
from launch.widget_files import LOADER, PREFIX

ASK_S = 5.0
_KEY = re.compile(r"[\w.-]{1,100}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the chat shall stand: the server as pages see it, an inbox, the sites."""

    base: str
    inbox_key: str
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pinned:
    """A loader of one release, whose contents are known beforehand."""

    file: str
    integrity: str


def the_place(base: str, inbox_key: str, sites: Sequence[str]) -> Place:
    """Read what a person typed.

    Raises:
        LaunchError: one of them is no address of a server, no key, or no site.
    """
    if not _KEY.fullmatch(inbox_key):
        raise LaunchError("An inbox key has letters, digits, `_`, `-` and `.` only, like pk_live_1")
    return Place(_origin(base, "--url"), inbox_key, tuple(_origin(one, "--site") for one in sites))


def _origin(typed: str, option: str) -> str:
    """Write scheme, host and port as a browser does; what stands behind them is no part of it."""
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


def tag(place: Place, pinned: Pinned | None = None) -> str:
    """Write the script tag; a pinned one names its file and the hash of that."""
    source = place.base + (PREFIX + pinned.file if pinned else LOADER)
    proof = f' integrity="{escape(pinned.integrity)}" crossorigin="anonymous"' if pinned else ""
    key = escape(place.inbox_key)
    return f'<script async src="{escape(source)}" data-key="{key}"{proof}></script>'


@dataclass(frozen=True, slots=True)
class Report:
    """A snippet, and what was found when its addresses were asked."""

    html: str
    pinned: str | None
    directives: Directives
    findings: tuple[Finding, ...]

    @property
    def works(self) -> bool:
        return all(one.state != "broken" for one in self.findings)

    def as_json(self) -> dict[str, object]:
        return {
            "html": self.html,
            "pinned": self.pinned,
            "directives": self.directives,
            "csp": f"Content-Security-Policy: {written(self.directives)}",
            "checks": [
                {"check": one.check, "state": one.state, "fact": one.fact, "fix": one.fix}
                for one in self.findings
            ],
            "works": self.works,
        }

    def as_text(self) -> str:
        lines = [self.html, "", "Where the page has a Content-Security-Policy, add to it:"]
        lines += [f"  {name} {' '.join(some)};" for name, some in self.directives.items()]
        if self.pinned:
            lines += ["", "Or this release and no other, to be renewed with each:", self.pinned]
        return "\n".join([*lines, "", render(list(self.findings))])


def report(place: Place) -> Report:
    """Write the snippet and ask the server whether it would work; blocks for seconds at most."""
    with httpx.Client(base_url=place.base, timeout=ASK_S, trust_env=False) as client:
        pinned = _pinned(client)
        findings = (_address(place), _loader(client), *_inbox(client, place))
    return Report(
        tag(place),
        tag(place, pinned) if pinned else None,
        widget_directives(place.base),
        findings,
    )


def _pinned(client: httpx.Client) -> Pinned | None:
    try:
        known = client.get(f"{PREFIX}manifest.json").raise_for_status().json()
        return Pinned(str(known["loader"]), str(known["integrity"]))
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None


def _address(place: Place) -> Finding:
    parts = urlsplit(place.base)
    if is_loopback(parts.hostname or ""):
        fix = "name the public address: --url https://chat.example.com"
        return warning("address", f"{place.base} is seen from this machine alone", fix)
    if parts.scheme == "http":
        fix = "put TLS in front and name that: --url https://…"
        return warning("address", "browsers let no https page talk to an http server", fix)
    return fine("address", place.base)


def _loader(client: httpx.Client) -> Finding:
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


def _inbox(client: httpx.Client, place: Place) -> Iterator[Finding]:
    """Ask as a page without an origin, then as each site would."""
    first = _ask(client, place.inbox_key)
    if first is None:
        return
    if first.status_code == httpx.codes.NOT_FOUND:
        fix = "take the key of an enabled inbox, from the console or `chorus status`"
        yield broken("inbox", f"no enabled inbox has the key {place.inbox_key}", fix)
        return
    if not first.is_success:
        yield broken("inbox", f"the server answers {first.status_code}", "chorus doctor")
        return
    yield _named(first, place)
    for site in place.sites:
        yield _site(_ask(client, place.inbox_key, site), site)


def _ask(client: httpx.Client, key: str, origin: str | None = None) -> httpx.Response | None:
    headers = {} if origin is None else {"Origin": origin}
    try:
        return client.get(f"{PREFIX}config", params={"key": key}, headers=headers)
    except httpx.HTTPError:
        return None


def _named(answer: httpx.Response, place: Place) -> Finding:
    try:
        name, seen = answer.json()["inbox"]["name"], answer.json()["apiBase"]
    except (ValueError, KeyError, TypeError):
        fix = "let the proxy pass /widget/ on to the edge as it is"
        return broken("inbox", "something else answers in place of the API", fix)
    if seen != place.base:
        fix = f"set CHORUS_BASE_URL={place.base}, or let the proxy pass Host on"
        return warning("inbox", f"{name}; the server takes itself for {seen}", fix)
    return fine("inbox", str(name))


def _site(answer: httpx.Response | None, site: str) -> Finding:
    if answer is not None and answer.is_success:
        return fine("site", f"{site} may use this inbox")
    if answer is not None and answer.status_code == httpx.codes.FORBIDDEN:
        fix = f"add {site} to the allowed origins of the inbox"
        return broken("site", f"{site} may not use this inbox", fix)
    return broken("site", f"{site} could not be asked for", "chorus doctor")
