"""The live board and the reports beside the one on handoff: what is counted, for whom, as what."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat_service import search_index
from chorus.ids import uuid7
from tests.chat_service.admin_world import QUEUES, call, joined, make, stand
from tests.chat_service.api_world import Api, Tenant, codes, say
from tests.chat_service.test_properties import another

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAYS = "from=2026-03-01&to=2026-03-03"


async def read(api: Api, tenant: Tenant, path: str, *, who: str = "supervisor") -> Any:
    answer = await call(api, tenant, "GET", f"/reports/{path}", who=who)
    assert answer.status_code == 200, answer.text
    return answer


async def test_the_board_shows_who_waits_who_is_there_and_what_the_bot_has(
    api: Api, acme: Tenant
) -> None:
    queue = await make(api, acme, "support", isDefault=True)
    await joined(api, acme, f"{QUEUES}/{queue}", acme.agent, acme.colleague)
    longest = await stand(api, acme, queue, "queued")
    for state in ("queued", "active", "deferred"):
        await stand(api, acme, queue, state)
    await another(api, acme, floor_holder="bot")
    await api.rows(
        "UPDATE live_chat_sessions SET requested_at = now() - interval '90 s',"
        " sla_due_at = now() - interval '5 s' WHERE conversation_id = $1",
        longest,
    )
    found = (await read(api, acme, "live")).json()
    total = found["total"]
    assert {name: total[name] for name in ("waiting", "late", "deferred", "active", "bot")} == {
        "waiting": 2,
        "late": 1,
        "deferred": 1,
        "active": 1,
        "bot": 1,
    }
    assert total["longestWaitSeconds"] >= 90
    (line,) = found["queues"]
    assert (line["name"], line["waiting"], line["late"], line["members"]) == ("support", 2, 1, 2)
    first = found["longest"][0]
    assert (first["conversationId"], first["late"], first["queue"]) == (
        str(longest),
        True,
        "support",
    )
    busy = {one["name"]: (one["load"], one["capacity"]) for one in found["agents"]}
    assert busy["Agent"] == (1, 5)
    assert sum(found["presence"].values()) == len(found["agents"]) == 4


async def test_the_board_and_reports_are_for_supervisors_and_of_one_tenant(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    await another(api, acme, created_at=NOON)
    for path in ("live", "volume", "csat", "agents"):
        for who in ("agent", "contact"):
            refused = await call(api, acme, "GET", f"/reports/{path}", who=who)
            assert codes(refused) == [(403, "FORBIDDEN")], path
    found = (await read(api, rival, f"volume?{DAYS}")).json()
    assert found["total"]["opened"] == 0
    for wrong in ("from=2026-03-03&to=2026-03-01", "tz=Mars/Olympus", "from=yesterday", "format=x"):
        refused = await call(api, acme, "GET", f"/reports/volume?{wrong}")
        assert codes(refused) == [(422, "INVALID")], wrong


async def test_volume_counts_by_day_of_the_zone_by_inbox_and_hour(api: Api, acme: Tenant) -> None:
    late = NOON.replace(hour=23, minute=30)
    await another(api, acme, created_at=NOON)
    closed = NOON + timedelta(days=1)
    await another(api, acme, created_at=late, status="closed", closed_at=closed)
    await another(api, acme, created_at=NOON - timedelta(days=30))
    utc = (await read(api, acme, f"volume?{DAYS}")).json()
    assert [(one["opened"], one["closed"]) for one in utc["days"]] == [(0, 0), (2, 0), (0, 1)]
    assert (utc["hours"][0][12], utc["hours"][0][23]) == (1, 1)
    vienna = (await read(api, acme, f"volume?{DAYS}&tz=Europe/Vienna")).json()
    assert [one["opened"] for one in vienna["days"]] == [0, 1, 1]
    assert (vienna["hours"][0][13], vienna["hours"][1][0]) == (1, 1)
    assert [(one["inbox"], one["opened"], one["closed"]) for one in utc["inboxes"]] == [
        ("Web", 2, 1)
    ]


async def test_volume_counts_messages_and_how_long_the_first_reply_took(
    api: Api, acme: Tenant
) -> None:
    await say(api, acme.principal("contact"), acme.conversation)
    await say(api, acme.principal("agent"), acme.conversation, "psst", visibility="agents")
    await say(api, acme.principal("agent"), acme.conversation, "Hi")
    await search_index.index_all(api.resources.system)
    await api.rows(
        "UPDATE message_search SET at = at + interval '40 s'"
        " WHERE tenant_id = $1 AND role = 'agent' AND visibility = 'public'",
        acme.id,
    )
    found = (await read(api, acme, "volume")).json()
    assert found["total"]["messages"] == {"customer": 1, "agent": 1, "bot": 0, "note": 1}
    assert found["replied"] == 1
    assert 40 <= found["firstReplySeconds"]["p50"] < 60
    table = list(csv.DictReader(io.StringIO((await read(api, acme, "volume?format=csv")).text)))
    assert len(table) == 30
    assert (table[-1]["opened"], table[-1]["messages.note"]) == ("1", "1")


async def rated(api: Api, tenant: Tenant, score: int, comment: str | None, **session: Any) -> None:
    conversation = await another(
        api,
        tenant,
        status="closed",
        closed_at=NOON,
        csat_score=score,
        csat_comment=comment,
    )
    if session:
        await api.rows(
            "INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status, agent_id,"
            " requested_at, accepted_at, ended_at, end_reason, rating)"
            " VALUES ($1, $2, $3, 'ended', $4, $5, $5, $6, 'resolved', $7)",
            uuid7(),
            tenant.id,
            conversation,
            session["agent_id"],
            NOON,
            NOON + timedelta(seconds=session["took_s"]),
            score,
        )


async def test_ratings_by_score_day_and_agent_with_what_was_written(api: Api, acme: Tenant) -> None:
    await rated(api, acme, 5, "=cmd()", agent_id=acme.agent, took_s=60)
    await rated(api, acme, 2, None, agent_id=acme.agent, took_s=120)
    await rated(api, acme, 4, "fine")
    found = (await read(api, acme, f"csat?{DAYS}")).json()
    assert found["total"] == {
        "count": 3,
        "mean": 3.667,
        "scores": {"1": 0, "2": 1, "3": 0, "4": 1, "5": 1},
    }
    assert [one["count"] for one in found["days"]] == [0, 3, 0]
    assert {one["agent"]: (one["count"], one["mean"]) for one in found["agents"]} == {
        "Agent": (2, 3.5),
        None: (1, 4),
    }
    assert sorted(one["comment"] for one in found["comments"]) == ["=cmd()", "fine"]
    table = list(
        csv.DictReader(io.StringIO((await read(api, acme, f"csat?{DAYS}&format=csv")).text))
    )
    assert {one["comment"] for one in table} == {"'=cmd()", "", "fine"}


async def test_what_an_agent_did(api: Api, acme: Tenant) -> None:
    await rated(api, acme, 5, None, agent_id=acme.agent, took_s=60)
    await rated(api, acme, 4, None, agent_id=acme.agent, took_s=120)
    found = (await read(api, acme, f"agents?{DAYS}")).json()["agents"]
    assert [one["agent"] for one in found] == ["Admin", "Agent", "Colleague", "Supervisor"]
    mine = found[1]
    assert (mine["accepted"], mine["resolved"], mine["csatMean"]) == (2, 2, 4.5)
    assert mine["handleSeconds"] == {"p50": 90.0, "p90": 114.0}
    table = list(
        csv.DictReader(io.StringIO((await read(api, acme, f"agents?{DAYS}&format=csv")).text))
    )
    assert table[1]["handleSeconds.p50"] == "90.0"
