"""Drafts on the server: one each for answers and notes, gone when sent, nobody else's to see."""

import asyncio
from typing import Any

import pytest

from chat_service import jobs
from chat_service.jobs import Tools
from chat_service.settings import ConductorSettings
from chorus.clock import SystemClock
from chorus.ids import uuid7
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Api, Tenant, codes, say

pytestmark = pytest.mark.anyio


def path(tenant: Tenant, mode: str = "") -> str:
    return f"/livechat/conversations/{tenant.conversation}/drafts{mode and '/' + mode}"


async def save(
    api: Api, tenant: Tenant, content: str, *, mode: str = "reply", who: str = "agent", **more: Any
) -> dict[str, Any]:
    body = {"content": content, **more}
    answer = await call(api, tenant, "PUT", path(tenant, mode), body, who=who)
    assert answer.status_code == 200, answer.text
    saved: dict[str, Any] = answer.json()
    return saved


async def kept(api: Api, tenant: Tenant, who: str = "agent") -> dict[str, str]:
    answer = await call(api, tenant, "GET", path(tenant), who=who)
    return {one["mode"]: one["content"] for one in answer.json()["items"]}


async def test_an_answer_and_a_note_are_kept_apart_for_each_agent(api: Api, acme: Tenant) -> None:
    named = str(acme.colleague)
    await save(api, acme, "Dear Kim")
    await save(api, acme, "angry again", mode="note", mentions=[named])
    await save(api, acme, "Hello", who="colleague")
    assert await kept(api, acme) == {"reply": "Dear Kim", "note": "angry again"}
    assert await kept(api, acme, "colleague") == {"reply": "Hello"}
    everywhere = (await call(api, acme, "GET", "/livechat/drafts", who="agent")).json()["items"]
    assert [(one["mode"], one["mentions"]) for one in everywhere] == [
        ("note", [named]),
        ("reply", []),
    ]


async def test_files_alone_are_a_draft(api: Api, acme: Tenant) -> None:
    files = [str(uuid7()), str(uuid7())]
    saved = await save(api, acme, "", attachments=files)
    assert (saved["content"], saved["attachments"]) == ("", files)
    assert await kept(api, acme) == {"reply": ""}


async def test_the_last_writer_wins_and_learns_that_it_was_not_alone(
    api: Api, acme: Tenant
) -> None:
    first = await save(api, acme, "one", version=0)
    second = await save(api, acme, "two", version=first["version"])
    elsewhere = await save(api, acme, "three", version=first["version"])
    said = [(one["version"], one["overwrote"]) for one in (first, second, elsewhere)]
    assert said == [(1, False), (2, False), (3, True)]
    assert await kept(api, acme) == {"reply": "three"}


async def test_of_many_windows_at_once_each_gets_a_version_of_its_own(
    api: Api, acme: Tenant
) -> None:
    saved = await asyncio.gather(*(save(api, acme, f"draft {n}") for n in range(8)))
    assert sorted(one["version"] for one in saved) == list(range(1, 9))
    last = max(saved, key=lambda one: one["version"])
    assert await kept(api, acme) == {"reply": last["content"]}


async def test_what_is_sent_is_no_draft_any_more_and_the_other_mode_stays(
    api: Api, acme: Tenant
) -> None:
    await save(api, acme, "Dear K")
    await save(api, acme, "look into it", mode="note")
    await say(api, acme.principal("colleague"), acme.conversation, "a note", visibility="agents")
    assert set(await kept(api, acme)) == {"reply", "note"}
    sent = await say(api, acme.principal("agent"), acme.conversation, "Dear Kim")
    assert await kept(api, acme) == {"note": "look into it"}
    late = await save(api, acme, "Dear K", seq=sent["seq"] - 1)
    assert late["version"] == 2
    assert await kept(api, acme) == {"note": "look into it"}
    await save(api, acme, "And another thing", version=0, seq=sent["seq"])
    assert await kept(api, acme) == {"note": "look into it", "reply": "And another thing"}


async def test_a_draft_is_thrown_away_once_or_twice(api: Api, acme: Tenant) -> None:
    await save(api, acme, "never mind")
    for _ in range(2):
        gone = await call(api, acme, "DELETE", path(acme, "reply"), who="agent")
        assert gone.status_code == 204
    assert await kept(api, acme) == {}


async def test_what_is_no_draft_is_refused_with_the_field(api: Api, acme: Tenant) -> None:
    for wrong in (
        {"content": ""},
        {"content": "x" * 16_385},
        {"content": "é" * 9_000},
        {"content": 5},
        {"content": "x", "version": -1},
        {"content": "x", "mentions": ["me"]},
        {"content": "x", "colour": "red"},
        {},
    ):
        answer = await call(api, acme, "PUT", path(acme, "reply"), wrong, who="agent")
        assert codes(answer) == [(422, "INVALID")], wrong
    assert (await call(api, acme, "PUT", path(acme, "shout"), {"content": "x"})).status_code == 404
    assert await kept(api, acme) == {}


async def test_a_draft_is_nobody_elses(api: Api, acme: Tenant, rival: Tenant) -> None:
    await save(api, acme, "secret")
    body = {"content": "x"}
    answers = [
        await call(api, rival, "GET", path(acme), who="agent"),
        await call(api, rival, "PUT", path(acme, "reply"), body, who="agent"),
        await call(api, rival, "DELETE", path(acme, "reply"), who="agent"),
        await call(api, acme, "GET", path(acme).replace(str(acme.conversation), str(uuid7()))),
    ]
    assert codes(*answers) == [(404, "NOT_FOUND")] * 4
    by_customer = await call(api, acme, "GET", path(acme), who="contact")
    assert codes(by_customer) == [(403, "FORBIDDEN")]
    assert await kept(api, acme) == {"reply": "secret"}


async def test_who_was_shut_out_keeps_nothing(api: Api, acme: Tenant) -> None:
    await api.rows("UPDATE agents SET disabled_at = now() WHERE id = $1", acme.agent)
    answer = await call(api, acme, "PUT", path(acme, "reply"), {"content": "x"}, who="agent")
    assert codes(answer) == [(403, "FORBIDDEN")]


async def test_the_night_forgets_what_was_sent_and_what_nobody_came_back_to(
    api: Api, acme: Tenant
) -> None:
    await save(api, acme, "sent")
    await save(api, acme, "old", mode="note")
    await save(api, acme, "kept", who="colleague")
    await say(api, acme.principal("agent"), acme.conversation, "sent")
    await api.rows(
        "UPDATE drafts SET updated_at = now() - interval '91 days'"
        " WHERE tenant_id = $1 AND mode = 'note'",
        acme.id,
    )
    settings = ConductorSettings.model_validate({})
    tools = Tools(api.resources.system, api.resources.redis, settings, SystemClock())
    await jobs.schedule_daily(tools.db, tools.clock.now())
    await jobs.run_all_due(tools, jobs.UPKEEP, limit=1)
    rows = await api.rows("SELECT content FROM drafts WHERE tenant_id = $1", acme.id)
    assert [row["content"] for row in rows] == ["kept"]
