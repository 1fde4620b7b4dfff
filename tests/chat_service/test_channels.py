"""The contract of channels, kept by an adapter of a provider that lives in this test."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chat_service import channels, receipts
from chat_service.channels import Channels
from chorus.auth import foreign_user_id
from chorus.errors import ChorusError, Forbidden, NotFound
from chorus.ids import is_uuid7, uuid7, uuid7_ms
from chorus.ingest import IngestItem
from chorus.tables.tenancy import Inbox
from chorus.wire.calls import IngestRequest
from chorus.wire.channels import CHANNELS, Adapter, Arrived, Outgoing, id_of, issuer_of, parts
from chorus.wire.common import MAX_CONTENT_BYTES, ReceiptKind
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.ingest_world import Conversation, World, answered, botted

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 1, 7, 12, tzinfo=UTC)
NUMBER = "+43123456"


@dataclass(slots=True)
class Telephone:
    """A provider's adapter that keeps what it was handed; it drops repeats as providers do."""

    sent: dict[str, Outgoing] = field(default_factory=dict)

    async def send(self, message: Outgoing) -> str:
        self.sent.setdefault(str(message.id), message)
        return f"wamid.{message.id}"


@pytest.fixture
def of_channels(api: Api) -> Channels:
    return Channels(api.resources.identity, api.resources.publisher)


async def inbox(api: Api, tenant: Tenant, channel: str) -> UUID:
    inbox_id = uuid7()
    await api.rows(
        "INSERT INTO inboxes (id, tenant_id, name, public_key, channel)"
        " VALUES ($1, $2, $3, $4, $3)",
        inbox_id,
        tenant.id,
        channel,
        str(inbox_id),
    )
    return inbox_id


def arrived(tenant: Tenant, inbox_id: UUID, provider_id: str = "m1", **more: Any) -> Arrived:
    plain = Arrived(tenant.id, inbox_id, provider_id, NUMBER, "Hello?", NOON, name="Lou")
    return replace(plain, **more)


async def say(api: Api, *items: IngestItem) -> None:
    await api.resources.rpc.ingest(IngestRequest(list(items)))


def spoken(tenant: Tenant, conversation_id: UUID, contact_id: UUID) -> tuple[World, Conversation]:
    world = World(tenant.id, tenant.inbox_id, (tenant.agent,), ())
    return world, Conversation(conversation_id, contact_id)


def test_every_channel_of_an_inbox_is_described_and_no_other() -> None:
    (check,) = [
        str(one.sqltext)
        for one in Inbox.__table__.constraints  # type: ignore[attr-defined]
        if "channel" in str(getattr(one, "sqltext", ""))
    ]
    assert {one for one in CHANNELS if f"'{one}'" in check} == CHANNELS.keys()
    assert check.count("'") == 2 * len(CHANNELS)


def test_the_web_is_a_channel_like_the_others() -> None:
    web = CHANNELS["web"]
    assert web.text_max_bytes == MAX_CONTENT_BYTES
    assert web.receipts == set(ReceiptKind)
    assert all(one.text_max_bytes <= MAX_CONTENT_BYTES for one in CHANNELS.values())


def test_an_id_is_a_uuid7_of_the_providers_moment_and_the_same_again() -> None:
    tenant_id, inbox_id = uuid7(), uuid7()
    one = Arrived(tenant_id, inbox_id, "m1", NUMBER, "Hello?", NOON)
    assert id_of(one, "message") == id_of(replace(one, content="other"), "message")
    others = {
        id_of(one, "message", 1),
        id_of(one, "conversation"),
        id_of(replace(one, provider_id="m2"), "message"),
        id_of(replace(one, inbox_id=uuid7()), "message"),
    }
    assert len(others | {id_of(one, "message")}) == 5
    assert all(is_uuid7(id_) and uuid7_ms(id_) == NOON.timestamp() * 1000 for id_ in others)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", []),
        ("   ", []),
        ("short", ["short"]),
        ("one two three", ["one two", "three"]),
        ("abcdefghijkl", ["abcdefgh", "ijkl"]),
        ("ääääääää", ["ääää", "ääää"]),
        ("a\nbcdefghi", ["a", "bcdefghi"]),
    ],
)
def test_a_long_text_goes_as_several(text: str, cut: list[str]) -> None:
    assert list(parts(text, 8)) == cut


def test_an_address_of_one_page_is_nobody_on_another() -> None:
    here, there = uuid7(), uuid7()
    assert issuer_of("messenger", here) != issuer_of("messenger", there)
    assert issuer_of("sms", here) == issuer_of("sms", there)


async def test_what_is_delivered_often_or_at_once_is_there_once(
    api: Api, acme: Tenant, of_channels: Channels
) -> None:
    message = arrived(acme, await inbox(api, acme, "whatsapp"))
    both = await asyncio.gather(*(channels.receive(of_channels, message) for _ in range(2)))
    again = await channels.receive(of_channels, message)
    assert {one.conversation_id for one in (*both, again)} == {again.conversation_id}
    assert {one.seq for one in (*both, again)} == {again.seq}
    assert again.repeat
    assert sorted(one.repeat for one in both) == [False, True]
    (contact,) = await api.rows(
        "SELECT * FROM contacts WHERE tenant_id = $1 AND name = 'Lou'", acme.id
    )
    assert contact["verified"]
    assert contact["id"] == foreign_user_id("channel:whatsapp", acme.id, NUMBER)
    (row,) = await api.rows(
        "SELECT role, content, sender_id FROM messages WHERE conversation_id = $1",
        again.conversation_id,
    )
    assert tuple(row) == ("customer", "Hello?", contact["id"])
    (created,) = await api.rows(
        "SELECT count(*) FROM outbox WHERE event = 'conversation.created'"
        " AND data->>'conversation_id' = $1",
        str(again.conversation_id),
    )
    assert created["count"] == 1


