"""The list, the thread and what is being written: nothing moves or vanishes under one's hands."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.console import Auditor, Staff, ask_for_a_person, offer_of
from tests.browser.people import AgentPage, CustomerPage, Eyes
from tests.support.installation import Up

SignIn = Callable[[], AgentPage]


def newcomer(eyes: Eyes, text: str) -> CustomerPage:
    customer = CustomerPage(eyes.window())
    customer.visit()
    customer.open_chat()
    customer.say(text)
    expect(customer.stored(text)).to_have_count(1)
    return customer


def test_rows_never_move_under_the_pointer(
    eyes: Eyes, customer: CustomerPage, sign_in: SignIn
) -> None:
    agent = sign_in()
    customer.say("I was here first.")
    first = agent.row("I was here first.")
    expect(first).to_have_count(1)
    before = first.bounding_box()
    first.hover()
    newcomer(eyes, "I came later.")
    came = agent.page.get_by_role("button", name="1 new")
    expect(came).to_be_visible()
    assert first.bounding_box() == before
    expect(agent.row("I came later.")).to_have_count(0)
    came.click()
    expect(agent.row("I came later.")).to_have_count(1)

    second = newcomer(eyes, "Me too.")
    expect(agent.page.get_by_role("button", name="1 new")).to_be_visible()
    agent.page.get_by_role("heading", name="Inbox").hover()
    expect(agent.row("Me too.")).to_have_count(1)
    second.say("And again.")
    expect(agent.row("And again.")).to_have_count(1)


def test_reply_and_note_keep_their_own_drafts_also_on_another_device(
    eyes: Eyes, customer: CustomerPage, sign_in: SignIn
) -> None:
    agent = sign_in()
    customer.say("Where is my parcel?")
    agent.open("Where is my parcel?")
    agent.reply.fill("It left us on Mon")
    agent.page.get_by_role("button", name="Note", exact=True).click()
    with agent.page.expect_response(lambda told: told.url.endswith("/drafts/note") and told.ok):
        agent.note.fill("Third time he asks")
    address = agent.page.url
    agent.page.get_by_role("button", name="Reply", exact=True).click()
    expect(agent.reply).to_have_value("It left us on Mon")

    elsewhere = sign_in()
    expect(elsewhere.page.locator("[data-connected=true]")).to_have_count(1)
    elsewhere.page.goto(address)
    expect(elsewhere.reply).to_have_value("It left us on Mon")
    elsewhere.page.get_by_role("button", name="Note", exact=True).click()
    expect(elsewhere.note).to_have_value("Third time he asks")

    agent.page.reload()
    expect(agent.reply).to_have_value("It left us on Mon")
    agent.reply.press("Enter")
    expect(customer.message("It left us on Mon")).to_have_count(1)
    elsewhere.page.reload()
    expect(elsewhere.message("It left us on Mon")).to_be_visible()
    expect(elsewhere.reply).to_have_value("")


# Of the thread, which would cost the more the longer it is.
COUNT_DRAWN = """() => {
  window.drawn = 0;
  new MutationObserver((changes) => { window.drawn += changes.length; })
    .observe(document.querySelector('[role=log]'), { childList: true, subtree: true });
}"""


def test_a_key_draws_nothing_of_the_thread_above_it(
    customer: CustomerPage, sign_in: SignIn
) -> None:
    agent = sign_in()
    customer.say("Tell me everything.")
    agent.open("Tell me everything.")
    agent.page.evaluate(COUNT_DRAWN)
    text = "It all began with one lamp"
    agent.reply.press_sequentially(text)
    # Not none: what was read, or who is there, may change meanwhile.
    assert agent.page.evaluate("window.drawn") < len(text) / 2
    agent.reply.press("Enter")
    expect(agent.message(text)).to_be_visible()
    assert agent.page.evaluate("window.drawn") > 0


def test_what_is_hidden_is_gone_for_the_customer_and_counted(
    customer: CustomerPage, sign_in: SignIn
) -> None:
    agent = sign_in()
    customer.say("My card number is 4111.")
    agent.open("My card number is 4111.")
    customer.say("Sorry, ignore that.")
    said = agent.message("My card number is 4111.")
    said.hover()
    said.get_by_role("button", name="What to do with this message").click()
    agent.page.get_by_role("menuitem", name="Hide from the customer").click()
    expect(said).to_contain_text("Hidden from the customer")
    expect(customer.message("My card number is 4111.")).to_have_count(0)
    expect(customer.message("Sorry, ignore that.")).to_have_count(1)
    seen = agent.page.locator("dl > div").filter(has_text="Customer sees").locator("dd")
    expect(seen).to_have_text("1")


def test_labels_priority_and_the_address_narrow_the_list(
    customer: CustomerPage, sign_in: SignIn
) -> None:
    agent = sign_in()
    customer.say("It is urgent and about a refund.")
    agent.open("It is urgent and about a refund.")
    keys = agent.page.keyboard
    keys.press("]")
    expect(agent.page.get_by_role("complementary", name="Context")).to_have_count(0)
    # In one go, as fast as keys can come: the first letters are neither lost nor run commands.
    keys.type("lbrowser-test")
    keys.press("Enter")
    expect(agent.page.locator("[data-label=browser-test]")).to_have_count(1)
    keys.press("Escape")
    agent.page.locator("body").click(position={"x": 1, "y": 1})
    keys.type("nnewcomer, be kind")
    expect(agent.note).to_have_value("newcomer, be kind")
    agent.note.fill("")
    agent.page.get_by_role("button", name="Reply", exact=True).click()
    agent.page.get_by_label("Priority").select_option(label="Priority 2")
    expect(agent.open_row).to_contain_text("P2")
    agent.page.goto("/console/inbox/all?tags=browser-test&priority=2")
    expect(agent.row("It is urgent and about a refund.")).to_have_count(1)
    expect(agent.page.locator("[data-conv]")).to_have_count(1)


def test_every_screen_is_accessible_in_light_and_dark(
    customer: CustomerPage, sign_in: SignIn, installation: Up, pictures: Path
) -> None:
    agent = sign_in()
    page = agent.page
    expect(page.locator("[data-conv]").first).to_be_visible()
    auditor = Auditor(page, pictures)
    auditor.look("inbox")
    with Staff(installation) as staff, staff.only(staff.agents[0]["email"]):
        ask_for_a_person(customer, "Can I change the address of my order?")
        offer = offer_of(agent).filter(has_text="change the address")
        expect(offer).to_have_count(1)
        auditor.look("offer")
        offer.get_by_role("button", name="Accept").click()
    expect(agent.message("change the address")).to_be_visible()
    agent.answer("Of course. Where shall it go?")
    agent.write_note("Moved to Leipzig in May.")
    customer.say("To Leipzig, please.")
    expect(agent.message("To Leipzig, please.")).to_be_visible()
    auditor.look("thread")
    page.get_by_role("tab", name="Customer").click()
    page.get_by_role("button", name="Note", exact=True).click()
    auditor.look("note")
    look_at_dialogs(agent, auditor)
    page.goto("/console/profile")
    auditor.look("profile")
    assert auditor.violations == []


def look_at_dialogs(agent: AgentPage, auditor: Auditor) -> None:
    dialog = agent.page.get_by_role("dialog")
    for keys, screen in (("Control+k", "palette"), ("?", "keys"), ("t", "transfer")):
        agent.page.keyboard.press("Escape")
        agent.page.keyboard.press(keys)
        expect(dialog).to_be_visible()
        auditor.look(screen)
        agent.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
