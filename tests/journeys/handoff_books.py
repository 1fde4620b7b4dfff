"""What was promised and shown in handoffs, compared with what the database holds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from launch.client_core import Entry
from tests.chat_service.test_handoff_races import FOLLOWS
from tests.journeys.people import agrees, rows_of
from tests.journeys.robots import FINAL, Deed
from tests.journeys.shop import Shop

ANSWERED = ("accepted", "first_reply")


@dataclass(frozen=True, slots=True)
class Account:
    """A conversation as the database has it."""

    conversation_id: UUID
    sessions: list[Any]
    offers: list[Any]
    happened: list[dict[str, Any]]
    """Events in order: `event` and `data`."""
    relayed: int
    """`handoff.changed` domain events."""
    chosen: int
    """Decisions of the router for somebody."""

    @property
    def handoffs(self) -> list[dict[str, Any]]:
        return [one["data"] for one in self.happened if one["event"] == "handoff"]


async def account_of(shop: Shop, conversation_id: UUID) -> Account:
    sessions = await shop.rows(
        "SELECT * FROM live_chat_sessions WHERE conversation_id = $1 ORDER BY requested_at, id",
        conversation_id,
    )
    offers = await shop.rows(
        "SELECT * FROM session_offers WHERE conversation_id = $1 ORDER BY offered_at, id",
        conversation_id,
    )
    events = await shop.rows(
        "SELECT payload FROM messages WHERE conversation_id = $1 AND message_type = 'event'"
        " ORDER BY seq",
        conversation_id,
    )
    (counted,) = await shop.rows(
        "SELECT (SELECT count(*) FROM outbox WHERE event = 'handoff.changed'"
        "   AND data->>'conversation_id' = CAST(CAST($1 AS uuid) AS text)) AS relayed,"
        " (SELECT count(*) FROM routing_decisions d JOIN live_chat_sessions s"
        "   ON s.id = d.session_id WHERE s.conversation_id = $1 AND d.chosen IS NOT NULL) AS chosen",
        conversation_id,
    )
    happened = [orjson.loads(one["payload"]) for one in events]
    return Account(
        conversation_id, sessions, offers, happened, counted["relayed"], counted["chosen"]
    )


async def settle(
    shop: Shop, conv: UUID, customer: Sequence[Entry], agents: Iterable[Sequence[Entry]]
) -> None:
    """Every client's log is what the database holds, without a hole."""
    rows = await rows_of(shop.on, conv)
    assert len({row.id for row in rows}) == len(rows), "an id was stored twice"
    agrees(customer, rows, is_agent=False)
    for log in agents:
        agrees(log, rows, is_agent=True)


def nothing_is_open(account: Account) -> None:
    assert {one["status"] for one in account.sessions} <= FINAL, "a session is stuck"
    assert not [one for one in account.offers if one["state"] == "open"]


def each_step_is_recorded_once(account: Account) -> None:
    """One event, one domain event and one row for each transition, in an order DESIGN §6 allows."""
    before: str | None = None
    for data in account.handoffs:
        assert data["state"] in FOLLOWS[before], (before, data)
        before = data["state"]
    begun = [one["session"] for one in account.handoffs if one["state"] == "requested"]
    assert begun == [str(one["id"]) for one in account.sessions]
    for session in account.sessions:
        told = [one for one in account.handoffs if one["session"] == str(session["id"])]
        assert told[-1]["state"] == session["status"]
        assert [one["state"] in FINAL for one in told].count(True) == 1
    assert account.relayed == len(account.handoffs)
    routed = [one for one in account.handoffs if (one["state"], one["reason"]) == _ROUTED]
    assert account.chosen == len(routed)


_ROUTED = ("offered", "routed")


def the_router_went_on(account: Account) -> None:
    """Whoever asked after the conductor had died was held out to somebody, by the router."""
    told = [(one["state"], one["reason"]) for one in account.handoffs]
    assert _ROUTED in told, "nobody was asked after the conductor had died"
    first = told.index(_ROUTED)
    assert "active" not in {state for state, _ in told[:first]}, "somebody else was faster"


def each_offer_ends_once(account: Account) -> None:
    told = Counter(one["state"] for one in account.handoffs)
    assert len(account.offers) == told["offered"]
    reasons = Counter(one["reason"] for one in account.handoffs)
    ends = Counter(one["state"] for one in account.offers)
    assert ends["accepted"] == reasons["accepted"] + reasons["first_reply"]
    assert ends["declined"] == reasons["declined"]
    assert ends["expired"] == reasons["offer_expired"]


def nobody_shares_a_customer(account: Account) -> None:
    """One agent answers at a time; two are there only while one hands over to the other."""
    there: set[str] = set()
    epochs: list[int] = []
    for one in account.happened:
        data = one["data"]
        if one["event"] == "participant":
            assert (data["userId"] in there) == (data["change"] == "left")
            there ^= {data["userId"]}
            assert len(there) <= 2
        if one["event"] == "handoff":
            epochs.append(data["floor"]["epoch"])
            if data["state"] == "active":
                assert data["floor"]["holder"] == "human"
    assert epochs == sorted(epochs)


def promises_are_kept(account: Account, ledger: Iterable[Deed]) -> None:
    """Whoever was told that they have a session had it, and nobody else had."""
    told = {
        (one["session"], one["agent"]["userId"])
        for one in account.handoffs
        if one["state"] == "active"
    }
    accepted = Counter(
        (one["session"], one["agent"]["userId"])
        for one in account.handoffs
        if one["state"] == "active" and one["reason"] == "accepted"
    )
    sessions = {str(one["id"]) for one in account.sessions}
    promised = Counter(
        (one.about, one.who)
        for one in ledger
        if one.event == "offer.accept" and one.taken and one.about in sessions
    )
    assert promised.keys() <= told, "an accept was promised and is not there"
    assert all(promised[pair] >= count for pair, count in accepted.items())
