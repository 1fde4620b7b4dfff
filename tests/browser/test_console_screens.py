"""The screens beside the inbox: each in light and dark, and what people set up and find there."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.console import Auditor, Staff, badge
from tests.browser.people import AgentPage, CustomerPage, Eyes
from tests.support.installation import Up

ADA, BO, CY = 0, 1, 2
SignInAs = Callable[[int], AgentPage]
# The path, and what is there only when its figures are.
SCREENS = {
    "live": ("/console/live", "[data-talk]"),
    "contacts": ("/console/contacts", "aside a"),
    "search": ("/console/search?q=lamp", "[data-hit]"),
    "reports": ("/console/reports/escalation?days=30", "figure svg"),
    "reports-volume": ("/console/reports/volume", "figure svg"),
    "reports-csat": ("/console/reports/csat", "figure svg"),
    "reports-agents": ("/console/reports/agents", "tbody tr"),
    "settings-queues": ("/console/settings/queues", "tbody tr"),
    "settings-agents": ("/console/settings/agents", "tbody tr"),
    "settings-teams": ("/console/settings/teams", "main h2"),
    "settings-inboxes": ("/console/settings/inboxes", "tbody tr"),
    "settings-reply": ("/console/settings/replies/new", "textarea"),
    "settings-macro": ("/console/settings/macros/new", "main fieldset"),
    "settings-labels": ("/console/settings/labels", "main h2"),
    "settings-bots": ("/console/settings/bots", "tbody tr"),
    "settings-knowledge": ("/console/settings/knowledge", "[data-source-state]"),
    "settings-source-new": ("/console/settings/knowledge/new", "main textarea"),
    "settings-workspace": ("/console/settings/workspace", "main input"),
    "settings-api-keys": ("/console/settings/api-keys", "main h2"),
    "settings-identity": ("/console/settings/identity", "main li"),
    "settings-audit": ("/console/settings/audit", "main h2"),
    "settings-health": ("/console/settings/health", "[data-health]"),
}


# What of a section is looked at by itself: the first of its list.
EDITORS = {
    "Queues": "queue",
    "Agents": "agent",
    "Inboxes": "inbox",
    "Bots": "bot",
    "Knowledge": "source",
}


@pytest.fixture
def sign_in_as(eyes: Eyes, installation: Up) -> SignInAs:
    def signed_in(who: int) -> AgentPage:
        agent = AgentPage(eyes.window(width_px=1440, height_px=900))
        agent.visit()
        agent.sign_in(installation.run()["agents"][who])
        expect(agent.page.locator("[data-connected=true]")).to_have_count(1)
        return agent

    return signed_in


def test_every_screen_is_whole_in_light_and_dark(
    sign_in_as: SignInAs, installation: Up, pictures: Path
) -> None:
    with Staff(installation) as staff:
        staff.bot()
    page = sign_in_as(ADA).page
    auditor = Auditor(page, pictures)
    for screen, (path, sign) in SCREENS.items():
        page.goto(path)
        expect(page.locator(sign).first).to_be_visible()
        auditor.look(screen)
    for section, screen in EDITORS.items():
        page.get_by_role("link", name=section, exact=True).click()
        page.locator("tbody a").first.click()
        expect(page.get_by_role("heading", level=2).first).to_be_visible()
        auditor.look(f"settings-{screen}")
    page.get_by_role("navigation").get_by_role("link", name="Knowledge").click()
    page.get_by_label("Question").fill("How long does delivery take?")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("[data-found] li").first).to_contain_text("working days")
    auditor.look("knowledge-tried")
    page.goto("/console/contacts")
    page.locator("aside a").last.click()
    expect(page.get_by_role("heading", name="Attributes")).to_be_visible()
    auditor.look("contact")
    assert auditor.violations == []


def test_screens_fit_narrow_windows_and_turn_around(sign_in_as: SignInAs, pictures: Path) -> None:
    page = sign_in_as(ADA).page
    page.set_viewport_size({"width": 1024, "height": 768})
    for screen in ("live", "reports", "settings-agents"):
        path, sign = SCREENS[screen]
        page.goto(path)
        expect(page.locator(sign).first).to_be_visible()
        fits(page, pictures / f"console-{screen}-1024.png")
    page.goto("/console/profile")
    page.get_by_label("Language").select_option("ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    for screen in ("live", "reports", "contacts", "settings-queues"):
        path, sign = SCREENS[screen]
        page.goto(path)
        expect(page.locator(sign).first).to_be_visible()
        fits(page, pictures / f"console-{screen}-ar.png")


def fits(page: Page, picture: Path) -> None:
    page.screenshot(path=picture, animations="disabled")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), picture.name


def test_an_admin_sets_up_a_queue_with_hours(eyes: Eyes, sign_in_as: SignInAs) -> None:
    eyes.excuse("status of 422")
    page = sign_in_as(ADA).page
    make(page, "queues", "New queue", "Night watch")
    keep_night_hours(page)
    page.get_by_label("Promised answer within (seconds)").fill("90")
    save(page)
    page.reload()
    expect(page.get_by_label("Monday opens").nth(0)).to_have_value("12:00")
    expect(page.get_by_label("Monday opens").nth(1)).to_have_value("22:00")
    expect(page.get_by_label("Promised answer within (seconds)")).to_have_value("90")

    page.get_by_label("An offer rings for (seconds)").fill("1")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[aria-invalid=true]")).to_have_value("1")
    page.get_by_role("link", name="Teams").click()
    page.get_by_role("dialog", name="unsaved").get_by_role("button", name="Cancel").click()
    expect(page.locator("[aria-invalid=true]")).to_have_value("1")
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("button", name="New queue")).to_be_visible()
    expect(page.get_by_role("link", name="Night watch")).to_have_count(0)


def make(page: Page, section: str, button: str, name: str) -> None:
    page.goto(f"/console/settings/{section}")
    page.get_by_role("button", name=button).click()
    page.get_by_role("dialog").get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)


def keep_night_hours(page: Page) -> None:
    """On Mondays at noon, and over midnight; hours that overlap cannot be saved meanwhile."""
    page.get_by_label("By hours").check()
    page.get_by_label("Time zone").select_option("Europe/Vienna")
    page.get_by_label("Monday opens").fill("22:00")
    page.get_by_label("Monday closes").fill("06:00")
    expect(page.get_by_text("next morning")).to_have_count(1)
    page.get_by_role("button", name="Add hours to Monday").click()
    page.get_by_label("Monday opens").nth(1).fill("23:00")
    expect(page.get_by_text("These hours overlap")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_label("Monday opens").nth(1).fill("12:00")
    page.get_by_label("Monday closes").nth(1).fill("13:30")


def test_what_is_chosen_for_a_chat_is_seen_before_it_is_saved(sign_in_as: SignInAs) -> None:
    page = sign_in_as(ADA).page
    make(page, "inboxes", "New inbox", "Workbench")
    page.get_by_role("link", name="Chat window").click()
    page.get_by_label("Title").fill("Ask the bench")
    chat = page.frame_locator("iframe")
    expect(chat.get_by_role("heading", name="Ask the bench")).to_be_visible()
    page.get_by_label("Colour", exact=True).fill("#ffcc00")
    expect(page.get_by_text("It cannot be read on the chat's ground")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_role("button", name="Use #").click()
    save(page)

    ask_whether_it_would_work(page, "shop.example.com/lamps")
    page.get_by_role("button", name="Allow https://shop.example.com").click()
    save(page)
    ask_whether_it_would_work(page, "shop.example.com/lamps")
    expect(page.get_by_text("https://shop.example.com may use this inbox")).to_be_visible()
    expect(page.locator("pre").first).to_contain_text('data-key="pk_')
    expect(page.locator("pre").nth(1)).to_contain_text("integrity=")


def ask_whether_it_would_work(page: Page, address: str) -> None:
    page.get_by_role("link", name="Install").click()
    page.get_by_label("Address of the page").fill(address)


def test_a_supervisor_looks_on_and_takes_over_from_the_board(
    customer: CustomerPage, sign_in_as: SignInAs
) -> None:
    customer.say("Is the brass one back?")
    expect(customer.stored("Is the brass one back?")).to_have_count(1)
    customer.page.get_by_role("button", name="More").click()
    customer.page.get_by_role("button", name="Talk to a person").click()
    cy = sign_in_as(CY)
    cy.page.goto("/console/live")
    line = newest_talk(cy.page)
    line.get_by_role("button", name=re.compile("^Take over")).click()
    expect(badge(cy)).to_have_attribute("data-badge", "agent")
    expect(cy.page).to_have_url(re.compile("/console/inbox/all/"))

    bo = sign_in_as(BO)
    for path in ("/console/live", "/console/reports", "/console/settings/audit"):
        bo.page.goto(path)
        expect(bo.page.get_by_text("This is not for your role")).to_be_visible()


def newest_talk(page: Page) -> Locator:
    """Who has waited shortest: the list begins with who has waited longest."""
    waiting = page.get_by_role("region", name="Waiting").locator("[data-talk]")
    expect(waiting.first).to_be_visible()
    return waiting.last


def test_what_was_said_is_found_and_leads_to_its_place(
    customer: CustomerPage, sign_in_as: SignInAs
) -> None:
    text = "Where did my marmalade coloured lampshade go?"
    customer.say(text)
    expect(customer.stored(text)).to_have_count(1)
    agent = sign_in_as(BO)
    agent.page.keyboard.press("/")
    box = agent.page.get_by_role("searchbox", name="Search")
    expect(box).to_be_focused()
    box.fill("marmalade lampsh")
    hit = agent.page.locator("[data-hit]").filter(has_text=text)
    # The index follows what is said after a moment, and a page asks anew by itself only for news.
    with agent.page.expect_response(lambda told: "/livechat/search" in told.url):
        box.press("Enter")
    expect(hit).to_have_count(1)
    expect(hit.locator("mark").first).to_have_text("marmalade")
    hit.click()
    expect(agent.message(text)).to_be_visible()
    expect(agent.page).to_have_url(re.compile(r"message=\d+"))


def test_reports_can_be_kept_and_linked(sign_in_as: SignInAs) -> None:
    page = sign_in_as(CY).page
    page.goto("/console/reports")
    page.get_by_label("7 days").check()
    expect(page).to_have_url(re.compile("days=7"))
    page.get_by_label("Queue", exact=True).select_option(label="Support")
    expect(page).to_have_url(re.compile("queue="))
    with page.expect_download() as kept:
        page.get_by_role("button", name="CSV").click()
    lines = kept.value.path().read_text().splitlines()
    assert lines[0].startswith("part,name,")
    assert len([line for line in lines if line.startswith("day,")]) == 7
    page.reload()
    expect(page.get_by_label("7 days")).to_be_checked()


def test_an_invited_colleague_comes_in_until_they_are_shut_out(
    eyes: Eyes, sign_in_as: SignInAs
) -> None:
    eyes.excuse("status of 401")
    page = sign_in_as(ADA).page
    page.goto("/console/settings/agents")
    page.get_by_role("button", name="Invite").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Name").fill("Dora Winter")
    form.get_by_label("E-mail").fill("dora@demo.test")
    form.get_by_role("button", name="Invite").click()
    link = page.locator("[data-secret]").inner_text()
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()

    dora = eyes.window()
    dora.goto(link)
    dora.get_by_label("Password").fill("a long enough one")
    dora.get_by_role("button", name="Begin").click()
    expect(dora.locator("[data-connected=true]")).to_have_count(1)

    page.get_by_role("link", name="Dora Winter").click()
    page.get_by_role("button", name="Shut out").click()
    page.get_by_role("dialog").get_by_role("button", name="Shut out").click()
    expect(page.get_by_role("button", name="Let in again")).to_be_visible()
    expect(dora.get_by_role("button", name="Sign in again")).to_be_visible()
