"""The summary over REST: at once, of this moment, never over a person's words, never of deleted ones."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest

from ai.extract.summary import EXTRACTOR
from chat_service import summaries
from chat_service.store import upkeep
from chorus import topics
from chorus.ids import uuid7
from chorus.topics import Audience
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Api, Tenant, codes, read_snapshot, say
from tests.chat_service.ingest_world import superuser, system_db

pytestmark = pytest.mark.anyio

LATE = "My order 48213 has not arrived. When will it come?"


def path(tenant: Tenant) -> str:
    return f"/livechat/summary/{tenant.conversation}"


async def read(api: Api, tenant: Tenant, who: str = "agent") -> dict[str, Any]:
    answer = await call(api, tenant, "GET", path(tenant), who=who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def write(api: Api, tenant: Tenant, text: str, *, rev: int, who: str = "agent") -> Any:
    return await call(api, tenant, "PUT", path(tenant), {"text": text, "rev": rev}, who=who)


async def command(api: Api, tenant: Tenant, event: str, who: str = "contact", **data: Any) -> None:
    body = {"event": event, "data": {"id": str(uuid7()), **data}}
    where = f"/livechat/conversations/{tenant.conversation}/commands"
    answer = await call(api, tenant, "POST", where, body, who=who)
    assert answer.status_code == 200, answer.text


async def history(api: Api, tenant: Tenant) -> list[Any]:
    return await api.rows(
        "SELECT upto_seq, source, state IS NOT NULL, author_id, text FROM summaries"
        " WHERE conversation_id = $1 ORDER BY created_at",
        tenant.conversation,
    )


async def test_it_says_what_was_said_and_where(api: Api, acme: Tenant) -> None:
    said = await say(api, acme.principal("contact"), acme.conversation, LATE)
    found = await read(api, acme)
    assert set(found) == {
        "conversationId", "uptoSeq", "behind", "fresh", "changed", "source", "model", "tier", "body",
        "text", "generatedAt", "by", "rev",
    }  # fmt: skip
    assert (found["uptoSeq"], found["behind"], found["fresh"]) == (said["seq"], 0, True)
    assert (found["source"], found["model"], found["tier"]) == ("extractive", EXTRACTOR, "free")
    body = found["body"]
    assert body["facts"] == [
        {
            "kind": "order",
            "value": "48213",
            "source": "customer",
            "messageIds": [said["id"]],
            "seqs": [said["seq"]],
        }
    ]
    assert [one["text"] for one in body["openQuestions"]] == ["When will it come?"]
    assert "My order 48213 has not arrived." in found["text"]


async def test_it_goes_on_from_what_it_knew(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    await read(api, acme)
    await say(api, acme.principal("agent"), acme.conversation, "It comes on 3 May 2027.")
    found = await read(api, acme)
    assert [one["value"] for one in found["body"]["facts"]] == ["48213", "3 May 2027"]
    assert found["body"]["openQuestions"] == []
    assert [(row[1], row[2]) for row in await history(api, acme)] == [
        ("extractive", False),
        ("extractive", True),
    ]


async def test_to_go_on_is_to_begin_anew(api: Api, acme: Tenant) -> None:
    talk = [
        ("contact", LATE),
        ("agent", "Please check the tracking link."),
        ("contact", "still no"),
    ]
    talk += [("contact", "I want to talk to a human!"), ("agent", "I'll call you by Monday.")]
    for who, text in talk:
        await say(api, acme.principal(who), acme.conversation, text)
        step_by_step = await read(api, acme)
    async with superuser(api.database_url) as raw:
        await raw.execute("DELETE FROM summaries WHERE conversation_id = $1", acme.conversation)
        await raw.execute(
            "UPDATE conversations SET metadata = '{}' WHERE id = $1", acme.conversation
        )
    anew = await read(api, acme)
    assert {**anew, "generatedAt": ""} == {**step_by_step, "generatedAt": ""}


async def test_what_is_fresh_is_not_made_again(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    first, second = await read(api, acme), await read(api, acme)
    assert first == second
    assert len(await history(api, acme)) == 1


async def test_where_nothing_was_said_there_is_nothing_to_say(api: Api, acme: Tenant) -> None:
    found = await read(api, acme)
    assert (found["uptoSeq"], found["fresh"], found["body"]["issue"]) == (0, True, None)
    assert await history(api, acme) == []
    assert codes(await write(api, acme, "Quiet.", rev=0)) == [(422, "INVALID")]


async def test_customers_and_other_tenants_get_none(api: Api, acme: Tenant, rival: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    await read(api, acme)
    assert codes(await call(api, acme, "GET", path(acme), who="contact")) == [(403, "FORBIDDEN")]
    asked = [
        await call(api, rival, "GET", path(acme), who="agent"),
        await call(api, rival, "PUT", path(acme), {"text": "x", "rev": 0}, who="agent"),
        await call(api, rival, "DELETE", f"{path(acme)}?rev=0", who="agent"),
        await call(api, acme, "GET", f"/livechat/summary/{uuid7()}", who="agent"),
    ]
    assert codes(*asked) == [(404, "NOT_FOUND")] * 4
    assert (await read_snapshot(api, acme.principal("contact"), acme))["summary"] is None


async def test_notes_and_what_was_hidden_stand_in_no_summary(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, "My lamp is broken.")
    agent = acme.principal("agent")
    await say(
        api, agent, acme.conversation, "Refund €99 for order 77777 is fine.", visibility="agents"
    )
    spam = await say(api, acme.principal("contact"), acme.conversation, "buy at order 66666 now")
    await command(api, acme, "moderate", "supervisor", target=spam["id"], visibility="shadowed")
    found = await read(api, acme)
    kept = str(
        await api.rows("SELECT metadata FROM conversations WHERE id = $1", acme.conversation)
    )
    for leaked in ("77777", "66666", "€99"):
        assert leaked not in str(found)
        assert leaked not in kept


@pytest.mark.parametrize("change", ["edit", "delete", "moderate"])
async def test_no_summary_outlives_the_words_it_quotes(api: Api, acme: Tenant, change: str) -> None:
    said = await say(api, acme.principal("contact"), acme.conversation, LATE)
    await read(api, acme)
    if change == "edit":
        await command(api, acme, "edit", target=said["id"], content="My order 55555 is late.")
    elif change == "delete":
        await command(api, acme, "delete", target=said["id"])
    else:
        await command(api, acme, "moderate", "supervisor", target=said["id"], visibility="hidden")
    columns = "SELECT metadata FROM conversations WHERE id = $1"
    assert "48213" not in str(await api.rows(columns, acme.conversation))
    assert await history(api, acme) == []
    found = await read(api, acme)
    facts = [one["value"] for one in found["body"]["facts"]]
    assert facts == (["55555"] if change == "edit" else [])


async def test_an_edit_of_what_it_does_not_cover_leaves_it(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    await read(api, acme)
    later = await say(api, acme.principal("contact"), acme.conversation, "and my lamp")
    await command(api, acme, "edit", target=later["id"], content="and my desk")
    assert len(await history(api, acme)) == 1
    assert (await read(api, acme))["body"]["facts"][0]["value"] == "48213"


@pytest.mark.parametrize("before", [0, 100], ids=["the_whole", "a_glance"])
async def test_what_was_read_before_an_edit_is_never_kept(
    api: Api, acme: Tenant, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """The edit comes after the messages were read and before the summary is stored, or shown."""
    if before:
        await fill(api, acme, before)
    said = await say(api, acme.principal("contact"), acme.conversation, LATE)
    really, edited = summaries._digested, False

    async def digested(*given: Any) -> Any:
        nonlocal edited
        if not edited:
            edited = True
            await command(api, acme, "delete", target=said["id"])
        return await really(*given)

    monkeypatch.setattr(summaries, "_digested", digested)
    found = await read(api, acme)
    assert edited
    assert "48213" not in str(found)
    assert before or found["body"]["facts"] == []
    assert "48213" not in str(await history(api, acme))


async def test_of_twenty_readers_at_once_one_keeps_it(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    found = await asyncio.gather(*(read(api, acme) for _ in range(20)))
    assert len({one["text"] for one in found}) == 1
    assert all(one["fresh"] for one in found)
    assert len(await history(api, acme)) == 1


async def test_readers_of_a_growing_talk_never_go_back(api: Api, acme: Tenant) -> None:
    seen: list[int] = []

    async def look() -> None:
        for _ in range(8):
            found = await read(api, acme)
            seen.append(found["uptoSeq"])
            kept = await api.rows(
                "SELECT (metadata->'summary'->>'upto_seq')::bigint FROM conversations WHERE id = $1",
                acme.conversation,
            )
            kept_seqs.append(kept[0][0] or 0)

    async def talk() -> None:
        for number in range(12):
            await say(api, acme.principal("contact"), acme.conversation, f"part {number} is broken")

    kept_seqs: list[int] = []
    await asyncio.gather(talk(), look())
    assert kept_seqs == sorted(kept_seqs)
    assert (await read(api, acme))["uptoSeq"] >= max(seen)


async def test_words_of_a_person_stay_and_say_how_old_they_are(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    written = (await write(api, acme, "  Parcel lost, wants it by Friday. ", rev=0)).json()
    assert (written["source"], written["rev"], written["by"]) == ("human", 1, str(acme.agent))
    await say(api, acme.principal("contact"), acme.conversation, "order 99999 too")
    found = await read(api, acme)
    assert found["text"] == "Parcel lost, wants it by Friday."
    assert (found["behind"], found["fresh"], found["rev"]) == (1, False, 1)
    assert [(row[1], row[3]) for row in await history(api, acme)] == [
        ("extractive", None),
        ("human", acme.agent),
    ]


async def test_agents_who_look_on_hear_of_another_text_and_customers_do_not(
    api: Api, acme: Tenant
) -> None:
    said = await say(api, acme.principal("contact"), acme.conversation, LATE)
    async with api.resources.redis.pubsub() as heard:
        await heard.subscribe(topics.fan(acme.conversation))
        await write(api, acme, "Mine.", rev=0)
        async with asyncio.timeout(10):
            while (message := await heard.get_message(True, timeout=1)) is None:
                continue
    header, frame = topics.unpack(message["data"])
    assert (header.audience, header.seq) == (Audience.AGENTS, 0)
    told = orjson.loads(frame)
    assert told == {
        "event": "summary",
        "data": {"upto_seq": said["seq"], "behind": 0, "source": "human"},
    }


async def test_of_two_who_write_at_once_the_second_learns_of_the_first(
    api: Api, acme: Tenant
) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    both = await asyncio.gather(
        write(api, acme, "one", rev=0), write(api, acme, "other", rev=0, who="colleague")
    )
    assert sorted(one.status_code for one in both) == [200, 409]
    refused = next(one for one in both if one.status_code == 409)
    assert codes(refused) == [(409, "STALE_VIEW")]
    again = await write(api, acme, "with what the other said", rev=1)
    assert again.json()["rev"] == 2


async def test_a_word_of_theirs_that_quotes_the_deleted_is_marked(api: Api, acme: Tenant) -> None:
    said = await say(api, acme.principal("contact"), acme.conversation, LATE)
    await write(api, acme, "Order is late.", rev=0)
    assert (await read(api, acme))["changed"] is False
    await command(api, acme, "delete", target=said["id"])
    found = await read(api, acme)
    assert (found["text"], found["fresh"], found["changed"]) == ("Order is late.", False, True)
    again = await write(api, acme, "Nothing is said.", rev=1)
    assert (again.json()["fresh"], again.json()["changed"]) == (True, False)


async def test_given_up_it_is_made_of_the_messages_again(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    await write(api, acme, "Mine.", rev=0)
    stale = await call(api, acme, "DELETE", f"{path(acme)}?rev=0", who="agent")
    assert codes(stale) == [(409, "STALE_VIEW")]
    gone = await call(api, acme, "DELETE", f"{path(acme)}?rev=1", who="colleague")
    assert gone.status_code == 204
    found = await read(api, acme)
    assert (found["source"], found["rev"], found["by"]) == ("extractive", 2, None)


@pytest.mark.parametrize(
    "body",
    [{}, {"text": "x"}, {"text": "", "rev": 0}, {"text": " ", "rev": 0}, {"text": "x", "rev": -1},
     {"text": "x" * 4_001, "rev": 0}, {"text": "x", "rev": 0, "source": "model"}, {"text": 1, "rev": 0}],
)  # fmt: skip
async def test_what_is_no_summary_is_refused(api: Api, acme: Tenant, body: Any) -> None:
    answer = await call(api, acme, "PUT", path(acme), body, who="agent")
    assert codes(answer) == [(422, "INVALID")]


async def test_a_summary_of_an_extractor_of_before_is_made_again(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    await read(api, acme)
    old = '{"v": 1, "source": "extractive", "model": "extractive-0", "upto_seq": 1}'
    async with superuser(api.database_url) as raw:
        await raw.execute(
            "UPDATE conversations SET metadata = metadata || jsonb_build_object('summary', $2::jsonb)"
            " WHERE id = $1",
            acme.conversation,
            old,
        )
    assert (await read(api, acme))["model"] == EXTRACTOR


async def fill(api: Api, tenant: Tenant, count: int) -> None:
    """Store many messages in one statement."""
    async with superuser(api.database_url) as raw:
        await raw.execute(
            "INSERT INTO messages (conversation_id, seq, id, tenant_id, role, content, created_at)"
            " SELECT $1, n, gen_random_uuid(), $2, CASE WHEN n % 2 = 1 THEN 'customer' ELSE 'agent'"
            " END, 'Message ' || n || ': my order ' || (40000 + n % 3) || ' is late.',"
            " now() - interval '400 days' FROM generate_series(1, $3::int) n",
            tenant.conversation,
            tenant.id,
            count,
        )
        await raw.execute(
            "UPDATE conversations SET last_seq = $2, created_at = now() - interval '400 days'"
            " WHERE id = $1",
            tenant.conversation,
            count,
        )


@pytest.mark.parametrize(("count", "left_out"), [(1_000, False), (2_500, True)])
async def test_who_asks_again_about_a_very_long_conversation_gets_the_whole(
    api: Api, acme: Tenant, count: int, left_out: bool
) -> None:
    await fill(api, acme, count)
    glance = await read(api, acme)
    assert (glance["uptoSeq"], glance["fresh"], glance["behind"]) == (count, False, 0)
    assert "messages_left_out" in glance["body"]["flags"]
    assert await history(api, acme) == [], "a part is not kept"
    found = await read(api, acme)
    assert (found["uptoSeq"], found["fresh"]) == (count, True)
    assert len(found["body"]["facts"]) == 3
    assert ("messages_left_out" in found["body"]["flags"]) == left_out


async def test_what_one_may_wait_for_is_read_whole_at_once(api: Api, acme: Tenant) -> None:
    await fill(api, acme, summaries.GLANCE.head + summaries.GLANCE.tail)
    found = await read(api, acme)
    assert found["fresh"]
    assert "messages_left_out" not in found["body"]["flags"]


async def test_what_retention_deletes_no_summary_keeps(api: Api, acme: Tenant) -> None:
    await fill(api, acme, 10)
    await read(api, acme)
    await write(api, acme, "Three orders are late.", rev=0)
    async with system_db(api.database_url, 1) as db, db.raw_transaction() as raw:
        await upkeep.delete_expired(raw, acme.conversation, days=30, limit=100)
    assert await history(api, acme) == []
    found = await read(api, acme)
    assert (found["source"], found["body"]["facts"]) == ("extractive", [])


async def test_the_snapshot_shows_it_to_agents(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    assert (await read_snapshot(api, acme.principal("agent"), acme))["summary"] is None
    found = await read(api, acme)
    shown = (await read_snapshot(api, acme.principal("agent"), acme))["summary"]
    assert shown == {name: found[name] for name in shown}
    assert UUID(shown["body"]["issue"]["messageIds"][0]).version == 7


async def test_rules_that_were_at_it_already_never_write_over_a_person(
    api: Api, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent writes after the messages were read and before what rules made of them is stored."""
    await say(api, acme.principal("contact"), acme.conversation, LATE)
    really, written = summaries._digested, False

    async def digested(*given: Any) -> Any:
        nonlocal written
        if not written:
            written = True
            answer = await write(api, acme, "Mine.", rev=0)
            assert answer.status_code == 200
            await say(api, acme.principal("contact"), acme.conversation, "and my desk")
        return await really(*given)

    monkeypatch.setattr(summaries, "_digested", digested)
    found = await read(api, acme)
    assert (found["text"], found["behind"]) == ("Mine.", 1)
    assert [row[1] for row in await history(api, acme)] == ["extractive", "human"]


async def test_among_readers_and_speakers_the_words_of_a_person_stand(
    api: Api, acme: Tenant
) -> None:
    await say(api, acme.principal("contact"), acme.conversation, LATE)

    async def talk() -> None:
        for number in range(6):
            await say(api, acme.principal("contact"), acme.conversation, f"part {number} is broken")

    async def look() -> None:
        for _ in range(6):
            await read(api, acme)

    async def put() -> None:
        answer = await write(api, acme, "Mine.", rev=0)
        assert answer.status_code == 200, answer.text

    await asyncio.gather(talk(), look(), put(), look(), look())
    found = await read(api, acme)
    assert (found["text"], found["source"], found["rev"]) == ("Mine.", "human", 1)
