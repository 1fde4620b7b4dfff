"""The ingest rules without a database: services that speak as an agent or for the system."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from chat_service.intake import Happened, Stored, rule, unread_needed
from chat_service.intake_facts import Facts, Head
from chorus.ids import uuid7
from chorus.ingest import IngestItem

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
TENANT, CONVERSATION, SERVICE = uuid7(), uuid7(), uuid7()


def head(holder: str, assignee_id: UUID | None = None) -> Head:
    return Head(
        tenant_id=TENANT,
        contact_id=uuid7(),
        status="open",
        last_seq=7,
        floor_holder=holder,
        floor_epoch=3,
        assignee_id=assignee_id,
        waiting_since=None,
    )


def answer_of_a_service() -> IngestItem:
    return IngestItem(
        tenant_id=TENANT,
        conversation_id=CONVERSATION,
        id=uuid7(),
        sender_id=SERVICE,
        sender_role="server",
        role="agent",
        type="text",
        visibility="public",
        content="Your parcel left today.",
        body_hash="00",
        sent_ms=0,
    )


def test_a_service_speaks_beside_the_assignee_without_the_floor() -> None:
    colleague = uuid7()
    ruling = rule([answer_of_a_service()], Facts(NOW, {CONVERSATION: head("human", colleague)}))
    (answer,) = ruling.answers
    assert isinstance(answer, Stored)
    assert answer.seq == 8
    after = ruling.heads[CONVERSATION]
    assert (after.floor_holder, after.floor_epoch, after.assignee_id) == ("human", 3, colleague)


def test_a_service_that_takes_the_floor_assigns_nobody() -> None:
    ruling = rule([answer_of_a_service()], Facts(NOW, {CONVERSATION: head("bot")}))
    after = ruling.heads[CONVERSATION]
    assert (after.floor_holder, after.floor_epoch, after.assignee_id) == ("human", 4, None)
    happened = [step for step in ruling.steps if isinstance(step, Happened)]
    assert [one.event for one in happened] == ["conversation.updated"]
    assert happened[0].data == {
        "floor": {"holder": "human", "epoch": 4},
        "by": str(SERVICE),
    }


def test_a_word_of_the_system_is_stored_and_moves_no_inbox_row() -> None:
    word = replace(answer_of_a_service(), role="system")
    before = replace(head("human"), preview="Hello", waiting_since=NOW)
    ruling = rule([word], Facts(NOW, {CONVERSATION: before}))
    after = ruling.heads[CONVERSATION]
    assert [one.seq for one in ruling.answers if isinstance(one, Stored)] == [8]
    assert (after.preview, after.waiting_since, after.unread_added) == ("Hello", NOW, 0)


def answer_of_a_bot(upto: int) -> IngestItem:
    marked = {"meta": {"bot": {"action": "answer", "upto": upto}}}
    said = replace(answer_of_a_service(), sender_role="internal", role="bot", floor_epoch=3)
    return replace(said, payload=marked)


@pytest.mark.parametrize(
    ("upto", "waits", "asks", "unread", "since"),
    [
        (7, NOW, [], {}, None),
        (5, NOW, [(CONVERSATION, 5)], {}, None),
        (5, NOW, [(CONVERSATION, 5)], {(CONVERSATION, 5): LATER}, LATER),
        # What came after it was answered by a later answer, up to what they wait for.
        (5, LATER, [(CONVERSATION, 5)], {(CONVERSATION, 5): NOW}, LATER),
        (5, None, [(CONVERSATION, 5)], {(CONVERSATION, 5): NOW}, None),
    ],
)
def test_a_bot_answers_what_it_has_read(
    upto: int,
    waits: datetime | None,
    asks: list[tuple[UUID, int]],
    unread: dict[tuple[UUID, int], datetime],
    since: datetime | None,
) -> None:
    before = replace(head("bot"), waiting_since=waits)
    facts, said = Facts(LATER, {CONVERSATION: before}, unread=unread), [answer_of_a_bot(upto)]
    assert unread_needed(said, facts) == asks
    assert rule(said, facts).heads[CONVERSATION].waiting_since == since
