"""Whether a proposed reply was taken: told once, judged by the words that were sent, summed up by day."""

import asyncio
import csv
import io
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from bot.ports import Where
from chat_service import asking
from chorus.ids import uuid7
from tests.bot.asking import RETURNS, answering, assistant, known, propose
from tests.bot.world import QUESTION, Shop
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Tenant, codes, make_tenant, say
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.anyio
CHANGED = RETURNS.replace("30 days", "one month")
REPORT = "/reports/assist"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "TAKEN_S", PATIENCE_S)
    monkeypatch.setattr(asking, "ANSWER_MS", {"passages": 20_000, "replies": 20_000})
    monkeypatch.setattr("bot.asks.TELL_S", PATIENCE_S)


async def shown(shop: Shop, redis_url: str, *, times: int = 1) -> tuple[Where, list[str]]:
    """A conversation in which an agent was shown replies, so many times."""
    shelf, where = await known(shop, shop.tenant), await shop.open(floor="human")
    await shop.ask(where, QUESTION)
    async with answering(redis_url, assistant(shop, shelf).answer):
        found = [(await propose(shop, where)).json() for _ in range(times)]
    assert all(one["items"][0]["text"] == RETURNS for one in found)
    return where, [one["id"] for one in found]


async def reply(shop: Shop, where: Where, content: str, *, who: str = "agent", **more: Any) -> str:
    """Say something; whoever had the conversation has given it back."""
    free = "UPDATE conversations SET assignee_id = NULL, floor_holder = 'none' WHERE id = $1"
    await shop.api.rows(free, where.conversation_id)
    said = await say(shop.api, shop.tenant.principal(who), where.conversation_id, content, **more)
    return str(said["id"])


async def told(
    shop: Shop, where: Where, proposal: str, message: str, text: str = RETURNS, **by: Any
) -> Any:
    path = f"/livechat/conversations/{where.conversation_id}/assist/replies/{proposal}/taken"
    body, tenant = {"message": message, "text": text}, by.get("of", shop.tenant)
    return await call(shop.api, tenant, "PUT", path, body, who=by.get("who", "agent"))


async def reported(shop: Shop, *, of: Tenant | None = None, query: str = "") -> Any:
    found = await call(shop.api, of or shop.tenant, "GET", f"{REPORT}{query}", who="supervisor")
    assert found.status_code == 200, found.text
    return found.json()


def figures(shown: int, as_is: int = 0, changed: int = 0, replaced: int = 0) -> dict[str, Any]:
    counts = {"shown": shown, "asIs": as_is, "changed": changed, "replaced": replaced}
    return counts | {"share": round((as_is + changed) / shown, 4) if shown else None}


def counted() -> Counter[str]:
    """What the metric says by now."""
    names = [(a, b) for a in ("asked", "suggested") for b in ("shown", "as_is", "changed")]
    found = {
        f"{a} {b}": REGISTRY.get_sample_value("proposals_total", {"source": a, "outcome": b}) or 0
        for a, b in names
    }
    return Counter({name: int(value) for name, value in found.items()})


async def suggested(shop: Shop) -> tuple[Where, str, str]:
    """A conversation in which a bot proposed an answer by itself, and its id and text."""
    await shop.set_bot(mode="suggest")
    where = await shop.open(floor="human")
    await shop.ask(where, QUESTION)
    assert await shop.turn(where) == "suggested"
    ((id_, text),) = await shop.api.rows(
        "SELECT id, content FROM messages WHERE conversation_id = $1 AND message_type = $2",
        where.conversation_id, "suggestion",
    )  # fmt: skip
    return where, str(id_), text


