"""Long conversations are folded before anybody opens them, and nobody waits for that."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from chat_service import ahead, outbox
from chat_service.ahead import EVERY, Ahead, is_due
from chorus import topics
from chorus.clock import SystemClock
from chorus.errors import Unavailable
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.ingest_world import superuser
from tests.chat_service.test_refined_summaries import ringing
from tests.chat_service.test_summaries import fill, history, read
from tests.chat_service.test_traits import Stumbling, tell, tools_of
from tests.chat_service.writer_world import until

pytestmark = pytest.mark.anyio


class Moved(SystemClock):
    """Its seconds pass when somebody moves it."""

    now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


async def relayed(api: Api, tenant: Tenant, before: int, clock: SystemClock) -> Ahead:
    """Who has heard of a message after `before` others."""
    await fill(api, tenant, before)
    folding = Ahead(replace(tools_of(api), clock=clock))
    await hear(api, tenant, folding, "One more: my order is 70001.")
    return folding


async def hear(api: Api, tenant: Tenant, folding: Ahead, said: str) -> None:
    tools = tools_of(api)
    await outbox.relay_all(tools.db, tools.client, 100)
    await tell(api, tenant, said)
    await outbox.relay_all(tools.db, tools.client, 100, folding.heard)


@pytest.mark.parametrize(
    ("first", "last", "due"),
    [
        (1, EVERY - 1, False),
        (1, EVERY, True),
        (EVERY, EVERY, True),
        (EVERY + 1, 2 * EVERY - 1, False),
        (EVERY + 1, 3 * EVERY, True),
    ],
)
def test_a_conversation_is_due_when_it_is_longer_by_so_much(
    first: int, last: int, due: bool
) -> None:
    assert is_due(first, last) == due


async def test_a_long_conversation_is_folded_before_anybody_opens_it(
    api: Api, acme: Tenant
) -> None:
    folding = await relayed(api, acme, EVERY - 1, SystemClock())
    assert await folding.fold_on()
    assert [row[:3] for row in await history(api, acme)] == [(EVERY, "extractive", True)]
    kept = await read(api, acme)
    assert (kept["uptoSeq"], kept["fresh"]) == (EVERY, True)
    assert len(await history(api, acme)) == 1, "the reader found it"
    assert not await folding.fold_on(), "it is folded once"


async def test_a_reader_goes_on_from_there_as_if_from_the_beginning(api: Api, acme: Tenant) -> None:
    folding = await relayed(api, acme, EVERY - 1, SystemClock())
    await folding.fold_on()
    await tell(api, acme, "And it is still not here!")
    gone_on = await read(api, acme)
    await forget(api, acme)
    anew = await read(api, acme)
    assert {**anew, "generatedAt": ""} == {**gone_on, "generatedAt": ""}


async def forget(api: Api, tenant: Tenant) -> None:
    await api.rows("DELETE FROM summaries WHERE conversation_id = $1", tenant.conversation)
    await api.rows("UPDATE conversations SET metadata = '{}' WHERE id = $1", tenant.conversation)


async def test_a_short_one_costs_nothing(api: Api, acme: Tenant) -> None:
    folding = await relayed(api, acme, EVERY - 2, SystemClock())
    assert not await folding.fold_on()
    assert await history(api, acme) == []


async def without_summaries(api: Api, tenant: Tenant) -> None:
    await api.rows(
        "UPDATE inboxes SET settings = jsonb_build_object('summaries', jsonb_build_object("
        "'enabled', false)) WHERE id = $1",
        tenant.inbox_id,
    )


async def test_an_inbox_that_wants_no_summaries_is_left_alone(api: Api, acme: Tenant) -> None:
    await without_summaries(api, acme)
    folding = await relayed(api, acme, EVERY - 1, SystemClock())
    assert not await folding.fold_on()
    assert await history(api, acme) == []


async def test_what_a_person_wrote_stays(api: Api, acme: Tenant) -> None:
    await fill(api, acme, 2)
    body: dict[str, Any] = {"text": "Mine.", "rev": 0}
    written = await call(api, acme, "PUT", f"/livechat/summary/{acme.conversation}", body)
    assert written.status_code == 200, written.text
    folding = Ahead(tools_of(api))
    await api.rows("UPDATE conversations SET last_seq = $2 WHERE id = $1", acme.conversation, 49)
    await hear(api, acme, folding, "One more.")
    assert not await folding.fold_on()
    assert (await read(api, acme))["text"] == "Mine."


async def test_it_leaves_most_of_the_time_to_others(api: Api, acme: Tenant) -> None:
    clock = Moved()
    folding = await relayed(api, acme, EVERY - 1, clock)
    assert await folding.fold_on()
    await api.rows("UPDATE conversations SET last_seq = $2 WHERE id = $1", acme.conversation, 99)
    await hear(api, acme, folding, "One more.")
    clock.now_s += (ahead.REST - 1) / 1000
    assert not await folding.fold_on(), "fifty messages take more than a millisecond"
    clock.now_s += ahead.REST_MAX_S
    assert await folding.fold_on()


async def test_a_held_conversation_is_kept_a_moment_later(api: Api, acme: Tenant) -> None:
    folding = await relayed(api, acme, EVERY - 1, clock := Moved())
    async with superuser(api.database_url) as raw, raw.transaction():
        await raw.execute("SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE", acme.conversation)
        assert not await folding.fold_on()
    clock.now_s += ahead.REST_MAX_S
    assert await folding.fold_on()
    clock.now_s += ahead.REST_MAX_S
    assert not await folding.fold_on()


async def test_who_was_shown_a_part_is_told_when_the_whole_is_there(
    api: Api, acme: Tenant, redis_db: str
) -> None:
    """At once, although it rests, and although this inbox makes none unasked."""
    await fill(api, acme, 3 * EVERY)
    await without_summaries(api, acme)
    folding = Ahead(replace(tools_of(api), clock=Moved()))
    folding._rests_until_s = ahead.REST_MAX_S
    async with ringing(redis_db) as words, api.resources.redis.pubsub() as heard:
        await heard.subscribe(topics.fan(acme.conversation))
        assert not (await read(api, acme))["fresh"]
        await words.are(1)
        await until(words.have_glances)
        folding.opened(*words.glances[0])
        assert await folding.fold_opened() == 1
        async with asyncio.timeout(10):
            while (message := await heard.get_message(True, timeout=1)) is None:
                continue
    frame = orjson.loads(topics.unpack(message["data"])[1])
    assert (frame["event"], frame["data"]["upto_seq"]) == ("summary", 3 * EVERY)
    whole = await read(api, acme)
    assert whole["fresh"]
    assert "messages_left_out" not in whole["body"]["flags"]
    assert await folding.fold_opened() == 0, "it is folded once"


async def test_nothing_is_forgotten_while_postgresql_is_away(api: Api, acme: Tenant) -> None:
    folding = await relayed(api, acme, EVERY - 1, Stumbling())
    with pytest.raises(Unavailable):
        await folding.fold_on()
    assert await folding.fold_on()


async def test_more_than_can_be_remembered_hinders_nobody(
    api: Api, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "WISHES_MAX", 0)
    folding = await relayed(api, acme, EVERY - 1, SystemClock())
    assert not await folding.fold_on()
    assert (await read(api, acme))["uptoSeq"] == EVERY


async def test_what_nobody_heard_of_is_found(api: Api, acme: Tenant) -> None:
    await fill(api, acme, EVERY)
    folding = Ahead(tools_of(api))
    await walk(folding, api)
    assert [row[:3] for row in await history(api, acme)] == [(EVERY, "extractive", True)]
    await walk(folding, api)
    assert len(await history(api, acme)) == 1, "what is folded is left alone"


async def walk(folding: Ahead, api: Api) -> None:
    """Once through all open conversations, and all that is found there is folded."""
    count = await api.rows("SELECT count(*) FROM conversations WHERE status <> 'closed'")
    for _ in range(count[0][0] // ahead.LOOKED_AT + 1):
        await folding.look()
        while folding._wishes:
            folding._rests_until_s = 0.0
            await folding.fold_on()


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("UPDATE summaries SET model = 'rules-of-before'", True),
        ("UPDATE summaries SET state = NULL", True),
        ("UPDATE conversations SET last_seq = last_seq + $2::int - 1", False),
        ("UPDATE conversations SET last_seq = last_seq + $2::int", True),
        (
            "UPDATE conversations SET status = 'closed', closed_at = now(), last_seq = 10 * $2::int",
            False,
        ),
    ],
)
async def test_what_is_found_is_long_and_open_and_not_folded_by_rules_of_today(
    api: Api, acme: Tenant, before: str, found: bool
) -> None:
    folding = await relayed(api, acme, EVERY - 1, SystemClock())
    assert await folding.fold_on()
    column = "conversation_id" if "summaries" in before else "id"
    more = [EVERY] if "$2" in before else []
    await api.rows(f"{before} WHERE {column} = $1", acme.conversation, *more)
    assert (acme.conversation in await looked_at(api)) == found


async def looked_at(api: Api) -> dict[Any, Any]:
    folding = Ahead(tools_of(api))
    found: dict[Any, Any] = {}
    while True:
        folding._wishes.clear()
        await folding.look()
        found |= folding._wishes
        if folding._after == ahead.START:
            return found


async def test_what_a_person_or_a_model_wrote_is_left_to_readers(api: Api, acme: Tenant) -> None:
    await fill(api, acme, 2)
    body: dict[str, Any] = {"text": "Mine.", "rev": 0}
    await call(api, acme, "PUT", f"/livechat/summary/{acme.conversation}", body)
    await api.rows("UPDATE conversations SET last_seq = 500 WHERE id = $1", acme.conversation)
    assert acme.conversation not in await looked_at(api)


async def test_a_page_of_conversations_after_the_other(
    api: Api, acme: Tenant, rival: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "LOOKED_AT", 1)
    for one in (acme, rival):
        await fill(api, one, EVERY)
    assert {acme.conversation, rival.conversation} <= (await looked_at(api)).keys()
