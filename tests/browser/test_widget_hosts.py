"""Bad host pages: the page is never harmed, and whoever can be served is.

Each stands on an origin of its own, so that nothing works by being at home.
"""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Browser, Route, expect

from launch.installation import the_database_url
from launch.policy import widget_directives, written
from tests.browser.conftest import FLAGS, chromium_path
from tests.browser.hosts import Hosts, talk, unharmed
from tests.browser.people import CustomerPage, Eyes
from tests.support.installation import Up
from tests.support.web_server import web_server

REFUSED = "This chat is not available here."
NOT_LOADED = "The chat cannot be loaded."
UNREACHABLE = "The chat cannot be reached right now."
NOT_KEPT = "This browser keeps nothing"
STRANGE_HOST = "strange.localhost"
"""A name of this machine that no inbox allows."""


@pytest.fixture
def hosts(installation: Up) -> Iterator[Hosts]:
    with web_server() as server:
        yield Hosts(server, installation.urls["base"], installation.run()["inbox_key"])


@pytest.mark.parametrize("name", ["plain", "head", "twice", "css", "prototypes"])
def test_the_chat_works_and_so_does_the_page(eyes: Eyes, hosts: Hosts, name: str) -> None:
    page = eyes.window()
    page.goto(hosts.page(name))
    customer = talk(page, f"From a page that is {name}.")
    expect(page.locator("chorus-chat")).to_have_count(1)
    unharmed(page)
    assert page.evaluate("window.ready ?? 1") == 1
    box = page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert (box["width"] > 300, box["height"] > 400) == (True, True)
    customer.composer.press("Escape")
    expect(customer.launcher).to_be_focused()


def test_it_works_in_a_frame_of_a_page_of_somebody_else(eyes: Eyes, hosts: Hosts) -> None:
    page = eyes.window()
    page.goto(hosts.page("frame", host=STRANGE_HOST, inner=hosts.page("plain")))
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Chat with us").click()
    frame.get_by_label("Write a message").fill("From within.")
    frame.get_by_label("Write a message").press("Enter")
    expect(frame.locator("[data-message][data-seq]").filter(has_text="From within.")).to_have_count(
        1
    )
    unharmed(frame)


def test_the_policy_that_the_snippet_prints_is_enough_on_a_strict_page(
    eyes: Eyes, hosts: Hosts
) -> None:
    own = hosts.server.url("")
    granted = dict(widget_directives(hosts.base))
    granted["script-src"] = (*granted["script-src"], f"{own}/own.js")
    policy = f"default-src 'none'; {written(granted)}; require-trusted-types-for 'script'"
    page = eyes.window()
    page.goto(hosts.page("plain", policy=policy))
    talk(page, "Under a strict policy.")
    unharmed(page)


def test_a_page_whose_policy_forbids_the_chat_stays_as_it_was(eyes: Eyes, hosts: Hosts) -> None:
    eyes.excuse("Content Security Policy|violates the following")
    page = eyes.window()
    page.goto(hosts.page("plain", policy="script-src 'self'"))
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("chorus-chat")).to_have_count(0)
    unharmed(page)


@pytest.mark.parametrize("why", ["wrong key", "strange origin", "disabled inbox"])
def test_a_visitor_whom_no_inbox_takes_reads_a_sentence(
    eyes: Eyes, hosts: Hosts, installation: Up, why: str
) -> None:
    eyes.excuse("status of 40[34]")
    spare = installation.run()["load_inbox_key"]
    key = {"wrong key": "pk_nobody", "disabled inbox": spare}.get(why, hosts.key)
    host = STRANGE_HOST if why == "strange origin" else "127.0.0.1"
    if why == "disabled inbox":
        set_state(installation, spare, "disabled")
    page = eyes.window()
    try:
        page.goto(hosts.page("plain", host=host, key=key))
        CustomerPage(page).launcher.click()
        expect(page.get_by_role("dialog").get_by_text(REFUSED)).to_be_visible()
        expect(CustomerPage(page).composer).to_have_count(0)
        unharmed(page)
    finally:
        set_state(installation, spare, "enabled")


def set_state(installation: Up, key: str, state: str) -> None:
    """Enable or disable an inbox; there is a loop already in this thread."""

    async def update() -> None:
        connection = await asyncpg.connect(the_database_url(installation.data, {}), timeout=10)
        try:
            statement = "UPDATE inboxes SET state = $1 WHERE public_key = $2"
            assert await connection.execute(statement, state, key, timeout=10) == "UPDATE 1"
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, update()).result()


def test_where_the_script_is_blocked_the_page_stays_as_it_was(eyes: Eyes, hosts: Hosts) -> None:
    eyes.excuse_absence()
    page = eyes.window()
    page.route("**/widget/v1/**", lambda route: route.abort("blockedbyclient"))
    page.goto(hosts.page("twice"))
    unharmed(page)
    expect(page.locator("chorus-chat")).to_have_count(0)


def test_where_the_rest_is_blocked_a_sentence_says_so_and_a_click_tries_again(
    eyes: Eyes, hosts: Hosts
) -> None:
    eyes.excuse_absence()
    blocked: list[str] = []

    def refuse(route: Route) -> None:
        if route.request.url.endswith("/chorus.js"):
            return route.continue_()
        blocked.append(route.request.url)
        return route.abort("blockedbyclient")

    page = eyes.window()
    page.route("**/widget/v1/**", refuse)
    page.goto(hosts.page("plain"))
    customer = CustomerPage(page)
    customer.launcher.click()
    expect(page.get_by_role("alert").filter(has_text=NOT_LOADED)).to_be_visible()
    assert blocked
    unharmed(page)
    page.unroute("**/widget/v1/**")
    talk(page, "The extension is off now.")
    expect(page.get_by_role("alert").filter(has_text=NOT_LOADED)).to_have_count(0)


def test_a_server_that_is_away_is_told_and_what_is_written_waits(eyes: Eyes, hosts: Hosts) -> None:
    eyes.excuse_absence()
    page = eyes.window()
    api = f"{hosts.base}/livechat/**"
    config = f"{hosts.base}/widget/v1/config**"
    for away in (api, config):
        page.route(away, lambda route: route.abort("connectionrefused"))
    page.goto(hosts.page("plain"))
    customer = CustomerPage(page)
    customer.open_chat()
    expect(page.get_by_text(UNREACHABLE)).to_be_visible()
    customer.say("Into the dark.")
    expect(customer.message("Into the dark.")).to_have_count(1)
    for away in (api, config):
        page.unroute(away)
    expect(customer.stored("Into the dark.")).to_have_count(1)
    unharmed(page)


def test_a_browser_that_keeps_nothing_still_chats_and_is_told_so(
    chromium: Browser, hosts: Hosts, tmp_path: Path
) -> None:
    # As when somebody forbids all cookies and site data: storage throws when it is touched.
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(settings))
    context = chromium.browser_type.launch_persistent_context(
        tmp_path, executable_path=chromium_path("whole"), args=list(FLAGS), locale="en-GB"
    )
    try:
        page = context.new_page()
        page.goto(hosts.page("plain"))
        denied = "() => { try { localStorage.x; return 'kept' } catch (e) { return e.name } }"
        assert page.evaluate(denied) == "SecurityError"
        talk(page, "Leave no trace.")
        expect(page.get_by_text(NOT_KEPT)).to_be_visible()
        unharmed(page)
    finally:
        context.close()
