"""The report on bots: whom they helped, handed over, left, and saw again."""

import csv
import io
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from chat_service.bot_report import Figures, reasons_of
from chat_service.store import upkeep
from chat_service.store.bot_report import Stretches
from chorus.ids import uuid7
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Api, Tenant, codes
from tests.chat_service.bot_desk import DAY, DAYS, HOUR, NOON, Desk, make_bot
from tests.chat_service.test_properties import another

pytestmark = pytest.mark.anyio
WRITTEN = """
UPDATE conversations c SET last_seq = m.seq FROM (
    SELECT conversation_id, max(seq) AS seq FROM messages WHERE tenant_id = $1 GROUP BY 1
) m WHERE c.id = m.conversation_id RETURNING c.id
"""


@pytest.fixture
async def desk(api: Api, acme: Tenant) -> Desk:
    return Desk(api, acme, await make_bot(api, acme, "Robin"))


async def test_an_answer_that_stands_for_a_day_has_resolved(desk: Desk) -> None:
    talk = await desk.talk()
    await talk.bot("clarify")
    await talk.say("customer")
    await talk.bot()
    assert await desk.counted() == {"conversations": 1, "answered": 1, "resolved": 1}


async def test_asking_back_and_offering_resolve_nothing(desk: Desk) -> None:
    await (await desk.talk()).bot("clarify")
    await (await desk.talk()).bot("offer")
    assert await desk.counted() == {"conversations": 2, "left": 2}


async def test_whoever_writes_on_and_hears_nothing_was_not_helped(desk: Desk) -> None:
    talk = await (await desk.talk()).bot()
    await talk.say("customer", "That is not what I asked")
    assert await desk.counted() == {"conversations": 1, "answered": 1, "left": 1}


async def test_a_handoff_is_counted_once_by_each_of_its_reasons(desk: Desk) -> None:
    talk = await (await desk.talk()).bot()
    await talk.session("bot", reason="angry, loop")
    await (await desk.talk()).session("bot", reason="asked")
    found = (await desk.figures())["total"]
    assert (found["conversations"], found["handedOff"], found["answered"]) == (2, 2, 1)
    assert found["handoffReasons"] == {"angry": 1, "loop": 1, "asked": 1}
    assert (found["handoffRate"], found["resolutionRate"]) == (1.0, 0.0)


@pytest.mark.parametrize("source", ["widget", "rule", "agent", "api"])
async def test_a_person_who_came_in_without_the_bot_is_no_success_of_it(
    desk: Desk, source: str
) -> None:
    talk = await (await desk.talk()).bot()
    await talk.session(source)
    assert await desk.counted() == {"conversations": 1, "answered": 1, "toPerson": 1}


async def test_a_person_a_day_later_takes_nothing_back(desk: Desk) -> None:
    talk = await (await desk.talk()).bot()
    talk.at += 2 * DAY
    await talk.session("agent")
    assert (await desk.counted())["resolved"] == 1


@pytest.mark.parametrize(("after", "found"), [(2 * DAY, 1), (6 * DAY, 1), (8 * DAY, 0)])
async def test_who_comes_back_within_a_week_has_reopened(
    desk: Desk, after: timedelta, found: int
) -> None:
    talk = await (await desk.talk()).bot()
    talk.at += after
    await talk.say("customer", "Me again")
    assert (await desk.figures())["total"]["reopened"] == found


async def test_a_new_conversation_of_the_same_customer_counts_as_coming_back(desk: Desk) -> None:
    closed = NOON + 2 * HOUR
    talk = await desk.talk(status="closed", closed_at=closed)
    await talk.bot()
    await another(desk.api, desk.tenant, created_at=closed + 3 * DAY)
    assert await desk.counted() == {"conversations": 1, "answered": 1, "resolved": 1, "reopened": 1}
    assert "reopened" not in await desk.counted("&reopenedWithin=2")
    assert (await desk.figures("&reopenedWithin=2"))["reopenedWithin"] == 2


async def test_after_a_day_of_silence_a_new_stretch_begins(desk: Desk) -> None:
    talk = await (await desk.talk()).bot()
    talk.at += timedelta(hours=23)
    await (await talk.say("customer")).bot()
    talk.at += timedelta(hours=25)
    await (await talk.say("customer")).bot()
    found = await desk.figures()
    assert [one["conversations"] for one in found["days"]] == [0, 1, 0]
    later = await call(
        desk.api, desk.tenant, "GET", "/reports/bot?from=2026-03-04&to=2026-03-04", who="admin"
    )
    assert later.json()["total"]["conversations"] == 1


async def test_what_is_not_over_is_open_until_it_is_closed(desk: Desk) -> None:
    now = datetime.now(UTC) - HOUR
    talk = await desk.talk(now)
    await talk.bot()
    path = "/reports/bot"
    found = (await call(desk.api, desk.tenant, "GET", path, who="supervisor")).json()["total"]
    assert (found["open"], found["resolved"], found["resolutionRate"]) == (1, 0, None)
    await desk.api.rows(
        "UPDATE conversations SET status = 'closed', closed_at = now() WHERE id = $1", talk.id
    )
    found = (await call(desk.api, desk.tenant, "GET", path, who="supervisor")).json()["total"]
    assert (found["open"], found["resolved"], found["resolutionRate"]) == (0, 1, 1.0)


async def test_long_reports_are_read_in_parts_that_fit_together(desk: Desk) -> None:
    for days in (0, 30, 31, 61, 62):
        await (await desk.talk(NOON + days * DAY)).bot()
    query = "/reports/bot?from=2026-03-02&to=2026-05-03"
    found = (await call(desk.api, desk.tenant, "GET", query, who="admin")).json()
    busy = [place for place, one in enumerate(found["days"]) if one["resolved"]]
    assert (len(found["days"]), busy) == (63, [0, 30, 31, 61, 62])


