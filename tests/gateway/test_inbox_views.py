"""Which rows belong to a view: as it was narrowed, and for whom it was opened."""

from typing import Any

import pytest

from chorus.wire.common import InboxView
from gateway.inbox_views import belongs

ME = "01936b5e-0000-7000-8000-0000000000b1"
OTHER = "01936b5e-0000-7000-8000-0000000000b2"
INBOX = "01936b5e-0000-7000-8000-0000000000e1"
ROW: dict[str, Any] = {
    "status": "open",
    "floor": {"holder": "human", "epoch": 1},
    "session": "active",
    "queue": "support",
    "assignee": ME,
    "unread": 1,
    "priority": 2,
    "tags": ["vip", "returns"],
    "channel": "web",
    "inbox": INBOX,
    "mentions": [ME],
}
VIEWS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"mine", "all", "mentions"}),
    ({"assignee": OTHER}, {"all", "mentions"}),
    ({"mentions": [OTHER]}, {"mine", "all"}),
    ({"session": "queued"}, {"mine", "all", "mentions", "queue"}),
    ({"status": "snoozed"}, {"snoozed", "mentions"}),
    ({"status": "closed"}, set()),
    ({"floor": {"holder": "bot", "epoch": 2}, "assignee": None}, {"all", "mentions", "bot"}),
]
FILTERS: list[tuple[dict[str, Any], bool]] = [
    ({"assignee": "me"}, True),
    ({"assignee": ME.upper()}, True),
    ({"assignee": OTHER}, False),
    ({"assignee": "none"}, False),
    ({"tags": ["vip"]}, True),
    ({"tags": ["vip", "new"]}, False),
    ({"priority": 2}, True),
    ({"priority": 3}, False),
    ({"inbox": INBOX.upper()}, True),
    ({"inbox": OTHER}, False),
    ({"channel": "sms"}, False),
    ({"unread": True}, True),
    ({"unread": False}, False),
    ({"queue": "support"}, True),
    ({"queue": "billing"}, False),
    ({"queue": OTHER}, True),
    ({"status": "closed"}, False),
    ({"status": None, "colour": "red"}, True),
    ({"tags": ["vip"], "unread": True, "assignee": "me"}, True),
]


@pytest.mark.parametrize(("changes", "views"), VIEWS)
def test_a_row_stands_in_the_views_it_belongs_to(changes: dict[str, Any], views: set[str]) -> None:
    row = {**ROW, **changes}
    assert {str(view) for view in InboxView if belongs(row, view, None, ME)} == views


@pytest.mark.parametrize(("filters", "fits"), FILTERS)
def test_a_narrowed_view_takes_what_fits_all_of_it(filters: dict[str, Any], fits: bool) -> None:
    assert belongs(ROW, InboxView.ALL, filters, ME) is fits


def test_a_view_of_closed_conversations_keeps_them() -> None:
    closed = {**ROW, "status": "closed"}
    assert belongs(closed, InboxView.ALL, {"status": "closed"}, ME)
    assert not belongs(closed, InboxView.MINE, {"status": "closed"}, ME)
