"""What is published after a commit arrives, however many publish at once."""

import asyncio

import pytest

from chat_service.emit import Publisher
from chorus.bus import open_redis
from chorus.ids import uuid7
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
CROWD = 100


async def test_a_crowd_that_publishes_at_once_loses_nothing(redis_url: str) -> None:
    channel = f"control:{uuid7()}"
    async with open_redis(redis_url) as client, client.pubsub() as heard:
        await heard.subscribe(channel)
        await heard.get_message(timeout=5)
        publisher = Publisher(client)
        await asyncio.gather(
            *(publisher.publish([(channel, str(number).encode())]) for number in range(CROWD))
        )
        arrived: list[bytes] = []

        async def are_there() -> bool:
            message = await heard.get_message(ignore_subscribe_messages=True, timeout=0.1)
            arrived.extend([message["data"]] if message else [])
            return len(arrived) == CROWD

        await until(are_there, patience_s=20)
    assert sorted(map(int, arrived)) == list(range(CROWD))
