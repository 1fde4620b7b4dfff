"""A customer in the demo shop and an agent in the console talk, in two browser windows."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.people import AgentPage, CustomerPage, Eyes, type_until
from tests.support.installation import Up

SignIn = Callable[[], AgentPage]


def test_the_printed_link_signs_in_with_one_click_and_only_once(
    eyes: Eyes, installation: Up
) -> None:
    link = re.search(r"http\S+#dev=\S+", installation.page)
    assert link is not None, installation.page
    agent = AgentPage(eyes.window())
    agent.page.goto(link.group())
    expect(agent.page.locator("[data-conv]").first).to_be_visible()
    assert "#dev=" not in agent.page.url
    # The second use is refused, and Chromium writes the refusal to its console.
    eyes.excuse("status of 401")
    late = AgentPage(eyes.window())
    late.page.goto(link.group())
    expect(late.page.get_by_role("alert")).not_to_be_empty()
    expect(late.page.locator("[data-conv]")).to_have_count(0)


def test_a_wrong_password_is_refused_in_words_and_the_right_one_then_works(
    eyes: Eyes, installation: Up
) -> None:
    eyes.excuse("status of 401")
    agent = AgentPage(eyes.window())
    agent.visit()
    known = installation.run()["agents"][0]
    agent.sign_in(known, password="not-the-password")
    expect(agent.page.get_by_role("alert")).to_contain_text("not right")
    agent.sign_in(known)
    expect(agent.page.locator("[data-conv]").first).to_be_visible()


def test_both_sides_see_each_other_live(customer: CustomerPage, sign_in: SignIn) -> None:
    agent = sign_in()
    expect(agent.page.locator("[data-conv]").first).to_be_visible()
    customer.say("Does the Fen lamp come in walnut?")
    expect(customer.message("come in walnut?", status="sent")).to_have_count(1)
    row = agent.row("come in walnut?")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("unread")

    agent.open("come in walnut?")
    expect(customer.message("come in walnut?", status="read")).to_have_count(1)
    expect(agent.open_row).not_to_contain_text("unread")
    expect(agent.presence).to_have_attribute("data-presence", "online")

    agent.answer("Yes, walnut ships in two weeks.")
    expect(customer.message("ships in two weeks")).to_have_count(1)
    expect(agent.message("ships in two weeks", status="read")).to_have_count(1)
    expect(agent.open_row).to_contain_text("ships in two weeks")
    expect(customer.page.locator("[data-presence=online]")).to_be_visible()

    customer.say("Lovely, thank you.")
    expect(agent.message("Lovely, thank you.")).to_have_count(1)
    expect(customer.message("Lovely, thank you.", status="read")).to_have_count(1)
    expect(agent.open_row).to_contain_text("Lovely, thank you.")
    expect(agent.open_row).not_to_contain_text("unread")


def test_typing_shows_on_the_other_side_and_a_note_never_does(
    customer: CustomerPage, sign_in: SignIn
) -> None:
    agent = sign_in()
    customer.say("Is anybody at the bench?")
    agent.open("anybody at the bench")
    type_until(agent.reply, customer.page.get_by_text("is typing"))
    agent.reply.fill("")
    expect(customer.page.get_by_text("is typing")).to_have_count(0)
    type_until(customer.composer, agent.thread.get_by_text("is typing"))
    customer.composer.fill("")

    agent.write_note("Bought two lamps last year")
    expect(agent.message("Bought two lamps")).to_contain_text("only your team sees this")
    agent.answer("Four of us are.")
    # The note has the place before the answer: whoever shows the answer has passed the note.
    expect(customer.stored("Four of us are.")).to_have_count(1)
    expect(customer.page.get_by_text("Bought two lamps")).to_have_count(0)
    assert seq_of(customer, "Four of us are.") == seq_of(agent, "Four of us are.")


def test_a_resolved_chat_says_so_and_a_new_one_can_begin(
    customer: CustomerPage, sign_in: SignIn
) -> None:
    agent = sign_in()
    customer.say("Only a short question.")
    agent.open("Only a short question.")
    agent.page.get_by_role("button", name="Resolve", exact=True).click()
    again = customer.page.get_by_role("button", name="Start a new chat")
    again.click()
    expect(customer.message("Only a short question.")).to_have_count(0)
    customer.say("And another one.")
    expect(customer.stored("And another one.")).to_have_count(1)
    expect(agent.row("And another one.")).to_have_count(1)


def seq_of(person: CustomerPage | AgentPage, text: str) -> str | None:
    return person.message(text).get_attribute("data-seq")
