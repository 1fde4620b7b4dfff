"""What anybody wrote stays text, wherever it is shown: a corpus of it, on both sides."""

import json
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.people import AgentPage, Eyes
from tests.browser.widget import AgentByRest, WidgetPage
from tests.support.installation import Up
from tests.support.tree import ROOT

SignIn = Callable[[], AgentPage]
CORPUS: list[str] = [
    one["text"] for one in json.loads((ROOT / "tests" / "corpus" / "xss.json").read_text())
]
# What fits into a name or a tag.
SHORT = [text for text in CORPUS if len(text) <= 40 and text.isprintable() and text == text.strip()]
LAST = "And that was all."
WATCH = """
window.hits = [];
window.hit = (...from) => hits.push(from);
for (const name of ['alert', 'confirm', 'prompt']) window[name] = window.hit;
addEventListener('securitypolicyviolation', it => hits.push(it.blockedURI));
"""


class Guard:
    """Notices what runs in a page, and whatever the page asks of a stranger."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._strangers: list[str] = []
        page.add_init_script(WATCH)
        page.on("request", lambda it: self._note(it.url))

    def _note(self, url: str) -> None:
        if "evil.invalid" in url:
            self._strangers.append(url)

    def unharmed(self) -> None:
        assert (self._page.evaluate("hits"), self._strangers) == ([], [])


def test_nothing_that_anybody_wrote_runs_in_the_chat_or_the_console(
    eyes: Eyes, installation: Up, sign_in: SignIn
) -> None:
    widget = WidgetPage(eyes.window(), inbox_key=installation.run()["inbox_key"])
    guard = Guard(widget.page)
    fields = {f"field {place}": text for place, text in enumerate(CORPUS[::5])}
    widget.embed({"open": True})
    widget.call("update", {"user": {"name": SHORT[0]}, "attributes": fields})
    widget.call("addTags", SHORT[1:5])
    said = CORPUS[::12]
    for place, text in enumerate(said):
        widget.say(f"{place}: {text}")
    expect(widget.page.locator(".row.own[data-seq]")).to_have_count(len(said))
    agent = AgentByRest(widget, installation)
    for text in CORPUS:
        agent.say(text)
    shown_in_the_chat(widget)
    guard.unharmed()
    widget.say(LAST)
    expect(widget.stored(LAST)).to_have_count(1)
    shown_in_the_console(sign_in())


def shown_in_the_chat(widget: WidgetPage) -> None:
    rows = widget.page.locator(".row.other .text")
    expect(rows).to_have_count(len(CORPUS))
    assert rows.all_text_contents() == CORPUS
    assert widget.page.locator("chorus-chat .text > :not(a)").count() == 0
    protocols = widget.page.locator(".row a").evaluate_all("all => all.map(it => it.protocol)")
    assert set(protocols) <= {"https:", "http:", "mailto:"}
    expect(widget.composer).to_be_visible()


def shown_in_the_console(console: AgentPage) -> None:
    expect(console.row(LAST)).to_be_visible()
    guard = Guard(console.page)
    console.page.reload()
    console.open(LAST)
    console.write_note(CORPUS[0])
    expect(console.message(CORPUS[0]).last).to_be_visible()
    expect(console.page.locator("body")).to_contain_text(SHORT[0])
    strange = "script[src*=evil], iframe, object, embed, marquee, [onerror], [onload], [onclick]"
    assert console.page.locator(strange).count() == 0
    hrefs = console.page.locator("a").evaluate_all("all => all.map(it => it.protocol)")
    assert set(hrefs) <= {"https:", "http:", "mailto:", ""}
    guard.unharmed()
