"""Links to files: good for a while, for whoever asked, and only while they may read."""

from typing import Any

import pytest

from chat_service.attachments_links import Links
from chorus.ids import uuid7
from tests.chat_service.api_world import PASSWORD, Api, Tenant
from tests.chat_service.upload_world import bytes_on_disk, follow, person

pytestmark = pytest.mark.anyio


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_link_ends_with_its_time_and_with_whoever_asked_for_it(
    api: Api, acme: Tenant
) -> None:
    customer, agent = person(api, acme), person(api, acme, "agent")
    file_id = await customer.attached()
    assert (await customer.say(file_id)).status_code == 201
    links = api.resources.settings.keys_dir
    old, _ = Links(links, for_s=-1).make(uuid7(), customer.principal)
    link = (await agent.show(file_id)).json()["url"]
    token = link.rpartition("/")[2]
    assert (await follow(api, link)).status_code == 200
    access = agent.token["Authorization"].split()[1]
    for wrong in (old, token[:-3] + "AAA", access, "a.b.c", "x"):
        assert (await api.client.get(f"/files/{wrong}")).status_code == 404
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await api.client.get("/livechat/conversations", headers=bearer)).status_code == 401
    await api.rows("UPDATE agents SET disabled_at = now() WHERE id = $1", acme.agent)
    assert (await follow(api, link)).status_code == 404
    assert refusal(await agent.attach()) == (403, "FORBIDDEN")


async def test_the_link_of_a_key_ends_with_the_key(api: Api, acme: Tenant) -> None:
    admin = person(api, acme, "admin").token
    made = await api.client.post(
        "/admin/api-keys",
        json={"name": "Till", "scopes": ["chat:read", "chat:write"]},
        headers=admin,
    )
    key = {"Authorization": f"Token {made.json()['credential']}"}
    asked = {"id": str(uuid7()), "conversationId": str(acme.conversation), "name": "a.txt"}
    kept = await api.client.post(
        "/livechat/attachments", params=asked, content=b"hello", headers=key
    )
    link = kept.json()["url"]
    assert (await follow(api, link)).status_code == 200
    gone = await api.client.delete(f"/admin/api-keys/{made.json()['id']}", headers=admin)
    assert gone.status_code < 300
    assert (await follow(api, link)).status_code == 404


async def test_a_link_says_so_where_its_bytes_are_not_there(api: Api, acme: Tenant) -> None:
    answer = await person(api, acme).attach()
    (path,) = [one for one in bytes_on_disk(api) if one.name == answer.json()["id"]]
    path.unlink()
    assert (await follow(api, answer.json()["url"])).status_code == 404
    path.symlink_to(path)
    assert refusal(await follow(api, answer.json()["url"])) == (503, "UNAVAILABLE")
    path.unlink()


async def test_who_signs_out_takes_their_links_along(api: Api, acme: Tenant) -> None:
    asked = {"tenant": acme.slug, "email": acme.email("agent"), "password": PASSWORD}
    tokens = (await api.client.post("/auth/login", json=asked)).json()
    bearer = {"Authorization": f"Bearer {tokens['accessToken']}"}
    file_id = await person(api, acme, "agent").attached()
    shown = await api.client.get(f"/livechat/attachments/{file_id}", headers=bearer)
    link = shown.json()["url"]
    assert (await follow(api, link)).status_code == 200
    gone = {"refreshToken": tokens["refreshToken"]}
    await api.client.post("/auth/logout", json=gone, headers=bearer)
    assert (await follow(api, link)).status_code == 404
