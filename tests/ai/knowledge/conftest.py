"""Fixtures of the tests of knowledge."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from chorus.db import open_db
from tests.ai.knowledge.world import Breakable, World


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    connection = await asyncpg.connect(database_url, timeout=10, command_timeout=10)
    try:
        async with open_db(
            database_url, role="chorus_system", pool_size=3, application_name="knowledge"
        ) as db:
            yield World(db, connection, Breakable())
    finally:
        await connection.close(timeout=10)