async def test_what_was_sent_of_what_was_shown_is_told_once_and_summed_up(
    shop: Shop, redis_url: str
) -> None:
    before = counted()
    where, (first, second, third, _) = await shown(shop, redis_url, times=4)
    assert (await reported(shop))["total"] == figures(4)
    sent = [await reply(shop, where, one) for one in (f"Hi! {RETURNS}", CHANGED, "Let me look.")]
    answers = [
        await told(shop, where, proposal, message)
        for proposal, message in zip((first, second, third), sent, strict=True)
    ]
    outcomes = ["as_is", "changed", "replaced"]
    assert [one.json() for one in answers] == [
        {"outcome": outcome, "message": message, "dup": False}
        for outcome, message in zip(outcomes, sent, strict=True)
    ]
    found = await reported(shop)
    assert found["total"] == figures(4, 1, 1, 1)
    assert found["sources"] == {"asked": figures(4, 1, 1, 1), "suggested": figures(0)}
    assert [{**one, "day": ""} for one in found["days"] if one["shown"]] == [
        {"day": "", **figures(4, 1, 1, 1)}
    ]
    assert len(found["days"]) == 30
    assert counted() - before == {"asked shown": 4, "asked as_is": 1, "asked changed": 1}


async def test_the_first_message_stands_however_often_and_by_how_many_it_is_told(
    shop: Shop, redis_url: str
) -> None:
    where, (proposal,) = await shown(shop, redis_url)
    one, other = await reply(shop, where, RETURNS), await reply(shop, where, CHANGED)
    before = counted()
    tries = await asyncio.gather(*(told(shop, where, proposal, one) for _ in range(4)))
    assert sorted(found.json()["dup"] for found in tries) == [False, True, True, True]
    again = (await told(shop, where, proposal, other)).json()
    assert again == {"outcome": "as_is", "message": one, "dup": True}
    assert (await reported(shop))["total"] == figures(1, 1)
    assert counted() - before == {"asked as_is": 1}


async def test_only_ones_own_reply_to_the_customer_behind_it_takes_a_proposal(
    shop: Shop, redis_url: str
) -> None:
    shelf, where = await known(shop, shop.tenant), await shop.open(floor="human")
    await shop.ask(where, "Hello?")
    early = await reply(shop, where, RETURNS)
    await shop.ask(where, QUESTION)
    async with answering(redis_url, assistant(shop, shelf).answer):
        proposal = (await propose(shop, where)).json()["id"]
    elsewhere = await shop.open(floor="human")
    refused = [
        await told(shop, where, proposal, early),
        await told(shop, where, proposal, await reply(shop, where, RETURNS, visibility="agents")),
        await told(shop, where, proposal, await reply(shop, where, RETURNS, who="colleague")),
        await told(shop, where, proposal, await reply(shop, where, RETURNS, who="contact")),
        await told(shop, where, proposal, await reply(shop, elsewhere, RETURNS)),
        await told(shop, where, proposal, str(uuid7())),
        await told(shop, elsewhere, proposal, await reply(shop, elsewhere, RETURNS)),
        await told(shop, where, str(uuid7()), await reply(shop, where, RETURNS)),
    ]
    assert codes(*refused) == [(404, "NOT_FOUND")] * len(refused)
    wrong = await told(shop, where, proposal, await reply(shop, where, "x"), "Never proposed.")
    assert codes(wrong) == [(422, "INVALID")] and wrong.json()["field"] == "text"
    assert (await reported(shop))["total"] == figures(1)


async def test_whose_proposal_it_is_not_cannot_tell_of_it(shop: Shop, redis_url: str) -> None:
    where, (proposal,) = await shown(shop, redis_url)
    rival = await make_tenant(shop.api.database_url, "rival")
    theirs = await reply(shop, where, RETURNS, who="colleague")
    assert codes(
        await told(shop, where, proposal, theirs, who="colleague"),
        await told(shop, where, proposal, theirs, of=rival),
        await told(shop, where, proposal, theirs, who="contact"),
    ) == [(404, "NOT_FOUND"), (404, "NOT_FOUND"), (403, "FORBIDDEN")]
    assert (await reported(shop))["total"] == figures(1)
    assert (await reported(shop, of=rival))["total"] == figures(0)
    for who in ("agent", "contact"):
        refused = await call(shop.api, shop.tenant, "GET", REPORT, who=who)
        assert codes(refused) == [(403, "FORBIDDEN")]


