"""Whose chat it is, what can be said in it, and that hands on a keyboard are enough."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from chorus.ids import uuid7
from tests.browser.people import AgentPage, CustomerPage, Eyes, each_is_there_once
from tests.browser.widget import PHONE, WidgetPage
from tests.support.installation import Up

SignIn = Callable[[], AgentPage]
SECRET = "My account number is 4711."
# Writes down, before every frame that is drawn, whether the chat shows this.
WITNESS = """
window.seen = 0;
(function look() {
  const root = document.querySelector('chorus-chat')?.shadowRoot;
  if (root?.textContent.includes('4711')) window.seen += 1;
  requestAnimationFrame(look);
})();
"""
HOSTILE = (
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    "<svg/onload=window.hit=1>",
    '"><iframe srcdoc="<script>parent.hit = 1</script>"></iframe>',
    "javascript:window.hit=1",
    'https://example.com/"onmouseover="window.hit=1',
    "[click](javascript:window.hit=1)",
    "<a href='javascript:window.hit=1'>click</a>",
    "<style>* { display: none }</style>",
    "</textarea></span></div><h1>out</h1>",
    "{{constructor.constructor('window.hit=1')()}}",
    "&lt;b&gt;not bold&lt;/b&gt;",
    "data:text/html,<script>window.hit=1</script>",
    "\u202egnp.exe\u202c and \u2066isolated\u2069",
    "zalgo t\u0336\u0351e\u0337x\u0338t \ufeff",
)


@pytest.fixture
def key(installation: Up) -> str:
    found: str = installation.run()["inbox_key"]
    return found


def nora(page: Page) -> dict[str, Any]:
    """The customer whom the demo shop vouches for."""
    found: dict[str, Any] = page.context.request.post("/dev/demo/user").json()
    return found


def test_a_vouched_for_customer_finds_the_chat_on_another_device_and_nobody_else_does(
    eyes: Eyes, key: str
) -> None:
    phone, desk = (WidgetPage(eyes.window(), inbox_key=key) for _ in range(2))
    phone.embed({"user": nora(phone.page), "open": True})
    said = f"Where is my parcel? {SECRET}"
    phone.say(said)
    expect(phone.stored(SECRET)).not_to_have_count(0)
    desk.page.add_init_script(WITNESS)

    desk.embed({"open": True})
    desk.say("I am nobody in particular.")
    expect(desk.stored("nobody in particular")).to_have_count(1)
    desk.call("identify", nora(desk.page))
    expect(desk.stored(SECRET)).not_to_have_count(0)
    expect(desk.message("nobody in particular")).to_have_count(0)
    neighbour = WidgetPage(desk.page.context.new_page(), inbox_key=key)
    neighbour.embed({"user": nora(desk.page)})
    expect(neighbour.stored(SECRET)).not_to_have_count(0)

    sign_out(desk, neighbour, key)


def sign_out(desk: WidgetPage, neighbour: WidgetPage, key: str) -> None:
    """In one tab is in all, and whoever comes next begins with nothing."""
    desk.call("shutdown")
    expect(desk.host).to_have_count(0)
    expect(neighbour.window).to_have_count(0)
    assert stored_names(desk.page, key) == []
    desk.page.evaluate("window.seen = 0")
    desk.embed({"open": True})
    expect(desk.composer).to_be_visible()
    desk.say("Somebody else sits here now.")
    expect(desk.stored("Somebody else")).to_have_count(1)
    assert desk.page.evaluate("window.seen") == 0
    assert len(stored_names(desk.page, key)) > 0


def test_a_page_of_another_identity_wipes_what_was_kept_before_it_paints(
    eyes: Eyes, key: str
) -> None:
    widget = WidgetPage(eyes.window(), inbox_key=key)
    widget.page.add_init_script(WITNESS)
    widget.embed({"open": True})
    widget.say(SECRET)
    expect(widget.stored(SECRET)).to_have_count(1)
    assert widget.page.evaluate("window.seen") > 0
    before = stored_names(widget.page, key)
    widget.embed({"open": True, "user": nora(widget.page)})
    expect(widget.composer).to_be_visible()
    widget.say("And this is Nora.")
    expect(widget.stored("this is Nora")).not_to_have_count(0)
    assert not set(before) & set(stored_names(widget.page, key))


def stored_names(page: Page, key: str) -> list[str]:
    found: list[str] = page.evaluate(
        """async key => [
          ...Object.keys(localStorage), ...(await indexedDB.databases()).map(it => it.name),
        ].filter(name => name.startsWith(`chorus:${key}`))""",
        key,
    )
    return found


def test_whatever_is_said_stays_text(eyes: Eyes, installation: Up, key: str) -> None:
    widget = WidgetPage(eyes.window(), inbox_key=key)
    widget.embed({"open": True})
    for text in HOSTILE:
        widget.say(f"Me: {text}")
    expect(widget.page.locator("[data-message][data-seq]")).to_have_count(len(HOSTILE))
    agent = AgentByRest(widget, installation)
    for text in HOSTILE:
        agent.say(text)
    rows = widget.page.locator(".row.other .text")
    expect(rows).to_have_count(len(HOSTILE))
    assert rows.all_text_contents() == list(HOSTILE)
    links = widget.page.locator(".row a").evaluate_all("all => all.map(it => it.href)")
    assert all(link.startswith("https://example.com/") for link in links)
    assert widget.page.evaluate("window.hit") is None
    assert widget.page.locator("chorus-chat .text > :not(a)").count() == 0
    expect(widget.composer).to_be_visible()

    widget.say("No text has a \0 in it.")
    expect(widget.message("No text has a", status="failed")).to_contain_text("Not sent")
    widget.composer.fill("x" * 100_000)
    expect(widget.page.get_by_role("alert")).to_contain_text("too long")
    widget.composer.press("Enter")
    expect(widget.composer).to_have_value("x" * 100_000)


def test_what_an_agent_changes_or_takes_back_changes_where_it_was_read(
    eyes: Eyes, installation: Up, key: str
) -> None:
    widget = WidgetPage(eyes.window(), inbox_key=key)
    widget.embed({"open": True})
    widget.say("Which switch fits?")
    expect(widget.stored("Which switch fits?")).to_have_count(1)
    agent = AgentByRest(widget, installation)
    right, wrong = agent.say("The blakc one."), agent.say("That was for somebody else.")
    expect(widget.stored("That was for")).to_have_count(1)
    agent.command("edit", target=right, content="The black one.")
    agent.command("delete", target=wrong)
    edited = widget.page.locator(f"[data-message='{right}']")
    expect(edited.locator(".text")).to_have_text("The black one.")
    expect(edited).to_contain_text("edited")
    deleted = widget.page.locator(f"[data-message='{wrong}']")
    expect(deleted).to_contain_text("This message was deleted")
    expect(deleted.get_by_role("button", name="Reply")).to_have_count(0)


class AgentByRest:
    """An agent who says whatever they like, beside what their own page would let them."""

    def __init__(self, widget: WidgetPage, installation: Up) -> None:
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
        answer = self._rest.post(f"{self._path}/{what}", data=body, headers=self._headers)
        assert answer.ok, answer.text()


def test_a_keyboard_is_enough_and_the_focus_is_never_lost(eyes: Eyes, key: str) -> None:
    widget = WidgetPage(eyes.window(), inbox_key=key)
    widget.embed()
    page, keys = widget.page, widget.page.keyboard
    expect(widget.launcher).to_be_visible()
    keys.press("Tab")
    expect(page.get_by_role("button", name="Page button")).to_be_focused()
    keys.press("Tab")
    expect(widget.launcher).to_be_focused()
    keys.press("Enter")
    expect(widget.composer).to_be_focused()
    expect(widget.launcher).to_have_attribute("aria-expanded", "true")
    keys.type("First line")
    keys.press("Shift+Enter")
    keys.type("second line")
    keys.press("Enter")
    expect(widget.stored("second line")).to_have_count(1)
    expect(widget.composer).to_be_focused()
    walk_back(widget)


def walk_back(widget: WidgetPage) -> None:
    """Backwards through the panel, into the menu and out of everything."""
    page, keys = widget.page, widget.page.keyboard
    keys.press("Shift+Tab")
    keys.press("Shift+Tab")
    expect(page.get_by_role("log")).to_be_focused()
    for _ in range(2):
        keys.press("Shift+Tab")
    expect(page.get_by_role("button", name="More")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("button", name="Talk to a person")).to_be_focused()
    keys.press("Escape")
    expect(page.get_by_role("button", name="More")).to_be_focused()
    keys.press("Escape")
    expect(widget.window).to_have_count(0)
    expect(widget.launcher).to_be_focused()


def test_on_a_phone_the_focus_stays_inside_and_the_page_is_given_back(eyes: Eyes, key: str) -> None:
    width_px, height_px = PHONE
    widget = WidgetPage(eyes.window(width_px=width_px, height_px=height_px), inbox_key=key)
    widget.embed()
    page = widget.page
    widget.launcher.click()
    expect(widget.composer).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_attribute("aria-modal", "true")
    expect(page.locator("body > h1")).to_have_js_property("inert", True)
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.localName") == "chorus-chat"
    page.set_viewport_size({"width": width_px, "height": 380})
    expect(widget.composer).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Close chat").click()
    expect(widget.launcher).to_be_focused()
    expect(page.locator("body > h1")).to_have_js_property("inert", False)


def test_a_socket_that_is_cut_while_sending_costs_and_doubles_nothing(
    eyes: Eyes, key: str, sign_in: SignIn
) -> None:
    eyes.excuse_absence()
    widget = WidgetPage(eyes.window(), inbox_key=key)
    saw = Saw(widget.page)
    widget.embed({"open": True})
    agent = sign_in()
    widget.say("Number 0.")
    agent.open("Number 0.")
    texts = [f"Number {number}." for number in range(9)]
    for text in texts[1:]:
        widget.say(text)
    agent.answer("I read them all.")
    each_is_there_once(widget, agent, [*texts[1:]])
    expect(widget.stored("I read them all.")).to_have_count(1)
    assert saw.cuts >= 3


class Saw:
    """Cuts the socket at every third message: before it arrives, and before its answer does."""

    def __init__(self, page: Page) -> None:
        self.cuts = 0
        self._messages = 0
        page.route_web_socket("**/ws/**", self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        is_cut = False

        def on_message(frame: str | bytes) -> None:
            nonlocal is_cut
            if is_cut:
                return
            is_message = '"event":"message"' in str(frame)
            self._messages += is_message
            if not is_message or self._messages % 3:
                server.send(frame)
                return
            is_cut = True
            self.cuts += 1
            if self.cuts % 2:
                server.send(frame)
            socket.close(code=1012)
            server.close(code=1000)

        socket.on_message(on_message)
        server.on_message(socket.send)


def test_a_title_counts_what_a_hidden_page_has_not_read(
    eyes: Eyes, key: str, sign_in: SignIn
) -> None:
    widget = WidgetPage(eyes.window(), inbox_key=key)
    widget.embed({"open": True})
    widget.say("I will be right back.")
    expect(widget.stored("right back")).to_have_count(1)
    widget.call("close")
    agent = sign_in()
    agent.open("right back")
    widget.page.evaluate(
        """() => {
          const hidden = { configurable: true, get: () => 'hidden' };
          Object.defineProperty(document, 'visibilityState', hidden);
          document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )
    agent.answer("Take your time.")
    expect(widget.page).to_have_title("(1) Host")
    expect(widget.page.get_by_role("button", name="Chat with us, 1")).to_be_visible()
    widget.page.evaluate(
        """() => {
          delete document.visibilityState;
          document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )
    expect(widget.page).to_have_title("Host")
    CustomerPage(widget.page).launcher.click()
    expect(agent.message("Take your time.", status="read")).to_be_visible()
    assert widget.call("get", "unread") == 0


def test_a_chat_can_be_taken_home_as_a_file(eyes: Eyes, installation: Up, key: str) -> None:
    widget = WidgetPage(eyes.window(), inbox_key=key)
    widget.embed({"open": True})
    widget.say("Two lines,\nplease.")
    expect(widget.stored("Two lines")).to_have_count(1)
    AgentByRest(widget, installation).say("Here they are.")
    expect(widget.stored("Here they are.")).to_have_count(1)
    widget.page.get_by_role("button", name="More").click()
    with widget.page.expect_download() as coming:
        widget.page.get_by_role("button", name="Download this chat").click()
    text = Path(coming.value.path()).read_text()
    assert re.fullmatch(
        r"\[.+\] You: Two lines,\nplease\.\n\[.+\] Support team: Here they are\.\n", text
    )
    expect(widget.page.get_by_role("button", name="More")).to_be_focused()


def test_a_chat_moves_into_a_window_on_top_and_comes_back(eyes: Eyes, key: str) -> None:
    widget = WidgetPage(eyes.window(), inbox_key=key)
    widget.embed({"open": True})
    widget.say("From the page.")
    expect(widget.stored("From the page.")).to_have_count(1)
    with widget.page.context.expect_page() as coming:
        assert widget.call("popout") is True
    popped = CustomerPage(coming.value)
    expect(widget.window).to_have_count(0)
    expect(popped.stored("From the page.")).to_have_count(1)
    popped.say("From the window on top.")
    expect(popped.stored("From the window on top.")).to_have_count(1)
    expect(popped.page.locator(".bubble").first).to_have_css("border-radius", "16px 16px 5px")
    popped.page.close()
    expect(widget.stored("From the window on top.")).to_have_count(1)
    expect(widget.window).to_have_css("position", "fixed")
    with widget.page.context.expect_page() as again:
        assert widget.call("popout") is True
    with again.value.expect_event("close"):
        widget.call("close")
    widget.launcher.click()
    expect(widget.stored("From the window on top.")).to_have_count(1)
