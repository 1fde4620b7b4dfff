"""What tests of the database share."""

from collections.abc import AsyncIterator

import pytest

from chorus.db import Db, open_db


@pytest.fixture
async def single(database_url: str) -> AsyncIterator[Db]:
    """A pool of one connection."""
    async with open_db(
        database_url, role="chorus_system", pool_size=1, application_name="test"
    ) as db:
        yield db