async def test_a_repeat_finds_its_place_after_the_conversation_was_closed(
    api: Api, acme: Tenant, of_channels: Channels
) -> None:
    message = arrived(acme, await inbox(api, acme, "sms"))
    first = await channels.receive(of_channels, message)
    await api.rows(
        "UPDATE conversations SET status = 'closed', closed_at = now() WHERE tenant_id = $1",
        acme.id,
    )
    assert await channels.receive(of_channels, message) == replace(first, repeat=True)
    later = await channels.receive(of_channels, replace(message, provider_id="m2"))
    assert later.conversation_id != first.conversation_id


async def test_a_thread_leads_to_its_conversation_if_it_is_theirs(
    api: Api, acme: Tenant, of_channels: Channels
) -> None:
    inbox_id = await inbox(api, acme, "email")
    mine = arrived(acme, inbox_id, address="kim@example.test")
    first = await channels.receive(of_channels, mine)
    second = await channels.receive(of_channels, replace(mine, provider_id="m2"))
    assert second.conversation_id == first.conversation_id
    foreign = replace(mine, provider_id="m3", address="eve@example.test")
    stolen = await channels.receive(of_channels, replace(foreign, thread=first.conversation_id))
    assert stolen.conversation_id != first.conversation_id
    back = replace(mine, provider_id="m4", thread=first.conversation_id)
    assert (await channels.receive(of_channels, back)).conversation_id == first.conversation_id
    lous = await api.rows(
        "SELECT verified FROM contacts WHERE tenant_id = $1 AND name = 'Lou'", acme.id
    )
    assert [one["verified"] for one in lous] == [False, False], "anybody can write any sender"


@pytest.mark.parametrize(
    ("change", "refusal"), [("disabled", NotFound), ("web", NotFound), ("empty", Forbidden)]
)
async def test_what_belongs_nowhere_is_refused(
    api: Api, acme: Tenant, of_channels: Channels, change: str, refusal: type[ChorusError]
) -> None:
    inbox_id = await inbox(api, acme, "web" if change == "web" else "sms")
    if change == "disabled":
        await api.rows("UPDATE inboxes SET state = 'disabled' WHERE id = $1", inbox_id)
    message = arrived(acme, inbox_id, content="  " if change == "empty" else "Hello?")
    with pytest.raises(refusal):
        await channels.receive(of_channels, message)
    with pytest.raises(NotFound):
        await channels.receive(of_channels, arrived(acme, uuid7()))


async def test_what_is_said_goes_out_in_parts_and_its_receipt_comes_back(
    api: Api, acme: Tenant, of_channels: Channels
) -> None:
    taken = await channels.receive(of_channels, arrived(acme, await inbox(api, acme, "messenger")))
    (head,) = await api.rows(
        "SELECT contact_id FROM conversations WHERE id = $1", taken.conversation_id
    )
    world, where = spoken(acme, taken.conversation_id, head["contact_id"])
    long = " ".join(["word"] * 900)
    note = answered(world, where, content="between us", visibility="agents")
    await say(api, answered(world, where, content=long), note)
    await say(api, answered(world, where, content="short"))
    telephone = Telephone()
    adapter: Adapter = telephone
    for _ in range(2):
        async with api.resources.db.read(acme.id) as session:
            found = await channels.outgoing(session, acme.id, where.id, after=0, up_to=99)
        for one in found:
            await adapter.send(one)
    first, second = telephone.sent.values()
    assert [len(one.parts) for one in (first, second)] == [3, 1]
    assert " ".join(first.parts) == long
    assert {(one.address, one.answers) for one in (first, second)} == {(NUMBER, "m1")}
    assert first.free_until is not None
    assert first.free_until - datetime.now(UTC) < timedelta(hours=24)
    assert await receipts.record(api.resources.receipts, [second.receipt(ReceiptKind.READ)]) == 1
    rows = await api.rows(
        "SELECT read_at FROM messages WHERE conversation_id = $1 AND role = 'agent'"
        " AND visibility = 'public'",
        where.id,
    )
    assert all(one["read_at"] for one in rows)


async def test_nothing_goes_out_for_the_web_or_to_nobody(
    api: Api, acme: Tenant, of_channels: Channels
) -> None:
    taken = await channels.receive(of_channels, arrived(acme, await inbox(api, acme, "sms")))
    async with api.resources.db.read(acme.id) as session:
        for conversation_id in (taken.conversation_id, acme.conversation, uuid7()):
            asked = {"after": 0, "up_to": 99}
            assert await channels.outgoing(session, acme.id, conversation_id, **asked) == []
    (head,) = await api.rows(
        "SELECT contact_id FROM conversations WHERE id = $1", taken.conversation_id
    )
    world, where = spoken(acme, taken.conversation_id, head["contact_id"])
    await say(api, botted(world, where, content="Good morning"))
    await api.rows("DELETE FROM contact_identities WHERE contact_id = $1", head["contact_id"])
    async with api.resources.db.read(acme.id) as session:
        assert await channels.outgoing(session, acme.id, where.id, after=0, up_to=99) == []
