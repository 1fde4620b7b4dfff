"""How often handoff asks the database: each round trip is a wait for somebody who waits already.

A failure lists every statement that was made.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from chorus.db import Db
from chorus.wire.common import SessionState
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.handoff_world import ask, make_queue, offer_to

pytestmark = pytest.mark.anyio

ESCALATE_MAX = 17
ACCEPT_MAX = 17


@contextmanager
def trips(db: Db) -> Iterator[list[str]]:
    """Every round trip to PostgreSQL that this pool makes, BEGIN and COMMIT among them."""
    made: list[str] = []
    engine = db._engine.sync_engine

    def stated(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        made.append(" ".join(statement.split())[:60])

    def begun(_connection: Any) -> None:
        made.append("BEGIN")

    def over(_connection: Any) -> None:
        made.append("END")

    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": stated,
        "begin": begun,
        "commit": over,
        "rollback": over,
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield made
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


@pytest.fixture
async def support(api: Api, acme: Tenant) -> UUID:
    queue = await make_queue(api.database_url, acme, members=[acme.agent], is_default=True)
    # Which tenants there are is kept for minutes: not part of what is counted.
    known = await api.client.get(
        "/livechat/conversations", headers=api.token(acme.principal("agent"))
    )
    assert known.status_code == 200
    return queue


async def test_asking_for_a_person_takes_few_round_trips(
    api: Api, acme: Tenant, support: UUID
) -> None:
    with trips(api.resources.db) as made:
        asked = await api.client.post(
            "/livechat/escalate",
            json={"conversationId": str(acme.conversation)},
            headers=api.token(acme.principal("contact")),
        )
    assert asked.json()["state"] == SessionState.QUEUED
    assert len(made) <= ESCALATE_MAX, "\n".join(made)


async def test_accepting_an_offer_takes_few_round_trips(
    api: Api, acme: Tenant, support: UUID
) -> None:
    await ask(api.resources.db, acme, support)
    offered = await offer_to(api.resources.db, acme, acme.agent)
    with trips(api.resources.db) as made:
        accepted = await api.client.post(
            f"/livechat/sessions/{offered.session.id}/accept",
            headers=api.token(acme.principal("agent")),
        )
    assert accepted.json()["state"] == SessionState.ACTIVE
    assert len(made) <= ACCEPT_MAX, "\n".join(made)
