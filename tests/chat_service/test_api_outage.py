"""PostgreSQL goes away and comes back: clear answers meanwhile, and nothing lost."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.chat_service.api_world import Api, make_tenant, message, messages_path, open_api
from tests.support.databases import fresh_database, make_template
from tests.support.servers import start_postgres

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_a_lost_database_is_said_and_the_same_id_is_taken_afterwards(
    tmp_path: Path, redis_url: str
) -> None:
    with start_postgres(tmp_path) as server:
        make_template(server.url)
        with fresh_database(server.url) as url:
            acme = await make_tenant(url, "acme")
            async with open_api(url, redis_url) as api:
                headers, body = api.token(acme.principal("contact")), message()
                path = messages_path(acme)
                assert (await _readiness(api, degraded=[]))["ready"]
                server.kill9()
                lost = await api.client.post(path, json=body, headers=headers)
                assert (lost.status_code, lost.json()["code"]) == (503, "UNAVAILABLE")
                await _readiness(api, degraded=["postgres"])
                server.restart()
                async with asyncio.timeout(20):
                    while True:
                        again = await api.client.post(path, json=body, headers=headers)
                        if again.status_code != 503:
                            break
                assert again.status_code == 201
                page = (await api.client.get(path, headers=headers)).json()
                assert [item["id"] for item in page["items"]] == [body["id"]]


async def _readiness(api: Api, *, degraded: list[str]) -> dict[str, Any]:
    """Ask until the process is ready, with exactly these dependencies lost."""
    async with asyncio.timeout(20):
        while True:
            answer = await api.client.get("/readyz")
            body: dict[str, Any] = answer.json()
            if answer.status_code == 200 and body["degraded"] == degraded:
                return body
