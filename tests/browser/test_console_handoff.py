"""A whole handoff in the console: two agents and a customer, by mouse and by keyboard alone."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.console import Staff, accept, ask_for_a_person, badge, offer_of
from tests.browser.people import AgentPage, CustomerPage, Eyes
from tests.support.installation import Up

BO = "bo@demo.test"
CY = "cy@demo.test"
SignInAs = Callable[[str], AgentPage]


@pytest.fixture
def staff(installation: Up) -> Iterator[Staff]:
    with Staff(installation) as everybody, everybody.only(BO, CY):
        yield everybody


@pytest.fixture
def sign_in_as(eyes: Eyes, staff: Staff) -> SignInAs:
    def signed_in(email: str) -> AgentPage:
        agent = AgentPage(eyes.window(width_px=1440, height_px=900))
        agent.visit()
        agent.sign_in(staff.named(email))
        expect(agent.page.locator("[data-connected=true]")).to_have_count(1)
        return agent

    return signed_in


def test_an_offer_is_accepted_handed_on_and_resolved(
    customer: CustomerPage, sign_in_as: SignInAs
) -> None:
    bo = sign_in_as(BO)
    had = load_of(bo)
    ask_for_a_person(customer, "My lamp arrived broken.")
    expect(offer_of(bo)).to_contain_text("second")
    accept(bo, "My lamp arrived broken.")
    expect(badge(bo)).to_have_attribute("data-badge", "agent")
    expect(bo.page.locator("[data-capacity]")).to_have_text(re.compile(f"^{had + 1}/"))
    bo.answer("I am sorry. Let me ask our bench.")
    expect(customer.message("Let me ask our bench.")).to_have_count(1)

    cy = sign_in_as(CY)
    hand_on(bo, "Cy Haddad", "Needs a new shade, paid by us.")
    accept(cy, "My lamp arrived broken.")
    expect(cy.message("Needs a new shade")).to_contain_text("only your team sees this")
    cy.answer("A new shade is on its way.")
    expect(customer.message("A new shade is on its way.")).to_have_count(1)
    expect(customer.page.get_by_text("Needs a new shade")).to_have_count(0)

    resolve_on_second_thoughts(cy)
    expect(customer.page.get_by_role("button", name="Start a new chat")).to_be_visible()
    expect(badge(cy)).to_have_attribute("data-badge", "resolved")
    expect(cy.page.get_by_role("button", name="Reopen").first).to_be_visible()


def load_of(agent: AgentPage) -> int:
    shown = agent.page.locator("[data-capacity]")
    expect(shown).to_have_text(re.compile(r"/100$"))
    return int(shown.inner_text().split("/")[0])


def hand_on(agent: AgentPage, name: str, note: str) -> None:
    agent.page.get_by_role("button", name="Transfer").click()
    dialog = agent.page.get_by_role("dialog")
    dialog.get_by_text(name).click()
    dialog.get_by_label("Note for your colleague").fill(note)
    dialog.get_by_role("button", name="Transfer").click()
    expect(dialog).to_have_count(0)


def resolve_on_second_thoughts(agent: AgentPage) -> None:
    resolve = agent.page.get_by_role("button", name="Resolve", exact=True)
    resolve.click()
    agent.page.get_by_role("button", name="Undo").click()
    expect(badge(agent)).to_have_attribute("data-badge", "agent")
    resolve.click()


def test_hands_on_a_keyboard_are_enough(customer: CustomerPage, sign_in_as: SignInAs) -> None:
    bo = sign_in_as(BO)
    ask_for_a_person(customer, "Which bulb do I need?")
    expect(offer_of(bo)).to_have_count(1)
    bo.page.keyboard.press("y")
    expect(bo.message("Which bulb do I need?")).to_be_visible()
    answer_by_keys(bo)
    expect(customer.message("An E27, at most 40 W.")).to_have_count(1)
    mention_cy_by_keys(bo)
    cy = sign_in_as(CY)
    find_the_mention_by_keys(cy)
    hand_on_by_keys(bo)
    expect(offer_of(cy)).to_have_count(1)
    cy.page.keyboard.press("y")
    expect(badge(cy)).to_have_attribute("data-badge", "agent")
    cy.page.keyboard.press("e")
    expect(customer.page.get_by_role("button", name="Start a new chat")).to_be_visible()


def answer_by_keys(bo: AgentPage) -> None:
    keys = bo.page.keyboard
    keys.press("r")
    expect(bo.reply).to_be_focused()
    keys.type("An E27, at most 40 W.")
    keys.press("Enter")
    keys.press("Escape")
    expect(bo.open_row).to_be_focused()


def mention_cy_by_keys(bo: AgentPage) -> None:
    keys = bo.page.keyboard
    keys.press("n")
    expect(bo.note).to_be_focused()
    keys.type("Asks for bulbs each year. @Cy")
    expect(bo.page.get_by_role("option", name="Cy Haddad")).to_be_visible()
    keys.press("Enter")
    expect(bo.note).to_have_value("Asks for bulbs each year. @Cy Haddad ")
    keys.press("Enter")
    expect(bo.message("Asks for bulbs each year. @Cy Haddad")).to_be_visible()
    keys.press("Escape")


def find_the_mention_by_keys(cy: AgentPage) -> None:
    cy.page.keyboard.press("Control+k")
    expect(cy.page.get_by_role("dialog")).to_be_visible()
    cy.page.keyboard.type("Mentions")
    cy.page.keyboard.press("Enter")
    expect(cy.page).to_have_url(re.compile("/inbox/mentions$"))
    expect(cy.row("An E27, at most 40 W.")).to_have_count(1)
    cy.page.keyboard.press("j")
    expect(cy.message("Asks for bulbs each year.")).to_be_visible()


def hand_on_by_keys(bo: AgentPage) -> None:
    keys = bo.page.keyboard
    keys.press("t")
    expect(bo.page.get_by_role("dialog")).to_be_visible()
    keys.type("Cy")
    keys.press("Tab")
    keys.press("Space")
    keys.press("Tab")
    keys.press("Tab")
    keys.type("Likes to be called.")
    keys.press("Tab")
    keys.press("Enter")
    expect(bo.page.get_by_role("dialog")).to_have_count(0)


def test_two_who_answer_the_same_customer_see_each_other_and_nobody_is_answered_over(
    eyes: Eyes, customer: CustomerPage, sign_in_as: SignInAs
) -> None:
    eyes.excuse_absence()
    bo, cy = sign_in_as(BO), sign_in_as(CY)
    customer.say("Do you ship to Oslo?")
    for agent in (bo, cy):
        agent.open("Do you ship to Oslo?")
    expect(bo.page.locator("[data-viewers]")).to_contain_text("Cy Haddad")
    expect(cy.page.locator("[data-viewers]")).to_contain_text("Bo Martín")
    bo.reply.press_sequentially("Ye")
    expect(cy.thread.get_by_text("Bo Martín is typing")).to_be_visible()
    bo.reply.fill("")

    # Cy writes without a network, and so without having seen what Bo says meanwhile.
    cy.page.context.set_offline(True)
    cy.answer("No, sorry.")
    expect(cy.message("No, sorry.", status="sending")).to_have_count(1)
    bo.answer("Yes, in five days.")
    expect(customer.message("Yes, in five days.")).to_have_count(1)
    cy.page.context.set_offline(False)
    refused = cy.message("No, sorry.", status="failed")
    expect(refused).to_contain_text("Bo Martín replied first")
    expect(customer.message("No, sorry.")).to_have_count(0)

    refused.get_by_role("button", name="Edit").click()
    expect(cy.reply).to_have_value("No, sorry.")
    expect(cy.message("No, sorry.")).to_have_count(0)
    cy.answer("As Bo says.")
    expect(customer.message("As Bo says.")).to_have_count(1)
