"""What a widget learns before anybody has said a word, and which pages learn it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from chat_service import attendance
from chat_service.attendance import look
from chat_service.routes.attachments import limits_of
from chorus.bus import open_redis
from chorus.clock import rfc3339
from chorus.presence import WATCH
from tests.chat_service.api_world import ORIGIN, Api, Tenant
from tests.chat_service.handoff_world import comes, make_queue

pytestmark = pytest.mark.anyio
NEVER = {"timezone": "Europe/Vienna", "week": {}}


async def asked(api: Api, key: str, origin: str | None = ORIGIN) -> httpx.Response:
    headers = {} if origin is None else {"Origin": origin}
    return await api.client.get("/widget/v1/config", params={"key": key}, headers=headers)


async def availability(api: Api, acme: Tenant) -> dict[str, Any]:
    found: dict[str, Any] = (await asked(api, acme.inbox_key)).json()["availability"]
    return found


async def test_the_widget_learns_its_inbox_and_nothing_else(api: Api, acme: Tenant) -> None:
    answer = await asked(api, acme.inbox_key)
    assert answer.json() == {
        "inbox": {"name": "Web", "channel": "web"},
        "tenant": acme.slug,
        "bot": None,
        "apiBase": "http://api.test",
        "wsBase": "ws://api.test",
        "settings": {},
        "availability": {"open": True, "opensAt": None, "staffed": None},
        "files": {"enabled": True, **limits_of(api.resources.settings)},
    }
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["cache-control"] == "public, max-age=10"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://shop.example.evil"])
async def test_a_page_that_may_not_use_the_inbox_can_read_that_it_may_not(
    api: Api, acme: Tenant, origin: str
) -> None:
    answer = await asked(api, acme.inbox_key, origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "may not use this inbox" in answer.json()["detail"]


async def test_an_origin_of_another_inbox_is_no_way_in(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    await api.rows(
        "UPDATE inboxes SET allowed_origins = '{https://rival.example}' WHERE id = $1",
        rival.inbox_id,
    )
    assert (await asked(api, rival.inbox_key, "https://rival.example")).status_code == 200
    assert (await asked(api, acme.inbox_key, "https://rival.example")).status_code == 403


async def test_a_wrong_key_and_a_disabled_inbox_are_told_alike_to_every_page(
    api: Api, acme: Tenant
) -> None:
    await api.rows("UPDATE inboxes SET state = 'disabled' WHERE id = $1", acme.inbox_id)
    answers = [
        await asked(api, key, "https://strange.example") for key in (acme.inbox_key, "pk_nope")
    ]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert {one.headers["access-control-allow-origin"] for one in answers} == {"*"}


async def test_the_hours_of_the_default_queue_are_those_of_an_inbox_without_one(
    api: Api, acme: Tenant
) -> None:
    opens = (datetime.now(UTC) + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    closes = opens + timedelta(hours=8)
    # A date, so that the hour is not open on the day that has begun already.
    hours = {
        "timezone": "UTC",
        "holidays": {
            f"{opens:%Y-%m-%d}": [[f"{opens:%H:%M}", f"{closes:%H:%M}"]],
        },
    }
    await make_queue(
        api.database_url, acme, members=[], is_default=True, hours=orjson.dumps(hours).decode()
    )
    assert await availability(api, acme) == {
        "open": False,
        "opensAt": rfc3339(opens),
        "staffed": False,
    }


async def test_an_inbox_goes_by_its_own_queue(api: Api, acme: Tenant) -> None:
    never = orjson.dumps(NEVER).decode()
    await make_queue(api.database_url, acme, members=[], is_default=True)
    own = await make_queue(api.database_url, acme, "night", members=[], hours=never)
    assert (await availability(api, acme))["open"] is True
    await api.rows("UPDATE inboxes SET queue_id = $1 WHERE id = $2", own, acme.inbox_id)
    found = await availability(api, acme)
    assert found == {"open": False, "opensAt": None, "staffed": False}


async def test_the_widget_learns_whether_somebody_of_its_queue_is_there(
    api: Api, acme: Tenant, redis_url: str
) -> None:
    await watched(redis_url)
    own = await make_queue(api.database_url, acme, members=[acme.agent, acme.colleague])
    await api.rows("UPDATE inboxes SET queue_id = $1 WHERE id = $2", own, acme.inbox_id)
    assert (await availability(api, acme))["staffed"] is False
    second = await make_queue(api.database_url, acme, "second", members=[acme.agent])
    await api.rows("UPDATE inboxes SET queue_id = $1 WHERE id = $2", second, acme.inbox_id)
    await comes(redis_url, acme, acme.agent)
    assert (await availability(api, acme))["staffed"] is True


async def test_who_chose_to_be_away_is_not_there(api: Api, acme: Tenant, redis_url: str) -> None:
    await watched(redis_url)
    own = await make_queue(api.database_url, acme, members=[acme.agent])
    await api.rows("UPDATE inboxes SET queue_id = $1 WHERE id = $2", own, acme.inbox_id)
    await comes(redis_url, acme, acme.agent)
    await api.rows("UPDATE agents SET status = 'busy', status_at = now() WHERE id = $1", acme.agent)
    assert (await availability(api, acme))["staffed"] is False


async def test_without_the_watcher_of_presence_nobody_is_called_absent(
    api: Api, acme: Tenant, redis_url: str
) -> None:
    async with open_redis(redis_url) as client:
        await client.delete(WATCH)
    own = await make_queue(api.database_url, acme, members=[acme.agent])
    await api.rows("UPDATE inboxes SET queue_id = $1 WHERE id = $2", own, acme.inbox_id)
    assert (await availability(api, acme))["staffed"] is None


async def test_a_crowd_of_pages_is_answered_by_one_look(
    api: Api, acme: Tenant, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await watched(redis_url)
    own = await make_queue(api.database_url, acme, members=[acme.agent])
    await api.rows("UPDATE inboxes SET queue_id = $1 WHERE id = $2", own, acme.inbox_id)
    looks = []

    async def counted(*asked: Any) -> bool | None:
        looks.append(asked)
        return await look(*asked)

    monkeypatch.setattr(attendance, "look", counted)
    found = await asyncio.gather(*(availability(api, acme) for _ in range(20)))
    assert {one["staffed"] for one in found} == {False}
    assert len(looks) <= 2


async def watched(redis_url: str) -> None:
    """Presence has been watched for long enough to know who is absent."""
    async with open_redis(redis_url) as client:
        await client.set(WATCH, "0 0")
