"""What to paste into a page, which policy lines it needs, and whether it would work there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import httpx

from launch.faults import LaunchError
from launch.findings import Finding, broken, fine, render, warning
from launch.policy import Directives, widget_directives, written
from launch.public_address import address, loader, origin
from launch.widget_files import LOADER, PREFIX

ASK_S = 5.0
_KEY = re.compile(r"[\w.-]{1,100}")


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
    return Place(origin(base, "--url"), inbox_key, tuple(origin(one, "--site") for one in sites))


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
        findings = (address(place.base), loader(client), *_inbox(client, place))
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
