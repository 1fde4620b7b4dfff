"""While Redis is away, an agent reads what a conversation is about as ever: by rules, at once."""

from pathlib import Path

import pytest

from chorus.bus import open_redis
from tests.chat_service.api_world import make_tenant, open_api, say
from tests.chat_service.test_summaries import read
from tests.support.servers import start_redis

pytestmark = pytest.mark.anyio


async def test_while_redis_is_away_the_floor_is_served(
    api_database_url: str, tmp_path: Path
) -> None:
    with start_redis(tmp_path) as server:
        async with open_redis(server.url) as client, open_api(api_database_url, server.url) as api:
            assert await client.ping()
            acme = await make_tenant(api_database_url, "acme")
            await say(api, acme.principal("contact"), acme.conversation, "Order 48213 is late.")
            before = await read(api, acme)
            await say(
                api, acme.principal("contact"), acme.conversation, "My order 48214 is late, too."
            )
            server.kill9()
            found = await read(api, acme)
    assert (before["behind"], before["source"]) == (0, "extractive")
    assert (found["behind"], found["fresh"], found["source"]) == (0, True, "extractive")
    assert [one["value"] for one in found["body"]["facts"]] == ["48213", "48214"]
