"""Nothing is lost, and nothing is shown twice: reload, no network, a second tab, a killed edge."""

from collections.abc import Callable
from time import monotonic

import pytest
from playwright.sync_api import expect

from tests.browser.people import (
    RECONNECT_PATIENCE_MS,
    AgentPage,
    CustomerPage,
    Eyes,
    each_is_there_once,
)
from tests.support.installation import Up, eventually

SignIn = Callable[[], AgentPage]
OFFLINE_S = 10


def test_a_message_reloaded_away_is_sent_once_and_shown_once(
    customer: CustomerPage, sign_in: SignIn
) -> None:
    agent = sign_in()
    customer.say("First of all.")
    agent.open("First of all.")
    texts = [f"Sent and reloaded, number {number}." for number in range(4)]
    for text in texts:
        customer.say(text)
        customer.page.reload()
    customer.say("That was all.")
    each_is_there_once(customer, agent, [*texts, "That was all."])


@pytest.mark.parametrize("late", ["**/widget/v1/line.*.js", "**/livechat/visitors"])
def test_words_said_before_this_has_come_are_said_by_the_next_page(
    eyes: Eyes, sign_in: SignIn, late: str
) -> None:
    """The code that keeps them, or the session they need."""
    agent = sign_in()
    page = eyes.window()
    # Never answered, as on a slow network: the first page is left before it has come.
    page.route(late, lambda route: None)
    customer = CustomerPage(page)
    customer.visit()
    customer.open_chat()
    texts = ["Said and gone.", "And this.", "But hear me."]
    for text in texts[:2]:
        customer.say(text)
    customer.composer.fill("But hear me.")
    page.goto("about:blank")
    page.unroute(late)
    customer.visit()
    expect(customer.composer).to_have_value("But hear me.")
    customer.composer.press("Enter")
    agent.open("But hear me.")
    each_is_there_once(customer, agent, texts)


def test_what_is_written_without_a_network_is_sent_once_when_it_is_back(
    eyes: Eyes, customer: CustomerPage, sign_in: SignIn
) -> None:
    eyes.excuse_absence()
    agent = sign_in()
    customer.say("Before the tunnel.")
    agent.open("Before the tunnel.")
    context = customer.page.context
    context.set_offline(True)
    since_s = monotonic()
    customer.say("Inside the tunnel.")
    expect(customer.message("Inside the tunnel.", status="sending")).to_have_count(1)
    expect(customer.banner).to_be_visible()
    customer.say("Still inside.")
    agent.answer("Are you there?")
    # Not a wait for something: ten seconds without a network are what is tried here.
    customer.page.wait_for_timeout(max(0.0, since_s + OFFLINE_S - monotonic()) * 1_000)
    expect(customer.stored("Inside the tunnel.")).to_have_count(0)
    context.set_offline(False)
    expect(customer.banner).to_have_count(0, timeout=RECONNECT_PATIENCE_MS)
    each_is_there_once(
        customer,
        agent,
        ["Before the tunnel.", "Are you there?", "Inside the tunnel.", "Still inside."],
    )


def test_a_second_tab_shows_the_same_and_takes_over_when_the_first_is_closed(
    customer: CustomerPage, sign_in: SignIn
) -> None:
    agent = sign_in()
    customer.say("From the first tab.")
    agent.open("From the first tab.")
    second = customer.another_tab()
    expect(second.stored("From the first tab.")).to_have_count(1)
    second.say("From the second tab.")
    each_is_there_once(customer, agent, ["From the first tab.", "From the second tab."])
    agent.answer("I see both.")
    expect(second.message("I see both.")).to_have_count(1)
    customer.page.close()
    second.say("The first one is gone.")
    each_is_there_once(
        second, agent, ["From the second tab.", "I see both.", "The first one is gone."]
    )


def test_a_killed_edge_costs_neither_a_message_nor_what_is_being_typed(
    eyes: Eyes, installation: Up, customer: CustomerPage, sign_in: SignIn
) -> None:
    eyes.excuse_absence()
    agent = sign_in()
    customer.say("Before the crash.")
    agent.open("Before the crash.")
    customer.composer.press_sequentially("Half a sen")
    agent.reply.press_sequentially("Hm, ")
    killed = installation.kill9("edge")
    expect(customer.banner).to_be_visible()
    customer.composer.press_sequentially("tence.")
    customer.composer.press("Enter")
    expect(customer.message("Half a sentence.")).to_have_count(1)
    eventually(lambda: installation.pids("edge") != [killed])
    expect(customer.banner).to_have_count(0, timeout=RECONNECT_PATIENCE_MS)
    expect(customer.stored("Half a sentence.")).to_have_count(1, timeout=RECONNECT_PATIENCE_MS)
    agent.reply.press_sequentially("that was quick.")
    agent.reply.press("Enter")
    each_is_there_once(
        customer, agent, ["Before the crash.", "Half a sentence.", "Hm, that was quick."]
    )