async def test_where_nothing_was_proposed_nothing_is_counted(shop: Shop, redis_url: str) -> None:
    shelf, where = await known(shop, shop.tenant), await shop.open(floor="human")
    await shop.ask(where, "The purple thing hums at night")
    async with answering(redis_url, assistant(shop, shelf).answer):
        assert (await propose(shop, where)).json()["id"] is None
    assert (await reported(shop))["total"] == figures(0)


async def test_what_a_bot_suggests_by_itself_is_whoevers_takes_it_first(shop: Shop) -> None:
    before = counted()
    where, proposal, text = await suggested(shop)
    assert (await reported(shop))["sources"]["suggested"] == figures(1)
    theirs = await reply(shop, where, f"{text} Bye!", who="colleague")
    own = await reply(shop, where, text)
    taken = await told(shop, where, proposal, theirs, text, who="colleague")
    assert taken.json() == {"outcome": "as_is", "message": theirs, "dup": False}
    assert (await told(shop, where, proposal, own, text)).json()["message"] == theirs
    found = await reported(shop)
    assert found["sources"] == {"asked": figures(0), "suggested": figures(1, 1)}
    assert counted() - before == {"suggested as_is": 1}


async def test_what_is_no_suggestion_of_a_bot_is_none(shop: Shop) -> None:
    where = await shop.open(floor="human")
    await shop.ask(where, QUESTION)
    note = await reply(shop, where, RETURNS, visibility="agents")
    sent = await reply(shop, where, RETURNS)
    assert codes(await told(shop, where, note, sent)) == [(404, "NOT_FOUND")]


async def test_of_what_was_proposed_no_word_is_kept(shop: Shop, redis_url: str) -> None:
    where, (proposal,) = await shown(shop, redis_url)
    await told(shop, where, proposal, await reply(shop, where, RETURNS))
    ((row,),) = await shop.api.rows(
        "SELECT row_to_json(p)::text FROM proposals p WHERE id = $1", UUID(proposal)
    )
    assert not [word for word in ("return", "delivery", "free") if word in row.lower()]


async def test_the_report_is_a_table_as_well_by_day_and_source(shop: Shop, redis_url: str) -> None:
    empty = await call(shop.api, shop.tenant, "GET", f"{REPORT}?format=csv", who="admin")
    where, (proposal, _) = await shown(shop, redis_url, times=2)
    await told(shop, where, proposal, await reply(shop, where, CHANGED))
    await suggested(shop)
    answer = await call(shop.api, shop.tenant, "GET", f"{REPORT}?format=csv", who="admin")
    assert answer.text.splitlines()[:1] == empty.text.splitlines()
    assert "assist-" in answer.headers["content-disposition"]
    lines = [
        {name: value for name, value in one.items() if name != "day"}
        for one in csv.DictReader(io.StringIO(answer.text))
    ]
    assert lines == [
        {"source": "asked", "shown": "2", "asIs": "0", "changed": "1", "replaced": "0", "share": "0.5"},
        {"source": "suggested", "shown": "1", "asIs": "0", "changed": "0", "replaced": "0", "share": "0.0"},
    ]  # fmt: skip


async def test_it_counts_on_the_day_it_was_shown_in_the_zone_that_is_asked_for(
    shop: Shop, redis_url: str
) -> None:
    _, (proposal,) = await shown(shop, redis_url)
    await shop.api.rows(
        "UPDATE proposals SET shown_at = '2026-03-01 23:30:00+00' WHERE id = $1", UUID(proposal)
    )
    query = "?from=2026-03-01&to=2026-03-03"
    days = {
        zone: [one["shown"] for one in (await reported(shop, query=f"{query}&tz={zone}"))["days"]]
        for zone in ("UTC", "Europe/Berlin")
    }
    assert days == {"UTC": [1, 0, 0], "Europe/Berlin": [0, 1, 0]}
    wrong = await call(shop.api, shop.tenant, "GET", f"{REPORT}?tz=Mars/Olympus", who="admin")
    assert codes(wrong) == [(422, "INVALID")]
