import asyncio
import os
import random
from dataclasses import replace
from typing import Any

import orjson
import pytest

from chat_service.intake import Refused, Stored
from chat_service.messages import Outcome, ingest, publications
from chat_service.store.ingest import Lease, LeaseLost
from chorus import topics
from chorus.clock import rfc3339
from chorus.codes import NackCode
from chorus.db import open_db
from chorus.ids import uuid7
from chorus.topics import Audience, Kind
from chorus.wire.envelope import decode_server
from tests.chat_service.ingest_world import (
    CHANGES,
    answered,
    botted,
    hashed,
    head_of,
    make_world,
    not_gapless,
    rows_of,
    said,
    seqs,
    statements_during,
    superuser,
    system_db,
)

pytestmark = pytest.mark.anyio
RACING_WRITES = 10_000 if os.environ.get("CHORUS_LONG") else 2_000


def code(outcome: Outcome, index: int = 0) -> NackCode:
    answer = outcome.answers[index]
    assert isinstance(answer, Refused)
    return answer.code


async def test_a_repeated_id_is_one_row_and_gets_the_first_seq(database_url: str) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0])
    async with system_db(database_url) as db:
        first = await ingest(db, [item])
        await ingest(db, [said(world, world.conversations[0])])
        again = await ingest(db, [item])
    assert seqs(first) == seqs(again) == [1]
    assert isinstance(again.answers[0], Stored)
    assert again.answers[0].repeat
    assert len(await rows_of(database_url, item.conversation_id)) == 2


async def test_a_repeat_inside_one_batch_is_one_row(database_url: str) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0])
    async with system_db(database_url) as db:
        outcome = await ingest(db, [item, said(world, world.conversations[0]), item])
    assert seqs(outcome) == [1, 2, 1]
    assert [one.repeat for one in outcome.answers if isinstance(one, Stored)] == [
        False,
        False,
        True,
    ]


async def test_the_same_id_with_another_body_conflicts(database_url: str) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0])
    other = hashed(replace(item, content="something else"))
    async with system_db(database_url) as db:
        await ingest(db, [item])
        assert code(await ingest(db, [other])) == NackCode.ID_CONFLICT
        assert code(await ingest(db, [replace(other, id=uuid7()), other]), 1) == (
            NackCode.ID_CONFLICT
        )


async def test_absent_and_foreign_conversations_are_refused_alike(database_url: str) -> None:
    world, other = await make_world(database_url), await make_world(database_url)
    foreign = replace(said(other, other.conversations[0]), tenant_id=world.tenant_id)
    absent = replace(foreign, conversation_id=uuid7())
    async with system_db(database_url) as db:
        outcome = await ingest(db, [foreign, absent])
    assert [code(outcome, 0), code(outcome, 1)] == [NackCode.NOT_FOUND] * 2
    assert await rows_of(database_url, foreign.conversation_id) == []


async def test_who_may_not_speak_is_refused(database_url: str) -> None:
    world = await make_world(database_url, 2)
    here, there = world.conversations
    strangers = [
        said(world, here, sender_id=there.contact_id),
        said(world, here, visibility="agents"),
        said(world, here, role="agent"),
        said(world, here, role="bot"),
        answered(world, here, agent=3),
        answered(world, here, sender_id=uuid7()),
    ]
    async with system_db(database_url) as db:
        outcome = await ingest(db, strangers)
    assert {code(outcome, index) for index in range(len(strangers))} == {NackCode.FORBIDDEN}


async def test_a_closed_conversation_takes_repeats_and_nothing_else(database_url: str) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0])
    async with system_db(database_url) as db:
        await ingest(db, [item])
        async with superuser(database_url) as connection:
            await connection.execute(
                "UPDATE conversations SET status = 'closed', closed_at = now()"
            )
        outcome = await ingest(db, [item, said(world, world.conversations[0])])
    assert seqs(outcome) == [1]
    assert code(outcome, 1) == NackCode.CONVERSATION_CLOSED


