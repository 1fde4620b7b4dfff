"""A proxy that lets no WebSocket through: the chat goes on over plain HTTP."""

from collections.abc import Callable
from functools import partial

from playwright.sync_api import Request, WebSocketRoute, expect

from tests.browser.people import (
    RECONNECT_PATIENCE_MS,
    AgentPage,
    CustomerPage,
    Eyes,
    each_is_there_once,
)

SignIn = Callable[[], AgentPage]


def test_a_customer_whose_sockets_are_blocked_talks_over_the_event_stream(
    eyes: Eyes, sign_in: SignIn
) -> None:
    eyes.excuse_absence()
    customer = CustomerPage(eyes.window())
    refused: list[WebSocketRoute] = []
    asked: list[str] = []
    customer.page.route_web_socket("**/ws/**", partial(refuse, refused))
    customer.page.on("request", lambda request: asked.append(words_of(request)))
    customer.visit()
    customer.open_chat()
    customer.say("Can you hear me through the wall?")
    expect(customer.stored("through the wall?")).to_have_count(1, timeout=RECONNECT_PATIENCE_MS)

    agent = sign_in()
    agent.open("through the wall?")
    expect(customer.message("through the wall?", status="read")).to_have_count(1)
    agent.write_note("Behind a proxy.")
    agent.answer("Loud and clear.")
    expect(customer.stored("Loud and clear.")).to_have_count(1)
    expect(agent.message("Loud and clear.", status="read")).to_have_count(1)
    customer.say("Good.")
    customer.say("Two more, in order.")
    each_is_there_once(
        customer,
        agent,
        ["through the wall?", "Loud and clear.", "Good.", "Two more, in order."],
    )
    assert len(refused) >= 3
    assert any(words.startswith("GET") and "/events" in words for words in asked)


def refuse(refused: list[WebSocketRoute], socket: WebSocketRoute) -> None:
    socket.close(code=1006)
    refused.append(socket)


def words_of(request: Request) -> str:
    return f"{request.method} {request.url}"
