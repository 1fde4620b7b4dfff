"""The acts of channels beside the web: what a provider delivers comes in, what was said goes out.

The contract stands in `chorus/wire/channels.py` (ADR 0029). Everything here is what a gateway
does for a page, so that routing, floor, handoff and reports know no difference.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chat_service import messages, visitors
from chat_service.conversations import Opening
from chat_service.emit import Publisher
from chat_service.frames import EVENT, StoredRow
from chat_service.identity import Identity
from chat_service.intake import Refused, Ruling, Stored
from chat_service.store import channels as lines
from chat_service.store import conversations as store
from chat_service.store import people, timeline
from chat_service.store.people import InboxRow, Traits
from chorus.auth import foreign_user_id
from chorus.codes import NackCode
from chorus.db import Reader, Transaction
from chorus.errors import Forbidden, NotFound, Unavailable
from chorus.ingest import IngestItem, body_hash, payload_of
from chorus.wire.channels import CHANNELS, Arrived, Outgoing, Taken, id_of, issuer_of, parts
from chorus.wire.client import Message
from chorus.wire.common import MAX_CONTENT_BYTES, ConversationStatus, Role, Visibility

_TO_CUSTOMERS: Final = frozenset({Role.AGENT, Role.BOT, Role.SYSTEM})
PROVIDER_ID: Final = "provider_id"
"""In `meta` of a message: what the provider calls it."""
OUTGOING_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Channels:
    """What this module uses."""

    identity: Identity
    publisher: Publisher


async def receive(channels: Channels, arrived: Arrived) -> Taken:
    """Take a customer's message, however often it is delivered: contact, conversation and row once.

    Raises:
        NotFound: no such inbox, it is not enabled, or its adapter is the gateway.
        Forbidden: there is nothing in it, or intake refuses it.
        Unavailable, Overloaded: it may be stored; the provider is to deliver it again.
    """
    identity = channels.identity
    contents = list(parts(arrived.content, MAX_CONTENT_BYTES))
    if not contents:
        raise Forbidden("There is nothing in it.")
    async with identity.db.transaction(arrived.tenant_id) as tx:
        inbox = await people.inbox(tx, arrived.tenant_id, arrived.inbox_id)
        if inbox is None or inbox.state != "enabled" or inbox.channel == "web":
            raise NotFound
        contact_id = await _contact(tx, identity, arrived, inbox)
        conversation_id = await _conversation(tx, identity, arrived, inbox, contact_id)
    items = [
        _item(arrived, conversation_id, contact_id, place, content)
        for place, content in enumerate(contents)
    ]
    ruling = await messages.ingest(identity.db, items, tenant_id=arrived.tenant_id)
    await channels.publisher.publish(messages.publications(ruling, claimed=False))
    return _taken(conversation_id, ruling)


async def _contact(tx: Transaction, identity: Identity, arrived: Arrived, inbox: InboxRow) -> UUID:
    """The contact of an address: one id wherever it is derived, so two deliveries make one row."""
    issuer = issuer_of(inbox.channel, inbox.id)
    contact_id = foreign_user_id(issuer, arrived.tenant_id, arrived.address)
    await people.save_contact(
        tx,
        arrived.tenant_id,
        contact_id,
        traits=Traits(name=arrived.name),
        verified=CHANNELS[inbox.channel].proves_sender,
        at=identity.clock.now(),
    )
    await people.save_identity(
        tx, arrived.tenant_id, contact_id, issuer=issuer, subject=arrived.address
    )
    return contact_id


async def _conversation(
    tx: Transaction, identity: Identity, arrived: Arrived, inbox: InboxRow, contact_id: UUID
) -> UUID:
    """Where it stands already, else its thread, else the latest open one, else a new one."""
    tenant_id = arrived.tenant_id
    known = await timeline.find_of_contact(tx, tenant_id, contact_id, id_of(arrived, "message"))
    if known is not None:
        return known.conversation_id
    if arrived.thread is not None and CHANNELS[inbox.channel].threads:
        found = await store.find(tx, tenant_id, arrived.thread)
        theirs = found is not None and found.contact_id == contact_id
        if found is not None and theirs and found.status != ConversationStatus.CLOSED:
            return found.id
    latest = await store.latest_open(tx, tenant_id, contact_id=contact_id, inbox_id=inbox.id)
    if latest is not None:
        return latest
    opening = Opening(id_of(arrived, "conversation"), contact_id, inbox, {})
    return await visitors.start(tx, identity, tenant_id, opening)


def _item(
    arrived: Arrived, conversation_id: UUID, contact_id: UUID, place: int, content: str
) -> IngestItem:
    message = Message(
        id=id_of(arrived, "message", place),
        content=content,
        meta={PROVIDER_ID: arrived.provider_id},
    )
    return IngestItem(
        tenant_id=arrived.tenant_id,
        conversation_id=conversation_id,
        id=message.id,
        sender_id=contact_id,
        sender_role="visitor",
        role=Role.CUSTOMER.value,
        type=message.type,
        visibility=message.visibility,
        content=content,
        body_hash=body_hash(contact_id, message),
        sent_ms=int(arrived.sent_at.timestamp() * 1000),
        payload=payload_of(message),
    )


def _taken(conversation_id: UUID, ruling: Ruling) -> Taken:
    first = ruling.answers[0]
    if isinstance(first, Refused):
        # It was closed between our look and the write: delivered again, it opens a new one.
        raise Unavailable if first.code is NackCode.CONVERSATION_CLOSED else Forbidden
    assert isinstance(first, Stored)
    return Taken(conversation_id, first.seq, repeat=first.repeat)


async def outgoing(
    session: Reader, tenant_id: UUID, conversation_id: UUID, *, after: int, up_to: int
) -> list[Outgoing]:
    """What of these seqs its customer is to be sent: nothing of the web, nothing of their own."""
    line = await lines.line_of(session, tenant_id, conversation_id)
    if line is None or line.channel == "web":
        return []
    channel = CHANNELS[line.channel]
    address = await lines.address_of(
        session, tenant_id, line.contact_id, issuer_of(line.channel, line.inbox_id)
    )
    rows = await timeline.after(
        session, tenant_id, conversation_id, seq=after, limit=min(up_to - after, OUTGOING_MAX)
    )
    said = [one for one in rows if one.seq <= up_to and _is_for_customer(one)]
    if address is None or not said:
        return []
    heard = await lines.last_word(session, tenant_id, conversation_id)
    within = channel.answers_within
    return [
        Outgoing(
            tenant_id,
            conversation_id,
            one.seq,
            one.id,
            line.contact_id,
            address,
            tuple(parts(one.content, channel.text_max_bytes)),
            free_until=heard.at + within if heard and within else None,
            answers=heard.meta.get(PROVIDER_ID) if heard else None,
        )
        for one in said
    ]


def _is_for_customer(row: StoredRow) -> bool:
    spoken = row.message_type != EVENT and row.deleted_at is None and bool(row.content.strip())
    return spoken and row.role in _TO_CUSTOMERS and row.visibility == Visibility.PUBLIC