async def test_a_public_answer_takes_the_floor_just_before_it_is_heard(
    database_url: str,
) -> None:
    world = await make_world(database_url, floor="bot")
    here = world.conversations[0]
    async with system_db(database_url) as db:
        outcome = await ingest(
            db, [said(world, here), answered(world, here), answered(world, here, agent=1)]
        )
    assert seqs(outcome) == [1, 4]
    assert code(outcome, 2) == NackCode.ALREADY_ASSIGNED
    rows = await rows_of(database_url, here.id)
    happened = [orjson.loads(row["payload"]) for row in rows if row["message_type"] == "event"]
    assert [one["event"] for one in happened] == ["participant", "conversation.updated"]
    assert happened[1]["data"]["floor"] == {"holder": "human", "epoch": 1}
    head = await head_of(database_url, here.id)
    assert (head["floor_holder"], head["floor_epoch"]) == ("human", 1)
    assert head["assignee_id"] == world.agents[0]
    assert (head["unread"], head["waiting_since"], head["preview"]) == (1, None, "hi")


async def test_seniors_and_the_other_side_of_a_transfer_speak_beside_the_assignee(
    database_url: str,
) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    async with system_db(database_url) as db:
        await ingest(db, [answered(world, here)])
        assert code(await ingest(db, [answered(world, here, agent=1)])) == (
            NackCode.ALREADY_ASSIGNED
        )
        async with superuser(database_url) as connection:
            await connection.execute(
                "INSERT INTO live_chat_sessions (id, tenant_id, conversation_id, status, agent_id,"
                " leaving_agent_id) VALUES ($1, $2, $3, 'active', $4, $5)",
                uuid7(),
                world.tenant_id,
                here.id,
                world.agents[0],
                world.agents[1],
            )
        outcome = await ingest(db, [answered(world, here, agent=1), answered(world, here, agent=2)])
    assert seqs(outcome) == [4, 5]
    assert (await head_of(database_url, here.id))["assignee_id"] == world.agents[0]


async def test_a_token_that_outlived_a_demotion_is_no_senior(database_url: str) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    async with system_db(database_url) as db:
        await ingest(db, [answered(world, here)])
        claims = answered(world, here, agent=1, sender_role="admin")
        assert code(await ingest(db, [claims])) == NackCode.ALREADY_ASSIGNED


async def test_a_late_bot_answer_becomes_a_suggestion(database_url: str) -> None:
    world = await make_world(database_url, floor="bot")
    here = world.conversations[0]
    async with system_db(database_url) as db:
        await ingest(db, [botted(world, here, floor_epoch=0), answered(world, here)])
        outcome = await ingest(db, [botted(world, here, floor_epoch=0)])
    rows = await rows_of(database_url, here.id)
    assert [(row["message_type"], row["visibility"]) for row in rows if row["role"] == "bot"] == [
        ("text", "public"),
        ("suggestion", "agents"),
    ]
    header, frame = topics.unpack(publications(outcome, claimed=False)[0][1])
    assert header.audience == Audience.AGENTS
    assert orjson.loads(frame)["data"]["type"] == "suggestion"


async def test_stale_floors_and_stale_views_are_refused(database_url: str) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    async with system_db(database_url) as db:
        await ingest(db, [said(world, here), answered(world, here, agent=2)])
        stale_floor = await ingest(db, [answered(world, here, agent=2, floor_epoch=0)])
        stale_view = await ingest(db, [answered(world, here, agent=0, expected_seq=1)])
        own_words = await ingest(db, [answered(world, here, agent=2, expected_seq=1)])
        inside = await ingest(
            db,
            [answered(world, here, agent=2), answered(world, here, expected_seq=5)],
        )
    assert code(stale_floor) == NackCode.STALE_FLOOR
    assert code(stale_view) == NackCode.STALE_VIEW
    assert isinstance(stale_view.answers[0], Refused)
    assert stale_view.answers[0].head_seq == 4
    told = stale_view.answers[0].facts
    assert told["by"]["userId"] == str(world.agents[2])
    assert told["at"] == rfc3339((await rows_of(database_url, here.id))[3]["created_at"])
    assert seqs(own_words) == [5]
    assert code(inside, 1) == NackCode.STALE_VIEW
    assert isinstance(inside.answers[1], Refused)
    assert inside.answers[1].by == world.agents[2]


async def test_one_id_of_two_agents_is_judged_for_each_of_them(database_url: str) -> None:
    world = await make_world(database_url)
    here, id = world.conversations[0], uuid7()
    async with system_db(database_url) as db:
        await ingest(db, [answered(world, here, agent=2)])
        both = await ingest(
            db,
            [
                answered(world, here, agent=0, id=id, expected_seq=0),
                answered(world, here, agent=1, id=id, expected_seq=9),
            ],
        )
    assert (code(both, 0), code(both, 1)) == (NackCode.STALE_VIEW, NackCode.ALREADY_ASSIGNED)


