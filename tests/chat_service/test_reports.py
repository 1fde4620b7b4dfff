"""The report on handoff: what is counted, by what, for whom, and how fast."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from chat_service.report_figures import read_span
from chat_service.reports import read_targets
from chat_service.store import reports as store
from chorus.ids import uuid7
from chorus.settings import BadSettings
from tests.chat_service.api_world import Api, Tenant, codes
from tests.chat_service.handoff_world import make_queue
from tests.chat_service.ingest_world import superuser, system_db

pytestmark = pytest.mark.anyio

ASKED_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
RANGE = {"from": "2026-03-01", "to": "2026-03-03"}
SESSION = """
INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status, queue_id, agent_id,
    requested_at, queued_at, offered_at, accepted_at, ended_at, end_reason, sla_due_at,
    promised_eta_s, deferred_at, rating)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
MANY = 200_000


class History:
    """Sessions of the past, as the rows that handoff leaves behind."""

    def __init__(self, api: Api, tenant: Tenant, queue_id: UUID) -> None:
        self.api = api
        self.tenant = tenant
        self.queue_id = queue_id

    async def answered(self, wait_s: int, handle_s: int, **columns: Any) -> UUID:
        at = columns.get("requested_at", ASKED_AT)
        accepted_at = at + timedelta(seconds=wait_s)
        story = {
            "status": "ended",
            "agent_id": self.tenant.agent,
            "offered_at": at,
            "accepted_at": accepted_at,
            "ended_at": accepted_at + timedelta(seconds=handle_s),
            "end_reason": "resolved",
        }
        return await self.add(**story | columns)

    async def gone(self, after_s: int, **columns: Any) -> UUID:
        ended_at = ASKED_AT + timedelta(seconds=after_s)
        story = {"status": "ended", "ended_at": ended_at, "end_reason": "customer_gone"}
        return await self.add(**story | columns)

    async def add(self, **columns: Any) -> UUID:
        row: dict[str, Any] = {
            "id": uuid7(),
            "tenant_id": self.tenant.id,
            "conversation_id": self.tenant.conversation,
            "status": "queued",
            "queue_id": self.queue_id,
            "agent_id": None,
            "requested_at": ASKED_AT,
            "queued_at": ASKED_AT,
            "offered_at": None,
            "accepted_at": None,
            "ended_at": None,
            "end_reason": None,
            "sla_due_at": None,
            "promised_eta_s": None,
            "deferred_at": None,
            "rating": None,
        } | columns
        await self.api.rows(SESSION, *row.values())
        session_id: UUID = row["id"]
        return session_id

    async def offered(self, session_id: UUID, state: str) -> None:
        await self.api.rows(
            "INSERT INTO session_offers (id, tenant_id, session_id, conversation_id, agent_id,"
            " state, offered_at, deadline_at, settled_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7)",
            uuid7(),
            self.tenant.id,
            session_id,
            self.tenant.conversation,
            self.tenant.agent,
            state,
            ASKED_AT,
        )


@pytest.fixture
async def history(api: Api, acme: Tenant) -> History:
    queue = await make_queue(api.database_url, acme, members=[acme.agent], is_default=True)
    return History(api, acme, queue)


async def read(api: Api, tenant: Tenant, who: str = "supervisor", **query: Any) -> Any:
    return await api.client.get(
        "/reports/escalation", params=RANGE | query, headers=api.token(tenant.principal(who))
    )


async def total(api: Api, tenant: Tenant) -> Any:
    answer = await read(api, tenant)
    assert answer.status_code == 200, answer.text
    return answer.json()["total"]


async def test_who_was_claimed_by_hand_has_passed_every_step_and_who_waits_none_of_the_last(
    api: Api, acme: Tenant, history: History
) -> None:
    await history.answered(20, 300, offered_at=None)
    await history.answered(20, 300, queued_at=None, offered_at=None)
    await history.add(status="deferred", deferred_at=ASKED_AT)
    await history.gone(90)
    found = await total(api, acme)
    steps = [found["funnel"][one] for one in ("requested", "queued", "offered", "accepted")]
    assert steps == [4, 4, 2, 2]
    assert (found["apart"]["waiting"], found["successRate"]) == (1, 0.6667)


