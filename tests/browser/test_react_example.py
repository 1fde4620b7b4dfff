"""The React wrapper in a page of its own: a component, a hook, and the widget they are about."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.people import CustomerPage, Eyes


def fact(page: Page, name: str) -> Locator:
    return page.locator(f"[data-fact={name}]")


def test_a_component_puts_the_chat_there_and_a_hook_knows_how_it_is(eyes: Eyes) -> None:
    customer = CustomerPage(eyes.window())
    page = customer.page
    page.goto("/react-example")
    expect(customer.launcher).to_have_count(1)
    expect(fact(page, "panel")).to_have_text("closed")
    page.get_by_role("button", name="Open the chat").click()
    expect(page.get_by_role("dialog").get_by_text("React corner")).to_be_visible()
    expect(fact(page, "panel")).to_have_text("open")
    expect(fact(page, "hours")).to_have_text("open")
    customer.say("Hello from a component.")
    expect(customer.stored("from a component")).to_have_count(1)
    expect(fact(page, "connection")).to_have_text("online")
    expect(fact(page, "sent")).to_have_text("1")

    page.get_by_role("button", name="Take it away").click()
    expect(customer.launcher).to_be_hidden()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Put it back").click()
    customer.launcher.click()
    expect(customer.stored("from a component")).to_have_count(1)
    expect(page.locator("chorus-chat")).to_have_count(1)
