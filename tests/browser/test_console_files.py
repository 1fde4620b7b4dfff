"""What is put to an answer in the console: files, and what the bot proposes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.console import ROBIN, Auditor, Staff
from tests.browser.people import AgentPage, CustomerPage, Eyes
from tests.support.installation import Up, eventually

BO = "bo@demo.test"
QUESTION = "How long does delivery take?"
PROGRAM: FilePayload = {
    "name": "lamp.exe",
    "mimeType": "image/png",
    "buffer": b"MZ\x90\0" + b"\0" * 96,
}
PRICES: FilePayload = {"name": "prices.csv", "mimeType": "text/csv", "buffer": b"lamp,49\n" * 9}
# As a browser hands over a picture that somebody copied, or drags from elsewhere.
BRING = """async (place, way) => {
  const canvas = new OffscreenCanvas(480, 300);
  const brush = canvas.getContext('2d');
  brush.fillStyle = '#c2410c';
  brush.fillRect(60, 40, 200, 160);
  const blob = await canvas.convertToBlob({ type: 'image/png' });
  const carried = new DataTransfer();
  carried.items.add(new File([blob], `${way}.png`, { type: 'image/png' }));
  const init = { bubbles: true, cancelable: true };
  const event = way === 'paste'
    ? new ClipboardEvent('paste', { ...init, clipboardData: carried })
    : new DragEvent('drop', { ...init, dataTransfer: carried });
  if (place.dispatchEvent(event)) throw new Error('the browser would open it');
}"""


@pytest.fixture
def staff(installation: Up) -> Iterator[Staff]:
    with Staff(installation) as everybody:
        yield everybody


@pytest.fixture
def bo(eyes: Eyes, staff: Staff) -> AgentPage:
    agent = AgentPage(eyes.window(width_px=1440, height_px=900))
    agent.visit()
    agent.sign_in(staff.named(BO))
    expect(agent.page.locator("[data-connected=true]")).to_have_count(1)
    return agent


def test_an_answer_carries_files_and_begins_with_what_the_bot_proposes(
    eyes: Eyes, customer: CustomerPage, bo: AgentPage, staff: Staff, pictures: Path
) -> None:
    eyes.excuse_absence()
    eyes.excuse("status of 415")
    auditor, before = Auditor(bo.page, pictures), staff.reported("assist")["sources"]
    proposed = what_is_proposed(customer, bo, staff)
    auditor.look("suggestion")
    bo.page.get_by_role("button", name="Insert").click()
    expect(suggestion(bo)).to_have_count(0)
    expect(bo.reply).to_have_value(proposed)
    are_proposed_when_asked_for(bo, proposed)
    auditor.look("proposals")
    bo.page.get_by_role("button", name="Dismiss").click()
    expect(bo.reply).to_have_value(proposed)

    files_are_put_to_the_draft(bo)
    auditor.look("attached")
    is_kept_by_a_reload(bo, proposed)
    expect(bo.message(proposed[:40]).locator("bdi")).to_have_text(ROBIN)
    is_sent(bo, customer, proposed)
    is_reported_as_taken(staff, before)

    a_note_of_a_file_alone(bo)
    are_listed_with_their_messages(bo, 3)
    auditor.look("files")
    assert auditor.violations == []
    expect(customer.page.get_by_text("prices.csv")).to_have_count(0)


def suggestion(agent: AgentPage) -> Locator:
    return agent.page.locator("[data-suggestion]")


def what_is_proposed(customer: CustomerPage, agent: AgentPage, staff: Staff) -> str:
    """With its sources, and the customer hears nothing of it."""
    with staff.suggesting():
        customer.say(QUESTION)
        agent.open(QUESTION)
        expect(suggestion(agent).get_by_role("list", name="Sources")).to_be_visible()
    expect(customer.page.locator("[data-message]")).to_have_count(1)
    return suggestion(agent).get_by_role("paragraph").inner_text()


def are_proposed_when_asked_for(agent: AgentPage, known: str) -> None:
    """From what the shop knows, by the process that has its index."""
    agent.page.get_by_role("button", name="Suggest", exact=True).click()
    answers = agent.page.locator("[data-proposals]")
    expect(answers.get_by_role("listitem").filter(has_text=known[:40]).first).to_be_visible()
    expect(answers.get_by_role("list", name="Sources").first).to_be_visible()


def is_reported_as_taken(staff: Staff, before: dict[str, Any]) -> None:
    """What the bot suggested went out word for word; of what was asked for nothing was taken."""

    def risen() -> dict[tuple[str, str], int]:
        now = staff.reported("assist")["sources"]
        return {
            (source, name): value - before[source][name]
            for source, figures in now.items()
            for name, value in figures.items()
            if name != "share" and value > before[source][name]
        }

    once = [("asked", "shown"), ("suggested", "shown"), ("suggested", "asIs")]
    eventually(lambda: risen() == dict.fromkeys(once, 1))


def attached(agent: AgentPage, name: str = "") -> Locator:
    return agent.page.locator("[data-attached] li").filter(has_text=name)


def choose(page: Page, file: FilePayload) -> None:
    page.locator("form[data-mode] input[type=file]").set_input_files(file)


def files_are_put_to_the_draft(agent: AgentPage) -> None:
    """By each way; what is refused says why and holds the message back, what is cut comes again."""
    agent.reply.evaluate(BRING, "paste")
    agent.page.get_by_role("log").evaluate(BRING, "drop")
    expect(attached(agent).locator("img[src*='/files/']")).to_have_count(2)
    choose(agent.page, PROGRAM)
    refused = attached(agent, PROGRAM["name"])
    expect(refused.get_by_role("alert")).to_contain_text(".")
    agent.reply.press("Enter")
    expect(agent.page.locator("#composer-problem")).to_contain_text("try it again or remove it")
    refused.get_by_role("button", name="Remove").click()

    agent.page.route("**/livechat/attachments?*", lambda route: route.abort(), times=1)
    choose(agent.page, {**PRICES, "name": "cut.csv"})
    cut = attached(agent, "cut.csv")
    expect(cut.get_by_role("alert")).to_be_visible()
    cut.get_by_role("button", name="Try").click()
    expect(cut.get_by_role("alert")).to_have_count(0)
    expect(cut).to_contain_text("byte")
    cut.get_by_role("button", name="Remove").click()
    expect(attached(agent)).to_have_count(2)


def is_kept_by_a_reload(agent: AgentPage, text: str) -> None:
    """The draft, and above what was proposed the name of who proposed it."""
    # The server has been told when another window of this agent would read it.
    with agent.page.expect_response(lambda it: it.request.method == "PUT" and "drafts" in it.url):
        agent.reply.press_sequentially("!")
    agent.page.reload()
    expect(attached(agent).locator("img[src*='/files/']")).to_have_count(2)
    expect(agent.reply).to_have_value(f"{text}!")
    expect(agent.message(text[:40]).locator("bdi")).to_have_text(ROBIN)


def is_sent(agent: AgentPage, customer: CustomerPage, text: str) -> None:
    agent.reply.press("Enter")
    expect(customer.stored(text[:40])).to_have_count(1)
    expect(attached(agent)).to_have_count(0)
    is_seen(agent.message(text[:40]), "paste.png")


def is_seen(message: Locator, name: str) -> None:
    shown = message.get_by_role("button", name=f"Download {name}").locator("img")
    expect(shown).to_be_visible()
    assert shown.evaluate("async it => (await it.decode(), it.naturalWidth)") == 480


def a_note_of_a_file_alone(agent: AgentPage) -> None:
    agent.page.get_by_role("button", name="Note", exact=True).click()
    choose(agent.page, PRICES)
    expect(attached(agent, "prices.csv")).to_contain_text("byte")
    agent.page.get_by_role("button", name="Add note").click()
    note = agent.page.locator("article[data-message][data-seq]").filter(has_text="prices.csv")
    expect(note).to_contain_text("only your team")


def are_listed_with_their_messages(agent: AgentPage, count: int) -> None:
    agent.page.get_by_role("tab", name="Files").click()
    listed = agent.page.get_by_role("tabpanel").get_by_role("listitem")
    expect(listed).to_have_count(count)
    listed.last.get_by_role("button").last.click()
    expect(agent.page).to_have_url(re.compile("message="))
    with agent.page.expect_download() as download:
        listed.first.get_by_role("button", name="prices.csv").click()
    assert Path(download.value.path()).read_bytes() == PRICES["buffer"]
