"""Every state of the widget, in light and dark, both directions, on a desk and on a phone."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.people import RECONNECT_PATIENCE_MS, AgentPage, Eyes, type_until
from tests.browser.widget import PROGRAM, Auditor, WidgetPage
from tests.support.installation import Up

SignIn = Callable[[], AgentPage]
ALL_STATES = 12
PRECHAT = [
    {"name": "name", "label": "Your name", "required": True},
    {"name": "email", "label": "E-mail", "type": "email"},
    {"name": "topic", "label": "Topic", "type": "select", "options": ["Order", "Repair"]},
]
CONSENT = {"text": "I agree to the", "link": "https://example.com/privacy", "linkText": "terms"}


def test_each_state_is_accessible_to_all(
    eyes: Eyes, installation: Up, sign_in: SignIn, pictures: Path
) -> None:
    eyes.excuse_absence()
    eyes.excuse("status of 415")
    key = installation.run()["inbox_key"]
    late = WidgetPage(eyes.window(), inbox_key=key)
    evening = Auditor(late, pictures)
    come_after_hours(late, Tap(late), evening)
    assert evening.violations == []
    widget = WidgetPage(eyes.window(), inbox_key=key)
    auditor = Auditor(widget, pictures)
    widget.embed({"prechat": PRECHAT, "consent": CONSENT, "title": "Halden & Moor"})
    expect(widget.launcher).to_be_visible()
    auditor.look("closed")
    fill_in_what_comes_first(widget, auditor)
    find_nobody_there(widget, auditor)
    agent = sign_in()
    talk(widget, agent, auditor)
    wait_in_line(widget, agent, auditor)
    lose_the_network(widget, auditor)
    end(widget, agent, auditor)
    assert auditor.violations == []
    assert len(set(auditor.states)) == ALL_STATES


class Tap:
    """Sits between the page and the server, and may say something in the server's place."""

    def __init__(self, widget: WidgetPage) -> None:
        self._sockets: list[WebSocketRoute] = []
        widget.page.route_web_socket("**/ws/**", self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(socket.send)
        self._sockets.append(socket)

    def say(self, event: str, **data: object) -> None:
        self._sockets[-1].send(json.dumps({"event": event, "data": data}))


def fill_in_what_comes_first(widget: WidgetPage, auditor: Auditor) -> None:
    page = widget.page
    widget.launcher.click()
    name = page.get_by_label("Your name")
    expect(name).to_be_focused()
    page.get_by_role("button", name="Start the chat").click()
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    expect(page.get_by_text("Please agree first.")).to_be_visible()
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    auditor.look("prechat")
    name.fill("Nia")
    page.get_by_label("Topic").select_option("Repair")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Start the chat").click()
    expect(widget.composer).to_be_focused()
    auditor.look("greeting")


def find_nobody_there(widget: WidgetPage, auditor: Auditor) -> None:
    page = widget.page
    widget.say("My Fen lamp flickers. https://example.com/order/7")
    expect(widget.stored("flickers")).to_have_count(1)
    with closed_shop(widget):
        widget.call("requestHuman", "It flickers.")
        expect(page.get_by_role("textbox", name="E-mail")).to_be_visible()
    email = page.get_by_role("textbox", name="E-mail")
    email.fill("not an address")
    page.get_by_role("button", name="Leave these details").click()
    expect(page.get_by_text("Please check this.")).to_be_visible()
    auditor.look("nobody")
    email.fill("nia@customer.test")
    page.get_by_role("button", name="Leave these details").click()
    expect(email).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="Thank you!")).to_be_visible()


@contextmanager
def closed_shop(widget: WidgetPage) -> Iterator[None]:
    """The opening hours of the demo's line are over, for a while."""
    hours = widget.page.context.request
    hours.post("/dev/demo/hours", data={"closed": True})
    try:
        yield
    finally:
        hours.post("/dev/demo/hours", data={"closed": False})


def come_after_hours(widget: WidgetPage, sockets: Tap, auditor: Auditor) -> None:
    """Who comes when it is closed leaves a message and an address, and is answered later."""
    page = widget.page
    with closed_shop(widget):
        widget.embed({"greeting": "Good evening!"})
        widget.hear("availability", "offline:submit")
        widget.launcher.click()
        expect(page.get_by_role("textbox", name="Name")).to_be_focused()
        expect(page.get_by_text("Nobody is here right now.")).to_be_visible()
        expect(page.locator("[data-presence=gone]")).to_contain_text("Back")
        auditor.look("after-hours")
        page.get_by_role("textbox", name="E-mail").fill("late@customer.test")
        page.get_by_role("textbox", name="Message").fill("Do you ship to Norway?")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(widget.stored("ship to Norway?")).to_have_count(1)
        expect(page.get_by_role("status").filter(has_text="Thank you!")).to_be_visible()
        expect(widget.composer).to_be_visible()
        expect(page.locator("chorus-chat form.form")).to_have_count(0)
        with bot_speaking(widget, sockets):
            auditor.look("thanked")
    names = [name for name, _ in widget.heard]
    assert names == ["availability", "offline:submit"]
    assert widget.heard[0][1]["open"] is False
    assert widget.heard[1][1]["email"] == "late@customer.test"


