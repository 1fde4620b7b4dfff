"""What goes wrong while somebody writes: a sentence says so, and what was written is kept."""

from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Page, expect

from launch.installation import the_database_url
from tests.browser.console import Auditor, Staff
from tests.browser.people import AgentPage, CustomerPage, Eyes
from tests.support.databases import run_apart
from tests.support.installation import Up

BO = "bo@demo.test"
PASSWORD = "a long enough one"
SignInAs = Callable[[str], AgentPage]
# What a browser writes by itself when a session, an account or a conversation is no more.
REFUSED = r"status of 40[134]|net::ERR_|WebSocket connection to .* failed"
LONGEST = 16_384


@pytest.fixture
def staff(installation: Up) -> Iterator[Staff]:
    with Staff(installation) as everybody:
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


def begin(customer: CustomerPage, agent: AgentPage, text: str) -> None:
    """A customer says something, and an agent has it open."""
    customer.say(text)
    expect(customer.stored(text)).to_have_count(1)
    agent.open(text)


def test_a_session_that_ends_in_the_middle_of_a_word_costs_a_password_and_no_word(
    eyes: Eyes, customer: CustomerPage, sign_in_as: SignInAs, staff: Staff
) -> None:
    eyes.excuse(REFUSED)
    bo = sign_in_as(BO)
    begin(customer, bo, "Is it dishwasher safe?")
    bo.reply.press_sequentially("Yes, but on")
    end_session(bo.page, staff)
    bo.reply.press_sequentially("ly the shade")
    expect(bo.page.locator("[data-banner=stopped]")).to_contain_text("What you wrote is kept")
    bo.page.get_by_role("button", name="Sign in again").click()
    bo.sign_in(staff.named(BO))
    expect(bo.reply).to_have_value("Yes, but only the shade")
    bo.reply.press("Enter")
    expect(customer.message("Yes, but only the shade")).to_have_count(1)


def end_session(page: Page, staff: Staff) -> None:
    """As signing out on another device does, or an administrator."""
    session = page.evaluate("JSON.parse(localStorage.getItem('chorus:agent:session'))")
    staff.post("/auth/logout", {"refreshToken": session["refreshToken"]}, token=session["token"])


def test_a_new_role_and_a_closed_account_are_told_and_nothing_written_is_lost(
    eyes: Eyes, customer: CustomerPage, staff: Staff
) -> None:
    eyes.excuse(REFUSED)
    dora = staff.invite("Dora Faults", PASSWORD)
    agent = AgentPage(eyes.window(width_px=1440, height_px=900))
    agent.visit()
    agent.sign_in(dora)
    begin(customer, agent, "Can I pay later?")
    agent.reply.fill("You can, within")
    live = agent.page.locator("a[href='/console/live']")
    expect(live).to_have_count(0)

    staff.change(dora, {"role": "supervisor"})
    expect(agent.page.get_by_text("Your role is now: Supervisor")).to_be_visible()
    expect(live).to_be_visible()
    staff.change(dora, {"role": "agent"})
    expect(agent.page.get_by_text("Your role is now: Agent")).to_be_visible()
    expect(live).to_have_count(0)
    expect(agent.reply).to_have_value("You can, within")

    staff.post(f"/admin/agents/{dora['id']}/disable")
    agent.page.get_by_role("button", name="Sign in again").click()
    agent.sign_in(dora)
    expect(agent.page.get_by_role("alert")).to_contain_text("not right")
    staff.post(f"/admin/agents/{dora['id']}/enable")
    agent.sign_in(dora)
    expect(agent.reply).to_have_value("You can, within")


