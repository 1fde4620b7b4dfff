"""Where a session goes that is offered to nobody."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chat_service.deferral import EMPTY_FOR, Deferral, Group, Why
from chat_service.deferred_pages import PAGE, Cursor, next_cursors
from chat_service.hours import read_hours
from chat_service.routing import Policy
from chat_service.routing_facts import AgentFacts, Facts, Place, QueueFacts
from chat_service.routing_plan import Plan, Then
from chat_service.routing_round import Round
from chat_service.session_facts import TeamGone
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus
from tests.chat_service.test_deferral import (
    ADA,
    BEN,
    CLOSED,
    DAY,
    NIGHT,
    NOW,
    OFFLINE,
    ONLINE,
    agent,
    place,
    queue,
)

TEAM = UUID(int=300)
HERE = {ADA: ONLINE, BEN: ONLINE}
LONG_GONE: dict[Group, Any] = {(DAY, TEAM): NOW - EMPTY_FOR, (DAY, None): NOW - EMPTY_FOR}


def round_of(
    where: Place,
    here: QueueFacts,
    *,
    team: frozenset[UUID] = frozenset(),
    seen: Mapping[UUID, PresenceStatus] = HERE,
    full: bool = False,
) -> Round:
    people: list[AgentFacts] = [
        replace(agent(one), load=2 if full else 0, status_at=None) for one in (ADA, BEN)
    ]
    known = {one: Seen(status, 0) for one, status in seen.items()}
    lines = {DAY: here, NIGHT: queue(NIGHT)}
    return Round(
        Facts([where], people, known, lines, {DAY: read_hours(here.hours)}, {TEAM: team}), now=NOW
    )


def exits(round_: Round, empty: Mapping[Group, Any] | None = None) -> list[Then]:
    return [then for _, then in round_.plan(limit=9, empty_since=empty).elsewhere]


def waited(seconds: int, where: Place) -> Place:
    at = NOW - timedelta(seconds=seconds)
    return replace(where, waiting=replace(where.waiting, queued_at=at, requested_at=at))


FOR_TEAM = replace(place(), team_id=TEAM)


def test_a_team_is_judged_by_its_own_people() -> None:
    absent = {ADA: OFFLINE, BEN: ONLINE}
    here = round_of(FOR_TEAM, queue(DAY, ADA, BEN), team=frozenset({ADA}), seen=absent)
    assert here.without_anybody() == {(DAY, TEAM)}
    assert exits(here, LONG_GONE) == [TeamGone(TEAM)]
    plan = here.plan(limit=9, empty_since={(DAY, TEAM): NOW})
    assert (plan.elsewhere, plan.look_again_at) == ([], NOW + EMPTY_FOR)


@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize(
    ("team_wait_s", "expected"), [(120, [TeamGone(TEAM)]), (121, []), (None, [])]
)
def test_a_team_that_is_busy_for_too_long_is_given_up(
    team_wait_s: int | None, expected: list[Then], deferred: bool
) -> None:
    line = queue(DAY, ADA, team_wait_s=team_wait_s)
    where = replace(waited(120, FOR_TEAM), deferred=deferred)
    assert exits(round_of(where, line, team=frozenset({ADA}), full=True)) == expected


def test_a_team_of_a_line_that_is_served_by_hand_is_left_alone() -> None:
    waiting = replace(FOR_TEAM.waiting, policy=Policy.MANUAL)
    where = waited(999, replace(FOR_TEAM, waiting=waiting))
    assert exits(round_of(where, queue(DAY, ADA)), LONG_GONE) == []


@pytest.mark.parametrize(
    ("status", "chosen", "expected"),
    [
        (ONLINE, "online", []),
        (OFFLINE, "online", [Why.CLOSED]),
        (ONLINE, "away", [Why.CLOSED]),
    ],
    ids=["here", "gone", "does not want to be asked"],
)
def test_who_is_answered_is_not_put_off_while_their_agent_is_here(
    status: PresenceStatus, chosen: str, expected: list[Why]
) -> None:
    waiting = replace(place().waiting, holder_id=BEN)
    where = replace(place(), waiting=waiting)
    people = [replace(agent(BEN, chose=chosen), load=9)]
    line = queue(DAY, ADA, hours=CLOSED)
    seen = {BEN: Seen(status, 0)}
    facts = Facts([where], people, seen, {DAY: line}, {DAY: read_hours(CLOSED)}, {})
    plan = Round(facts, now=NOW).plan(limit=9)
    assert [then.why for _, then in plan.elsewhere if isinstance(then, Deferral)] == expected
    assert [one.agent_id for one in plan.chosen] == ([] if expected else [BEN])
    refused = replace(where, waiting=replace(waiting, excluded={BEN: NOW}))
    (then,) = exits(Round(replace(facts, places=[refused]), now=NOW))
    assert isinstance(then, Deferral)


def test_an_unknown_agent_holds_nothing() -> None:
    where = replace(place(), waiting=replace(place().waiting, holder_id=UUID(int=999)))
    plan = round_of(where, queue(DAY, ADA)).plan(limit=9)
    assert [one.agent_id for one in plan.chosen] == [ADA]


def test_a_full_page_of_which_nothing_moves_is_followed_by_the_next() -> None:
    page = [
        replace(
            place(deferred=True),
            waiting=replace(place().waiting, session_id=UUID(int=1000 + number)),
        )
        for number in range(PAGE)
    ]
    plan = Plan()
    lines: dict[UUID, Cursor | None] = {DAY: None, NIGHT: None}
    last = Cursor(page[-1].waiting.requested_at, page[-1].waiting.session_id)
    assert next_cursors(lines, page, plan, now=NOW) == {DAY: last, NIGHT: None}
    assert plan.look_again_at is not None
    moved = Plan(elsewhere=[(page[3], Deferral(Why.CLOSED))])
    assert next_cursors(lines, page, moved, now=NOW) == {DAY: None, NIGHT: None}
    assert next_cursors(lines, page[:-1], Plan(), now=NOW) == {DAY: None, NIGHT: None}
