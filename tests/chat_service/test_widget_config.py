"""What a widget learns before anybody has said a word, and which pages learn it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from chorus.clock import rfc3339
from tests.chat_service.api_world import ORIGIN, Api, Tenant
from tests.chat_service.handoff_world import make_queue

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
        "apiBase": "http://api.test",
        "wsBase": "ws://api.test",
        "settings": {},
        "availability": {"open": True, "opensAt": None},
    }
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["cache-control"] == "public, max-age=60"


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
    assert await availability(api, acme) == {"open": False, "opensAt": rfc3339(opens)}


async def test_an_inbox_goes_by_its_own_queue(api: Api, acme: Tenant) -> None:
    never = orjson.dumps(NEVER).decode()
    await make_queue(api.database_url, acme, members=[], is_default=True)
    own = await make_queue(api.database_url, acme, "night", members=[], hours=never)
    assert (await availability(api, acme))["open"] is True
    await api.rows("UPDATE inboxes SET queue_id = $1 WHERE id = $2", own, acme.inbox_id)
    assert await availability(api, acme) == {"open": False, "opensAt": None}
