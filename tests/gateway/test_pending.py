"""Messages that wait for an answer."""

from uuid import UUID

from chorus.ids import uuid7
from chorus.ingest import IngestItem
from gateway.pending import Outstanding, Pending

CONVERSATION = uuid7()


def waiting(
    outstanding: Outstanding,
    *,
    at_s: float = 0.0,
    id: UUID | None = None,
    conn: int = 0,
    room: UUID = CONVERSATION,
) -> Pending:
    item = IngestItem(
        tenant_id=CONVERSATION,
        conversation_id=room,
        id=id or uuid7(),
        sender_id=CONVERSATION,
        sender_role="visitor",
        role="customer",
        type="text",
        visibility="public",
        content="x",
        body_hash="h",
        sent_ms=0,
        conn=conn,
        slot=outstanding.next_slot(),
    )
    pending = Pending(item, None, at_s)
    outstanding.add(pending)
    return pending


def test_settled_once_by_number_or_by_id() -> None:
    outstanding = Outstanding()
    first, second = waiting(outstanding), waiting(outstanding)
    assert outstanding.get(first.slot) is first
    assert outstanding.take(first.slot) is first
    assert outstanding.get(first.slot) is None
    assert outstanding.take(first.slot) is None
    assert outstanding.take_id(CONVERSATION, second.item.id) is second
    assert outstanding.take_id(CONVERSATION, second.item.id) is None
    assert len(outstanding) == 0


def test_the_same_id_twice_is_answered_twice() -> None:
    outstanding = Outstanding()
    id = uuid7()
    first, second = waiting(outstanding, id=id), waiting(outstanding, id=id)
    assert outstanding.take_id(CONVERSATION, id) is first
    assert outstanding.take(second.slot) is second
    assert outstanding.take_id(CONVERSATION, id) is None


def test_unsettled_messages_keep_their_order() -> None:
    outstanding = Outstanding()
    pendings = [waiting(outstanding, at_s=float(n)) for n in range(5)]
    outstanding.take(pendings[2].slot)
    assert outstanding.unsettled() == [*pendings[:2], *pendings[3:]]
    assert outstanding.take_overdue(0.0) == []


def test_what_a_socket_said_behind_an_overdue_message_is_given_up_with_it() -> None:
    outstanding = Outstanding()
    late = waiting(outstanding, at_s=0.0, conn=1)
    other_socket = waiting(outstanding, at_s=5.0, conn=2)
    behind = waiting(outstanding, at_s=5.0, conn=1)
    other_room = waiting(outstanding, at_s=5.0, conn=1, room=uuid7())
    assert outstanding.take_overdue(1.0) == [late, behind]
    assert outstanding.unsettled() == [other_socket, other_room]
