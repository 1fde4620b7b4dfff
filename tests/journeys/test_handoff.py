"""From "I want a person" to a rated conversation, through a whole installation of real processes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from launch.ws_client import ChatClient, NotDelivered
from load.stage import Stage
from tests.journeys.people import agrees, rows_of
from tests.journeys.shop import SEEN_S, Desk, Guest, Shop, open_shop

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def shop(installation: Stage) -> AsyncIterator[Shop]:
    """A shop whose queue two people serve; the expert can only be asked in person."""
    async with open_shop(installation, members=["agent", "colleague"], wrap_up_s=0) as opened:
        yield opened


async def offered(desks: list[Desk], session: str) -> Desk:
    """Wait until one of these is offered the session."""
    asked = {
        asyncio.ensure_future(
            one.client.wait_heard("offer", session=session, timeout_s=SEEN_S)
        ): one
        for one in desks
    }
    done, left = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    (first,) = [task for task in done if not task.exception()]
    return asked[first]


async def ask_for_a_person(guest: Guest, **wish: Any) -> str:
    """Ask, and wait until there is a place in a queue: that is told apart from the wish."""
    await guest.client.command("escalate", **wish)
    await guest.client.wait(partial(_was_placed, guest), timeout_s=SEEN_S)
    session: str = guest.handoffs()[-1]["session"]
    return session


def _was_placed(guest: Guest) -> bool:
    return any(one["state"] == "queued" for one in guest.handoffs())


async def said_by_bot(guest: Guest, count: int) -> None:
    def is_so() -> bool:
        said = [one for one in guest.client.log if one.data.get("role") == "bot"]
        return len(said) == count

    await guest.client.wait(is_so, timeout_s=SEEN_S)


def _shows(client: ChatClient, conv: UUID, events: int) -> bool:
    return len(client.log_of(conv)) >= events


async def same_for_all(shop: Shop, guest: Guest, desks: list[Desk]) -> None:
    """Every client shows what the database holds, without a hole."""
    rows = await rows_of(shop.on, guest.conversation_id)
    conv = guest.conversation_id
    for client in (guest.client, *(one.client for one in desks)):
        await client.wait(partial(_shows, client, conv, len(rows)), timeout_s=SEEN_S)
    agrees(guest.client.log, rows, is_agent=False)
    for one in desks:
        agrees(one.client.log_of(conv), rows, is_agent=True)


@dataclass(slots=True)
class Story:
    """Who is in it, and what is known of it so far."""

    shop: Shop
    guest: Guest
    desks: list[Desk]
    session: str = ""
    asked: list[Desk] = field(default_factory=list)
    """Whom the session was offered to, in order."""

    @property
    def conv(self) -> UUID:
        return self.guest.conversation_id

    @property
    def expert(self) -> Desk:
        return self.desks[-1]


async def begin(shop: Shop, *names: str) -> Story:
    """A customer, and agents at their desks who follow the conversation."""
    guest, desks = await shop.guest(), [await shop.desk(name) for name in names]
    await shop.seen_online(*desks)
    for desk in desks:
        desk.client.follow(guest.conversation_id)
    return Story(shop, guest, desks)


async def test_a_customer_is_handed_from_the_bot_to_agents_and_rates_them(shop: Shop) -> None:
    story = await begin(shop, "agent", "colleague", "expert")
    await _the_bot_answers_and_thinks_of_more(story)
    await _the_customer_asks_and_waits(story)
    await _one_declines_and_the_other_accepts(story)
    await _the_bot_is_late(story)
    await _it_is_handed_over_warmly(story)
    await _it_is_resolved_and_rated(story)
    await same_for_all(shop, story.guest, story.desks)
    assert [(one["state"], one["reason"]) for one in story.guest.handoffs()] == [
        ("requested", "asked"),
        ("queued", "placed"),
        ("offered", "routed"),
        ("queued", "declined"),
        ("offered", "routed"),
        ("active", "accepted"),
        ("offered", "transferred"),
        ("active", "accepted"),
        ("active", "transfer_done"),
        ("ended", "resolved"),
    ]
    _both_were_there_until_the_expert_spoke(story)
    await _is_recorded(shop, story.session, story.asked)
    await _is_explained(shop, story.session, story.asked[:2])


async def _the_bot_answers_and_thinks_of_more(story: Story) -> None:
    guest, bot = story.guest, story.shop.bot
    await guest.client.send("Where is my order?")
    await said_by_bot(guest, 1)
    bot.thinks.clear()
    await guest.client.send("Really?")
    await bot.until_thinking(story.conv)


async def _the_customer_asks_and_waits(story: Story) -> None:
    guest = story.guest
    story.session = await ask_for_a_person(guest, reason="my order")
    placed = next(one for one in guest.handoffs() if one["state"] == "queued")
    assert (placed["position"], placed["floor"]["holder"]) == (1, "bot")
    queued = await guest.client.wait_heard("queue", timeout_s=SEEN_S)
    assert queued["data"]["position"] == 1


async def _one_declines_and_the_other_accepts(story: Story) -> None:
    session = story.session
    first = await offered(story.desks, session)
    packet = first.offers()[0]["data"]["packet"]
    assert packet["reason"] == "my order" and packet["contact"]["name"] == "Vera"
    await _is_briefed(story, first, packet)
    await first.act("offer.decline", session=session)
    second = await offered([one for one in story.desks if one is not first], session)
    await second.act("offer.accept", session=session)
    told = await story.guest.told("active", reason="accepted")
    assert (told["agent"]["userId"], told["floor"]["holder"]) == (second.id, "human")
    with pytest.raises(NotDelivered, match="ALREADY_ASSIGNED"):
        await first.act("offer.accept", session=session)
    refused = [frame["data"] for frame in first.client.heard if frame["event"] == "nack"]
    assert refused[-1]["by"] == {"userId": second.id, "name": second.agent.name}
    story.asked = [first, second]
    assert story.expert not in story.asked


async def _is_briefed(story: Story, desk: Desk, packet: dict[str, Any]) -> None:
    """Whoever is asked knows what it is about before they say yes."""
    assert packet["summary"].startswith("About: Where is my order?")
    found = await story.shop.rest.call(
        "GET", f"/livechat/summary/{story.conv}", token=desk.agent.token
    )
    body, log = found["body"], story.guest.client.log
    assert found["text"] == packet["summary"]
    assert (body["issue"]["text"], body["issue"]["seqs"]) == ("Where is my order?", [1])
    assert body["status"] == "escalated"
    wish = next(one.seq for one in log if one.data.get("state") == "requested")
    assert found["uptoSeq"] >= wish > max(one.seq for one in log if one.content == "Really?")
    assert (found["fresh"], found["behind"]) == (True, 0)
    assert story.guest.handoffs()[-1]["state"] == "offered", "and nobody has said yes"


async def _the_bot_is_late(story: Story) -> None:
    """What it says under the floor it had is a suggestion, and void for the customer."""
    second = story.asked[-1]
    story.shop.bot.thinks.set()
    await second.client.wait(
        lambda: any(
            one.data.get("type") == "suggestion" for one in second.client.log_of(story.conv)
        ),
        timeout_s=SEEN_S,
    )


async def _it_is_handed_over_warmly(story: Story) -> None:
    second, expert, guest, conv = story.asked[-1], story.expert, story.guest, story.conv
    await second.client.send("Here I am.", conv=conv)
    await guest.client.send("At last!")
    to = {"agent": expert.id}
    await second.act("transfer", conv, to=to, mode="warm", note="knows all about it")
    await offered([expert], story.session)
    await second.client.send("My colleague knows more.", conv=conv)
    await expert.act("offer.accept", session=story.session)
    await second.client.send("I leave you to them.", conv=conv)
    await expert.client.send("It leaves tomorrow.", conv=conv)
    with pytest.raises(NotDelivered, match="ALREADY_ASSIGNED"):
        await second.client.send("One more thing", conv=conv)
    story.asked.append(expert)


async def _it_is_resolved_and_rated(story: Story) -> None:
    guest = story.guest
    await guest.client.send("Thank you!")
    with pytest.raises(NotDelivered, match="INVALID"):
        await guest.client.command("rate", score=1)
    await story.expert.act("resolve", story.conv)
    await guest.told("ended", reason="resolved")
    with pytest.raises(NotDelivered, match="CONVERSATION_CLOSED"):
        await guest.client.send("Hello?")
    await guest.client.command("rate", score=5, comment="quick")


def _both_were_there_until_the_expert_spoke(story: Story) -> None:
    log, (_, second, expert) = story.guest.client.log, story.asked
    came = [(one.data["userId"], one.data["change"]) for one in log if one.event == "participant"]
    assert came == [(second.id, "joined"), (expert.id, "joined"), (second.id, "left")]
    spoke = next(one.seq for one in log if one.content == "It leaves tomorrow.")
    left = next(one.seq for one in log if one.data.get("change") == "left")
    assert left == spoke - 1
    epochs = [one["floor"]["epoch"] for one in story.guest.handoffs()]
    assert epochs == sorted(epochs)


async def _is_recorded(shop: Shop, session: str, asked: list[Desk]) -> None:
    offers = await shop.rows(
        "SELECT agent_id, state FROM session_offers WHERE session_id = $1 ORDER BY offered_at",
        session,
    )
    states = ["declined", "accepted", "accepted"]
    assert [(str(one["agent_id"]), one["state"]) for one in offers] == [
        (desk.id, state) for desk, state in zip(asked, states, strict=True)
    ]
    (row,) = await shop.rows(
        "SELECT s.*, c.csat_score, c.csat_comment, c.status AS conversation_status"
        " FROM live_chat_sessions s JOIN conversations c ON c.id = s.conversation_id"
        " WHERE s.id = $1",
        session,
    )
    assert (row["status"], row["source"], row["reason"]) == ("ended", "widget", "my order")
    assert (str(row["agent_id"]), row["leaving_agent_id"]) == (asked[2].id, None)
    assert (row["conversation_status"], row["csat_score"], row["csat_comment"]) == (
        "closed",
        5,
        "quick",
    )
    moments = ["requested_at", "queued_at", "accepted_at", "started_at", "ended_at"]
    assert all(row[name] is not None for name in moments)


async def _is_explained(shop: Shop, session: str, asked: list[Desk]) -> None:
    found = await shop.rest.call(
        "GET", f"/livechat/sessions/{session}/decisions", token=asked[0].agent.token
    )
    chosen = [one for one in reversed(found["items"]) if one["chosen"] is not None]
    assert [one["chosen"] for one in chosen] == [desk.id for desk in asked]
    first, second = ({one["agentId"]: one for one in item["candidates"]} for item in chosen)
    assert all(first[desk.id]["eligible"] for desk in asked)
    assert second[asked[0].id]["refused"] == "excluded"


async def test_the_first_reply_of_whom_it_is_offered_to_accepts_also_when_handed_over(
    shop: Shop,
) -> None:
    story = await begin(shop, "agent", "expert")
    guest, conv, (agent, expert) = story.guest, story.conv, story.desks
    session = await ask_for_a_person(guest)
    await offered([agent], session)
    await agent.client.send("Hello", conv=conv)
    assert (await guest.told("active"))["reason"] == "first_reply"
    await agent.act("transfer", conv, to={"agent": expert.id}, mode="warm")
    await offered([expert], session)
    await expert.client.send("I take over", conv=conv)
    told = await guest.told("active", reason="transfer_done")
    assert told["agent"]["userId"] == expert.id
    reasons = [one["reason"] for one in guest.handoffs()]
    assert reasons[-3:] == ["transferred", "first_reply", "transfer_done"]
    gone = await expert.client.wait_heard("offer.rescinded", session=session, timeout_s=SEEN_S)
    assert gone["data"]["reason"] == "first_reply"
    with pytest.raises(NotDelivered, match="ALREADY_ASSIGNED"):
        await agent.client.send("Me too", conv=conv)
    await expert.act("return_to_bot", conv, note="all done")
    await guest.told("ended", reason="returned_to_bot")
    await guest.client.send("And now?")
    await said_by_bot(guest, 1)
    await same_for_all(shop, guest, story.desks)
