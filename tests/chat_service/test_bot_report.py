"""The report on bots: whom they helped, handed over, left, and saw again."""

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service.bot_report import Figures, reasons_of
from chat_service.bot_tally import Tally
from chat_service.jobs import Tools
from chat_service.settings import ConductorSettings
from chat_service.store.bot_report import Stretches
from chorus import metrics
from chorus.ids import uuid7
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Api, Tenant, codes
from tests.chat_service.test_properties import another

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAYS = "from=2026-03-01&to=2026-03-03"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZEROS = {"answered": 0, "resolved": 0, "handedOff": 0, "toPerson": 0, "open": 0, "left": 0, "reopened": 0}  # fmt: skip


@dataclass(slots=True)
class Talk:
    """A conversation that is written down line by line, each a minute after the one before."""

    api: Api
    tenant: Tenant
    bot_id: UUID
    id: UUID
    at: datetime
    seq: int = 0
    last: dict[str, Any] = field(default_factory=dict)

    async def say(self, role: str, content: str = "…", **columns: Any) -> "Talk":
        self.seq, self.at = self.seq + 1, self.at + timedelta(minutes=1)
        row = {
            "conversation_id": self.id,
            "seq": self.seq,
            "id": uuid7(),
            "tenant_id": self.tenant.id,
            "role": role,
            "content": content,
            "created_at": self.at,
            **columns,
        }
        places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        await self.api.rows(
            f"INSERT INTO messages ({', '.join(row)}) VALUES ({places})", *row.values()
        )
        return self

    async def bot(self, action: str = "answer", content: str = "…", **columns: Any) -> "Talk":
        marked: dict[str, Any] = {"action": action, "id": str(self.bot_id)}
        if action == "answer":
            marked["citations"] = []
        payload = orjson.dumps({"meta": {"bot": marked}}).decode()
        return await self.say("bot", content, payload=payload, **columns)

    async def session(self, source: str, **columns: Any) -> "Talk":
        self.at += timedelta(minutes=1)
        by = self.bot_id if source == "bot" else self.tenant.contact
        row = {
            "id": uuid7(),
            "tenant_id": self.tenant.id,
            "conversation_id": self.id,
            "status": "ended",
            "source": source,
            "requested_by": by,
            "requested_at": self.at,
            "ended_at": self.at,
            **columns,
        }
        places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
        await self.api.rows(
            f"INSERT INTO live_chat_sessions ({', '.join(row)}) VALUES ({places})", *row.values()
        )
        return self


@dataclass(frozen=True, slots=True)
class Desk:
    """A tenant with a bot."""

    api: Api
    tenant: Tenant
    bot_id: UUID

    async def talk(self, at: datetime = NOON, **columns: Any) -> Talk:
        id_ = await another(self.api, self.tenant, created_at=at, **columns)
        return await Talk(self.api, self.tenant, self.bot_id, id_, at).say("customer")

    async def figures(self, query: str = "") -> dict[str, Any]:
        answer = await call(
            self.api, self.tenant, "GET", f"/reports/bot?{DAYS}{query}", who="supervisor"
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def counted(self, query: str = "") -> dict[str, int]:
        """What is not zero of the total."""
        total = (await self.figures(query))["total"]
        return {name: total[name] for name in ("conversations", *ZEROS) if total[name]}


async def make_bot(api: Api, tenant: Tenant, name: str) -> UUID:
    id_ = uuid7()
    await api.rows("INSERT INTO bots (id, tenant_id, name) VALUES ($1, $2, $3)", id_, tenant.id, name)  # fmt: skip
    return id_


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


@dataclass(slots=True)
class Watch:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


def outcomes() -> tuple[float, float]:
    counter = metrics.bot_outcomes_total
    return counter.labels("resolved")._value.get(), counter.labels("reopened")._value.get()


async def test_what_came_of_stretches_is_counted_once_when_it_shows(desk: Desk) -> None:
    # All tenants are counted, and nobody else has been there yet.
    noon = NOON.replace(year=2031)
    await (await desk.talk(noon)).bot()
    back = await (await desk.talk(noon)).bot()
    back.at += 2 * DAY
    await back.say("customer", "Me again")
    watch, before = Watch(noon), outcomes()
    system = desk.api.resources.system
    settings = ConductorSettings.model_validate({})
    tally = Tally(Tools(system, desk.api.resources.redis, settings, watch))
    told = []
    for watch.at in (noon, noon + DAY, noon + DAY + HOUR, noon + DAY + HOUR, noon + 8 * DAY):
        await tally.step()
        resolved, reopened = outcomes()
        told.append((resolved - before[0], reopened - before[1]))
    assert told == [(0, 0), (0, 0), (2, 0), (2, 0), (2, 1)]


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
