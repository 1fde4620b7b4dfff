"""Where a request belongs, and whether anybody can come to it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chat_service import queue_choice
from chat_service.deferral import Member, nobody_there
from chat_service.queue_choice import Asked, Circumstances, Desk, QueueRow, UnknownQueue
from chorus.ids import uuid7
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
ONLINE, AWAY, BUSY, OFFLINE, UNKNOWN = (
    PresenceStatus.ONLINE,
    PresenceStatus.AWAY,
    PresenceStatus.BUSY,
    PresenceStatus.OFFLINE,
    PresenceStatus.UNKNOWN,
)
HERE = Circumstances(uuid7(), uuid7(), None, "web", "de_AT", {"plan": "gold"}, has_bot=False)
BY_WIDGET = Asked(None, "widget", by_customer=True)


def a_queue(name: str = "support", **more: Any) -> QueueRow:
    plain = QueueRow(
        uuid7(), name, "longest_idle", "public", False, {}, None, None, None, None, (uuid7(),)
    )
    return replace(plain, **more)


def a_desk(status: str = "online", *, chose: bool = True, **more: int) -> Desk:
    room = {"capacity": 3, "load": 0} | more
    return Desk(uuid7(), status, NOW if chose else None, **room)


def test_the_queue_that_is_named_wins_by_name_or_id() -> None:
    queue, other = a_queue(), a_queue("billing", is_default=True)
    for name in (queue.name, str(queue.id)):
        asked = Asked(name, "widget", by_customer=True)
        assert queue_choice.choose([other, queue], asked, HERE) is queue
    assert queue_choice.queue_of([other, queue], queue.id) is queue
    assert queue_choice.queue_of([other], queue.id) is None


def test_a_customer_is_told_of_public_queues_only() -> None:
    hidden, shown = a_queue("secret", visibility="agents"), a_queue("billing")
    for name in ("secret", "nowhere"):
        with pytest.raises(UnknownQueue) as refused:
            queue_choice.named([hidden, shown], name, by_customer=True)
        assert refused.value.slug == "UNKNOWN_QUEUE"
        assert "secret" not in str(refused.value)
    assert queue_choice.named([hidden, shown], "secret") is hidden


@pytest.mark.parametrize(
    ("conditions", "takes"),
    [
        ({}, False),
        ({"channels": ["web"]}, True),
        ({"channels": ["email"]}, False),
        ({"channels": "web"}, False),
        ({"sources": ["widget", "bot"], "languages": ["de"]}, True),
        ({"sources": ["widget"], "languages": ["fr"]}, False),
        ({"inboxes": [str(HERE.inbox_id)]}, True),
        ({"attributes": {"plan": ["gold"]}}, True),
        ({"attributes": {"plan": ["silver"]}}, False),
        ({"attributes": {"age": ["9"]}}, False),
        ({"attributes": ["plan"]}, False),
        ({"weather": ["fine"]}, False),
    ],
)
def test_a_queue_takes_what_all_of_its_conditions_hold_for(
    conditions: dict[str, Any], takes: bool
) -> None:
    queue = a_queue(conditions=conditions)
    found = queue_choice.choose([queue], BY_WIDGET, HERE)
    assert found is (queue if takes else None)


def test_what_belongs_nowhere_goes_to_the_inboxs_queue_or_the_default() -> None:
    own, default = a_queue("own"), a_queue("default", is_default=True)
    there = replace(HERE, inbox_queue_id=own.id)
    assert queue_choice.choose([default, own], BY_WIDGET, there) is own
    assert queue_choice.choose([default, own], BY_WIDGET, HERE) is default
    assert queue_choice.choose([own], BY_WIDGET, HERE) is None


def test_overflow_reaches_on_for_as_long_as_queues_have_a_limit_and_never_in_circles() -> None:
    last = a_queue("last")
    middle = a_queue("middle", max_wait_s=60, overflow_queue_id=last.id)
    first = a_queue("first", max_wait_s=60, overflow_queue_id=middle.id)
    circle = replace(last, max_wait_s=60, overflow_queue_id=first.id)
    gone = replace(first, overflow_queue_id=uuid7())
    patient = replace(first, max_wait_s=None)
    assert queue_choice.reach(first, [first, middle, last]) == [first, middle, last]
    assert queue_choice.reach(first, [first, middle, circle]) == [first, middle, circle]
    assert queue_choice.reach(gone, [gone, middle]) == [gone]
    assert queue_choice.reach(patient, [patient, middle]) == [patient]


@pytest.mark.parametrize(
    ("chosen", "reached", "is_now"),
    [
        ("online", ONLINE, ONLINE),
        ("online", AWAY, AWAY),
        ("online", UNKNOWN, UNKNOWN),
        ("busy", ONLINE, BUSY),
        ("busy", UNKNOWN, BUSY),
        ("offline", ONLINE, OFFLINE),
        ("away", OFFLINE, OFFLINE),
        ("busy", OFFLINE, OFFLINE),
    ],
)
def test_an_agent_is_what_they_chose_while_they_can_be_reached(
    chosen: str, reached: PresenceStatus, is_now: PresenceStatus
) -> None:
    desk = a_desk(chosen)
    assert queue_choice.status_of(desk, {desk.id: Seen(reached, 0)}) is is_now


def test_who_chose_nothing_yet_is_willing_and_who_was_not_looked_for_is_unknown() -> None:
    desk = a_desk("offline", chose=False)
    assert queue_choice.status_of(desk, {desk.id: Seen(ONLINE, 0)}) is ONLINE
    assert queue_choice.status_of(desk, {}) is UNKNOWN


@pytest.mark.parametrize("chosen", ["online", "away", "busy", "offline", None])
@pytest.mark.parametrize("reached", [ONLINE, AWAY, OFFLINE, UNKNOWN])
def test_what_is_promised_is_what_the_router_does(
    chosen: str | None, reached: PresenceStatus
) -> None:
    """Whoever is put off at once would be put off by the router, and nobody else."""
    desk, seen = a_desk(chosen or "offline", chose=chosen is not None), Seen(reached, 0)
    comes = queue_choice.anybody_comes([queue_choice.status_of(desk, {desk.id: seen})])
    assert comes is not nobody_there([Member(chosen, seen)])


def test_nobody_comes_where_nobody_serves() -> None:
    assert not queue_choice.anybody_comes([])
    assert queue_choice.anybody_comes([OFFLINE, AWAY])


def test_a_queue_can_do_what_those_who_are_online_have_room_for() -> None:
    full, free, away = a_desk(load=3), a_desk(load=1), a_desk()
    seen = {full.id: Seen(ONLINE, 0), free.id: Seen(ONLINE, 0), away.id: Seen(AWAY, 0)}
    service = queue_choice.service([full, free, away], seen, [60.0])
    assert (service.slots, service.free_slots, service.presence_known) == (6, 2, True)
    blind = queue_choice.service([full, free], {full.id: Seen(ONLINE, 0)}, [])
    assert (blind.slots, blind.presence_known) == (3, False)
