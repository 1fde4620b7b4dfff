"""The demo shop: what its switches do is done to the real chat."""

from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import RECONNECT_PATIENCE_MS, CustomerPage, Eyes
from tests.browser.widget import AXE
from tests.support.installation import Up

ENGLISH, ARABIC = "Light for the hour after dinner.", "ضوء للساعة التي تلي العشاء."


def switch(page: Page, name: str) -> Locator:
    found = page.get_by_role("checkbox", name=name, exact=True)
    expect(found).to_be_enabled()
    return found


def frames(page: Page, event: str, direction: str = "received") -> Locator:
    return page.locator(f"[data-event='{event}'][data-direction={direction}]")


def violations(page: Page) -> list[str]:
    """What axe finds on the whole page, pane and chat included."""
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(
        """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
          .map(one => `${one.id}: ${one.nodes.map(node => node.html).join(' ')}`)"""
    )
    return found


def test_whom_the_shop_signed_in_finds_the_chat_on_another_device(eyes: Eyes) -> None:
    first, second = CustomerPage(eyes.window()), CustomerPage(eyes.window())
    first.visit()
    first.open_chat()
    first.say("Said by nobody in particular.")
    expect(first.stored("by nobody in particular")).to_have_count(1)
    switch(first.page, "Verified customer").check()
    expect(first.page.get_by_text("Nora is signed in.")).to_be_visible()
    # Somebody else now, so nothing of before is shown.
    expect(first.message("by nobody in particular")).to_have_count(0)
    first.say("Said by Nora.")
    expect(first.stored("Said by Nora.")).to_have_count(1)

    second.page.goto("/demo?user=nora")
    second.open_chat()
    expect(second.stored("Said by Nora.")).to_have_count(1)
    expect(switch(second.page, "Verified customer")).to_be_checked()


def test_a_closed_line_takes_a_message_and_is_as_before_afterwards(
    eyes: Eyes, installation: Up
) -> None:
    customer = CustomerPage(eyes.window())
    customer.visit()
    try:
        # The page is loaded again, as everybody else would find it now.
        with customer.page.expect_navigation():
            switch(customer.page, "Out of hours").click()
        expect(switch(customer.page, "Out of hours")).to_be_checked()
        assert availability(installation)["open"] is False
        customer.launcher.click()
        panel = customer.page.get_by_role("dialog")
        expect(panel.get_by_role("textbox").first).to_be_visible()
        expect(customer.composer).to_have_count(0)
    finally:
        opened = httpx.post(
            f"{installation.urls['base']}/dev/demo/hours", json={"closed": False}, trust_env=False
        )
    assert opened.is_success
    assert availability(installation)["open"] is True


def availability(installation: Up) -> dict[str, Any]:
    url = f"{installation.urls['base']}/widget/v1/config"
    answer = httpx.get(url, params={"key": installation.run()["inbox_key"]}, trust_env=False)
    found: dict[str, Any] = answer.json()["availability"]
    return found


def test_frames_are_seen_to_pass_and_a_cut_socket_to_come_back(eyes: Eyes) -> None:
    customer = CustomerPage(eyes.window())
    page = customer.page
    page.goto("/demo?net=slow")
    expect(switch(page, "Slow network")).to_be_checked()
    customer.open_chat()
    customer.say("Through the valley.")
    expect(customer.message("Through the valley.", status="sending")).to_have_count(1)
    expect(customer.stored("Through the valley.")).to_have_count(1, timeout=RECONNECT_PATIENCE_MS)
    sent = frames(page, "message", "sent")
    expect(sent).to_contain_text("Through the valley.")
    expect(frames(page, "delivered")).to_have_count(1)
    sent.locator("summary").click()
    expect(sent.locator("pre")).to_contain_text('"content": "Through the valley."')

    switch(page, "Slow network").uncheck()
    expect(frames(page, "hello")).to_have_count(1)
    page.get_by_role("button", name="Cut the socket").click()
    customer.say("After the tunnel.")
    expect(frames(page, "hello")).to_have_count(2, timeout=RECONNECT_PATIENCE_MS)
    expect(customer.stored("After the tunnel.")).to_have_count(1, timeout=RECONNECT_PATIENCE_MS)
    expect(customer.message("After the tunnel.")).to_have_count(1)


def test_nothing_breaks_a_policy_that_allows_no_more_than_the_snippet_says(
    eyes: Eyes, pictures: Path
) -> None:
    customer = CustomerPage(eyes.window())
    customer.visit()
    switch(customer.page, "Strict policy").check()
    expect(customer.page.get_by_text("The strict policy is in force")).to_be_visible()
    customer.open_chat()
    customer.say("Under lock and key: https://example.com")
    expect(customer.stored("Under lock and key")).to_have_count(1)
    expect(customer.page.locator("#policy")).to_have_attribute("data-broken", "0")
    # It is in force: what is not granted does not happen.
    eyes.excuse("Content Security Policy|Content-Security-Policy")
    customer.page.evaluate("fetch('http://127.0.0.1:9/').catch(() => undefined)")
    expect(customer.page.locator("#policy")).to_have_attribute("data-broken", "1")
    customer.page.screenshot(path=pictures / "demo-strict.png", animations="disabled")


def test_the_shop_turns_around_and_goes_light_with_its_chat(eyes: Eyes, pictures: Path) -> None:
    customer = CustomerPage(eyes.window(scheme="dark"))
    page = customer.page
    customer.visit()
    dark = switch(page, "Dark")
    expect(dark).to_be_checked()
    assert violations(page) == []
    dark.uncheck()
    expect(page.locator("chorus-chat")).to_have_attribute("data-theme", "light")
    expect(page.get_by_role("heading", level=1)).to_have_text(ENGLISH)
    switch(page, "Right to left").check()
    expect(page.get_by_role("heading", level=1)).to_have_text(ARABIC)
    expect(page.locator("chorus-chat")).to_have_attribute("dir", "rtl")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(ARABIC)
    expect(dark).not_to_be_checked()
    assert violations(page) == []
    page.screenshot(path=pictures / "demo-rtl.png", animations="disabled")
    switch(page, "Right to left").uncheck()
    expect(page.get_by_role("heading", level=1)).to_have_text(ENGLISH)


def test_on_a_phone_the_pane_waits_behind_its_button(eyes: Eyes, pictures: Path) -> None:
    page = eyes.window(width_px=375, height_px=740)
    page.goto("/demo")
    pane, button = page.locator("#backstage"), page.get_by_role("button", name="Backstage")
    expect(pane).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(pane).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(switch(page, "Dark")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="Verified customer")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    page.screenshot(path=pictures / "demo-phone-backstage.png", animations="disabled")
    page.get_by_role("button", name="Add to basket").first.click()
    expect(page.get_by_role("status").filter(has_text="Basket")).to_contain_text("1")
