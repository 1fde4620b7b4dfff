"""The demo shop's own back end: it signs its customer in, closes its line, and does so for
developers only.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from chat_service import demo_shop
from chat_service.hours import read_hours
from tests.chat_service.api_world import ORIGIN, Api, Tenant, open_api
from tests.chat_service.handoff_world import make_queue
from tests.support.web_server import Answer, WebServer, web_server

pytestmark = pytest.mark.anyio
HOURS = {"timezone": "Europe/Vienna", "week": {"mon": [["08:00", "12:00"]]}}


@pytest.fixture
def elsewhere() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
async def dev(
    elsewhere: WebServer, acme: Tenant, api_database_url: str, redis_url: str
) -> AsyncIterator[Api]:
    issuer = {
        "name": demo_shop.ISSUER,
        "jwks_url": elsewhere.url("/jwks.json"),
        "audiences": ["chorus-visitor"],
    }
    told = orjson.dumps([issuer]).decode()
    async with open_api(api_database_url, redis_url, dev=True, issuers=told) as opened:
        data = opened.resources.settings.data
        (data / "run.json").write_bytes(orjson.dumps({"inbox_key": acme.inbox_key}))
        keys = await opened.client.get("/dev/demo/jwks.json")
        elsewhere.answers["/jwks.json"] = Answer(keys.content)
        yield opened


async def close(dev: Api, *, closed: bool) -> dict[str, Any]:
    answer = await dev.client.post("/dev/demo/hours", json={"closed": closed})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def hours_of(dev: Api, tenant: Tenant) -> Any:
    rows = await dev.rows("SELECT hours FROM queues WHERE tenant_id = $1", tenant.id)
    return rows[0]["hours"] and orjson.loads(rows[0]["hours"])


async def availability(dev: Api, tenant: Tenant) -> dict[str, Any]:
    answer = await dev.client.get("/widget/v1/config", params={"key": tenant.inbox_key})
    found: dict[str, Any] = answer.json()["availability"]
    return found


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/dev/demo.json"),
        ("GET", "/dev/demo/jwks.json"),
        ("POST", "/dev/demo/user"),
        ("POST", "/dev/demo/hours"),
    ],
)
async def test_it_exists_for_developers_only(api: Api, method: str, path: str) -> None:
    answer = await api.client.request(method, path, json={"closed": True})
    assert answer.status_code == 404


async def test_whom_the_shop_signed_in_is_verified_and_the_same_on_every_device(
    dev: Api, acme: Tenant
) -> None:
    sessions = []
    for _ in range(2):
        user = (await dev.client.post("/dev/demo/user")).json()
        asked = {
            "inboxKey": acme.inbox_key,
            "identityToken": user["token"],
            "traits": {"name": user["name"], "email": user["email"]},
        }
        answer = await dev.client.post("/livechat/visitors", json=asked, headers={"Origin": ORIGIN})
        assert answer.status_code == 201, answer.text
        sessions.append(answer.json())
    assert sessions[0]["contactId"] == sessions[1]["contactId"]
    assert sessions[0]["conversationId"] == sessions[1]["conversationId"]
    rows = await dev.rows(
        "SELECT c.name, c.verified, i.issuer, i.subject FROM contacts c"
        " JOIN contact_identities i ON i.contact_id = c.id WHERE c.tenant_id = $1",
        acme.id,
    )
    assert [tuple(row) for row in rows] == [
        ("Nora Lindqvist", True, "demo-shop", "customer-1042"),
    ]


async def test_what_the_shop_signed_nobody_types_over(dev: Api, acme: Tenant) -> None:
    user = (await dev.client.post("/dev/demo/user")).json()
    typed = {"name": "Mallory", "phone": "+43 1", "attributes": {"customer_number": 1, "size": 4}}
    for traits in (typed, {}):
        asked = {"inboxKey": acme.inbox_key, "identityToken": user["token"], "traits": traits}
        await dev.client.post("/livechat/visitors", json=asked, headers={"Origin": ORIGIN})
    (row,) = await dev.rows(
        "SELECT name, email, phone, attributes, signed FROM contacts WHERE verified"
        " AND tenant_id = $1",
        acme.id,
    )
    assert (row["name"], row["email"], row["phone"]) == (user["name"], user["email"], "+43 1")
    signed = orjson.loads(row["signed"])
    assert signed["attributes"] == {"customer_number": "customer-1042"}
    assert orjson.loads(row["attributes"]) == {"customer_number": "customer-1042", "size": 4}


async def test_a_shop_that_is_not_trusted_signs_nobody_in(
    acme: Tenant, api_database_url: str, redis_url: str
) -> None:
    async with open_api(api_database_url, redis_url, dev=True) as dev:
        run = dev.resources.settings.data / "run.json"
        run.write_bytes(orjson.dumps({"inbox_key": acme.inbox_key}))
        answer = await dev.client.post("/dev/demo/user")
    assert answer.status_code == 404
    assert "CHORUS_ISSUERS" in answer.json()["detail"]


async def test_closing_is_undone_to_the_letter(dev: Api, acme: Tenant) -> None:
    before = orjson.dumps(HOURS).decode()
    await make_queue(dev.database_url, acme, members=[], is_default=True, hours=before)
    # Twice, as by two tabs: the second must not take the closed hours for those from before.
    for _ in range(2):
        assert (await close(dev, closed=True))["closed"] is True
    shut = await availability(dev, acme)
    assert shut["open"] is False
    assert shut["opensAt"].endswith(":00:00.000Z")
    for _ in range(2):
        assert (await close(dev, closed=False))["closed"] is False
    assert await hours_of(dev, acme) == HOURS
    assert (await dev.client.get("/dev/demo.json")).json() == {
        "inboxKey": acme.inbox_key,
        "botInboxKey": None,
        "closed": False,
    }


async def test_a_line_that_was_always_open_is_so_again(dev: Api, acme: Tenant) -> None:
    await make_queue(dev.database_url, acme, members=[], is_default=True)
    await close(dev, closed=True)
    assert await hours_of(dev, acme) is not None
    await close(dev, closed=False)
    assert await hours_of(dev, acme) is None
    assert (await availability(dev, acme))["open"] is True


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("minute", [0, 59])
def test_it_is_closed_at_every_time_of_day_and_opens_within_two_hours(
    hour: int, minute: int
) -> None:
    now = datetime(2026, 3, 1, hour, minute, tzinfo=UTC)
    hours = read_hours(demo_shop.closed_now(now))
    assert hours is not None
    assert not hours.is_open(now)
    opens = hours.next_open(now)
    assert opens is not None
    assert timedelta(hours=1) < opens - now <= timedelta(hours=2)
