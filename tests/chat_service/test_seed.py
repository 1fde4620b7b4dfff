"""The demo tenant looks like one that has been running: the same invariants hold."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
from argon2 import PasswordHasher

from chat_service.frames import COLUMNS, StoredRow, frame_of
from chat_service.intake import preview_of
from chat_service.routes.desk_shapes import NewMacro, NewView
from chat_service.seed import SeedResult, seed
from chat_service.variables import unknown_names
from chorus.wire.envelope import decode_server

pytestmark = pytest.mark.anyio

PUBLIC = "visibility = 'public' AND message_type <> 'event'"
STAMPED = """
SELECT count(*) FROM messages m
WHERE message_type <> 'event' AND visibility = 'public' AND ({stamp} IS NOT NULL) <> EXISTS (
    SELECT FROM conversation_reads r
    WHERE r.conversation_id = m.conversation_id AND r.{mark} >= m.seq
    AND (r.role = 'customer') = (m.role <> 'customer')
)
"""


@pytest.fixture
async def demo(database_url: str) -> SeedResult:
    return await seed(database_url, empty=False, passwords={"ada@demo.test": "correct horse"})


@pytest.fixture
async def raw(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url, timeout=10, command_timeout=10)
    yield connection
    await connection.close(timeout=10)


async def numbers_of(raw: Any, *counts: str) -> list[int]:
    return [await raw.fetchval(f"SELECT count(*) FROM {one}") for one in counts]


@pytest.mark.usefixtures("demo")
async def test_there_is_a_month_of_history_in_four_languages(raw: Any) -> None:
    assert await numbers_of(raw, "tenants", "contacts", "conversations") == [1, 40, 120]
    spoken = await raw.fetch(
        "SELECT DISTINCT locale FROM contacts k JOIN conversations c ON c.contact_id = k.id"
    )
    first, last = await raw.fetchrow("SELECT min(created_at), max(created_at) FROM messages")

    assert {row["locale"] for row in spoken} == {"en", "de", "es", "ar"}
    assert timedelta(days=28) < last - first < timedelta(days=30)
    assert last <= datetime.now(UTC)


@pytest.mark.usefixtures("demo")
async def test_something_is_left_to_do(raw: Any) -> None:
    waiting = (
        "live_chat_sessions s JOIN queues q ON q.id = s.queue_id "
        "WHERE s.status = 'queued' AND q.policy = 'manual'"
    )

    assert await numbers_of(
        raw,
        waiting,
        f"{waiting} AND s.sla_due_at < now()",
        "conversations WHERE status = 'snoozed'",
        "jobs WHERE kind = 'unsnooze' AND state = 'pending'",
        "conversations c JOIN summaries s ON s.conversation_id = c.id "
        "WHERE (c.metadata->'summary'->>'upto_seq')::int = s.upto_seq",
        "live_chat_sessions WHERE status = 'ended'",
    ) == [3, 1, 1, 1, 3, 79]


@pytest.mark.usefixtures("demo")
async def test_no_screen_of_the_console_is_empty(raw: Any) -> None:
    # Of a chat that was handed over, the report of handing over has the rating, too.
    rated = "live_chat_sessions s JOIN conversations c ON c.id = s.conversation_id"
    same = "WHERE s.rating IS NOT DISTINCT FROM c.csat_score"
    everywhere, alike, some = await numbers_of(
        raw, rated, f"{rated} {same}", "live_chat_sessions WHERE rating IS NOT NULL"
    )
    assert (everywhere, some > 10) == (alike, True)
    counted = await numbers_of(
        raw,
        "labels",
        "macros WHERE agent_id IS NULL",
        "saved_views WHERE agent_id IS NULL",
        "canned_replies WHERE agent_id IS NULL",
        "messages WHERE payload ? 'mentions' AND visibility = 'agents'",
        "team_members",
        "jobs WHERE kind = 'search_backfill'",
        "contacts WHERE signed <> '{}'",
    )
    assert counted == [12, 3, 3, 8, 1, 2, 1, 20]
    comments = await raw.fetchval("SELECT count(csat_comment) FROM conversations")
    assert comments > 5


@pytest.mark.usefixtures("demo")
async def test_every_label_that_is_used_is_offered_and_every_text_can_be_filled_in(
    raw: Any,
) -> None:
    unoffered = await raw.fetch(
        "SELECT DISTINCT unnest(tags) AS name FROM conversations EXCEPT SELECT name FROM labels"
    )
    bodies = [row["body"] for row in await raw.fetch("SELECT body FROM canned_replies")]
    macros = await raw.fetch("SELECT name, actions FROM macros")
    read = [
        NewMacro.model_validate({"name": one["name"], "actions": orjson.loads(one["actions"])})
        for one in macros
    ]
    views = await raw.fetch("SELECT name, filter FROM saved_views")
    for one in views:
        NewView.model_validate({"name": one["name"], "filter": orjson.loads(one["filter"])})
    assert unoffered == []
    assert [name for body in bodies for name in unknown_names(body)] == []
    assert len(read) == 3


@pytest.mark.usefixtures("demo")
async def test_no_agent_has_or_is_offered_a_seeded_session(raw: Any) -> None:
    assert await numbers_of(
        raw,
        "live_chat_sessions WHERE status IN ('offered', 'active', 'wrap_up')",
        "session_offers WHERE state = 'open'",
        "conversations WHERE assignee_id IS NOT NULL",
        "conversations WHERE floor_holder = 'human'",
    ) == [0, 0, 0, 0]


@pytest.mark.usefixtures("demo")
async def test_every_seq_is_there_once_and_in_time(raw: Any) -> None:
    rows = await raw.fetch(
        """
        SELECT c.first_seq, c.last_seq, c.last_ts, c.created_at,
               array_agg(m.seq ORDER BY m.seq) AS seqs, array_agg(m.created_at ORDER BY m.seq) AS at
        FROM conversations c JOIN messages m ON m.conversation_id = c.id GROUP BY c.id
        """
    )

    assert len(rows) == 120
    for row in rows:
        assert row["first_seq"] == 1
        assert row["seqs"] == list(range(1, row["last_seq"] + 1))
        assert row["at"] == sorted(row["at"])
        assert (row["at"][0], row["at"][-1]) == (row["created_at"], row["last_ts"])


@pytest.mark.usefixtures("demo")
async def test_a_row_of_the_inbox_shows_what_the_conversation_holds(raw: Any) -> None:
    rows = await raw.fetch(
        f"""
        SELECT c.status, c.preview, c.unread, c.waiting_since,
          (SELECT content FROM messages WHERE conversation_id = c.id AND {PUBLIC}
           ORDER BY seq DESC LIMIT 1) AS said,
          (SELECT count(*) FROM messages WHERE conversation_id = c.id AND role = 'customer'
           AND {PUBLIC} AND seq > coalesce((SELECT max(read_seq) FROM conversation_reads
             WHERE conversation_id = c.id AND role = 'agent'), 0)) AS unread_now,
          (SELECT min(created_at) FROM messages WHERE conversation_id = c.id
           AND role = 'customer' AND {PUBLIC} AND seq > coalesce((SELECT max(seq) FROM messages
             WHERE conversation_id = c.id AND role IN ('agent', 'bot') AND {PUBLIC}), 0)) AS unanswered
        FROM conversations c
        """
    )

    for row in rows:
        assert row["preview"] == preview_of(row["said"])
        assert row["unread"] == row["unread_now"]
        assert row["waiting_since"] == (row["unanswered"] if row["status"] != "closed" else None)


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("stamp", "mark"), [("delivered_at", "delivered_seq"), ("read_at", "read_seq")]
)
async def test_receipts_cover_exactly_what_the_other_side_has_seen(
    raw: Any, stamp: str, mark: str
) -> None:
    assert await raw.fetchval(STAMPED.format(stamp=stamp, mark=mark)) == 0
    assert await numbers_of(
        raw,
        "conversation_reads r JOIN conversations c ON c.id = r.conversation_id "
        f"WHERE r.{mark} > c.last_seq",
    ) == [0]


@pytest.mark.usefixtures("demo")
async def test_every_row_is_a_frame_of_the_protocol(raw: Any) -> None:
    rows = await raw.fetch(f"SELECT {COLUMNS} FROM messages")
    seen = set()
    for row in rows:
        values = {**row, "payload": orjson.loads(row["payload"])}
        frame, _ = decode_server(frame_of(StoredRow(**values)))
        seen.add(frame.event)

    assert seen == {
        "message",
        "handoff",
        "participant",
        "conversation.updated",
        "conversation.closed",
    }


async def test_the_agents_stand_where_a_first_run_expects_them(demo: SeedResult, raw: Any) -> None:
    members = await raw.fetch(
        """
        SELECT a.email, a.capacity, q.policy, q.skills, q.hours FROM agents a
        JOIN queue_members m ON m.agent_id = a.id JOIN queues q ON q.id = m.queue_id
        WHERE q.is_default ORDER BY a.email
        """
    )

    assert [(one.email, one.role) for one in demo.agents] == [
        ("ada@demo.test", "admin"),
        ("bo@demo.test", "agent"),
        ("cy@demo.test", "supervisor"),
    ]
    assert [tuple(row) for row in members] == [
        (one.email, 5, "longest_idle", [], None) for one in demo.agents
    ]


async def test_the_inboxes_have_the_keys_that_were_told(demo: SeedResult, raw: Any) -> None:
    rows = await raw.fetch("SELECT public_key, allowed_origins, settings FROM inboxes")
    settings = {row["public_key"]: orjson.loads(row["settings"]) for row in rows}

    assert settings.keys() == {demo.inbox_key, demo.load_inbox_key, demo.bot_inbox_key}
    assert [key for key, told in settings.items() if told["bot"]["enabled"]] == [demo.bot_inbox_key]
    assert settings[demo.load_inbox_key] == {
        "bot": {"enabled": False},
        "summaries": {"enabled": False},
    }
    assert all(key.startswith("pk_") for key in settings)
    assert all("http://127.0.0.1:*" in row["allowed_origins"] for row in rows)


async def test_one_inbox_has_the_bot_of_the_shop(demo: SeedResult, raw: Any) -> None:
    bound = await raw.fetch(
        "SELECT i.public_key, b.name, b.state FROM inboxes i JOIN bots b"
        " ON b.tenant_id = i.tenant_id AND b.id = i.bot_id"
    )
    assert [tuple(one) for one in bound] == [(demo.bot_inbox_key, "Juno", "enabled")]


async def test_passwords_are_those_given_or_made_up_and_kept_as_argon2id(
    demo: SeedResult, raw: Any
) -> None:
    hashes = dict(await raw.fetch("SELECT email, password_hash FROM agents"))

    assert demo.agents[0].password == "correct horse"
    for agent in demo.agents:
        assert hashes[agent.email].startswith("$argon2id$")
        assert PasswordHasher().verify(hashes[agent.email], agent.password or "")


async def test_seeding_again_changes_nothing_but_a_password_that_was_asked_for(
    demo: SeedResult, database_url: str, raw: Any
) -> None:
    again = await seed(database_url, empty=False, passwords={"bo@demo.test": "new words"})
    hashes = dict(await raw.fetch("SELECT email, password_hash FROM agents"))

    assert demo.created
    assert not again.created
    assert (again.inbox_key, again.load_inbox_key) == (demo.inbox_key, demo.load_inbox_key)
    assert [one.id for one in again.agents] == [one.id for one in demo.agents]
    assert PasswordHasher().verify(hashes["bo@demo.test"], "new words")
    assert PasswordHasher().verify(hashes["ada@demo.test"], "correct horse")
    assert await numbers_of(raw, "conversations", "agents", "inboxes", "bots") == [120, 3, 3, 1]


async def test_a_shop_from_before_there_were_bots_gets_its_bot_once(
    database_url: str, demo: SeedResult, raw: Any
) -> None:
    await raw.execute("DELETE FROM inboxes WHERE bot_id IS NOT NULL")
    await raw.execute("DELETE FROM bots")
    await raw.execute("DELETE FROM knowledge_sources")
    both = await asyncio.gather(*(seed(database_url, empty=False) for _ in range(2)))

    assert both[0].bot_inbox_key == both[1].bot_inbox_key != demo.bot_inbox_key
    assert not any(one.created for one in both)
    told, known = await numbers_of(raw, "bots", "knowledge_sources")
    assert (told, known > 0) == (1, True)
    # Whoever takes it away does not want it.
    await raw.execute("DELETE FROM inboxes WHERE bot_id IS NOT NULL")
    await raw.execute("UPDATE bots SET archived_at = now()")
    assert (await seed(database_url, empty=False)).bot_inbox_key == ""
    assert await numbers_of(raw, "bots", "knowledge_sources") == [1, known]


async def test_of_two_that_seed_at_once_one_does(database_url: str, raw: Any) -> None:
    both = await asyncio.gather(*(seed(database_url, empty=False) for _ in range(2)))

    assert sorted(one.created for one in both) == [False, True]
    assert both[0].inbox_key == both[1].inbox_key
    assert await numbers_of(raw, "conversations", "agents") == [120, 3]


async def test_an_empty_installation_has_one_admin_and_no_history(
    database_url: str, raw: Any
) -> None:
    bare = await seed(database_url, empty=True)

    assert [(one.role, bool(one.password)) for one in bare.agents] == [("admin", True)]
    assert (bare.load_inbox_key, bare.bot_inbox_key) == ("", "")
    assert await numbers_of(
        raw, "tenants", "agents", "queues", "inboxes", "contacts", "conversations", "messages"
    ) == [1, 1, 1, 1, 0, 0, 0]
