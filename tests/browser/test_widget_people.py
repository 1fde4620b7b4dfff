"""Whose chat it is, what can be said in it, and that hands on a keyboard are enough."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.people import AgentPage, CustomerPage, Eyes, each_is_there_once
from tests.browser.widget import PHONE, AgentByRest, WidgetPage
from tests.support.installation import Up

SignIn = Callable[[], AgentPage]
ADA = "Ada Keller"
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


def stored_names(page: Page, key: str) -> list[str]:
    found: list[str] = page.evaluate(
        """async key => [
          ...Object.keys(localStorage), ...(await indexedDB.databases()).map(it => it.name),
        ].filter(name => name.startsWith(`chorus:${key}`))""",
        key,
    )
    return found


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
    expect(widget.stored("Here they are.")).to_contain_text(ADA)
    widget.page.get_by_role("button", name="More").click()
    with widget.page.expect_download() as coming:
        widget.page.get_by_role("button", name="Download this chat").click()
    text = Path(coming.value.path()).read_text()
    assert re.fullmatch(rf"\[.+\] You: Two lines,\nplease\.\n\[.+\] {ADA}: Here they are\.\n", text)
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


def test_an_agent_who_simply_answers_has_a_name(eyes: Eyes, installation: Up, key: str) -> None:
    widget = WidgetPage(eyes.window(), inbox_key=key)
    widget.embed({"open": True})
    widget.hear("agent:joined")
    widget.say("Is anybody there?")
    expect(widget.stored("Is anybody there?")).to_have_count(1)
    AgentByRest(widget, installation).say("I am.")
    expect(widget.window.get_by_role("heading")).to_have_text(ADA)
    expect(widget.stored("I am.")).to_contain_text(ADA)
    assert [payload["name"] for _, payload in widget.heard] == [ADA]


def test_a_burst_that_is_looked_at_leaves_nothing_unread(
    eyes: Eyes, installation: Up, key: str
) -> None:
    widget = WidgetPage(eyes.window(), inbox_key=key)
    widget.embed({"open": True})
    widget.say("Tell me everything.")
    expect(widget.stored("Tell me everything.")).to_have_count(1)
    widget.hear("unread")
    agent = AgentByRest(widget, installation)
    texts = [f"Part {number}." for number in range(12)]
    for text in texts:
        agent.say(text)
    expect(widget.stored(texts[-1])).to_be_in_viewport()
    widget.page.wait_for_function("async () => await Chorus('get', 'unread') === 0")
    expect(widget.page.locator("chorus-chat .count")).to_be_hidden()
    assert widget.heard == []


def test_fingers_and_narrow_screens_find_what_they_need(
    eyes: Eyes, installation: Up, key: str
) -> None:
    widget = WidgetPage(eyes.window(width_px=320, height_px=480), inbox_key=key)
    fields = [{"name": f"f{at}", "label": f"Question {at}", "required": True} for at in range(6)]
    widget.embed({"prechat": fields, "open": True})
    page = widget.page
    begin = page.get_by_role("button", name="Start the chat")
    for missing in (0, 3):
        for at in range(6):
            field = page.get_by_role("textbox", name=f"Question {at}")
            field.fill("" if at == missing else "An answer")
        begin.click()
        expect(page.get_by_role("textbox", name=f"Question {missing}")).to_be_focused()
        expect(page.get_by_text(f"Question {missing}")).to_be_in_viewport(ratio=1)
    page.get_by_role("textbox", name="Question 3").fill("An answer")
    begin.click()
    widget.say("Hello.")
    expect(widget.stored("Hello.")).to_have_count(1)
    AgentByRest(widget, installation).say("Good morning.")
    expect(widget.stored("Good morning.")).to_have_count(1)
    page.get_by_role("button", name="Emoji", exact=True).click()
    expect(page.get_by_role("button", name="👍")).to_be_visible()
    # Eight in a row of the narrowest screen are less wide than high.
    wanted = {"Reply": 44, "Emoji": 44, "Send message": 44, "More": 44, "Close chat": 44, "👍": 32}
    for name, width_px in wanted.items():
        box = page.get_by_role("button", name=name).last.bounding_box()
        assert box is not None and box["height"] >= 44 and box["width"] >= width_px, (name, box)
