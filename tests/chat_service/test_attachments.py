import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from chat_service import attachments_checks
from chat_service.attachments_checks import Checks, drawn_name
from chat_service.attachments_refusals import StorageAway
from chat_service.attachments_sweep import Broom
from chat_service.jobs import Tools
from chat_service.settings import ApiSettings, ConductorSettings
from chorus.bus import open_redis
from chorus.clock import SystemClock
from chorus.errors import TooLarge
from chorus.ids import uuid7
from tests.chat_service.api_world import Api, Tenant, open_api, read_items
from tests.chat_service.ingest_world import system_db
from tests.chat_service.upload_corpus import (
    CASES,
    EICAR,
    GOOD,
    MIB,
    Case,
    blinking,
    located,
    picture,
)
from tests.chat_service.upload_world import bytes_on_disk, follow, person

pytestmark = pytest.mark.anyio
INERT = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "cross-origin",
}


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_a_hostile_file_is_refused_or_kept_inert(api: Api, acme: Tenant, case: Case) -> None:
    before = len(bytes_on_disk(api))
    answer = await person(api, acme).attach(case.content(), name=case.name)
    if case.kept is None:
        assert refusal(answer) == case.refused
        assert len(bytes_on_disk(api)) == before
        return
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["mime"], told["name"]) == case.kept
    bytes_ = await follow(api, told["url"])
    assert INERT.items() <= dict(bytes_.headers).items()
    assert bytes_.headers["content-disposition"].startswith("attachment; ")
    assert bytes_.headers["content-type"].split(";")[0] == told["mime"]
    assert b"<script" not in bytes_.content
    assert b"a.class" not in bytes_.content


async def test_what_people_send_is_taken(api: Api, acme: Tenant) -> None:
    customer = person(api, acme)
    for name, content, mime in GOOD:
        answer = await customer.attach(content(), name=name)
        assert answer.status_code == 201, (name, answer.text)
        assert (answer.json()["mime"], answer.json()["size"] > 0) == (mime, True)
        assert len((await follow(api, answer.json()["url"])).content) == answer.json()["size"]


@pytest.mark.parametrize("shape", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_tells_nobody_where_it_was_taken_and_stands_upright(
    api: Api, acme: Tenant, shape: str
) -> None:
    told = (await person(api, acme).attach(located(shape), name="a")).json()
    assert (told["width"], told["height"]) == (3, 4)
    bytes_ = (await follow(api, told["url"])).content
    assert b"HOME ADDRESS" not in bytes_
    with Image.open(io.BytesIO(bytes_)) as shown:
        assert (shown.size, dict(shown.getexif())) == ((3, 4), {})


@pytest.mark.parametrize("shape", ["GIF", "WEBP", "PNG"])
async def test_a_picture_that_moves_still_does(api: Api, acme: Tenant, shape: str) -> None:
    told = (await person(api, acme).attach(blinking(3, shape), name="a")).json()
    bytes_ = (await follow(api, told["url"])).content
    assert b"<script" not in bytes_
    with Image.open(io.BytesIO(bytes_)) as shown:
        times = []
        for frame in ImageSequence.Iterator(shown):
            frame.load()
            times.append(frame.info["duration"])
        assert (times, shown.info["loop"]) == ([80, 160, 240], 0)


async def test_a_disk_that_takes_nothing_is_not_blamed_on_the_picture(
    api: Api, tmp_path: Path
) -> None:
    draft = tmp_path / "draft"
    draft.write_bytes(picture())
    drawn_name(draft).mkdir()
    with pytest.raises(StorageAway):
        await api.resources.files.checks.look(draft, "a.png")


@pytest.mark.parametrize(
    ("place", "name", "wrong"),
    [(attachments_checks, "PAINTER", "no.such"), (sys, "executable", "/nonexistent")],
)
async def test_a_painter_that_is_not_there_is_not_blamed_on_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, wrong: str
) -> None:
    draft = tmp_path / "draft"
    draft.write_bytes(picture())
    monkeypatch.setattr(place, name, wrong)
    with pytest.raises(StorageAway):
        await Checks(ApiSettings()).look(draft, "a.png")


