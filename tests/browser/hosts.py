"""Pages of other people, on an origin of their own, that embed the widget by its snippet."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.people import CustomerPage
from tests.support.tree import ROOT
from tests.support.web_server import Answer, WebServer

CORPUS = ROOT / "tests" / "corpus" / "hosts"
SCRIPT = {"Content-Type": "text/javascript; charset=utf-8"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
# What a page may find added to its window.
OURS = {"Chorus"}


@dataclass(slots=True)
class Hosts:
    """A web server with the pages of the corpus; each is served as a test wants it."""

    server: WebServer
    base: str
    """Where Chorus is."""
    key: str
    _numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.server.answers["/favicon.ico"] = Answer(status=204)
        self.server.answers["/own.js"] = Answer((CORPUS / "own.js").read_bytes(), headers=SCRIPT)

    def page(
        self, name: str, *, host: str = "127.0.0.1", policy: str | None = None, **words: str
    ) -> str:
        """Serve a page of the corpus; answers its address."""
        filled = {"script": f"{self.base}/widget/v1/chorus.js", "key": self.key, **words}
        text = (CORPUS / f"{name}.html").read_text()
        for word, value in filled.items():
            text = text.replace(f"{{{{{word}}}}}", value)
        path = f"/{name}-{next(self._numbers)}.html"
        headers = HTML if policy is None else {**HTML, "Content-Security-Policy": policy}
        self.server.answers[path] = Answer(text.encode(), headers=headers)
        return self.server.url(path).replace("127.0.0.1", host)


def talk(page: Page, text: str) -> CustomerPage:
    """Open the chat of a page and say something that is stored."""
    customer = CustomerPage(page)
    expect(customer.launcher).to_have_count(1)
    customer.open_chat()
    customer.say(text)
    expect(customer.stored(text)).to_have_count(1)
    return customer


def unharmed(page: Page | FrameLocator, *, harm: list[str] | None = None) -> None:
    """The page does what it did, and saw no error that is not its own."""
    counted = page.locator("#counted")
    before = int(counted.inner_text())
    page.locator("#count").click()
    expect(counted).to_have_text(str(before + 1))
    expect(page.locator("h1")).to_have_text("A shop")
    root = page.locator("html")
    assert root.evaluate("() => window.harm") == (harm or [])
    added = root.evaluate(
        "() => Object.getOwnPropertyNames(window).filter((it) => !window.globals.has(it))"
    )
    assert set(added) <= OURS | {"globals", "ready"}
    assert root.evaluate("() => document.title") == "Host"
    assert root.evaluate("() => document.documentElement.style.cssText") == ""