async def test_the_funnel_leaves_those_apart_who_changed_their_mind(
    api: Api, acme: Tenant, history: History
) -> None:
    await history.answered(20, 300, rating=5)
    await history.answered(40, 600, end_reason="returned_to_bot")
    await history.gone(90)
    await history.add(status="cancelled", ended_at=ASKED_AT, end_reason="cancelled_by_customer")
    await history.add(status="failed", ended_at=ASKED_AT, end_reason="failed")
    await history.answered(0, 60, queued_at=None, offered_at=None)
    found = await total(api, acme)
    assert found["funnel"] == {
        "requested": 4,
        "queued": 4,
        "offered": 2,
        "accepted": 2,
        "resolved": 1,
        "rated": 1,
    }
    assert found["apart"] == {
        "cancelled": 1,
        "unasked": 1,
        "deferred": 0,
        "abandoned": 1,
        "failed": 1,
        "returnedToBot": 1,
        "waiting": 0,
    }
    assert (found["successRate"], found["abandonRate"]) == (0.5, 0.25)


async def test_waits_handle_times_and_promises_are_spread(
    api: Api, acme: Tenant, history: History
) -> None:
    for wait_s, handle_s, promised_s in ((10, 100, 20), (20, 200, 20), (60, 900, None)):
        await history.answered(wait_s, handle_s, promised_eta_s=promised_s)
    await history.gone(300)
    night = ASKED_AT - timedelta(hours=9)
    await history.answered(30_000, 50, requested_at=night, deferred_at=night)
    found = await total(api, acme)
    assert found["waitSeconds"] == {"p50": 20, "p90": 52, "max": 300}
    assert found["handleSeconds"]["p50"] == 150
    assert found["etaSeconds"] == {
        "promised": 2,
        "promisedMean": 20,
        "actualMean": 15,
        "late": {"p50": -5, "p90": -1},
    }
    assert found["apart"]["deferred"] == 1