def test_a_conversation_that_was_erased_gives_back_what_was_written_in_it(
    eyes: Eyes, installation: Up, customer: CustomerPage, sign_in_as: SignInAs, pictures: Path
) -> None:
    eyes.excuse(REFUSED)
    bo = sign_in_as(BO)
    auditor = Auditor(bo.page, pictures)
    begin(customer, bo, "Forget me, please.")
    bo.reply.fill("Of course. One")
    bo.page.context.set_offline(True)
    bo.write_note("Wants to be erased.")
    expect(bo.message("Wants to be erased.", status="sending")).to_have_count(1)
    erase(installation, bo.page)
    bo.page.context.set_offline(False)

    expect(bo.page.get_by_text("There is no such conversation")).to_be_visible()
    expect(bo.page.get_by_text("It does not exist, was erased")).to_be_visible()
    kept = bo.page.locator("[data-given-back]")
    expect(kept).to_contain_text("Of course. One")
    expect(kept).to_contain_text("Wants to be erased.")
    auditor.look("gone")
    kept.get_by_role("button", name="Discard").click()
    expect(kept).not_to_contain_text("Wants to be erased.")
    expect(kept).to_contain_text("Of course. One")
    assert auditor.violations == []


def erase(installation: Up, page: Page) -> None:
    conversation = page.url.split("/")[-1]

    async def forget() -> None:
        connection = await asyncpg.connect(the_database_url(installation.data, {}), timeout=10)
        try:
            await connection.execute("SET session_replication_role = replica")
            tables = await connection.fetch(
                "SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                " WHERE a.attname = 'conversation_id' AND c.relkind IN ('r', 'p')"
                " AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace"
            )
            for (table,) in tables:
                await connection.execute(
                    f'DELETE FROM "{table}" WHERE conversation_id = $1',
                    conversation,
                )
            await connection.execute("DELETE FROM conversations WHERE id = $1", conversation)
        finally:
            await connection.close()

    run_apart(forget())


def test_the_longest_message_leaves_whole_and_a_byte_more_stays_with_a_sentence(
    customer: CustomerPage, sign_in_as: SignInAs
) -> None:
    bo = sign_in_as(BO)
    begin(customer, bo, "Send me the whole manual.")
    manual = ("Lamps are lit by hand. " * 1_000)[: LONGEST - 8] + "The end."
    bo.reply.fill(manual + ".")
    expect(bo.page.get_by_text("This message is too long.")).to_be_visible()
    bo.reply.press("Enter")
    expect(bo.reply).to_have_value(manual + ".")
    bo.page.reload()
    expect(bo.page.get_by_text("This message is too long.")).to_be_visible()

    bo.reply.fill(manual)
    expect(bo.page.get_by_text("This message is too long.")).to_have_count(0)
    bo.reply.press("Enter")
    expect(customer.message("The end.")).to_have_count(1)
    said = customer.message("The end.").locator("p, [dir]").first
    assert len(said.inner_text()) >= LONGEST - 1


def test_two_windows_of_one_agent_show_one_draft_and_send_it_once(
    customer: CustomerPage, sign_in_as: SignInAs
) -> None:
    bo = sign_in_as(BO)
    begin(customer, bo, "Which one is warmer?")
    other = AgentPage(bo.page.context.new_page())
    other.page.goto(bo.page.url)
    expect(other.message("Which one is warmer?")).to_be_visible()
    bo.reply.press_sequentially("The brass")
    expect(other.reply).to_have_value("The brass")
    other.reply.fill("")
    expect(bo.reply).to_have_value("")
    bo.reply.press_sequentially("The brass")
    expect(other.reply).to_have_value("The brass")
    other.reply.press_sequentially(" one, by far.")
    expect(bo.reply).to_have_value("The brass one, by far.")
    other.reply.press("Enter")
    expect(customer.message("The brass one, by far.")).to_have_count(1)
    expect(bo.message("The brass one, by far.")).to_have_count(1)
    expect(bo.reply).to_have_value("")
    # The window that has the socket closes, and nothing is lost of what the other writes.
    other.reply.press_sequentially("Anything")
    bo.page.close()
    other.reply.press_sequentially(" else?")
    other.reply.press("Enter")
    expect(customer.message("Anything else?")).to_have_count(1)