async def test_a_customer_wakes_a_snoozed_conversation(database_url: str) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    async with superuser(database_url) as connection:
        await connection.execute(
            "UPDATE conversations SET status = 'snoozed', snoozed_until = now() + '1 h'"
        )
    async with system_db(database_url) as db:
        outcome = await ingest(db, [said(world, here)])
    assert seqs(outcome) == [2]
    head = await head_of(database_url, here.id)
    assert (head["status"], head["snoozed_until"]) == ("open", None)
    async with superuser(database_url) as connection:
        told = await connection.fetch("SELECT event FROM outbox ORDER BY id")
    assert {row["event"] for row in told} == {"message.created", "conversation.reopened"}


async def test_one_event_tells_of_a_whole_batch_and_holds_no_content(database_url: str) -> None:
    world = await make_world(database_url, 3)
    items = [said(world, one, "secret words") for one in world.conversations for _ in range(4)]
    async with system_db(database_url) as db:
        await ingest(db, items)
    async with superuser(database_url) as connection:
        rows = await connection.fetch("SELECT event, data FROM outbox")
    assert [row["event"] for row in rows] == ["message.created"]
    assert "secret" not in rows[0]["data"]
    told = orjson.loads(rows[0]["data"])["conversations"]
    assert sorted((one["first_seq"], one["last_seq"]) for one in told) == [(1, 4)] * 3


async def test_a_batch_of_any_size_is_two_statements(database_url: str) -> None:
    world = await make_world(database_url, 50)
    plain, mixed = [], []
    async with system_db(database_url, size=1) as db:
        await ingest(db, [said(world, world.conversations[0])] * 2)
        for size in (1, 40):
            items = [said(world, one) for one in world.conversations[:size]]
            repeat = [answered(world, world.conversations[0]), items[0]]
            plain.append(await statements_during(db, lambda items=items: ingest(db, items)))
            mixed.append(await statements_during(db, lambda repeat=repeat: ingest(db, repeat)))
    assert plain == [["WITH", "WITH"]] * 2
    assert mixed == [["WITH", "BEGIN", "WITH", "WITH", "COMMIT"]] * 2


async def test_racing_writes_with_overlapping_ids_stay_gapless(database_url: str) -> None:
    world = await make_world(database_url, 7)
    rng = random.Random(4)
    distinct = [said(world, rng.choice(world.conversations), f"{n}") for n in range(RACING_WRITES)]
    sent = distinct + rng.choices(distinct, k=RACING_WRITES // 2)
    rng.shuffle(sent)
    batches = iter([sent[n : n + 25] for n in range(0, len(sent), 25)])
    answers: dict[Any, set[int]] = {}

    async def writer() -> None:
        for batch in batches:
            outcome = await ingest(db, batch)
            for item, answer in zip(batch, outcome.answers, strict=True):
                assert isinstance(answer, Stored)
                answers.setdefault(item.id, set()).add(answer.seq)

    async with system_db(database_url) as db, asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(writer())
    assert await not_gapless(database_url) == []
    assert len(answers) == RACING_WRITES
    assert all(len(seqs) == 1 for seqs in answers.values())


@pytest.mark.parametrize("change", CHANGES)
async def test_what_changed_after_the_look_is_judged_again(database_url: str, change: str) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0])
    async with system_db(database_url) as db, superuser(database_url) as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("UPDATE conversations SET " + change)
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(ingest(db, [item]))
            await blocked(database_url, 1)
            await transaction.commit()
    head = await head_of(database_url, item.conversation_id)
    if change == CHANGES[1]:
        assert writing.result().answers == (Refused(item, NackCode.CONVERSATION_CLOSED),)
        assert head["status"] == "closed"
    else:
        assert seqs(writing.result()) == [head["last_seq"]]
        assert head["last_seq"] == (2 if change == CHANGES[0] else 1)


async def test_what_no_rule_reads_may_change_after_the_look(database_url: str) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0])
    async with system_db(database_url) as db, superuser(database_url) as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("UPDATE conversations SET unread = 7")
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(ingest(db, [item]))
            await blocked(database_url, 1)
            await transaction.commit()
    assert seqs(writing.result()) == [1]
    assert (await head_of(database_url, item.conversation_id))["unread"] == 8