async def test_the_service_level_counts_who_was_promised_a_time(
    api: Api, acme: Tenant, history: History
) -> None:
    due = ASKED_AT + timedelta(seconds=30)
    await history.answered(20, 60, sla_due_at=due)
    await history.answered(31, 60, sla_due_at=due)
    await history.gone(10, sla_due_at=due)
    await history.answered(500, 60)
    still = datetime.now(UTC) + timedelta(hours=1)
    await history.add(sla_due_at=still)
    found = await total(api, acme)
    assert found["serviceLevel"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["apart"]["waiting"] == 1


async def test_days_are_those_of_the_time_zone_and_none_is_left_out(
    api: Api, acme: Tenant, history: History
) -> None:
    await history.answered(5, 60, requested_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    await history.answered(5, 60, requested_at=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    for tz, counts in (("UTC", [1, 0, 0]), ("Europe/Vienna", [1, 1, 0])):
        answer = (await read(api, acme, tz=tz)).json()
        assert [one["day"] for one in answer["days"]] == ["2026-03-01", "2026-03-02", "2026-03-03"]
        assert [one["funnel"]["requested"] for one in answer["days"]] == counts
        assert (answer["from"], answer["to"], answer["tz"]) == ("2026-03-01", "2026-03-03", tz)


async def test_each_queue_has_its_line_and_can_be_asked_for_alone(
    api: Api, acme: Tenant, history: History
) -> None:
    other = await make_queue(api.database_url, acme, "billing", members=[])
    first = await history.answered(5, 60)
    await history.answered(7, 60, queue_id=other)
    await history.add(queue_id=None, queued_at=None, status="deferred", deferred_at=ASKED_AT)
    await history.offered(first, "declined")
    await history.offered(first, "accepted")
    whole = (await read(api, acme)).json()
    lines = {one["queue"]: one["funnel"]["requested"] for one in whole["queues"]}
    assert lines == {"billing": 1, "support": 1, None: 1}
    assert (
        whole["total"]["offers"] | {"made": 2, "accepted": 1, "declined": 1}
        == whole["total"]["offers"]
    )
    for named in ("billing", str(other)):
        alone = (await read(api, acme, queue=named)).json()
        assert (alone["queue"], alone["total"]["funnel"]["requested"]) == ("billing", 1)
        assert alone["total"]["offers"]["made"] == 0
    unknown = await read(api, acme, queue="sales")
    assert codes(unknown) == [(422, "UNKNOWN_QUEUE")]
    assert unknown.json()["queues"] == ["billing", "support"]


async def test_targets_say_what_was_met(api: Api, acme: Tenant, history: History) -> None:
    await history.answered(5, 1_000, rating=5)
    await history.answered(5, 1_000, rating=4)
    targets = {one["figure"]: one for one in (await read(api, acme)).json()["targets"]}
    assert targets["successRate"] == {
        "figure": "successRate",
        "bound": "min",
        "target": 0.95,
        "value": 1.0,
        "met": True,
    }
    assert targets["handleSeconds.p90"]["met"] is False
    assert (targets["csat.mean"]["value"], targets["csat.mean"]["met"]) == (4.5, True)


async def test_an_empty_range_is_zeros_and_nothing_measured(api: Api, rival: Tenant) -> None:
    answer = (await read(api, rival)).json()
    assert set(answer["total"]["funnel"].values()) == {0}
    assert answer["total"]["successRate"] is None
    assert answer["total"]["waitSeconds"] == {"p50": None, "p90": None, "max": None}
    assert answer["total"]["csat"] == {"mean": None, "count": 0}
    assert (answer["queues"], len(answer["days"])) == ([], 3)
    assert {one["met"] for one in answer["targets"]} == {None}


async def test_other_tenants_sessions_are_not_counted(
    api: Api, acme: Tenant, rival: Tenant, history: History
) -> None:
    session = await history.answered(5, 60)
    await history.offered(session, "accepted")
    found = await total(api, rival)
    assert (found["funnel"]["requested"], found["offers"]["made"]) == (0, 0)


async def test_only_those_who_lead_read_reports(api: Api, acme: Tenant) -> None:
    answers = [await read(api, acme, who) for who in ("agent", "contact", "supervisor", "admin")]
    assert [one.status_code for one in answers] == [403, 403, 200, 200]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-03-04"},
        {"from": "2025-11-01"},
        {"from": "yesterday"},
        {"to": "9999-12-31", "from": "9999-12-31"},
        {"tz": "Mars/Olympus"},
        {"format": "xml"},
        {"queue": "x" * 201},
    ],
)
async def test_what_cannot_be_reported_is_refused(
    api: Api, acme: Tenant, query: dict[str, str]
) -> None:
    assert codes(await read(api, acme, **query)) == [(422, "INVALID")]


async def test_csv_has_a_line_for_each_part_and_starts_no_formula(
    api: Api, acme: Tenant, history: History
) -> None:
    sly = await make_queue(api.database_url, acme, '=HYPERLINK("x")', members=[])
    await history.answered(5, 60, queue_id=sly, rating=4)
    token = api.token(acme.principal("admin"))
    asked = await api.client.get(
        "/reports/escalation", params=RANGE, headers=token | {"Accept": "text/csv"}
    )
    named = await read(api, acme, format="csv")
    assert asked.text == named.text
    assert asked.headers["content-type"].startswith("text/csv")
    assert "escalation-2026-03-01-2026-03-03.csv" in asked.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(asked.text)))
    assert [one["part"] for one in lines] == ["total", "queue", "day", "day", "day"]
    assert [one["funnel.accepted"] for one in lines] == ["1", "1", "0", "1", "0"]
    assert lines[1]["name"] == '\'=HYPERLINK("x")'
    assert (lines[0]["csat.mean"], lines[2]["csat.mean"]) == ("4.0", "")


async def test_a_rating_belongs_to_the_last_session_that_was_answered(
    api: Api, acme: Tenant, history: History
) -> None:
    first = await history.answered(5, 60)
    second = await history.answered(5, 60, requested_at=ASKED_AT + timedelta(hours=1))
    left = await history.gone(9, requested_at=ASKED_AT + timedelta(hours=2))
    for who, event, more in (("agent", "resolve", {}), ("contact", "rate", {"score": 3})):
        done = await api.client.post(
            f"/livechat/conversations/{acme.conversation}/commands",
            json={"event": event, "data": {"id": str(uuid7()), **more}},
            headers=api.token(acme.principal(who)),
        )
        assert done.status_code == 200, done.text
    rows = await api.rows("SELECT id, rating FROM live_chat_sessions WHERE tenant_id = $1", acme.id)
    assert {one["id"]: one["rating"] for one in rows} == {first: None, second: 3, left: None}


