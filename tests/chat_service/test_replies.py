"""Canned replies and macros: whose they are, what they may hold, and what running one does."""

import asyncio
from typing import Any

import pytest

from chorus.ids import uuid7
from tests.chat_service.admin_world import QUEUES, audited, call, joined, make
from tests.chat_service.api_world import Api, Tenant, codes, read_items, read_snapshot, say

pytestmark = pytest.mark.anyio
REPLIES, MACROS = "/livechat/canned-replies", "/livechat/macros"
HELLO = {"shortcut": "hi", "title": "Hello", "body": "Dear {{contact.first_name | customer}}"}


async def made(api: Api, tenant: Tenant, path: str, body: Any, *, who: str = "agent") -> Any:
    answer = await call(api, tenant, "POST", path, body, who=who)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(api: Api, tenant: Tenant, path: str, *, who: str = "agent") -> list[Any]:
    items: list[Any] = (await call(api, tenant, "GET", path, who=who)).json()["items"]
    return items


async def run(api: Api, tenant: Tenant, macro: Any, *, who: str = "agent", **body: Any) -> Any:
    path = f"/livechat/conversations/{tenant.conversation}/macros/{macro['id']}"
    return await call(api, tenant, "POST", path, {"id": str(uuid7()), **body}, who=who)


async def test_ones_own_replies_are_nobody_elses_and_everybodys_are_seniors_to_change(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    own = await made(api, acme, REPLIES, HELLO)
    shared = await made(
        api, acme, REPLIES, {**HELLO, "shortcut": "bye", "shared": True}, who="supervisor"
    )
    assert [one["shortcut"] for one in await listed(api, acme, REPLIES)] == ["bye", "hi"]
    assert [one["shortcut"] for one in await listed(api, acme, REPLIES, who="colleague")] == ["bye"]
    assert await listed(api, rival, REPLIES) == []
    one, all_ = f"{REPLIES}/{own['id']}", f"{REPLIES}/{shared['id']}"
    refused = [
        await call(api, acme, "POST", REPLIES, {**HELLO, "shared": True}, who="agent"),
        await call(api, acme, "PATCH", all_, {"title": "x"}, who="agent"),
        await call(api, acme, "DELETE", all_, who="agent"),
        await call(api, acme, "PATCH", one, {"title": "x"}, who="admin"),
        await call(api, acme, "DELETE", one, who="colleague"),
        await call(api, rival, "DELETE", all_, who="admin"),
        await call(api, acme, "GET", REPLIES, who="contact"),
    ]
    assert [status for status, _ in codes(*refused)] == [403, 403, 403, 404, 404, 404, 403]
    assert (await call(api, acme, "DELETE", one, who="agent")).status_code == 204
    changed = await call(api, acme, "PATCH", all_, {"body": "Bye"}, who="supervisor")
    assert (changed.json()["body"], changed.json()["shared"]) == ("Bye", True)
    assert (await call(api, acme, "DELETE", all_, who="admin")).status_code == 204
    assert await audited(api, acme) == [
        f"canned_reply.{one}" for one in ("created", "changed", "deleted")
    ]


async def test_a_shortcut_stands_once_for_each_owner_and_language(api: Api, acme: Tenant) -> None:
    tries = await asyncio.gather(
        *(call(api, acme, "POST", REPLIES, HELLO, who="agent") for _ in range(4))
    )
    assert sorted(one.status_code for one in tries) == [201, 409, 409, 409]
    assert {one.json()["code"] for one in tries if one.status_code == 409} == {"NAME_TAKEN"}
    await made(api, acme, REPLIES, {**HELLO, "language": "de"})
    await made(api, acme, REPLIES, HELLO, who="colleague")
    other = await made(api, acme, REPLIES, {**HELLO, "shortcut": "ho"})
    taken = await call(
        api, acme, "PATCH", f"{REPLIES}/{other['id']}", {"shortcut": "hi"}, who="agent"
    )
    assert codes(taken) == [(409, "NAME_TAKEN")]
    assert taken.json()["field"] == "shortcut"


async def test_what_is_no_reply_is_refused_with_the_field(api: Api, acme: Tenant) -> None:
    for wrong in (
        {"shortcut": "a b"},
        {"shortcut": "/a"},
        {"shortcut": ""},
        {"title": " "},
        {"body": ""},
        {"body": "x" * 16_385},
        {"body": "{{contact.frist_name}}"},
        {"language": "klingon!"},
        {"shared": "yes"},
        {"colour": "red"},
    ):
        answer = await call(api, acme, "POST", REPLIES, {**HELLO, **wrong}, who="agent")
        assert codes(answer) == [(422, "INVALID")], wrong
        assert answer.json()["field"].split(".")[0] == next(iter(wrong))


async def test_a_text_is_filled_in_for_one_conversation(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    path = f"/livechat/conversations/{acme.conversation}/rendered"
    text = {"text": "{{contact.first_name}} {{agent.name}} {{contact.email}} {{contact.size}}"}
    found = await call(api, acme, "POST", path, text, who="agent")
    assert found.json() == {
        "text": "Kim Agent {{contact.email}} {{contact.size}}",
        "missing": ["contact.email"],
        "unknown": ["contact.size"],
    }
    foreign = await call(api, rival, "POST", path, text, who="agent")
    assert codes(foreign) == [(404, "NOT_FOUND")]


async def test_a_macro_says_and_does_all_of_it_once(api: Api, acme: Tenant) -> None:
    await make(api, acme, "support", isDefault=True)
    await say(api, acme.principal("contact"), acme.conversation)
    actions = [
        {"do": "reply", "text": "Dear {{contact.first_name}}, done."},
        {"do": "note", "text": "closed by macro", "mentions": [str(acme.colleague)]},
        {"do": "update", "priority": 4, "addTags": ["done"]},
        {"do": "assign", "to": "me"},
        {"do": "resolve"},
    ]
    macro = await made(api, acme, MACROS, {"name": "Close", "actions": actions})
    assert macro["actions"] == actions
    id_ = str(uuid7())
    first = (await run(api, acme, macro, id=id_)).json()
    again = (await run(api, acme, macro, id=id_)).json()
    assert [one["dup"] for one in [*again["said"], again["done"]]] == [True] * 3
    assert [one["seq"] for one in again["said"]] == [one["seq"] for one in first["said"]]
    assert again["done"]["seq"] == first["done"]["seq"]
    items = await read_items(api, acme.principal("agent"), acme)
    assert [one["content"] for one in items if one.get("role") in ("customer", "agent")] == [
        "Hello",
        "Dear Kim, done.",
        "closed by macro",
    ]
    shown = await read_snapshot(api, acme.principal("agent"), acme)
    assert (shown["status"], shown["priority"], shown["tags"]) == ("closed", 4, ["done"])


async def test_of_a_macro_that_cannot_be_done_nothing_is_done(api: Api, acme: Tenant) -> None:
    actions = [
        {"do": "update", "priority": 4},
        {"do": "assign", "to": str(uuid7())},
        {"do": "snooze", "minutes": 5},
    ]
    macro = await made(api, acme, MACROS, {"name": "Lost", "actions": actions})
    assert codes(await run(api, acme, macro)) == [(404, "NOT_FOUND")]
    shown = await read_snapshot(api, acme.principal("agent"), acme)
    assert (shown["status"], shown["priority"], shown["headSeq"]) == ("open", 0, 0)


async def test_a_macro_with_a_variable_that_nobody_knows_says_nothing(
    api: Api, acme: Tenant
) -> None:
    actions = [
        {"do": "reply", "text": "To {{contact.email}} in {{contact.attributes.city}}"},
        {"do": "snooze", "minutes": 5},
    ]
    macro = await made(api, acme, MACROS, {"name": "Write", "actions": actions})
    refused = await run(api, acme, macro)
    assert codes(refused) == [(422, "MISSING_VARIABLES")]
    assert refused.json()["missing"] == ["contact.email", "contact.attributes.city"]
    assert await read_items(api, acme.principal("agent"), acme) == []


async def test_a_macro_minds_what_a_colleague_has_answered_since(api: Api, acme: Tenant) -> None:
    await say(api, acme.principal("contact"), acme.conversation)
    actions = [{"do": "reply", "text": "Done."}, {"do": "snooze", "minutes": 5}]
    macro = await made(api, acme, MACROS, {"name": "Done", "actions": actions})
    seen = (await read_snapshot(api, acme.principal("supervisor"), acme))["headSeq"]
    await say(api, acme.principal("agent"), acme.conversation, "I have it")
    refused = await run(api, acme, macro, who="agent", expectedSeq=seen)
    assert refused.status_code == 200
    foreign = await made(
        api, acme, MACROS, {"name": "Done", "actions": actions, "shared": True}, who="supervisor"
    )
    stale = await run(api, acme, foreign, who="supervisor", expectedSeq=seen)
    assert codes(stale) == [(409, "STALE_VIEW")]


async def test_what_is_no_macro_is_refused(api: Api, acme: Tenant) -> None:
    say_, resolve = {"do": "reply", "text": "x"}, {"do": "resolve"}
    for wrong in (
        [],
        [resolve, say_],
        [say_, say_],
        [resolve, {"do": "snooze", "minutes": 5}],
        [{"do": "dance"}],
        [{"do": "reply"}],
        [{"do": "reply", "text": "{{nobody}}"}],
        [{"do": "snooze", "minutes": 0}],
        [{"do": "update", "priority": 101}],
        [{"do": "assign", "to": "you"}],
        [{"do": "transfer", "to": {}}],
        [{"do": "transfer", "to": {"queue": "a", "team": "b"}}],
    ):
        body = {"name": "Wrong", "actions": wrong}
        answer = await call(api, acme, "POST", MACROS, body, who="agent")
        assert codes(answer) == [(422, "INVALID")], wrong


async def test_a_macro_hands_on_and_others_cannot_run_ones_own(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    queue = await make(api, acme, "billing", isDefault=True)
    await joined(api, acme, f"{QUEUES}/{queue}", acme.colleague)
    actions = [{"do": "transfer", "to": {"queue": "billing"}, "note": "refund"}]
    macro = await made(api, acme, MACROS, {"name": "Refund", "actions": actions})
    strangers = [
        await run(api, acme, macro, who="colleague"),
        await run(api, rival, macro),
        await run(api, acme, {"id": uuid7()}),
    ]
    assert codes(*strangers) == [(404, "NOT_FOUND")] * 3
    await say(api, acme.principal("agent"), acme.conversation)
    assert (await run(api, acme, macro)).status_code == 200
    shown = await read_snapshot(api, acme.principal("agent"), acme)
    assert shown["queue"] == "billing"
