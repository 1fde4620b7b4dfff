"""A whole handoff in the console: two agents, a supervisor and a customer, by mouse and by keys alone."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.console import Auditor, Staff, accept, ask_for_a_person, badge, offer_of
from tests.browser.people import AgentPage, CustomerPage, Eyes, type_until
from tests.support.installation import Up

ADA = "ada@demo.test"
BO = "bo@demo.test"
CY = "cy@demo.test"
TABS_MAX = 60
SignInAs = Callable[[str], AgentPage]


@pytest.fixture
def staff(installation: Up) -> Iterator[Staff]:
    """Bo takes customers, Ada whom she is handed; Cy supervises.

    Ada is offered nothing else: who has just left is still taken to be there for a while.
    """
    with Staff(installation) as everybody, everybody.only(BO):
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


def test_a_handoff_by_mouse_under_the_eyes_of_a_supervisor(
    customer: CustomerPage, sign_in_as: SignInAs, pictures: Path
) -> None:
    bo, cy = sign_in_as(BO), sign_in_as(CY)
    ask_for_a_person(customer, "My lamp arrived broken.")
    expect(offer_of(bo)).to_contain_text("second")
    expect(offer_of(bo)).to_contain_text("About: My lamp arrived broken.")
    cy.page.goto("/console/live")
    newest_talk(cy.page).get_by_role("link", name=re.compile("^Look on")).click()
    looks_on(cy, "My lamp arrived broken.")
    had = load_of(bo)
    accept(bo, "My lamp arrived broken.")
    expect(bo.page.locator("[data-capacity]")).to_have_text(re.compile(f"^{had + 1}/"))
    both_read_an_answer(bo, customer, cy)
    auditor = Auditor(cy.page, pictures)
    auditor.look("looking-on")
    assert auditor.violations == []

    ada = sign_in_as(ADA)
    hand_on(bo, "Ada Keller", "Needs a new shade, paid by us.")
    accept(ada, "My lamp arrived broken.")
    expect(ada.message("Needs a new shade")).to_contain_text("only your team sees this")
    expect(ada.page.locator("[data-viewers]")).to_contain_text("Bo Martín is here too")
    ada.answer("A new shade is on its way.")
    expect(customer.message("A new shade is on its way.")).to_have_count(1)
    expect(customer.page.get_by_text("Needs a new shade")).to_have_count(0)
    answer_too_late(bo).get_by_role("button", name="Discard").click()
    expect(bo.message("It comes on Tuesday.")).to_have_count(0)
    taken_over_and_resolved(cy, ada, customer)


def taken_over_and_resolved(cy: AgentPage, ada: AgentPage, customer: CustomerPage) -> None:
    """Whoever was writing is told so, and still has what they wrote."""
    ada.reply.fill("It comes on")
    cy.page.get_by_role("button", name="Take over").click()
    expect(ada.page.locator("main header")).to_contain_text("Cy Haddad")
    resolve_on_second_thoughts(cy)
    expect(customer.page.get_by_role("button", name="Start a new chat")).to_be_visible()
    expect(badge(cy)).to_have_attribute("data-badge", "resolved")
    expect(ada.page.get_by_text("This conversation is resolved.")).to_be_visible()
    ada.page.get_by_role("button", name="Reopen").first.click()
    expect(ada.reply).to_have_value("It comes on")


def both_read_an_answer(bo: AgentPage, customer: CustomerPage, cy: AgentPage) -> None:
    """The customer and who looks on; of the latter nobody hears."""
    bo.answer("I am sorry. Let me ask our bench.")
    expect(customer.message("Let me ask our bench.")).to_have_count(1)
    expect(cy.message("Let me ask our bench.")).to_be_visible()
    expect(bo.page.locator("[data-viewers]")).to_have_count(0)


def newest_talk(page: Page) -> Locator:
    """Who has waited shortest: the list begins with who has waited longest."""
    waiting = page.get_by_role("region", name="Waiting").locator("[data-talk]")
    expect(waiting.first).to_be_visible()
    return waiting.last


def looks_on(cy: AgentPage, text: str) -> None:
    """The supervisor reads, and can do nothing but that without saying so."""
    expect(cy.message(text)).to_be_visible()
    expect(cy.page.locator("[data-looking-on]")).to_contain_text("You look on")
    expect(cy.reply).to_have_count(0)
    expect(cy.page.get_by_role("button", name="Resolve", exact=True)).to_have_count(0)


def answer_too_late(bo: AgentPage) -> Locator:
    """Say something where a colleague has the conversation by now: it stays, with the reason."""
    bo.answer("It comes on Tuesday.")
    refused = bo.message("It comes on Tuesday.", status="failed")
    expect(refused).to_contain_text("Not sent: A colleague has this conversation.")
    return refused


def load_of(agent: AgentPage) -> int:
    shown = agent.page.locator("[data-capacity]")
    expect(shown).to_have_text(re.compile(r"/100$"))
    return int(shown.inner_text().split("/")[0])


def hand_on(agent: AgentPage, name: str, note: str) -> None:
    agent.page.get_by_role("button", name="Transfer").click()
    dialog = agent.page.get_by_role("dialog")
    colleague = dialog.locator("label").filter(has_text=name)
    expect(colleague).to_contain_text("Online")
    colleague.click()
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
    bo, cy = sign_in_as(BO), sign_in_as(CY)
    ask_for_a_person(customer, "Which bulb do I need?")
    # The key takes the first offer.
    expect(offer_of(bo)).to_contain_text(["Which bulb do I need?"])
    look_on_by_keys(cy)
    looks_on(cy, "Which bulb do I need?")
    bo.page.keyboard.press("y")
    expect(bo.message("Which bulb do I need?")).to_be_visible()
    answer_by_keys(bo)
    expect(customer.message("An E27, at most 40 W.")).to_have_count(1)
    mention_ada_by_keys(bo)
    ada = sign_in_as(ADA)
    find_the_mention_by_keys(ada)
    hand_on_by_keys(bo)
    expect(offer_of(ada)).to_have_count(1)
    ada.page.keyboard.press("y")
    expect(badge(ada)).to_have_attribute("data-badge", "agent")

    think_better_of_it_by_keys(bo)
    cy.page.keyboard.press("a")
    expect(cy.reply).to_be_focused()
    expect(ada.page.locator("main header")).to_contain_text("Cy Haddad")
    cy.page.keyboard.press("Escape")
    cy.page.keyboard.press("e")
    expect(customer.page.get_by_role("button", name="Start a new chat")).to_be_visible()


def think_better_of_it_by_keys(bo: AgentPage) -> None:
    bo.page.keyboard.press("r")
    expect(bo.reply).to_be_focused()
    refused = answer_too_late(bo)
    tab_to(bo.page, refused.get_by_role("button", name="Discard"))
    bo.page.keyboard.press("Enter")
    expect(bo.message("It comes on Tuesday.")).to_have_count(0)


def look_on_by_keys(cy: AgentPage) -> None:
    cy.page.keyboard.press("Control+k")
    expect(cy.page.get_by_role("dialog")).to_be_visible()
    cy.page.keyboard.type("Live board")
    cy.page.keyboard.press("Enter")
    tab_to(cy.page, newest_talk(cy.page).get_by_role("link", name=re.compile("^Look on")))
    cy.page.keyboard.press("Enter")


def tab_to(page: Page, wanted: Locator) -> None:
    expect(wanted).to_be_visible()
    for _ in range(TABS_MAX):
        if wanted.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail("no Tab leads there")


def answer_by_keys(bo: AgentPage) -> None:
    keys = bo.page.keyboard
    expect(bo.reply).to_be_focused()
    keys.type("An E27, at most 40 W.")
    keys.press("Enter")
    keys.press("Escape")
    expect(bo.open_row).to_be_focused()


def mention_ada_by_keys(bo: AgentPage) -> None:
    keys = bo.page.keyboard
    keys.press("n")
    expect(bo.note).to_be_focused()
    keys.type("Asks for bulbs each year. @Ada")
    expect(bo.page.get_by_role("option", name="Ada Keller")).to_be_visible()
    keys.press("Enter")
    expect(bo.note).to_have_value("Asks for bulbs each year. @Ada Keller ")
    keys.press("Enter")
    expect(bo.message("Asks for bulbs each year. @Ada Keller")).to_be_visible()
    keys.press("Escape")


def find_the_mention_by_keys(ada: AgentPage) -> None:
    ada.page.keyboard.press("Control+k")
    expect(ada.page.get_by_role("dialog")).to_be_visible()
    ada.page.keyboard.type("Mentions")
    ada.page.keyboard.press("Enter")
    expect(ada.page).to_have_url(re.compile("/inbox/mentions$"))
    expect(ada.row("An E27, at most 40 W.")).to_have_count(1)
    ada.page.keyboard.press("j")
    expect(ada.message("Asks for bulbs each year.")).to_be_visible()


def hand_on_by_keys(bo: AgentPage) -> None:
    keys = bo.page.keyboard
    keys.press("t")
    expect(bo.page.get_by_role("dialog")).to_be_visible()
    keys.type("Ada")
    expect(bo.page.get_by_role("dialog").locator("fieldset label")).to_contain_text(["Online"])
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
    type_until(bo.reply, cy.thread.get_by_text("Bo Martín is typing"))
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