def test_targets_are_read_from_the_file_that_is_named(tmp_path: Path) -> None:
    shipped = read_targets(None)
    assert (shipped.success_rate_min, shipped.csat_mean_min) == (0.95, 4.5)
    own = tmp_path / "slo.json"
    own.write_text(
        json.dumps(
            {
                "escalation": {
                    "success_rate_min": 0.8,
                    "handle_time_p90_s_max": 60,
                    "csat_mean_min": 4,
                }
            }
        )
    )
    assert read_targets(own).handle_time_p90_s_max == 60


@pytest.mark.parametrize("written", [None, "", "[]", '{"escalation": {"csat_mean_min": "much"}}'])
def test_a_file_of_targets_that_says_nothing_stops_the_start(
    tmp_path: Path, written: str | None
) -> None:
    own = tmp_path / "slo.json"
    if written is not None:
        own.write_text(written)
    with pytest.raises(BadSettings, match="CHORUS_SLO_FILE"):
        read_targets(own)


@pytest.fixture
async def crowded(history: History) -> AsyncIterator[Tenant]:
    """A tenant with 200,000 sessions and as many offers in a hundred days."""
    async with superuser(history.api.database_url) as connection:
        # Their keys are right by making; checking 600,000 of them would be most of the test.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(
            "INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status, queue_id,"
            " agent_id, requested_at, queued_at, offered_at, accepted_at, ended_at, end_reason,"
            " sla_due_at, promised_eta_s, rating)"
            " SELECT gen_random_uuid(), $1, gen_random_uuid(), 'ended', $2, $3, at, at, at,"
            "  at + (n % 90) * interval '1 s', at + (300 + n % 900) * interval '1 s', 'resolved',"
            "  at + interval '60 s', n % 60, 1 + n % 5"
            " FROM generate_series(1, $5) n,"
            " LATERAL (SELECT $4::timestamptz - n * interval '43 s' AS at) asked",
            history.tenant.id,
            history.queue_id,
            history.tenant.agent,
            ASKED_AT,
            MANY,
        )
        await connection.execute(
            "INSERT INTO session_offers (id, tenant_id, session_id, conversation_id, agent_id,"
            " state, offered_at, deadline_at, settled_at)"
            " SELECT gen_random_uuid(), tenant_id, id, conversation_id, agent_id, 'accepted',"
            " offered_at, offered_at, offered_at FROM live_chat_sessions WHERE tenant_id = $1",
            history.tenant.id,
        )
        await connection.execute("ANALYZE live_chat_sessions, session_offers")
    yield history.tenant
    async with superuser(history.api.database_url) as connection:
        await connection.execute("SET session_replication_role = replica")
        for table in ("session_offers", "live_chat_sessions"):
            await connection.execute(f"DELETE FROM {table} WHERE tenant_id = $1", history.tenant.id)


async def test_a_week_of_many_sessions_is_read_by_an_index(api: Api, crowded: Tenant) -> None:
    now = datetime.now(UTC)
    week = read_span(ASKED_AT.date() - timedelta(days=6), ASKED_AT.date(), "UTC", now=now)
    cut = store.Cut(crowded.id, week.starts, week.until, None, now)
    async with system_db(api.database_url) as db, db.read(crowded.id) as session:
        for statement, index in (
            (store._SUMS, "live_chat_sessions_requested_idx"),
            (store._OFFERS, "session_offers_offered_idx"),
        ):
            explained = text(f"EXPLAIN {statement.text}")
            plan = "\n".join(await session.scalars(explained, cut.values() | {"now": now}))
            assert index in plan, plan
    quarter = await read(api, crowded, **{"from": "2025-12-01", "to": "2026-03-02"})
    assert quarter.status_code == 200, "a quarter of a year fits into the time of a statement"
    assert quarter.json()["total"]["funnel"]["accepted"] > 0.9 * MANY * 92 / 100