def talk(widget: WidgetPage, agent: AgentPage, auditor: Auditor) -> None:
    page = widget.page
    agent.open("flickers")
    agent.answer("Which one is it, the oak one?\nIt may be the switch.")
    expect(widget.message("the oak one?")).to_have_count(1)
    row = widget.message("the oak one?")
    row.hover()
    row.get_by_role("button", name="Reply").click()
    expect(widget.composer).to_be_focused()
    expect(page.get_by_text("Reply to")).to_be_visible()
    widget.paste_picture()
    expect(widget.tray).to_have_attribute("data-phase", "ready")
    widget.say("Yes, number 214.")
    expect(widget.stored("number 214")).to_contain_text("the oak one?")
    type_until(agent.reply, page.get_by_text("is typing"))
    auditor.look("talking")
    agent.reply.fill("")
    open_what_is_folded(widget, auditor)


def open_what_is_folded(widget: WidgetPage, auditor: Auditor) -> None:
    page = widget.page
    widget.call("open", "menu")
    expect(page.get_by_role("button", name="Download this chat")).to_be_visible()
    auditor.look("menu")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Download this chat")).to_have_count(0)
    expect(widget.window).to_be_visible()
    page.get_by_role("button", name="Emoji", exact=True).click()
    expect(page.get_by_role("button", name="👍")).to_be_visible()
    widget.picker.set_input_files(PROGRAM)
    expect(widget.tray.get_by_role("alert")).to_be_visible()
    auditor.look("emoji")
    page.get_by_role("button", name="Remove lamp.exe").click()
    page.get_by_role("button", name="👍").click()
    expect(widget.composer).to_have_value("👍")
    expect(widget.composer).to_be_focused()
    widget.composer.press("Enter")
    page.get_by_role("button", name="Emoji", exact=True).click()


@contextmanager
def bot_speaking(widget: WidgetPage, sockets: Tap) -> Iterator[None]:
    """Nobody has the floor, so a bot may speak, sentence by sentence, and think better of it."""
    sockets.say("bot.delta", stream="s1", n=1, text="Here is what I found so far. ")
    sockets.say("bot.delta", stream="s1", n=2, text="The switch has a bulletin.")
    expect(widget.page.locator("[data-stream] .text")).to_have_text(
        "Here is what I found so far. The switch has a bulletin."
    )
    yield
    sockets.say("bot.delta", stream="s1", n=3, text="", dropped=True)
    sockets.say("from.the.future", anything=[1, {"x": None}])
    expect(widget.page.locator("[data-stream]")).to_have_count(0)


def wait_in_line(widget: WidgetPage, agent: AgentPage, auditor: Auditor) -> None:
    """A new conversation, in which nobody has answered yet."""
    agent.page.get_by_role("button", name="Resolve", exact=True).click()
    page = widget.page
    page.get_by_role("button", name="Start a new chat").click()
    widget.say("It is me again.")
    expect(widget.stored("me again")).to_have_count(1)
    widget.call("requestHuman")
    expect(page.locator("[data-banner=queue]")).to_contain_text("in line")
    auditor.look("waiting")
    agent.open("me again")
    agent.answer("Hello again, Nia.")
    expect(page.get_by_text(re.compile("joined the "))).to_be_visible()
    expect(page.locator("[data-banner=queue]")).to_have_count(0)
    expect(widget.window.get_by_role("heading")).to_have_text("Ada Keller")
    auditor.look("joined")


def lose_the_network(widget: WidgetPage, auditor: Auditor) -> None:
    widget.page.context.set_offline(True)
    expect(widget.banner).to_be_visible(timeout=RECONNECT_PATIENCE_MS)
    widget.say("Are you still there?")
    expect(widget.message("still there?", status="sending")).to_have_count(1)
    auditor.look("offline")
    widget.page.context.set_offline(False)
    expect(widget.stored("still there?")).to_have_count(1, timeout=RECONNECT_PATIENCE_MS)


def end(widget: WidgetPage, agent: AgentPage, auditor: Auditor) -> None:
    page = widget.page
    agent.page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_text("How was this chat?")).to_be_visible()
    auditor.look("rating")
    page.get_by_role("radio", name="Very good").check()
    page.get_by_label("What could be better?").fill("Nothing.")
    page.get_by_role("button", name="Send rating").click()
    expect(page.get_by_text("Thank you for telling us.")).to_be_visible()
    auditor.look("ended")
