"""What a customer and an agent can do in their pages, and what they see there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    expect,
)

PATIENCE_MS = 30_000
KEY_EVERY_MS = 250
RECONNECT_PATIENCE_MS = 45_000
SHOWN_CHARS = 2_500
SHOWN_WITHIN_MS = 5_000
# What a browser writes by itself while the network or the server is away.
ABSENCE = re.compile(r"net::ERR_|WebSocket connection to .* failed|status of 50[234]")

expect.set_options(timeout=PATIENCE_MS)


class Eyes:
    """Opens windows of one browser and remembers every fault their consoles tell of."""

    def __init__(self, browser: Browser, base: str) -> None:
        self._browser = browser
        self._base = base
        self._contexts: list[BrowserContext] = []
        self._told: list[str] = []
        self._excused: list[re.Pattern[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for context in self._contexts:
            context.close()

    def window(self, *, width_px: int = 1280, height_px: int = 860, scheme: str = "light") -> Page:
        """Open a window of somebody new, who shares nothing with the others."""
        context = self._browser.new_context(
            base_url=self._base,
            viewport={"width": width_px, "height": height_px},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", self._watch)
        self._contexts.append(context)
        return context.new_page()

    def excuse_absence(self) -> None:
        """The network or the server will be away: what browsers say of that is no fault."""
        self.excuse(ABSENCE.pattern)

    def excuse(self, pattern: str) -> None:
        self._excused.append(re.compile(pattern))

    def faults(self) -> list[str]:
        """Errors and warnings of all consoles, a broken policy included, and answers ≥ 500."""
        return [one for one in self._told if not any(why.search(one) for why in self._excused)]

    def shown(self) -> str:
        """What every window shows, the newest first, as a reader of screens would hear it."""
        pages = [page for context in reversed(self._contexts) for page in context.pages]
        heard = [page.locator("body").aria_snapshot(timeout=SHOWN_WITHIN_MS) for page in pages]
        return "\n".join(
            f"--- {page.url}\n{text[-SHOWN_CHARS:]}"
            for page, text in zip(pages, heard, strict=True)
        )

    def _watch(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._told.append(f"{page.url}: {error}"))
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._told.append(f"{message.location.get('url')}: {message.text}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 500:
            self._told.append(f"{response.url}: status of {response.status}")


def type_until(field: Locator, seen: Locator) -> None:
    """Type as people do, on and on, till it shows on the other side.

    One start in three seconds is carried, and never again what was lost (PROTOCOL §7).
    """
    for _ in range(PATIENCE_MS // KEY_EVERY_MS):
        field.press_sequentially("n")
        if seen.is_visible():
            return
        field.page.wait_for_timeout(KEY_EVERY_MS)
    expect(seen).to_be_visible()


@dataclass(slots=True)
class CustomerPage:
    """The demo shop with its chat panel."""

    page: Page
    composer: Locator = field(init=False)
    launcher: Locator = field(init=False)

    def __post_init__(self) -> None:
        self.composer = self.page.get_by_label("Write a message")
        self.launcher = self.page.get_by_role("button", name="Chat with us")

    def visit(self) -> None:
        self.page.goto("/demo")

    def open_chat(self) -> None:
        self.launcher.click()
        expect(self.composer).to_be_focused()

    def say(self, text: str) -> None:
        self.composer.fill(text)
        self.composer.press("Enter")

    def message(self, text: str, *, status: str | None = None) -> Locator:
        """The row of a message; with `status` only while it has that one."""
        state = "" if status is None else f"[data-status={status}]"
        return self.page.locator(f"[data-message]{state}").filter(has_text=text)

    def stored(self, text: str) -> Locator:
        """The row of a message that the server has confirmed."""
        return self.page.locator("[data-message][data-seq]").filter(has_text=text)

    def another_tab(self) -> "CustomerPage":
        tab = CustomerPage(self.page.context.new_page())
        tab.visit()
        expect(tab.composer).to_be_visible()
        return tab

    @property
    def banner(self) -> Locator:
        return self.page.locator("[data-banner=waiting]")


@dataclass(slots=True)
class AgentPage:
    """The agent console."""

    page: Page
    reply: Locator = field(init=False)
    note: Locator = field(init=False)

    def __post_init__(self) -> None:
        self.reply = self.page.get_by_label("Write a reply")
        self.note = self.page.get_by_label("Write a note")

    def visit(self) -> None:
        self.page.goto("/console")

    def sign_in(self, agent: dict[str, Any], *, password: str | None = None) -> None:
        self.page.get_by_label("E-mail").fill(agent["email"])
        self.page.get_by_label("Password").fill(password or agent["password"])
        self.page.get_by_role("button", name="Sign in").click()

    def row(self, text: str) -> Locator:
        """The row of the list whose preview says this."""
        return self.page.locator("[data-conv]").filter(has_text=text)

    def open(self, text: str) -> None:
        self.row(text).click()
        expect(self.message(text)).to_be_visible()

    def message(self, text: str, *, status: str | None = None) -> Locator:
        state = "" if status is None else f"[data-status={status}]"
        return self.page.locator(f"article[data-message]{state}").filter(has_text=text)

    def answer(self, text: str) -> None:
        self.reply.fill(text)
        self.reply.press("Enter")

    def write_note(self, text: str) -> None:
        self.page.get_by_role("button", name="Note", exact=True).click()
        self.note.fill(text)
        self.note.press("Enter")
        self.page.get_by_role("button", name="Reply", exact=True).click()

    @property
    def thread(self) -> Locator:
        return self.page.get_by_role("main")

    @property
    def open_row(self) -> Locator:
        """The row of the list whose conversation is open."""
        return self.page.locator("[data-conv][aria-current=true]")

    @property
    def presence(self) -> Locator:
        return self.page.locator("header [data-presence]")


def each_is_there_once(customer: CustomerPage, agent: AgentPage, texts: Sequence[str]) -> None:
    """Both sides show each text exactly once, stored, in this order and under the same numbers."""
    seen = []
    for text in texts:
        expect(customer.stored(text)).to_have_count(1, timeout=RECONNECT_PATIENCE_MS)
        expect(customer.message(text)).to_have_count(1)
        expect(agent.message(text)).to_have_count(1, timeout=RECONNECT_PATIENCE_MS)
        seq = customer.stored(text).get_attribute("data-seq")
        assert seq is not None
        assert agent.message(text).get_attribute("data-seq") == seq
        seen.append(int(seq))
    assert seen == sorted(set(seen))
