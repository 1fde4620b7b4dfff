"""Files in the writer's own path: what it claims, what it publishes, what retention takes."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from chat_service.attachments_intake import needed
from chat_service.intake import Refused, Stored
from chat_service.messages import ingest, publications
from chat_service.store import attachments, upkeep
from chorus.ids import uuid7
from chorus.ingest import IngestItem, body_hash, payload_of
from chorus.topics import unpack
from chorus.wire.client import Message
from chorus.wire.envelope import decode_server
from chorus.wire.server_chat import Message as Told
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.upload_world import person

pytestmark = pytest.mark.anyio


def carrying(tenant: Tenant, *files: str, content: str = "") -> IngestItem:
    """A customer's message as a gateway hands it on."""
    message = Message(id=uuid7(), content=content, attachments=[UUID(one) for one in files])
    return IngestItem(
        tenant_id=tenant.id,
        conversation_id=tenant.conversation,
        id=message.id,
        sender_id=tenant.contact,
        sender_role="visitor",
        role="customer",
        type="text",
        visibility="public",
        content=content,
        body_hash=body_hash(tenant.contact, message),
        sent_ms=0,
        node=7,
        conn=1,
        payload=payload_of(message),
    )


def told(publication: tuple[str, bytes]) -> Told:
    frame, _ = decode_server(unpack(publication[1])[1])
    assert isinstance(frame, Told)
    return frame


async def preview(api: Api, tenant: Tenant) -> str:
    (row,) = await api.rows("SELECT preview FROM conversations WHERE id = $1", tenant.conversation)
    return str(row["preview"])


async def test_a_message_without_files_asks_for_none(acme: Tenant) -> None:
    assert needed([carrying(acme, content="Hello")]) == []


async def test_the_writer_locks_no_file_of_another_tenant_under_the_same_id(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    file_id = uuid7()
    for one in (person(api, acme), person(api, rival)):
        assert (await one.attach(file_id=file_id)).status_code == 201
    named = needed([carrying(acme, str(file_id))])
    async with api.resources.system.raw_transaction() as connection:
        locked = await attachments.lock(connection, named)
    assert [(one.tenant_id, one.id) for one in locked] == [(acme.id, file_id)]


async def test_two_messages_of_one_batch_do_not_share_a_file(api: Api, acme: Tenant) -> None:
    file_id = await person(api, acme).attached(name="bill.txt")
    first, second = carrying(acme, file_id), carrying(acme, file_id, content="And again.")
    ruling = await ingest(api.resources.system, [first, second])
    taken, refused = ruling.answers
    assert isinstance(taken, Stored)
    assert isinstance(refused, Refused)
    assert refused.facts == {"reason": "This file belongs to another message already."}
    (row,) = await api.rows("SELECT state, message_id, seq FROM attachments WHERE id = $1", file_id)
    assert (row["state"], row["message_id"], row["seq"]) == ("sent", first.id, taken.seq)
    assert await preview(api, acme) == "bill.txt"


async def test_readers_hear_of_files_also_from_a_writer_that_finishes_anothers_work(
    api: Api, acme: Tenant
) -> None:
    file_id = await person(api, acme).attached()
    item = carrying(acme, file_id)
    frames: list[Any] = []
    for claimed in (False, True):
        ruling = await ingest(api.resources.system, [item])
        frames.append(told(publications(ruling, claimed=claimed)[0]))
    assert frames[0] == frames[1]
    assert [(str(one.id), one.name, one.size) for one in frames[0].files] == [(file_id, "a.txt", 5)]


async def test_the_writer_refuses_files_of_another_tenant(
    api: Api, acme: Tenant, rival: Tenant
) -> None:
    foreign = await person(api, rival).attached()
    item = carrying(acme, foreign)
    posing = replace(item, sender_id=acme.contact, id=uuid7())
    ruling = await ingest(api.resources.system, [item, posing, carrying(acme, content="Hello")])
    assert [isinstance(one, Refused) for one in ruling.answers] == [True, True, False]
    (row,) = await api.rows("SELECT state FROM attachments WHERE id = $1", UUID(foreign))
    assert row["state"] == "ready"


async def test_what_retention_takes_takes_its_files_along_and_no_others(
    api: Api, acme: Tenant
) -> None:
    customer = person(api, acme)
    old, new = await customer.attached(), await customer.attached()
    for file_id in (old, new):
        assert (await customer.say(file_id)).status_code == 201
    await api.rows(
        "UPDATE messages SET created_at = now() - '40 d'::interval"
        " WHERE conversation_id = $1 AND seq = 1",
        acme.conversation,
    )
    async with api.resources.system.raw_transaction() as connection:
        await upkeep.delete_expired(connection, acme.conversation, days=30, limit=100)
    assert (await customer.show(old)).status_code == 404
    assert (await customer.show(new)).status_code == 200
    rows = await api.rows("SELECT id, state FROM attachments WHERE tenant_id = $1", acme.id)
    assert {str(row["id"]): row["state"] for row in rows} == {old: "gone", new: "sent"}
