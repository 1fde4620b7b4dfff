"""Teams over REST, and what a team's end means for who waits for it and what it saw."""

from uuid import UUID

import pytest

from chat_service.store import routing
from chorus.ids import uuid7
from tests.chat_service.admin_world import QUEUES, TEAMS, audited, call, joined, make, stand
from tests.chat_service.api_world import Api, Tenant, codes

pytestmark = pytest.mark.anyio


async def waiting_for(api: Api, tenant: Tenant) -> list[UUID | None]:
    """The team that each waiting session asks for, as the router reads it."""
    async with api.resources.system.read(None) as session:
        return [one.team_id for one in await routing.queued(session, tenant.id)]


async def test_a_team_is_made_renamed_and_deleted(api: Api, acme: Tenant) -> None:
    team = await make(api, acme, "  gold ", TEAMS)
    path = f"{TEAMS}/{team}"
    made = (await call(api, acme, "GET", path, who="agent")).json()
    assert (made["name"], made["members"]) == ("gold", 0)
    for _ in range(2):
        renamed = (await call(api, acme, "PATCH", path, {"name": "silver"})).json()
        assert renamed == made | {"name": "silver"}
    gone = [await call(api, acme, "DELETE", path) for _ in range(2)]
    assert [one.status_code for one in gone] == [204, 404]
    assert (await call(api, acme, "GET", TEAMS)).json()["items"] == []
    done = ["team.created", "team.changed", "team.deleted"]
    assert await audited(api, acme) == done
    await make(api, acme, "silver", TEAMS)


async def test_a_team_needs_a_name_of_its_own(api: Api, acme: Tenant) -> None:
    gold, silver = await make(api, acme, "gold", TEAMS), await make(api, acme, "silver", TEAMS)
    taken = [
        await call(api, acme, "POST", TEAMS, {"name": "gold"}),
        await call(api, acme, "PATCH", f"{TEAMS}/{silver}", {"name": "gold"}),
    ]
    assert codes(*taken) == [(409, "NAME_TAKEN")] * 2
    for body in ({}, {"name": ""}, {"name": str(gold)}, {"name": "x" * 81}, {"name": 5}):
        for method, path in (("POST", TEAMS), ("PATCH", f"{TEAMS}/{gold}")):
            answer = await call(api, acme, method, path, body)
            assert (answer.status_code, answer.json()["field"]) == (422, "name"), body


async def test_a_key_makes_one_team(api: Api, acme: Tenant) -> None:
    headers = api.token(acme.principal("admin")) | {"Idempotency-Key": "a"}
    made = [
        await api.client.post(TEAMS, json={"name": name}, headers=headers)
        for name in ("gold", "gold", "silver")
    ]
    assert [one.status_code for one in made] == [201, 201, 409]
    assert made[0].json() == made[1].json()


async def test_members_of_a_team_come_and_go(api: Api, acme: Tenant, rival: Tenant) -> None:
    team = await make(api, acme, "gold", TEAMS)
    path = f"{TEAMS}/{team}"
    supervised = await call(api, acme, "PUT", f"{path}/members/{acme.agent}", who="supervisor")
    assert supervised.status_code == 204
    await joined(api, acme, path, acme.agent, acme.colleague)
    members = (await call(api, acme, "GET", f"{path}/members")).json()["items"]
    assert [one["name"] for one in members] == ["Agent", "Colleague"]
    assert members[0]["teams"] == [{"id": str(team), "name": "gold"}]
    done = [
        await call(api, acme, "DELETE", f"{path}/members/{acme.agent}", who=who)
        for who in ("agent", "supervisor", "supervisor")
    ]
    assert [one.status_code for one in done] == [403, 204, 404]
    assert (await audited(api, acme)).count("team.member_added") == 2
    foreign = [
        await call(api, acme, "PUT", f"{path}/members/{rival.agent}"),
        await call(api, rival, "PUT", f"{path}/members/{rival.agent}"),
        await call(api, rival, "GET", f"{path}/members"),
        await call(api, rival, "PATCH", path, {"name": "mine"}),
        await call(api, rival, "DELETE", path),
        await call(api, acme, "PUT", f"{path}/members/{uuid7()}"),
    ]
    assert codes(*foreign) == [(404, "NOT_FOUND")] * len(foreign)


async def test_who_waited_for_a_deleted_team_is_for_everybody(api: Api, acme: Tenant) -> None:
    team = await make(api, acme, "gold", TEAMS)
    queue = await make(api, acme, "support")
    await joined(api, acme, f"{TEAMS}/{team}", acme.colleague)
    await joined(api, acme, f"{QUEUES}/{queue}", acme.colleague, acme.agent)
    conversation = await stand(api, acme, queue, "active")
    (session,) = await api.rows(
        "SELECT id FROM live_chat_sessions WHERE conversation_id = $1", conversation
    )
    handed_on = await call(
        api,
        acme,
        "POST",
        f"/livechat/sessions/{session['id']}/transfer",
        {"to": {"team": "gold"}},
        who="agent",
    )
    assert handed_on.status_code == 200
    assert await waiting_for(api, acme) == [team]
    await call(api, acme, "DELETE", f"{TEAMS}/{team}")
    assert await waiting_for(api, acme) == [None]
    late = await call(
        api,
        acme,
        "POST",
        f"/livechat/sessions/{session['id']}/transfer",
        {"to": {"team": "gold"}},
        who="supervisor",
    )
    assert codes(late) == [(404, "NOT_FOUND")]


async def test_a_queue_shown_to_a_deleted_team_is_not_shown_to_all(api: Api, acme: Tenant) -> None:
    team = await make(api, acme, "gold", TEAMS)
    vip = await make(api, acme, "vip", visibleTo=[str(team)])
    await call(api, acme, "DELETE", f"{TEAMS}/{team}")
    hidden = await call(api, acme, "GET", f"{QUEUES}/{vip}", who="agent")
    assert codes(hidden) == [(404, "NOT_FOUND")]