async def test_a_small_picture_is_not_drawn_to_be_large(tmp_path: Path) -> None:
    draft = tmp_path / "draft"
    Image.effect_noise((64, 64), 200).save(draft, "JPEG", quality=1)
    with pytest.raises(TooLarge):
        await Checks(ApiSettings(file_max_bytes=1024)).look(draft, "a.jpg")


async def test_the_same_id_and_bytes_are_one_file(api: Api, acme: Tenant) -> None:
    customer, file_id = person(api, acme), uuid7()
    first = await customer.attach(b"one", file_id=file_id)
    again = await customer.attach(b"one", file_id=file_id, name="other.txt")
    other = await customer.attach(b"two", file_id=file_id)
    foreign = await person(api, acme, "agent").attach(b"one", file_id=file_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert [again.json()[key] for key in ("id", "name")] == [str(file_id), "a.txt"]
    assert refusal(other) == refusal(foreign) == (409, "ID_CONFLICT")


async def test_the_same_file_sent_by_two_requests_at_once_is_one(api: Api, acme: Tenant) -> None:
    customer, file_id = person(api, acme), uuid7()
    sending = [customer.attach(b"one", file_id=file_id) for _ in range(4)]
    answers = await asyncio.gather(*sending)
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    assert [path.name for path in bytes_on_disk(api)].count(str(file_id)) == 1
    assert not any(path.parent.name == "incoming" for path in bytes_on_disk(api))


async def test_another_tenant_may_have_the_same_id_and_sees_nothing_of_ours(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    ours, theirs, file_id = person(api, acme), person(api, rival, "admin"), uuid7()
    assert (await ours.attach(b"ours", file_id=file_id)).status_code == 201
    assert (await theirs.show(str(file_id))).status_code == 404
    assert (await theirs.attach(b"theirs", file_id=file_id)).status_code == 201
    assert refusal(await theirs.attach(conversation=acme.conversation)) == (404, "NOT_FOUND")
    shown = await ours.show(str(file_id))
    assert (await follow(api, shown.json()["url"])).content == b"ours"


async def test_a_file_that_is_cut_off_leaves_nothing(api: Api, acme: Tenant) -> None:
    before = bytes_on_disk(api)
    sent: list[dict[str, Any]] = []
    arriving: Iterator[dict[str, Any]] = iter(
        [
            {"type": "http.request", "body": b"x" * MIB, "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> dict[str, Any]:
        return next(arriving)

    async def send(message: Any) -> None:
        sent.append(message)

    file_id = uuid7()
    query = f"id={file_id}&conversationId={acme.conversation}&name=a.txt"
    token = person(api, acme).token["Authorization"].encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/livechat/attachments",
        "query_string": query.encode(),
        "headers": [(b"authorization", token), (b"host", b"api.test")],
        "state": {"resources": api.resources},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("api.test", 80),
        "client": ("127.0.0.1", 1),
    }
    await api.app(scope, receive, send)
    assert sent[0]["status"] == 422
    assert bytes_on_disk(api) == before
    assert await api.rows("SELECT 1 FROM attachments WHERE id = $1", file_id) == []


async def test_the_bound_holds_for_who_announces_nothing_and_for_who_announces_too_much(
    api: Api, acme: Tenant
) -> None:
    pulled = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pulled
        while True:
            pulled += 1
            yield bytes(MIB)

    customer = person(api, acme)
    assert refusal(await customer.attach(endless())) == (413, "TOO_LARGE")
    assert pulled == 11
    huge = await customer.attach(endless(), announced=1 << 40)
    assert (refusal(huge), pulled) == ((413, "TOO_LARGE"), 11)


async def test_a_message_carries_its_files(api: Api, acme: Tenant) -> None:
    customer = person(api, acme)
    drawn, text = await customer.attached(picture(), name="a.png"), await customer.attached()
    assert (await customer.say(drawn, text)).status_code == 201
    for who in ("contact", "agent"):
        (item,) = await read_items(api, acme.principal(who), acme)
        assert item["attachments"] == [drawn, text]
        assert [(one["id"], one["name"], one["mime"]) for one in item["files"]] == [
            (drawn, "a.png", "image/png"),
            (text, "a.txt", "text/plain"),
        ]
        assert (item["files"][0]["width"], item["files"][0]["height"]) == (4, 3)
        assert "width" not in item["files"][1]
        assert (await person(api, acme, who).show(text)).status_code == 200


async def test_a_message_without_its_file_is_kept_where_the_file_was_refused(
    api: Api, acme: Tenant
) -> None:
    customer = person(api, acme)
    assert refusal(await customer.attach(b"MZ\x90\x00")) == (415, "BAD_TYPE")
    assert (await customer.say(content="My file would not go.")).status_code == 201


async def test_nobody_sends_what_they_have_not_brought_here(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    customer, agent = person(api, acme), person(api, acme, "agent")
    mine, theirs = await customer.attached(), await agent.attached()
    foreign = await person(api, rival).attached()
    (other,) = await api.rows(
        "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id)"
        " VALUES ($1, $2, $3, $4) RETURNING id",
        uuid7(),
        acme.id,
        acme.inbox_id,
        acme.contact,
    )
    elsewhere = (await customer.attach(conversation=other["id"])).json()["id"]
    for wrong in ((theirs,), (foreign,), (elsewhere,), (str(uuid7()),), (mine, theirs)):
        answer = await customer.say(*wrong)
        assert (*refusal(answer), answer.json()["detail"]) == (
            422,
            "INVALID",
            "There is no such file here; send it again.",
        )
    assert (await customer.say(mine, mine)).json()["detail"] == "A file is named twice."
    assert refusal(await customer.say()) == (422, "INVALID")
    first = await customer.say(mine, content="Here.")
    second = await customer.say(mine, content="Again.")
    assert (first.status_code, refusal(second)) == (201, (422, "INVALID"))
    assert second.json()["detail"] == "This file belongs to another message already."


async def test_a_message_that_is_sent_twice_keeps_its_files(api: Api, acme: Tenant) -> None:
    customer = person(api, acme)
    file_id, message_id = await customer.attached(), str(uuid7())
    first = await customer.say(file_id, id=message_id)
    again = await customer.say(file_id, id=message_id)
    assert (first.status_code, again.status_code, again.json()["seq"]) == (201, 200, 1)


async def test_what_only_the_team_sees_and_what_was_not_sent_is_nobody_elses(
    api: Api, acme: Tenant
) -> None:
    customer, agent = person(api, acme), person(api, acme, "agent")
    unsent, noted = await customer.attached(), await agent.attached(b"for us only")
    assert (await agent.say(noted, visibility="agents")).status_code == 201
    assert (await agent.show(unsent)).status_code == 404
    assert (await customer.show(unsent)).status_code == 200
    assert (await customer.show(noted)).status_code == 404
    assert (await person(api, acme, "colleague").show(noted)).status_code == 200


async def test_a_message_that_is_taken_back_takes_its_files_along(
    api: Api, acme: Tenant, redis_url: str
) -> None:
    customer = person(api, acme)
    file_id = await customer.attached()
    said = (await customer.say(file_id)).json()
    link = (await customer.show(file_id)).json()["url"]
    deleted = await api.client.post(
        f"/livechat/conversations/{acme.conversation}/commands",
        json={"event": "delete", "data": {"id": str(uuid7()), "target": said["id"]}},
        headers=customer.token,
    )
    assert deleted.status_code == 200
    assert (await customer.show(file_id)).status_code == 404
    assert (await follow(api, link)).status_code == 404
    assert any(path.name == file_id for path in bytes_on_disk(api))
    await sweep(api, redis_url)
    assert not any(path.name == file_id for path in bytes_on_disk(api))
    assert await api.rows("SELECT 1 FROM attachments WHERE id = $1", file_id) == []


async def sweep(api: Api, redis_url: str) -> None:
    settings = ConductorSettings.model_validate({"files": api.resources.settings.files_dir})
    async with system_db(api.database_url) as db, open_redis(redis_url) as client:
        broom = Broom(Tools(db, client, settings, SystemClock()))
        await broom.sweep()
        await broom.sweep_unknown()


async def test_what_was_never_sent_is_swept_after_a_day_and_so_are_bytes_nobody_knows(
    api: Api, acme: Tenant, redis_url: str
) -> None:
    customer = person(api, acme)
    old, new, sent, erased = [await customer.attached() for _ in range(4)]
    assert (await customer.say(sent)).status_code == 201
    past = "UPDATE attachments SET created_at = now() - '25 h'::interval WHERE id = ANY ($1)"
    await api.rows(past, [old, sent])
    await api.rows("DELETE FROM attachments WHERE id = $1", erased)
    for path in bytes_on_disk(api):
        if path.name in (erased, sent):
            make_old(path)
    await sweep(api, redis_url)
    left = {path.name for path in bytes_on_disk(api)}
    assert left & {old, new, sent, erased} == {new, sent}
    assert refusal(await customer.say(old)) == (422, "INVALID")


def make_old(path: Any) -> None:
    os.utime(path, (0, 0))


async def test_there_is_room_for_so_much_and_no_more(api: Api, acme: Tenant) -> None:
    sizes = "UPDATE attachments SET size = $2 WHERE tenant_id = $1"
    customer, agent = person(api, acme), person(api, acme, "agent")
    await customer.attached()
    await api.rows(sizes, acme.id, 100 * MIB)
    assert refusal(await customer.attach()) == (429, "QUOTA")
    assert (await agent.attach()).status_code == 201
    await api.rows(sizes, acme.id, 2 << 30)
    past = "UPDATE attachments SET created_at = now() - '2 d'::interval WHERE tenant_id = $1"
    await api.rows(past, acme.id)
    assert refusal(await customer.attach()) == (507, "QUOTA")
    assert (await agent.attach()).status_code == 201
    await api.rows(sizes, acme.id, 5 << 30)
    assert refusal(await agent.attach()) == (507, "QUOTA")


async def test_a_closed_conversation_takes_no_files_and_repeats_its_answer(
    api: Api, acme: Tenant
) -> None:
    customer, file_id = person(api, acme), uuid7()
    await customer.attach(file_id=file_id)
    closed = "UPDATE conversations SET status = 'closed', closed_at = now() WHERE id = $1"
    await api.rows(closed, acme.conversation)
    assert refusal(await customer.attach()) == (409, "CONVERSATION_CLOSED")
    assert (await customer.attach(file_id=file_id)).status_code == 200


async def test_limits_are_told_to_agents_and_widgets(api: Api, acme: Tenant) -> None:
    told = await api.client.get("/livechat/attachments/limits", headers=person(api, acme).token)
    assert (told.json()["maxBytes"], "image/png" in told.json()["types"]) == (10 * MIB, True)
    widget = await api.client.get("/widget/v1/config", params={"key": acme.inbox_key})
    assert widget.json()["files"] == {"enabled": True, **told.json()}


async def test_a_scanner_decides_and_nothing_is_taken_while_it_is_silent(
    api_database_url: str, redis_url: str, acme: Tenant
) -> None:
    looks = "import sys; sys.exit(b'EICAR' in open(sys.argv[1], 'rb').read())"
    scanner = f'{sys.executable} -c "{looks}"'
    settings = {"scan_command": scanner, "uploads_burst": 3}
    async with open_api(api_database_url, redis_url, **settings) as scanned:
        customer = person(scanned, acme)
        assert refusal(await customer.attach(EICAR)) == (415, "BAD_TYPE")
        assert (await customer.attach(b"harmless")).status_code == 201
        assert bytes_on_disk(scanned) != []
        assert (await customer.attach(b"another")).status_code == 201
        assert refusal(await customer.attach(b"one more")) == (429, "RATE_LIMITED")
    async with open_api(api_database_url, redis_url, scan_command="/nonexistent") as unscanned:
        answer = await person(unscanned, acme).attach(b"harmless")
        assert refusal(answer) == (503, "UNAVAILABLE")
        assert bytes_on_disk(unscanned) == []
