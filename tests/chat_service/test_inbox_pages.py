"""The inbox of a busy agent: a page is one statement that reads only what it has to."""

from typing import Any

import pytest
from sqlalchemy import text

from chat_service.store import inbox as store
from chat_service.store.inbox import Asked
from chorus.db import ReadSession
from tests.chat_service.ingest_world import system_db
from tests.chat_service.routing_world import Floor, fetch, make_floor, make_waiting

pytestmark = pytest.mark.anyio
MINE, OTHERS = 5_000, 10_000


async def make_crowd(url: str) -> Floor:
    """An agent with 5,000 open conversations, in a table with many more of other tenants."""
    floor, other = await make_floor(url, 2), await make_floor(url, 1)
    await make_waiting(url, floor, MINE)
    await make_waiting(url, other, OTHERS)
    await fetch(
        url,
        "UPDATE conversations c SET assignee_id = (SELECT min(a.id::text)::uuid FROM agents a"
        " WHERE a.tenant_id = c.tenant_id), floor_holder = 'human',"
        " last_ts = now() - random() * interval '1 day'",
    )
    await fetch(
        url,
        "UPDATE live_chat_sessions s SET status = 'active', agent_id = c.assignee_id"
        " FROM conversations c WHERE c.id = s.conversation_id",
    )
    await fetch(url, "ANALYZE")
    return floor


def scanned_whole(plan: dict[str, Any]) -> set[str]:
    """The tables that a plan reads from end to end."""
    mine = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return mine.union(*(scanned_whole(one) for one in plan.get("Plans", [])))


async def test_the_inbox_of_an_agent_with_5000_conversations_opens_in_one_query_a_page(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor = await make_crowd(database_url)
    asked: list[str] = []
    execute = ReadSession.execute

    async def counting(self: ReadSession, statement: Any, params: Any = None) -> Any:
        asked.append(str(statement))
        return await execute(self, statement, params)

    mine = Asked("mine", agent_id=floor.agents[0], limit=50)
    async with system_db(database_url) as db, db.read(floor.tenant_id) as session:
        statement, given = store.page_query(floor.tenant_id, mine)
        explained = await session.execute(text(f"EXPLAIN (FORMAT JSON) {statement}"), given)
        (plan,) = explained.scalar_one()
        with monkeypatch.context() as patch:
            patch.setattr(ReadSession, "execute", counting)
            first = await store.page(session, floor.tenant_id, mine)
            after = first[-1].last_ts, first[-1].id
            second = await store.page(
                session,
                floor.tenant_id,
                Asked("mine", agent_id=floor.agents[0], limit=50, after=after),
            )
    assert len(asked) == 2
    assert not {"conversations", "live_chat_sessions", "contacts"} & scanned_whole(plan["Plan"])
    times = [one.last_ts for one in [*first, *second]]
    assert times == sorted(times, reverse=True)
    assert len({one.id for one in [*first, *second]}) == 100
    assert {(one.session, one.queue) for one in first} == {("active", "support")}
