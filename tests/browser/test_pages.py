"""What the printed links lead to, and how it looks in light and dark."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import AgentPage, CustomerPage, Eyes
from tests.support.installation import Up

SignIn = Callable[[], AgentPage]
NARROW_PX = 320
DARK_BELOW = 90.0
LIGHT_ABOVE = 190.0


def test_the_sdk_example_sends_and_receives(eyes: Eyes, sign_in: SignIn) -> None:
    agent = sign_in()
    page = eyes.window()
    page.goto("/sdk-example")
    expect(page.get_by_text("online")).to_be_visible()
    page.get_by_role("textbox", name="Message").fill("Hello from a bare page.")
    page.get_by_role("button", name="Send").click()
    messages = page.get_by_role("list", name="Messages").get_by_role("listitem")
    expect(messages.filter(has_text="customer: Hello from a bare page.")).to_have_count(1)
    agent.open("Hello from a bare page.")
    agent.answer("Hello, bare page.")
    expect(messages.filter(has_text="agent: Hello, bare page.")).to_have_count(1)


def test_the_api_browser_shows_calls_and_frames_from_this_server_alone(
    eyes: Eyes, installation: Up, pictures: Path
) -> None:
    page = eyes.window(height_px=1100)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/docs")
    login = page.locator(".opblock").filter(has_text="/auth/login")
    expect(login).to_be_visible()
    login.get_by_role("button").first.click()
    expect(login.get_by_role("button", name="Try it out")).to_be_visible()
    page.screenshot(path=pictures / "docs-rest.png")
    page.get_by_role("link", name="WebSocket frames").click()
    frame = page.locator("#client details").filter(has_text="Says something.")
    frame.locator("summary").click()
    expect(frame.get_by_text("idempotency key")).to_be_visible()
    expect(frame.get_by_role("rowheader", name="content", exact=True)).to_be_visible()
    page.screenshot(path=pictures / "docs-frames.png")
    outside = [url for url in asked if not url.startswith((installation.urls["base"], "data:"))]
    assert outside == []


def test_a_call_can_be_tried_in_the_api_browser(eyes: Eyes, installation: Up) -> None:
    page = eyes.window()
    page.goto("/docs")
    config = page.locator(".opblock").filter(has_text="/widget/v1/config")
    config.get_by_role("button").first.click()
    config.get_by_role("button", name="Try it out").click()
    config.get_by_role("textbox").first.fill(installation.run()["inbox_key"])
    config.get_by_role("button", name="Execute").click()
    expect(config.locator(".live-responses-table tbody .response-col_status")).to_contain_text(
        "200"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_follow_the_scheme_and_need_no_sideways_scrolling(
    eyes: Eyes, installation: Up, pictures: Path, scheme: str
) -> None:
    customer = CustomerPage(eyes.window(scheme=scheme))
    agent = AgentPage(eyes.window(width_px=1440, height_px=900, scheme=scheme))
    customer.visit()
    expect(customer.launcher).to_be_visible()
    look(customer.page, pictures / f"demo-closed-{scheme}.png", scheme)
    agent.visit()
    expect(agent.page.get_by_label("Password")).to_be_visible()
    look(agent.page, pictures / f"console-sign-in-{scheme}.png", scheme)
    agent.sign_in(installation.run()["agents"][0])

    customer.open_chat()
    question = f"Hello! Does the Fen lamp come in walnut, for a {scheme} room?"
    customer.say(question)
    agent.open(question)
    agent.answer("It does. Walnut takes two weeks, oak is on the shelf: https://example.com/fen")
    agent.write_note("Bought two pendants last year, likes walnut.")
    customer.say("Two weeks are fine. Could you wrap it? It is a present.")
    expect(agent.message("It is a present.")).to_be_visible()
    agent.answer("With pleasure, and a card if you tell me what to write.")
    expect(customer.message("With pleasure")).to_be_visible()
    expect(agent.message("With pleasure", status="read")).to_be_visible()
    for page in (customer.page, agent.page):
        expect(page.locator("header [data-presence=online]")).to_be_visible()
    look(customer.page, pictures / f"demo-chat-{scheme}.png", scheme)
    look(agent.page, pictures / f"console-thread-{scheme}.png", scheme)
    customer.page.set_viewport_size({"width": 720, "height": 900})
    look(customer.page, pictures / f"demo-upright-{scheme}.png", scheme)


def test_on_a_narrow_screen_the_chat_fills_it_and_nothing_is_cut_off(
    eyes: Eyes, pictures: Path
) -> None:
    customer = CustomerPage(eyes.window(width_px=NARROW_PX, height_px=640))
    customer.visit()
    customer.open_chat()
    customer.say("A long word does not push the panel apart: " + "a" * 120)
    expect(customer.stored("A long word")).to_have_count(1)
    box = customer.page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, NARROW_PX, 640)
    look(customer.page, pictures / "demo-narrow.png", "light")
    customer.composer.press("Escape")
    expect(customer.launcher).to_be_focused()


def look(page: Page, picture: Path, scheme: str) -> None:
    """Leave a picture, and want the page to be as wide as its window, and of its scheme."""
    page.screenshot(path=picture, animations="disabled")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), picture.name
    brightness = page.evaluate(
        """() => {
          const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g);
          return 0.3 * r + 0.59 * g + 0.11 * b;
        }"""
    )
    assert brightness < DARK_BELOW if scheme == "dark" else brightness > LIGHT_ABOVE