async def test_suggestions_that_were_sent_are_used_whatever_stands_around_them(desk: Desk) -> None:
    proposed = {"visibility": "agents", "message_type": "suggestion"}
    talk = await (await desk.talk()).bot("answer", "Within 30 days. ", **proposed)
    await talk.say("agent", "Hi Nora! Within 30 days. Ada", sender_id=desk.tenant.agent)
    talk = await (await desk.talk()).bot("answer", "It is free.", **proposed)
    await talk.say("agent", "It costs 5 EUR.", sender_id=desk.tenant.agent)
    found = (await desk.figures())["total"]
    assert found["suggestions"] == {"made": 2, "used": 1}
    assert found["conversations"] == 0


async def test_handoffs_go_with_the_messages_that_retention_takes(desk: Desk) -> None:
    kept, days = NOON + 20 * DAY, (datetime.now(UTC) - NOON).days - 10
    await (await desk.talk()).bot()
    await (await (await desk.talk()).bot()).session("bot", reason="asked")
    partly = await (await (await desk.talk()).bot()).session("bot", reason="asked")
    partly.at = kept
    await (await partly.bot()).session("bot", reason="angry")
    assert (await desk.figures())["total"]["handedOff"] == 2
    system = desk.api.resources.system
    for id_ in [row["id"] for row in await desk.api.rows(WRITTEN, desk.tenant.id)]:
        async with system.raw_transaction() as raw:
            await upkeep.delete_expired(raw, id_, days=days, limit=100)
    assert await desk.counted() == {}
    query = f"/reports/bot?from={kept.date()}&to={kept.date()}"
    found = (await call(desk.api, desk.tenant, "GET", query, who="admin")).json()["total"]
    assert (found["conversations"], found["handoffReasons"]) == (1, {"angry": 1})


async def test_a_table_of_days_without_bots_has_a_head(desk: Desk) -> None:
    query = f"/reports/bot?{DAYS}&format=csv"
    answers = [await call(desk.api, desk.tenant, "GET", query, who="admin")]
    await (await desk.talk()).bot()
    answers.append(await call(desk.api, desk.tenant, "GET", query, who="admin"))
    empty, full = (one.text.splitlines() for one in answers)
    assert empty == full[:1]


async def test_bots_are_told_apart_also_in_the_table(desk: Desk) -> None:
    wren = Desk(desk.api, desk.tenant, await make_bot(desk.api, desk.tenant, "=Wren"))
    await (await desk.talk()).bot()
    await (await (await wren.talk(NOON - DAY)).bot()).session("bot", reason="asked, angry")
    found = await desk.figures()
    assert {one["bot"]: one["conversations"] for one in found["bots"]} == {"Robin": 1, "=Wren": 1}
    answer = await call(
        desk.api, desk.tenant, "GET", f"/reports/bot?{DAYS}&format=csv", who="supervisor"
    )
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(one["day"], one["bot"], one["resolved"], one["handedOff"]) for one in lines] == [
        ("2026-03-01", "'=Wren", "0", "1"),
        ("2026-03-02", "Robin", "1", "0"),
    ]
    assert lines[0]["handoffReasons"] == "angry: 1, asked: 1"


async def test_messages_from_before_bots_were_named_belong_to_the_inboxes_bot(desk: Desk) -> None:
    await desk.api.rows(
        "UPDATE inboxes SET bot_id = $1 WHERE id = $2", desk.bot_id, desk.tenant.inbox_id
    )
    old = orjson.dumps({"meta": {"bot": {"action": "answer", "citations": []}}}).decode()
    await (await desk.talk()).say("bot", payload=old)
    odd = orjson.dumps({"meta": {"bot": {"id": "no id", "citations": []}}}).decode()
    await (await desk.talk()).say("bot", payload=odd)
    # A bot that comes by the API is not ours.
    await (await desk.talk()).say("bot")
    assert (await desk.counted())["resolved"] == 2


async def test_it_is_for_supervisors_and_of_one_tenant(desk: Desk, rival: Tenant) -> None:
    await (await desk.talk()).bot()
    for who in ("agent", "contact"):
        refused = await call(desk.api, desk.tenant, "GET", "/reports/bot", who=who)
        assert codes(refused) == [(403, "FORBIDDEN")]
    theirs = Desk(desk.api, rival, desk.bot_id)
    assert await theirs.counted() == {}
    for wrong in ("reopenedWithin=0", "reopenedWithin=31", "tz=Mars/Olympus"):
        refused = await call(desk.api, desk.tenant, "GET", f"/reports/bot?{wrong}", who="admin")
        assert codes(refused) == [(422, "INVALID")], wrong


def test_every_stretch_comes_to_one_thing() -> None:
    figures = Figures()
    figures.add(Stretches(uuid7(), 0, "", 9, 5, 0, 2, 1, 4, 1))
    figures.add(Stretches(uuid7(), 0, "asked", 3, 1, 3, 0, 0, 0, 0))
    assert figures.conversations == 12
    assert (figures.resolved, figures.handed_off, figures.to_person, figures.open, figures.left) == (4, 3, 2, 1, 2)  # fmt: skip
    assert (figures.reopen_rate, figures.resolution_rate) == (0.25, round(4 / 11, 4))


@pytest.mark.parametrize(
    ("spelled", "reasons"),
    [("angry, loop", ["angry", "loop"]), ("loop, loop", ["loop"]), ("", ["other"]), (" , ", ["other"])],
)  # fmt: skip
def test_reasons_are_read_as_they_were_written(spelled: str, reasons: list[str]) -> None:
    assert reasons_of(spelled) == reasons
