"""What customers' words say of a conversation: read once, told once, and never against a person."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chat_service import events, outbox, traits
from chat_service.jobs import Tools
from chat_service.routing import route
from chat_service.settings import ConductorSettings
from chat_service.store import routing, upkeep
from chat_service.store.outbox import DomainEvent
from chat_service.traits import Listening, Outcome
from chorus.clock import SystemClock
from chorus.errors import Unavailable
from chorus.ids import uuid7
from tests.chat_service.admin_world import call
from tests.chat_service.api_world import Api, Tenant, codes, read_snapshot, say
from tests.chat_service.test_properties import another, command, listed

pytestmark = pytest.mark.anyio
ANGRY = "This is unacceptable, the worst shop ever. I am furious, I want my money back!"
SETTINGS = "/admin/settings"


class Killed(Exception):
    """Stands for the end of the process, at the last moment before a commit."""


class Dying(SystemClock):
    def now(self) -> datetime:
        raise Killed


class Ticking(SystemClock):
    """Goes on only when somebody looks."""

    ticks = 0

    def monotonic(self) -> float:
        self.ticks += 1
        return self.ticks / 100


class Stumbling(SystemClock):
    """The first time somebody asks PostgreSQL is away."""

    asked = 0

    def now(self) -> datetime:
        self.asked += 1
        if self.asked == 1:
            raise Unavailable
        return super().now()


def tools_of(api: Api) -> Tools:
    resources = api.resources
    return Tools(resources.system, resources.redis, ConductorSettings.from_env({}), SystemClock())


async def tell(api: Api, tenant: Tenant, *said: str) -> None:
    for one in said:
        await say(api, tenant.principal("contact"), tenant.conversation, one)


async def read_all(listening: Listening) -> None:
    """Let it read, and rest, until nothing waits."""
    await listening.read_on()
    while listening.waiting:
        await asyncio.sleep(0)
        await listening.read_on()


async def read(api: Api, tenant: Tenant) -> int:
    done = await traits.read(tools_of(api), [tenant.conversation])
    assert done.later == frozenset()
    return done.kept


async def told(api: Api, tenant: Tenant) -> list[dict[str, Any]]:
    """The events of a conversation that tell what was read, in order."""
    path = f"/livechat/conversations/{tenant.conversation}/messages"
    items = (await call(api, tenant, "GET", path)).json()["items"]
    events = [one["data"] for one in items if one.get("event") == "conversation.updated"]
    return [one for one in events if "traits" in one]


async def switch(api: Api, tenant: Tenant, **chosen: bool) -> None:
    answer = await call(api, tenant, "PATCH", SETTINGS, chosen)
    assert answer.status_code == 200, answer.text


async def test_words_are_read_without_a_bot_and_what_agents_see_is_told_once(
    api: Api, acme: Tenant
) -> None:
    await tell(api, acme, ANGRY)
    assert await read(api, acme) == 1
    assert await read(api, acme) == 0, "what was read is not read again"
    (event,) = await told(api, acme)
    assert event["traits"] == {
        "intent": "refund",
        "sentiment": "angry",
        "language": "en",
        "suggested": ["refund"],
    }
    shown = await read_snapshot(api, acme.principal(), acme)
    assert (shown["traits"], shown["tags"]) == (event["traits"], [])
    (row,) = await listed(api, acme)
    assert (row["intent"], row["sentiment"], row["language"]) == ("refund", "angry", "en")
    hidden = await read_snapshot(api, acme.principal("contact"), acme)
    assert "traits" not in hidden


async def test_what_agents_do_not_see_takes_no_place_in_the_conversation(
    api: Api, acme: Tenant
) -> None:
    await tell(api, acme, "Hello there, is it open on the weekend?")
    await read(api, acme)
    (row,) = await listed(api, acme)
    assert (row["headSeq"], row["language"], row["intent"]) == (1, "en", None)
    assert await told(api, acme) == []


async def test_the_inbox_is_narrowed_by_what_words_say(api: Api, acme: Tenant) -> None:
    await another(api, acme)
    await tell(api, acme, ANGRY)
    await read(api, acme)
    for query in ("sentiment=angry", "intent=refund", "language=en", "intent=refund&language=en"):
        assert [one["id"] for one in await listed(api, acme, query)] == [str(acme.conversation)]
    assert await listed(api, acme, "sentiment=positive") == []
    for query in ("sentiment=neutral", "intent=other", "intent=x", "language=eng4"):
        refused = await call(api, acme, "GET", f"/livechat/conversations?{query}")
        assert refused.status_code == 422, query


async def test_rules_put_tags_where_the_tenant_lets_them_and_never_against_a_person(
    api: Api, acme: Tenant
) -> None:
    await switch(api, acme, autoTags=True)
    await command(api, acme, "update", add_tags=["vip", "legal"])
    await command(api, acme, "update", remove_tags=["legal"])
    await tell(api, acme, "I want a refund, my lawyer will hear of it")
    await read(api, acme)
    shown = await read_snapshot(api, acme.principal(), acme)
    assert shown["tags"] == ["vip", "refund"], "what a person took away stays away"
    offered = (await call(api, acme, "GET", "/livechat/labels")).json()["items"]
    assert "refund" in {one["name"] for one in offered}
    await command(api, acme, "update", remove_tags=["refund", "vip"])
    await tell(api, acme, "I want a refund, my lawyer will hear of it! A refund!")
    await read(api, acme)
    shown = await read_snapshot(api, acme.principal(), acme)
    assert (shown["tags"], shown["traits"]["suggested"]) == ([], [])
    rows = await api.rows(
        "SELECT data->>'by' AS by FROM outbox WHERE tenant_id = $1"
        " AND event = 'conversation.changed' AND data->'changed' ? 'traits'",
        acme.id,
    )
    assert [one["by"] for one in rows] == [None]


async def test_a_tenant_switches_it_off_and_on_and_that_is_written_down(
    api: Api, acme: Tenant
) -> None:
    before = (await call(api, acme, "GET", SETTINGS)).json()
    assert (before["traits"], before["autoTags"]) == (True, False)
    await switch(api, acme, traits=False)
    await tell(api, acme, ANGRY)
    assert (await read(api, acme), await told(api, acme)) == (0, [])
    await switch(api, acme, traits=True)
    assert await read(api, acme) == 1
    log = await call(api, acme, "GET", "/admin/audit?action=tenant.changed", who="admin")
    chosen = [one["detail"]["traits"]["to"] for one in log.json()["items"]]
    assert chosen == [True, False]
    wrong = await call(api, acme, "PATCH", SETTINGS, {"traits": "yes"})
    assert codes(wrong) == [(422, "INVALID")]


async def test_an_inbox_without_summaries_is_not_read(api: Api, acme: Tenant) -> None:
    await api.rows(
        'UPDATE inboxes SET settings = \'{"summaries": {"enabled": false}}\' WHERE id = $1',
        acme.inbox_id,
    )
    await tell(api, acme, ANGRY)
    deaf = frozenset({acme.conversation})
    assert await traits.read(tools_of(api), [acme.conversation]) == Outcome(deaf=deaf)


async def test_many_who_read_at_once_tell_it_once(api: Api, acme: Tenant) -> None:
    await tell(api, acme, ANGRY)
    tools = tools_of(api)
    await asyncio.gather(*(traits.read(tools, [acme.conversation]) for _ in range(8)))
    await read(api, acme)
    assert len(await told(api, acme)) == 1


async def test_whoever_dies_before_the_commit_has_done_nothing(api: Api, acme: Tenant) -> None:
    await tell(api, acme, ANGRY)
    with pytest.raises(Killed):
        await traits.read(replace(tools_of(api), clock=Dying()), [acme.conversation])
    assert await told(api, acme) == []
    assert (await read_snapshot(api, acme.principal(), acme))["headSeq"] == 1
    assert await read(api, acme) == 1
    assert len(await told(api, acme)) == 1


async def test_what_was_relayed_to_somebody_who_died_is_read_by_the_next(
    api: Api, acme: Tenant
) -> None:
    tools = tools_of(api)
    await tell(api, acme, ANGRY)
    await outbox.relay_all(tools.db, tools.client, 500)
    await read_all(Listening(tools))
    assert len(await told(api, acme)) == 1
    heard = Listening(tools)
    await read_all(heard)
    await tell(api, acme, "Thanks, great, that works perfectly", "Thank you, wonderful!")
    await outbox.relay_all(tools.db, tools.client, 500, heard.heard)
    await read_all(heard)
    assert [one["traits"]["sentiment"] for one in await told(api, acme)] == ["angry", "positive"]


async def test_reading_leaves_most_of_the_time_to_others(api: Api, acme: Tenant) -> None:
    clock = Ticking()
    listening = Listening(replace(tools_of(api), clock=clock))
    for said in ("Where is my parcel?", ANGRY):
        await tell(api, acme, said)
        await outbox.relay_all(api.resources.system, api.resources.redis, 500, listening.heard)
        while await listening.read_on() == 0:
            pass
    # What came at once after the first was heard while it rested: nineteen ticks for one.
    assert clock.ticks > traits.REST
    assert [one["traits"]["sentiment"] for one in await told(api, acme)] == ["neutral", "angry"]


async def test_more_than_can_be_remembered_hinders_nobody(api: Api, acme: Tenant) -> None:
    tools = tools_of(api)
    listening = Listening(tools)
    await read_all(listening)
    ids = [str(uuid7()) for _ in range(traits.WISHES_MAX + 1)]
    said = {"conversations": [{"conversation_id": one, "roles": ["customer"]} for one in ids]}
    event = events.MESSAGE_CREATED.name
    many = DomainEvent(uuid7(), acme.id, "test", event, json.dumps(said), datetime.now(UTC))
    listening.heard([many])
    await tell(api, acme, ANGRY)
    await outbox.relay_all(tools.db, tools.client, 500, listening.heard)
    assert listening.waiting == traits.WISHES_MAX
    await read(api, acme)
    assert len(await told(api, acme)) == 1


async def test_what_retention_deletes_is_not_known_any_more(api: Api, acme: Tenant) -> None:
    await tell(api, acme, ANGRY)
    await read(api, acme)
    old = "UPDATE messages SET created_at = now() - interval '40 days' WHERE conversation_id = $1"
    await api.rows(old, acme.conversation)
    async with api.resources.system.raw_transaction() as raw:
        await upkeep.delete_expired(raw, acme.conversation, days=30, limit=100)
    (row,) = await api.rows(
        "SELECT intent, sentiment, language, tags, reading::text AS reading"
        " FROM conversation_traits WHERE conversation_id = $1",
        acme.conversation,
    )
    assert tuple(row.values()) == ("other", "neutral", "", [], "{}")


async def test_words_taken_back_before_a_leader_came_are_read_by_it(api: Api, acme: Tenant) -> None:
    await tell(api, acme, ANGRY)
    await read(api, acme)
    path = f"/livechat/conversations/{acme.conversation}/messages"
    said = (await call(api, acme, "GET", path)).json()["items"][0]
    await command(api, acme, "delete", who="supervisor", target=said["id"])
    tools = tools_of(api)
    await outbox.relay_all(tools.db, tools.client, 500)
    await read_all(Listening(tools))
    assert (await told(api, acme))[-1]["traits"]["sentiment"] == "neutral"


async def test_nothing_is_forgotten_while_postgresql_is_away(api: Api, acme: Tenant) -> None:
    tools = replace(tools_of(api), clock=Stumbling())
    listening = Listening(tools)
    await read_all(listening)
    # So many that they are read beside the loop.
    await tell(api, acme, *["Where is my parcel?"] * 21, ANGRY)
    await outbox.relay_all(tools.db, tools.client, 500, listening.heard)
    with pytest.raises(Unavailable):
        await read_all(listening)
    assert await told(api, acme) == []
    await read_all(listening)
    assert [one["traits"]["sentiment"] for one in await told(api, acme)] == ["angry"]


async def test_what_another_version_wrote_hinders_nobody(api: Api, acme: Tenant) -> None:
    await tell(api, acme, "Where is my parcel?")
    await read(api, acme)
    await api.rows(
        "UPDATE conversation_traits SET reading = '{\"v\": 9}' WHERE conversation_id = $1",
        acme.conversation,
    )
    await tell(api, acme, ANGRY)
    await read(api, acme)
    assert (await told(api, acme))[-1]["traits"]["sentiment"] == "angry"


async def test_words_that_were_taken_back_say_nothing_any_more(api: Api, acme: Tenant) -> None:
    tools = tools_of(api)
    listening = Listening(tools)
    await read_all(listening)
    await tell(api, acme, ANGRY)
    await read(api, acme)
    path = f"/livechat/conversations/{acme.conversation}/messages"
    (said, _) = (await call(api, acme, "GET", path)).json()["items"]
    gone = await command(api, acme, "delete", who="supervisor", target=said["id"])
    assert gone.status_code == 200, gone.text
    await outbox.relay_all(tools.db, tools.client, 500, listening.heard)
    await read_all(listening)
    assert await read(api, acme) == 0
    last = (await told(api, acme))[-1]["traits"]
    assert last == {"intent": "other", "sentiment": "neutral", "language": "", "suggested": []}


async def test_a_held_conversation_is_read_a_moment_later(api: Api, acme: Tenant) -> None:
    await tell(api, acme, ANGRY)
    async with api.resources.system.raw_transaction() as raw:
        held = "SELECT id FROM conversations WHERE id = $1 FOR UPDATE"
        await raw.fetchval(held, acme.conversation)
        held_up = await traits.read(tools_of(api), [acme.conversation])
        assert held_up == Outcome(later=frozenset({acme.conversation}))
    assert await read(api, acme) == 1


async def waiting_priority(api: Api, tenant: Tenant) -> int:
    (row,) = await api.rows(
        "SELECT priority FROM live_chat_sessions WHERE conversation_id = $1", tenant.conversation
    )
    found: int = row["priority"]
    return found


async def escalated(api: Api, tenant: Tenant) -> Any:
    body = {"conversationId": str(tenant.conversation)}
    answer = await call(api, tenant, "POST", "/livechat/escalate", body, who="contact")
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def a_queue(api: Api, tenant: Tenant, **chosen: Any) -> UUID:
    made = await call(api, tenant, "POST", "/admin/queues", chosen)
    assert made.status_code == 201, made.text
    return UUID(made.json()["id"])


@pytest.mark.parametrize("first", ["read", "escalated"])
async def test_who_is_very_cross_waits_less_whichever_comes_first(
    api: Api, acme: Tenant, first: str
) -> None:
    await a_queue(api, acme, name="All", isDefault=True)
    steps: dict[str, Callable[[Api, Tenant], Any]] = {"read": read, "escalated": escalated}
    await tell(api, acme, ANGRY)
    for name in sorted(steps, key=lambda one: one != first):
        await steps[name](api, acme)
    assert await waiting_priority(api, acme) == 1
    await tell(api, acme, ANGRY, ANGRY)
    await read(api, acme)
    assert await waiting_priority(api, acme) == 1, "and never more than that"


async def test_topic_mood_and_language_lead_to_the_queue_that_names_them(
    api: Api, acme: Tenant
) -> None:
    await a_queue(api, acme, name="All", isDefault=True)
    german = {"intents": ["refund"], "languages": ["de"]}
    skills = {"refund": ["billing"]}
    money = await a_queue(api, acme, name="Geld", conditions=german, intentSkills=skills)
    await a_queue(api, acme, name="Care", conditions={"sentiments": ["angry"]}, priority=1)
    await tell(api, acme, "Ich möchte mein Geld zurück, bitte")
    await read(api, acme)
    assert (await escalated(api, acme))["queue"] == "Geld"
    async with api.resources.system.read(None) as session:
        (place,) = await routing.deferred(session, acme.id, {money: None}, limit=9)
    waiting = place.waiting
    assert (set(waiting.optional_skills), waiting.language) == ({"billing"}, "de")
    decision = route(waiting, [], now=waiting.requested_at)
    said = {"intent": "refund", "sentiment": "neutral", "language": "de"}
    assert decision.candidates_json() == {"read": said}
    wrong = {"name": "X", "conditions": {"intents": ["gossip"]}}
    assert (await call(api, acme, "POST", "/admin/queues", wrong)).status_code == 422
