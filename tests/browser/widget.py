"""The widget on a bare page of its own, and an auditor who looks at it in every guise."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from playwright.sync_api import FilePayload, Locator, Route, expect

from chorus.ids import uuid7
from tests.browser.people import CustomerPage
from tests.support.installation import Up
from tests.support.tree import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
HOST = "/host.html"
DESKTOP = (1280, 860)
PHONE = (375, 740)
# WCAG 2.2 A and AA, and what axe counts as good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PROGRAM: FilePayload = {
    "name": "lamp.exe",
    "mimeType": "image/png",
    "buffer": b"MZ\x90\0" + b"\0" * 96,
}
# As a browser hands over a picture that somebody copied: 480 by 300 px, drawn on the spot.
PASTE = """async area => {
  const canvas = new OffscreenCanvas(480, 300);
  const brush = canvas.getContext('2d');
  brush.fillStyle = '#c2410c';
  brush.fillRect(60, 40, 200, 160);
  const blob = await canvas.convertToBlob({ type: 'image/png' });
  const data = new DataTransfer();
  data.items.add(new File([blob], 'lamp.png', { type: 'image/png' }));
  area.dispatchEvent(new ClipboardEvent('paste', {
    clipboardData: data, bubbles: true, cancelable: true,
  }));
}"""
STUB = (
    "window.Chorus = window.Chorus || function () { (Chorus.q = Chorus.q || []).push(arguments) };"
)


@dataclass(slots=True)
class WidgetPage(CustomerPage):
    """A visitor of a bare page that embeds the widget by its snippet."""

    inbox_key: str = field(kw_only=True)

    def stand(self, *, head: str = "", body: str = "", lang: str = "en") -> None:
        """Go to a page of this content; its origin is one that the inbox allows."""
        html = (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Host</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"{head}</head><body><h1>Host page</h1><button>Page button</button>{body}</body></html>"
        )

        def serve(route: Route) -> None:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")

        self.page.unroute(f"**{HOST}")
        self.page.route(f"**{HOST}", serve)
        self.page.goto(HOST)

    def embed(self, settings: dict[str, Any] | None = None, *, body: str = "") -> None:
        """Embed it with the queue, and wait until it stands there."""
        boot = json.dumps({"key": self.inbox_key, **(settings or {})})
        head = (
            f"<script>{STUB} Chorus('boot', {boot});</script>"
            '<script async src="/widget/v1/chorus.js"></script>'
        )
        self.stand(head=head, body=body)
        expect(self.host).to_be_attached()

    def call(self, *call: Any) -> Any:
        """`Chorus(...)`, and what its promise brings."""
        return self.page.evaluate("call => window.Chorus(...call)", list(call))

    def paste_picture(self) -> None:
        """Paste `lamp.png` into the text."""
        self.composer.evaluate(PASTE)

    @property
    def picker(self) -> Locator:
        return self.page.locator("chorus-chat input[type=file]")

    @property
    def tray(self) -> Locator:
        """What the next message takes along, a row for each file."""
        return self.page.locator("chorus-chat .tray-row")

    def hear(self, *events: str) -> None:
        """Keep what the page is told of these events, for `heard`."""
        self.page.evaluate(
            """events => {
              window.heard = [];
              for (const event of events) {
                window.Chorus('on', event, payload => void heard.push([event, payload]));
              }
            }""",
            events,
        )

    @property
    def heard(self) -> list[list[Any]]:
        found: list[list[Any]] = self.page.evaluate("window.heard")
        return found

    @property
    def host(self) -> Locator:
        return self.page.locator("chorus-chat")

    @property
    def window(self) -> Locator:
        return self.page.locator("chorus-chat .window")


class AgentByRest:
    """An agent who says whatever they like, beside what their own page would let them."""

    def __init__(self, widget: WidgetPage, installation: Up) -> None:
        self._page = widget.page
        self._rest = widget.page.context.request
        agent = installation.run()["agents"][0]
        signed_in = self._rest.post(
            "/auth/login", data={"email": agent["email"], "password": agent["password"]}
        ).json()
        self._headers = {"Authorization": f"Bearer {signed_in['accessToken']}"}
        self._path = f"/livechat/conversations/{widget.call('get', 'conversationId')}"

    def say(self, text: str) -> str:
        id_ = str(uuid7())
        self._post("messages", {"id": id_, "content": text})
        return id_

    def command(self, event: str, **data: str) -> None:
        self._post("commands", {"event": event, "data": {"id": str(uuid7()), **data}})

    def _post(self, what: str, body: dict[str, Any]) -> None:
        path = f"{self._path}/{what}"
        answer = self._rest.post(path, data=body, headers=self._headers)
        while answer.status == 429:
            self._page.wait_for_timeout(answer.json()["retryAfterMs"])
            answer = self._rest.post(path, data=body, headers=self._headers)
        assert answer.ok, answer.text()


@dataclass(frozen=True, slots=True)
class Guise:
    """How somebody may see the widget."""

    theme: str
    locale: str
    size: tuple[int, int]

    @property
    def name(self) -> str:
        direction = "rtl" if self.locale == "ar" else "ltr"
        return f"{'desktop' if self.size == DESKTOP else 'phone'}-{self.theme}-{direction}"

    @property
    def pictured(self) -> bool:
        """Of the eight, four are kept, so that each trait is seen beside its opposite."""
        odd = (self.theme == "dark") + (self.locale == "ar") + (self.size == PHONE)
        return odd % 2 == 0


def guises() -> Iterator[Guise]:
    for size, theme, locale in itertools.product((DESKTOP, PHONE), ("light", "dark"), ("en", "ar")):
        yield Guise(theme, locale, size)


class Auditor:
    """Shows a state in eight guises, asks axe about each, and leaves pictures of four."""

    def __init__(self, widget: WidgetPage, pictures: Path) -> None:
        self._widget = widget
        self._pictures = pictures
        self.violations: list[str] = []
        self.states: list[str] = []

    @cached_property
    def _axe(self) -> str:
        return AXE.read_text()

    def look(self, state: str) -> None:
        self.states.append(state)
        page = self._widget.page
        # What is still fading in has no contrast yet.
        page.emulate_media(reduced_motion="reduce")
        for guise in guises():
            page.set_viewport_size({"width": guise.size[0], "height": guise.size[1]})
            self._widget.call("update", {"theme": guise.theme, "locale": guise.locale})
            expect(self._widget.host).to_have_attribute("data-theme", guise.theme)
            expect(self._widget.host).to_have_attribute("lang", guise.locale)
            self._ask_axe(f"{state} {guise.name}")
            if guise.pictured:
                page.screenshot(
                    path=self._pictures / f"widget-{state}-{guise.name}.png", animations="disabled"
                )
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        self._widget.call("update", {"theme": "auto", "locale": "en"})

    def _ask_axe(self, where: str) -> None:
        page = self._widget.page
        if not page.evaluate("'axe' in window"):
            page.evaluate(self._axe)
        found = page.evaluate(
            """async rules => {
              const result = await axe.run({ include: [['chorus-chat']] }, {
                runOnly: rules, resultTypes: ['violations'],
              });
              return result.violations.map(one => [one.id, one.nodes.map(node => node.html)]);
            }""",
            RULES,
        )
        self.violations += [f"{where}: {rule} {nodes}" for rule, nodes in found]
