"""The act of a message: from items to rows, and from rows to what the gateways hear."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from chat_service import attachments_intake, events, failpoints
from chat_service import handoff_news as news
from chat_service.emit import durable, router_word
from chat_service.frames import audience_of
from chat_service.intake import (
    Happened,
    Refused,
    Ruling,
    Stored,
    rule,
    sessions_needed,
    unread_needed,
)
from chat_service.intake_facts import Facts
from chat_service.intake_sessions import Live, Said
from chat_service.kept import Kept
from chat_service.recent import Recent
from chat_service.store import attachments, offers, sessions, waiting
from chat_service.store.ingest import (
    Lease,
    OutboxRow,
    Written,
    lock,
    look,
    seen_of,
    write,
    write_if_still,
)
from chat_service.store.offers import Settled
from chorus import topics
from chorus.clock import rfc3339_ms
from chorus.db import Db, begun
from chorus.db_connect import RawConnection
from chorus.ingest import IngestItem
from chorus.topics import Audience, Header, Kind
from chorus.wire.common import Role
from chorus.wire.envelope import encode_raw, nack

Outcome = Ruling
"""What became of a batch; `answers` are aligned with its items."""

Publication = tuple[str, bytes]
"""A channel, and a packed header followed by a frame (or plain JSON on `inbox:` channels)."""

_fan = lru_cache(maxsize=65_536)(topics.fan)
_author_key = lru_cache(maxsize=65_536)(topics.author_key)
_spelled_ms = lru_cache(maxsize=1_024)(rfc3339_ms)


async def ingest(
    db: Db | Kept,
    items: Sequence[IngestItem],
    *,
    leases: Sequence[Lease] = (),
    tenant_id: UUID | None = None,
    recent: Recent | None = None,
) -> Outcome:
    """Store messages in two statements and one transaction that writes (DESIGN §4).

    A refusal is an answer, not an exception. Under `chorus_app` all items are of `tenant_id`. Who
    writes the same conversations again and again passes what it remembers: `recent`.

    Raises:
        LeaseLost: a partition of `leases` has a new owner; nothing was written.
        Unavailable, Overloaded: it may or may not be stored; the same items may be sent again.
    """
    async with db.raw() as connection:
        ruling = None
        if tenant_id is None:
            ruling = await _at_once(connection, items, leases, recent)
        if ruling is None:
            async with begun(connection, tenant_id):
                ruling = await _under_lock(connection, items, leases)
                failpoints.passing("before_commit")
    failpoints.passing("after_commit")
    if recent is not None:
        recent.keep(ruling)
    for move in ruling.moves:
        news.count(move.before, move.transition, now=ruling.now)
    return ruling


async def _at_once(
    connection: RawConnection,
    items: Sequence[IngestItem],
    leases: Sequence[Lease],
    recent: Recent | None,
) -> Ruling | None:
    """Store a plain batch in one round trip from memory, or in two; None when it is not plain, or raced.

    Plain: every item is new and taken, no session moves, and no file is carried. What is refused or repeated is
    judged under the lock, so that a former owner of the partition judges nothing.
    """
    if attachments_intake.needed(items):
        return None
    if recent is not None and (remembered := recent.facts(items)) is not None:
        ruling = await _if_still(connection, items, remembered, leases)
        if ruling is not None:
            return ruling
    facts = await look(connection, items)
    if recent is not None:
        recent.saw_time(facts.now)
    if sessions_needed(items, facts) or unread_needed(items, facts):
        return None
    return await _if_still(connection, items, facts, leases)


async def _if_still(
    connection: RawConnection, items: Sequence[IngestItem], facts: Facts, leases: Sequence[Lease]
) -> Ruling | None:
    """Write what `facts` allow, if they still hold; None when they do not, or the batch is not plain."""
    seen = {one: seen_of(head) for one, head in facts.heads.items()}
    ruling = rule(items, facts)
    if not all(isinstance(one, Stored) and not one.repeat for one in ruling.answers):
        return None
    failpoints.passing("before_commit")
    done = await write_if_still(connection, _written(ruling), seen, leases)
    return ruling if done else None


async def _under_lock(
    connection: RawConnection, items: Sequence[IngestItem], leases: Sequence[Lease]
) -> Ruling:
    facts = await lock(connection, items, leases)
    if needed := sessions_needed(items, facts):
        facts.live = await _live(connection, needed)
    if read := unread_needed(items, facts):
        facts.unread = await waiting.first_unread(connection, read)
    if named := attachments_intake.needed(items):
        locked = await attachments.lock(connection, named)
        facts.files = {(one.tenant_id, one.id): one for one in locked}
    ruling = rule(items, facts)
    if ruling.heads:
        await write(connection, _written(ruling))
    if sent := _sent(ruling):
        await attachments.send(connection, sent)
    if ruling.moves:
        await _save_moves(connection, ruling)
    return ruling


async def _live(connection: RawConnection, conversation_ids: Sequence[UUID]) -> dict[UUID, Live]:
    """Lock the sessions that these messages may move: the statement most batches do without."""
    found = await sessions.open_ones(connection, conversation_ids)
    return {
        one: Live(filed.tenant_id, one, filed.session, filed.names, filed.texts, filed.locales)
        for one, filed in found.items()
    }


def _sent(ruling: Ruling) -> list[tuple[UUID, UUID, UUID, int]]:
    """Files that have their message now: tenant, file, message and seq of each."""
    return [
        (one.item.tenant_id, file_id, one.item.id, one.seq)
        for one in ruling.answers
        if isinstance(one, Stored) and not one.repeat
        for file_id in attachments_intake.named(one.item)
    ]


async def _save_moves(connection: RawConnection, ruling: Ruling) -> None:
    last = {move.conversation_id: move.transition.session for move in ruling.moves}
    sockets = {
        last[item.conversation_id].id: topics.socket_name(item.node, item.conn)
        for item in (one.item for one in ruling.answers if isinstance(one, Stored))
        if item.node
        and item.conversation_id in last
        and item.sender_id == last[item.conversation_id].agent_id
    }
    await sessions.save(connection, list(last.values()), sockets=sockets)
    settled = [
        Settled(move.before.id, result, news.handoff_of(move.transition).reason)
        for move in ruling.moves
        if (result := move.transition.offer_result) is not None
    ]
    if settled:
        await offers.settle(connection, settled, at=ruling.now)


def _written(ruling: Ruling) -> Written:
    new = [
        step
        for step in ruling.steps
        if isinstance(step, Happened | Said) or (isinstance(step, Stored) and not step.repeat)
    ]
    return Written(ruling.now, new, ruling.heads, _domain_events(ruling))


def _domain_events(ruling: Ruling) -> list[OutboxRow]:
    """One `message.created` per tenant, one `owner.changed` per taken conversation."""
    created: dict[UUID, list[dict[str, Any]]] = {}
    rows = []
    for conversation_id, head in ruling.heads.items():
        created.setdefault(head.tenant_id, []).append(
            {
                "conversation_id": str(conversation_id),
                "first_seq": head.first_new_seq,
                "last_seq": head.last_seq,
                "roles": sorted(head.roles_added),
            }
        )
        if head.taken_over:
            data: dict[str, Any] = {
                "conversation_id": str(conversation_id),
                "assignee_id": str(head.assignee_id) if head.assignee_id else None,
                "floor": {"holder": head.floor_holder, "epoch": head.floor_epoch},
                "reason": "take_over",
            }
            rows.append(events.outbox_row(events.OWNER_CHANGED, head.tenant_id, data))
        if head.woken:
            woken = {"conversation_id": str(conversation_id), "reason": "customer_message"}
            rows.append(events.outbox_row(events.CONVERSATION_REOPENED, head.tenant_id, woken))
    for move in ruling.moves:
        rows += news.domain_events(
            move.tenant_id, move.conversation_id, move.conversation, move.transition
        )
    for tenant_id, conversations in created.items():
        rows.append(
            events.outbox_row(events.MESSAGE_CREATED, tenant_id, {"conversations": conversations})
        )
    return rows


def publications(outcome: Outcome, *, claimed: bool) -> list[Publication]:
    """Spell what the gateways hear after the commit, in the order they shall hear it.

    New rows go to everybody; repeats and refusals to the socket that sent them. `claimed` items
    were somebody else's before: he may have died before he published, so their repeats go to
    everybody too, and readers drop what they have by its seq.
    """
    spoken: list[Publication] = []
    for step in outcome.steps:
        if isinstance(step, Stored) and (claimed or not step.repeat):
            spoken.append(_message(step))
        elif isinstance(step, Happened):
            spoken.append(event_publication(step))
        elif isinstance(step, Said):
            spoken.append(durable(step.row))
        elif step.item.node:
            spoken.append(_reply(step))
    return spoken + _inbox_hints(outcome) + _offers_gone(outcome)


def _message(stored: Stored) -> Publication:
    item = stored.item
    header = Header(
        Kind.DURABLE,
        audience_of(stored.visibility),
        item.conversation_id,
        stored.seq,
        item.node,
        item.conn,
        item.slot,
        stored.ts_ms,
        _author_key(item.sender_id),
    )
    return _fan(item.conversation_id), header.pack() + message_frame(stored)


def message_frame(stored: Stored) -> bytes:
    """The `message` frame of a stored item, without `ref` and `conv`."""
    item = stored.item
    data: dict[str, Any] = {
        "id": str(item.id),
        "role": item.role,
        "content": item.content,
        "type": stored.type,
        "visibility": stored.visibility,
        "ts": _spelled_ms(stored.ts_ms),
    }
    if item.role in (Role.CUSTOMER, Role.AGENT):
        data["userId"] = str(item.sender_id)
    if item.payload:
        data |= item.payload
    return encode_raw("message", data, stored.seq)


def event_publication(step: Happened) -> Publication:
    """A state change for all sockets of its conversation."""
    header = Header(
        Kind.DURABLE,
        audience_of(step.visibility),
        step.conversation_id,
        step.seq,
        0,
        topics.NO_CONN,
        0,
        step.ts_ms,
        topics.NO_AUTHOR,
    )
    return _fan(step.conversation_id), header.pack() + encode_raw(step.event, step.data, step.seq)


def _reply(step: Stored | Refused) -> Publication:
    item = step.item
    ts_ms = step.ts_ms if isinstance(step, Stored) else 0
    return reply(item, _reply_frame(step), ts_ms=ts_ms)


def _reply_frame(step: Stored | Refused) -> bytes:
    if isinstance(step, Refused):
        refusal = nack(step.code, **step.facts)
        return encode_raw("nack", {"id": str(step.item.id), **refusal})
    told = {"seq": step.seq, "ts": _spelled_ms(step.ts_ms), "dup": True}
    return encode_raw("delivered", {"id": str(step.item.id), **told})


def reply(item: IngestItem, frame: bytes, *, ts_ms: int = 0) -> Publication:
    """Address a frame to the one request that `item` was."""
    header = Header(
        Kind.REPLY,
        Audience.EVERYONE,
        item.conversation_id,
        0,
        item.node,
        item.conn,
        item.slot,
        ts_ms,
        topics.NO_AUTHOR,
    )
    return topics.gateway(item.node), header.pack() + frame


def _offers_gone(outcome: Outcome) -> list[Publication]:
    """Take offers that a message settled off their agents' sockets, and wake the router."""
    gone = (
        news.offer_gone(
            move.tenant_id, move.conversation_id, move.before, move.transition, move.names
        )
        for move in outcome.moves
    )
    bells = dict.fromkeys(move.tenant_id for move in outcome.moves)
    return [*(word for word in gone if word is not None), *map(router_word, bells)]


def _inbox_hints(outcome: Outcome) -> list[Publication]:
    changed: dict[UUID, list[dict[str, Any]]] = {}
    for conversation_id, head in outcome.heads.items():
        row = {"conv": str(conversation_id), "rev": head.last_seq}
        changed.setdefault(head.tenant_id, []).append(row)
    return [(topics.inbox(tenant), orjson.dumps(rows)) for tenant, rows in changed.items()]
