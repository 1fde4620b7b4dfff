"""A message that comes by a call: REST, or gRPC `Act` for our own services. Sockets use the stream."""

from typing import Any, Final
from uuid import UUID

from chat_service import conversations, messages
from chat_service.emit import Publisher
from chat_service.intake import Refused
from chorus.auth import Principal
from chorus.clock import Clock, rfc3339_ms, unix_ms
from chorus.db import Db
from chorus.errors import BY_NACK, ChorusError, Forbidden
from chorus.ingest import IngestItem, body_hash, payload_of
from chorus.wire.client import Message

OURS: Final = "internal"
"""The role of our own services: they say in a frame whether they speak as bot or system."""
STREAM: Final = "stream"


async def say(
    where: tuple[Db, Publisher, Clock], who: Principal, conversation_id: UUID, frame: Message
) -> dict[str, Any]:
    """Store and publish a message; answers the `data` of its `delivered`.

    Raises:
        ChorusError: it was not taken. Unavailable, Overloaded: it may be stored; the same id may
            be sent again.
    """
    db, publisher, clock = where
    if who.role != OURS and frame.role not in (None, who.speaks_as):
        raise Forbidden
    async with db.read(who.tenant_id) as session:
        await conversations.enter(session, who, conversation_id)
    item = _item(who, conversation_id, frame, sent_ms=unix_ms(clock.now()))
    outcome = await messages.ingest(db, [item], tenant_id=who.tenant_id)
    await publisher.publish(messages.publications(outcome, claimed=False))
    answer = outcome.answers[0]
    if isinstance(answer, Refused):
        raise _refusal(answer)
    ts = rfc3339_ms(answer.ts_ms)
    return {"id": item.id, "seq": answer.seq, "ts": ts, "dup": answer.repeat}


def _refusal(answer: Refused) -> ChorusError:
    facts = answer.facts
    return BY_NACK[answer.code](facts.pop("reason", None), **facts)


def _payload(who: Principal, frame: Message) -> dict[str, Any] | None:
    """What the message carries; the stream that a bot's message completes stands beside its meta."""
    carried = payload_of(frame)
    stream = (frame.meta or {}).get(STREAM)
    if who.role != OURS or carried is None or not isinstance(stream, str):
        return carried
    rest = {name: value for name, value in carried["meta"].items() if name != STREAM}
    return carried | {"meta": rest, STREAM: stream}


def _item(who: Principal, conversation_id: UUID, frame: Message, *, sent_ms: int) -> IngestItem:
    return IngestItem(
        tenant_id=who.tenant_id,
        conversation_id=conversation_id,
        id=frame.id,
        sender_id=who.user_id,
        sender_role=who.role,
        role=frame.role or who.speaks_as if who.role == OURS else who.speaks_as,
        type=frame.type,
        visibility=frame.visibility,
        content=frame.content,
        body_hash=body_hash(who.user_id, frame),
        sent_ms=sent_ms,
        payload=_payload(who, frame),
        floor_epoch=frame.floor_epoch,
        expected_seq=frame.expected_seq,
    )
