"""Queues over REST: what is taken, what is refused and why, who may, and what follows."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest

from chat_service.store import routing
from chorus import topics
from chorus.bus import open_redis
from chorus.ids import uuid7
from tests.chat_service.admin_world import QUEUES, TEAMS, audited, call, joined, make
from tests.chat_service.api_world import Api, Tenant, codes

pytestmark = pytest.mark.anyio

HOURS = {
    "timezone": "Europe/Vienna",
    "week": {"mon": [["08:00", "12:00"], ["13:00", "17:00"]], "fri": [["22:00", "02:00"]]},
    "holidays": {"2026-12-25": [], "2026-12-24": [["08:00", "12:00"]]},
}


async def listed(api: Api, tenant: Tenant, who: str = "admin") -> list[str]:
    answer = await call(api, tenant, "GET", QUEUES, who=who)
    return [one["name"] for one in answer.json()["items"]]


async def test_a_queue_is_as_it_was_set_up(api: Api, acme: Tenant) -> None:
    gold = await make(api, acme, "gold", TEAMS)
    overflow = await make(api, acme, "everybody", isDefault=True)
    chosen = {
        "name": "support",
        "policy": "round_robin",
        "priority": 7,
        "skills": ["billing", "vip"],
        "conditions": {
            "inboxes": [str(acme.inbox_id)],
            "channels": ["web"],
            "sources": ["bot", "widget"],
            "languages": ["de"],
            "attributes": {"plan": ["gold", 1, True]},
        },
        "hours": HOURS,
        "isDefault": False,
        "visibility": "internal",
        "visibleTo": [str(gold)],
        "maxWaitSeconds": 90,
        "overflowQueueId": str(overflow),
        "slaSeconds": 60,
        "offerSeconds": 20,
        "wrapUpSeconds": 0,
        "idleAskedAfterSeconds": 60,
        "idleEndsAfterSeconds": 120,
        "idleThen": "bot",
        "relaxations": [{"afterSeconds": 10, "demand": "language"}],
        "askedAgainAfterSeconds": 45,
    }
    made = (await call(api, acme, "POST", QUEUES, chosen)).json()
    assert chosen.items() <= made.items()
    assert (made["members"], made["waiting"]) == (0, 0)
    assert (await call(api, acme, "GET", f"{QUEUES}/{made['id']}")).json() == made
    later: dict[str, Any] = {
        "hours": None,
        "overflowQueueId": None,
        "relaxations": None,
        "askedAgainAfterSeconds": None,
        "visibleTo": [],
    }
    changed = (await call(api, acme, "PATCH", f"{QUEUES}/{made['id']}", later)).json()
    assert changed == made | later


async def test_every_change_is_audited_and_told_once(api: Api, acme: Tenant) -> None:
    queue = await make(api, acme, "support")
    path = f"{QUEUES}/{queue}"
    for _ in range(2):
        await call(api, acme, "PATCH", path, {"priority": 3})
        await call(api, acme, "PUT", f"{path}/members/{acme.agent}", who="supervisor")
    await call(api, acme, "DELETE", f"{path}/members/{acme.agent}")
    await call(api, acme, "DELETE", path)
    done = ["created", "changed", "member_added", "member_removed", "deleted"]
    assert await audited(api, acme) == [f"queue.{one}" for one in done]
    entries = await api.rows("SELECT * FROM audit_log WHERE tenant_id = $1 ORDER BY id", acme.id)
    changed = orjson.loads(entries[1]["detail"])
    assert changed == {"priority": {"from": 0, "to": 3}}
    assert {one["subject"] for one in entries} == {f"queue:{queue}"}
    assert (entries[2]["actor_id"], entries[2]["actor_role"]) == (acme.supervisor, "supervisor")
    assert entries[0]["address"] == "127.0.0.1"
    told = await api.rows(
        "SELECT data FROM outbox WHERE tenant_id = $1 AND event = 'routing.changed' ORDER BY id",
        acme.id,
    )
    assert [orjson.loads(one["data"])["action"] for one in told] == done


async def test_the_router_is_woken_by_each_change(api: Api, acme: Tenant) -> None:
    queue = await make(api, acme, "support")
    async with (
        open_redis(api.resources.settings.redis_url) as client,
        client.pubsub(ignore_subscribe_messages=True) as pubsub,
    ):
        await pubsub.subscribe(topics.CONTROL)
        await call(api, acme, "PATCH", f"{QUEUES}/{queue}", {"policy": "manual"})
        async with asyncio.timeout(20):
            while True:
                message = await pubsub.get_message(timeout=1)
                if message and orjson.loads(message["data"]) == {"handoff": str(acme.id)}:
                    break


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"policy": "fastest"}, "policy"),
    ({"priority": -1}, "priority"),
    ({"priority": "3"}, "priority"),
    ({"name": "  "}, "name"),
    ({"name": None}, "name"),
    ({"name": str(uuid7())}, "name"),
    ({"skills": ["a", ""]}, "skills.1"),
    ({"skills": "billing"}, "skills"),
    ({"maxWaitSeconds": 0}, "maxWaitSeconds"),
    ({"offerSeconds": None}, "offerSeconds"),
    ({"wrapUpSeconds": -1}, "wrapUpSeconds"),
    ({"maxWait": 5}, "maxWait"),
    ({"idleAskedAfterSeconds": 900}, "idleEndsAfterSeconds"),
    ({"idleEndsAfterSeconds": 300}, "idleEndsAfterSeconds"),
    ({"idleThen": "wait"}, "idleThen"),
    ({"askedAgainAfterSeconds": 9}, "askedAgainAfterSeconds"),
    ({"conditions": {"channel": ["web"]}}, "conditions.channel"),
    ({"conditions": {"channels": []}}, "conditions.channels"),
    ({"conditions": {"channels": ["fax"]}}, "conditions.channels.0"),
    ({"conditions": {"languages": ["de-AT"]}}, "conditions.languages.0"),
    ({"conditions": {"inboxes": [str(uuid7())]}}, "conditions.inboxes"),
    ({"conditions": {"attributes": {"plan": "gold"}}}, "conditions.attributes.plan"),
    ({"hours": {"timezone": "Mars/Olympus"}}, "hours.timezone"),
    ({"hours": {}}, "hours.timezone"),
    ({"hours": HOURS | {"week": {"mon": [["08:00", "08:00"]]}}}, "hours.week.mon[0]"),
    ({"hours": HOURS | {"week": {"mon": [["8", "9"]]}}}, "hours.week.mon[0][0]"),
    (
        {"hours": HOURS | {"week": {"mon": [["08:00", "12:00"], ["11:00", "13:00"]]}}},
        "hours.week.mon",
    ),
    ({"hours": HOURS | {"week": {"moon": []}}}, "hours.week.moon"),
    ({"hours": HOURS | {"holidays": {"2026-02-30": []}}}, "hours.holidays.2026-02-30"),
    ({"hours": "always"}, "hours"),
    ({"relaxations": [{"afterSeconds": 5, "demand": "skills"}]}, "relaxations.0.demand"),
    ({"relaxations": [{"afterSeconds": 5, "demand": "language"}] * 2}, "relaxations"),
    ({"visibleTo": [str(uuid7())]}, "visibleTo"),
    ({"overflowQueueId": str(uuid7())}, "overflowQueueId"),
    ({"overflowQueueId": "everybody"}, "overflowQueueId"),
]


@pytest.mark.parametrize(("body", "field"), WRONG, ids=[field for _, field in WRONG])
async def test_what_is_wrong_is_named_and_changes_nothing(
    api: Api, acme: Tenant, body: dict[str, Any], field: str
) -> None:
    queue = await make(api, acme, "support")
    before = (await call(api, acme, "GET", f"{QUEUES}/{queue}")).json()
    tried = [
        await call(api, acme, "PATCH", f"{QUEUES}/{queue}", {"priority": 9, **body}),
        await call(api, acme, "POST", QUEUES, {"name": "other", **body}),
    ]
    for answer in tried:
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (422, "INVALID", field)
        assert len(problem["detail"]) > len(field)
    assert (await call(api, acme, "GET", f"{QUEUES}/{queue}")).json() == before
    assert await listed(api, acme) == ["support"]
    assert await audited(api, acme) == ["queue.created"]


async def test_a_name_belongs_to_one_queue_and_is_free_after_it(api: Api, acme: Tenant) -> None:
    support, sales = await make(api, acme, "support"), await make(api, acme, "sales")
    again = await call(api, acme, "POST", QUEUES, {"name": "support"})
    renamed = await call(api, acme, "PATCH", f"{QUEUES}/{sales}", {"name": "support"})
    assert codes(again, renamed) == [(409, "NAME_TAKEN")] * 2
    await call(api, acme, "DELETE", f"{QUEUES}/{support}")
    assert (
        await call(api, acme, "PATCH", f"{QUEUES}/{sales}", {"name": "support"})
    ).status_code == 200


async def test_there_is_one_default_queue_at_most(api: Api, acme: Tenant) -> None:
    first = await make(api, acme, "first", isDefault=True)
    second = await make(api, acme, "second", isDefault=True)
    await call(api, acme, "PATCH", f"{QUEUES}/{first}", {"isDefault": True})
    found = (await call(api, acme, "GET", QUEUES)).json()["items"]
    assert {one["id"]: one["isDefault"] for one in found} == {str(first): True, str(second): False}


async def test_a_key_makes_one_queue(api: Api, acme: Tenant) -> None:
    headers = api.token(acme.principal("admin")) | {"Idempotency-Key": "a"}

    async def asked(name: str) -> Any:
        return await api.client.post(QUEUES, json={"name": name}, headers=headers)

    done = await asyncio.gather(*(asked("support") for _ in range(3)))
    assert {one.status_code for one in done} == {201}
    assert len({one.json()["id"] for one in done}) == 1
    assert codes(await asked("sales")) == [(409, "KEY_REUSED")]
    assert await listed(api, acme) == ["support"]


async def test_a_list_is_read_page_by_page_in_order_of_name(api: Api, acme: Tenant) -> None:
    names = [f"q{number}" for number in range(5)]
    for name in reversed(names):
        await make(api, acme, name)
    seen, cursor = [], None
    for _ in range(3):
        query = "?limit=2" + (f"&cursor={cursor}" if cursor else "")
        page = (await call(api, acme, "GET", f"{QUEUES}{query}")).json()
        seen += [one["name"] for one in page["items"]]
        cursor = page["nextCursor"]
    assert (seen, cursor) == (names, None)
    bad = [await call(api, acme, "GET", f"{QUEUES}?cursor={one}") for one in ("x", "WyJhIl0")]
    assert codes(*bad) == [(422, "INVALID")] * 2


async def test_only_admins_set_queues_up_and_supervisors_say_who_serves(
    api: Api, acme: Tenant
) -> None:
    queue = await make(api, acme, "support")
    path = f"{QUEUES}/{queue}"
    for who in ("contact", "agent", "supervisor"):
        tried = [
            await call(api, acme, "POST", QUEUES, {"name": "x"}, who=who),
            await call(api, acme, "PATCH", path, {"priority": 1}, who=who),
            await call(api, acme, "DELETE", path, who=who),
        ]
        assert codes(*tried) == [(403, "FORBIDDEN")] * 3
        member = await call(api, acme, "PUT", f"{path}/members/{acme.agent}", who=who)
        assert member.status_code == (204 if who == "supervisor" else 403)
        read = await call(api, acme, "GET", path, who=who)
        assert read.status_code == (403 if who == "contact" else 200)
    await api.rows("UPDATE agents SET disabled_at = now() WHERE id = $1", acme.admin)
    shut_out = [
        await call(api, acme, "POST", QUEUES, {"name": "x"}),
        await call(api, acme, "PATCH", path, {}),
        await call(api, acme, "DELETE", path),
    ]
    assert codes(*shut_out) == [(403, "FORBIDDEN")] * 3


async def test_another_tenants_queues_teams_and_agents_are_not_there(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    theirs, team = await make(api, rival, "support"), await make(api, rival, "gold", TEAMS)
    ours = await make(api, acme, "support")
    tried = [
        await call(api, acme, "GET", f"{QUEUES}/{theirs}"),
        await call(api, acme, "PATCH", f"{QUEUES}/{theirs}", {"priority": 1}),
        await call(api, acme, "DELETE", f"{QUEUES}/{theirs}"),
        await call(api, acme, "GET", f"{QUEUES}/{theirs}/members"),
        await call(api, acme, "PUT", f"{QUEUES}/{theirs}/members/{acme.agent}"),
        await call(api, acme, "PUT", f"{QUEUES}/{ours}/members/{rival.agent}"),
        await call(api, acme, "DELETE", f"{QUEUES}/{ours}/members/{rival.agent}"),
    ]
    assert codes(*tried) == [(404, "NOT_FOUND")] * len(tried)
    named = [
        await call(api, acme, "PATCH", f"{QUEUES}/{ours}", {"overflowQueueId": str(theirs)}),
        await call(api, acme, "PATCH", f"{QUEUES}/{ours}", {"visibleTo": [str(team)]}),
        await call(
            api,
            acme,
            "PATCH",
            f"{QUEUES}/{ours}",
            {"conditions": {"inboxes": [str(rival.inbox_id)]}},
        ),
    ]
    assert codes(*named) == [(422, "INVALID")] * 3
    assert await listed(api, acme) == ["support"]
    (untouched,) = await api.rows("SELECT priority FROM queues WHERE id = $1", theirs)
    assert untouched["priority"] == 0


async def test_a_ring_of_overflows_is_refused_by_name(api: Api, acme: Tenant) -> None:
    one, two, three = [await make(api, acme, name) for name in ("one", "two", "three")]

    async def lead(queue: UUID, to: UUID) -> Any:
        path = f"{QUEUES}/{queue}"
        return await call(api, acme, "PATCH", path, {"overflowQueueId": str(to)})

    assert [(await lead(one, two)).status_code, (await lead(two, three)).status_code] == [200, 200]
    closing, itself = await lead(three, one), await lead(one, one)
    assert codes(closing, itself) == [(422, "INVALID")] * 2
    assert closing.json()["detail"].endswith("three → one → two → three.")
    assert itself.json()["field"] == "overflowQueueId"


async def test_of_two_changes_that_would_make_a_ring_one_is_refused(api: Api, acme: Tenant) -> None:
    for _ in range(5):
        one, two = await make(api, acme, str(uuid7())[:20]), await make(api, acme, "two")
        done = await asyncio.gather(
            call(api, acme, "PATCH", f"{QUEUES}/{one}", {"overflowQueueId": str(two)}),
            call(api, acme, "PATCH", f"{QUEUES}/{two}", {"overflowQueueId": str(one)}),
        )
        assert sorted(answer.status_code for answer in done) == [200, 422]
        await call(api, acme, "DELETE", f"{QUEUES}/{two}")


async def test_members_are_shown_and_come_and_go(api: Api, acme: Tenant) -> None:
    queue = await make(api, acme, "support")
    path = f"{QUEUES}/{queue}"
    await joined(api, acme, path, acme.agent, acme.supervisor)
    members = (await call(api, acme, "GET", f"{path}/members", who="agent")).json()["items"]
    assert [one["name"] for one in members] == ["Agent", "Supervisor"]
    assert [one["email"] is None for one in members] == [False, True]
    assert members[0]["queues"] == [{"id": str(queue), "name": "support"}]
    assert (await call(api, acme, "GET", path)).json()["members"] == 2
    gone = [await call(api, acme, "DELETE", f"{path}/members/{acme.agent}") for _ in range(2)]
    assert [one.status_code for one in gone] == [204, 404]
    await api.rows("UPDATE agents SET disabled_at = now() WHERE id = $1", acme.agent)
    shut_out = await call(api, acme, "PUT", f"{path}/members/{acme.agent}")
    assert (shut_out.status_code, shut_out.json()["field"]) == (422, "agentId")


async def test_a_queue_is_seen_by_its_teams_its_members_and_seniors(api: Api, acme: Tenant) -> None:
    gold = await make(api, acme, "gold", TEAMS)
    await make(api, acme, "open")
    vip = await make(api, acme, "vip", visibleTo=[str(gold)])
    path = f"{QUEUES}/{vip}"
    assert await listed(api, acme, "agent") == ["open"]
    assert await listed(api, acme, "supervisor") == await listed(api, acme) == ["open", "vip"]
    hidden = [
        await call(api, acme, "GET", path, who="agent"),
        await call(api, acme, "GET", f"{path}/members", who="agent"),
    ]
    assert codes(*hidden) == [(404, "NOT_FOUND")] * 2
    await joined(api, acme, f"{TEAMS}/{gold}", acme.agent)
    await joined(api, acme, path, acme.colleague)
    assert await listed(api, acme, "agent") == await listed(api, acme, "colleague")
    assert await listed(api, acme, "agent") == ["open", "vip"]
    await call(api, acme, "DELETE", f"{TEAMS}/{gold}")
    assert await listed(api, acme, "agent") == ["open"]
    assert await listed(api, acme, "colleague") == ["open", "vip"]


async def test_what_wishes_are_given_up_when_reaches_the_router(api: Api, acme: Tenant) -> None:
    steps = [{"afterSeconds": 5, "demand": "optional_skills"}]
    slow = await make(api, acme, "slow", isDefault=True, relaxations=[])
    asked = {"conversationId": str(acme.conversation)}
    answer = await call(api, acme, "POST", "/livechat/escalate", asked, who="contact")
    assert answer.status_code == 201
    seen = []
    for relaxations in ([], steps, None):
        body = {"relaxations": relaxations}
        await call(api, acme, "PATCH", f"{QUEUES}/{slow}", body)
        async with api.resources.system.read(None) as session:
            found = [
                *await routing.queued(session, acme.id),
                *await routing.deferred(session, acme.id, {slow: None}, limit=5),
            ]
        seen.append([(one.after_s, one.demand) for one in found[0].waiting.relaxations])
    default = [(30, "language"), (60, "optional_skills")]
    assert seen == [[], [(5, "optional_skills")], default]