async def test_a_raised_fence_stops_the_old_owner(database_url: str) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0])
    async with superuser(database_url) as connection:
        await connection.execute("UPDATE ingest_partitions SET fence = 5 WHERE part = 3")
    async with system_db(database_url) as db:
        with pytest.raises(LeaseLost) as lost:
            await ingest(db, [item], leases=[Lease(3, 4), Lease(2, 0)])
        assert lost.value.parts == {3}
        assert await rows_of(database_url, item.conversation_id) == []
        assert seqs(await ingest(db, [item], leases=[Lease(3, 5)])) == [1]


async def test_a_new_owner_waits_for_the_commit_under_the_old_fence(database_url: str) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0])
    raised = asyncio.Event()

    async def take_over() -> None:
        async with superuser(database_url) as connection:
            await connection.execute("UPDATE ingest_partitions SET fence = 1 WHERE part = 3")
            raised.set()

    async with system_db(database_url) as db, superuser(database_url) as holder:
        # The conversation is held, so the batch stands between its fence check and its commit.
        transaction = holder.transaction()
        await transaction.start()
        await holder.execute("SELECT 1 FROM conversations FOR UPDATE")
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(ingest(db, [item], leases=[Lease(3, 0)]))
            await blocked(database_url, 1)
            tasks.create_task(take_over())
            await blocked(database_url, 2)
            assert not raised.is_set()
            await transaction.rollback()
        assert seqs(writing.result()) == [1]
        assert raised.is_set()


async def blocked(database_url: str, count: int) -> None:
    """Return when that many sessions wait for a lock."""
    async with superuser(database_url) as connection, asyncio.timeout(20):
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while await connection.fetchval(waiting) < count:  # noqa: ASYNC110 (no one tells)
            await asyncio.sleep(0.005)


async def test_new_rows_are_told_to_all_and_repeats_to_their_sender(database_url: str) -> None:
    world = await make_world(database_url)
    here = world.conversations[0]
    old, new = said(world, here), said(world, here, "hé\n there", conn=2, slot=9)
    refused = said(world, here, sender_id=uuid7())
    async with system_db(database_url) as db:
        await ingest(db, [old])
        outcome = await ingest(db, [old, new, refused])
    spoken = publications(outcome, claimed=False)
    assert [channel for channel, _ in spoken] == [
        topics.gateway(7),
        topics.fan(here.id),
        topics.gateway(7),
        topics.inbox(world.tenant_id),
    ]
    repeat, fresh, nacked = (topics.unpack(packed) for _, packed in spoken[:3])
    assert [one[0].kind for one in (repeat, fresh, nacked)] == [
        Kind.REPLY,
        Kind.DURABLE,
        Kind.REPLY,
    ]
    assert (fresh[0].seq, fresh[0].node, fresh[0].conn, fresh[0].slot) == (2, 7, 2, 9)
    message, envelope = decode_server(fresh[1])
    assert (message.event, envelope["seq"]) == ("message", 2)
    delivered, envelope = decode_server(repeat[1])
    assert delivered.event == "delivered"
    assert "seq" not in envelope
    assert decode_server(nacked[1])[0].event == "nack"
    assert orjson.loads(spoken[3][1]) == [{"conv": str(here.id), "rev": 2}]


async def test_a_repeat_found_in_a_claimed_entry_is_told_to_all(database_url: str) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0])
    async with system_db(database_url) as db:
        first = publications(await ingest(db, [item]), claimed=False)
        again = publications(await ingest(db, [item]), claimed=True)
    assert again == first[:1]


async def test_items_without_a_socket_get_no_reply(database_url: str) -> None:
    world = await make_world(database_url)
    item = said(world, world.conversations[0], node=0, conn=0, slot=0)
    async with system_db(database_url) as db:
        await ingest(db, [item])
        assert publications(await ingest(db, [item]), claimed=False) == []


async def test_the_api_role_writes_only_for_its_tenant(database_url: str) -> None:
    world, other = await make_world(database_url), await make_world(database_url)
    from_other = said(other, other.conversations[0])
    async with open_db(
        database_url, role="chorus_app", pool_size=2, application_name="tests"
    ) as db:
        mine = await ingest(db, [said(world, world.conversations[0])], tenant_id=world.tenant_id)
        foreign = await ingest(db, [from_other], tenant_id=world.tenant_id)
    assert seqs(mine) == [1]
    assert code(foreign) == NackCode.NOT_FOUND
