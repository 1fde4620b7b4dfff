"""What the state machine of sessions.py is told: rows, what may happen to them, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from chorus.wire.common import ConversationStatus, Floor, SessionState


class Reason(StrEnum):
    """Why a session changed its state; stored with the event and, at the end, with the session."""

    ASKED = "asked"
    PLACED = "placed"
    OVERFLOW = "overflow"
    QUEUE_GONE = "queue_gone"
    TEAM_GONE = "team_gone"
    WAITED_LONG = "waited_long"
    CHOSE_LATER = "chose_later"
    OPEN_AGAIN = "open_again"
    ROUTED = "routed"
    ACCEPTED = "accepted"
    FIRST_REPLY = "first_reply"
    TAKEN_OVER = "taken_over"
    CLAIMED = "claimed"
    ASSIGNED = "assigned"
    PICKED_UP = "picked_up"
    DECLINED = "declined"
    OFFER_EXPIRED = "offer_expired"
    OFFER_RESCINDED = "offer_rescinded"
    AGENT_LOST = "agent_lost"
    TRANSFERRED = "transferred"
    TRANSFER_DONE = "transfer_done"
    TRANSFER_CANCELLED = "transfer_cancelled"
    RETURNED_TO_BOT = "returned_to_bot"
    RESOLVED = "resolved"
    WRAPPED_UP = "wrapped_up"
    REOPENED = "reopened"
    CANCELLED = "cancelled_by_customer"
    NOBODY_THERE = "nobody_there"
    CUSTOMER_IDLE = "customer_idle"
    CUSTOMER_GONE = "customer_gone"
    FAILED = "failed"


class Say(StrEnum):
    """Which text the customer reads once after a transition; the words are data, never a model's."""

    LOOKING = "handoff.looking"
    STILL_LOOKING = "handoff.still_looking"
    AGENT_JOINED = "handoff.agent_joined"
    AGENT_LOST = "handoff.agent_lost"
    TRANSFERRED = "handoff.transferred"
    BACK_WITH_AGENT = "handoff.back_with_agent"
    BACK_WITH_BOT = "handoff.back_with_bot"
    LEAVE_MESSAGE = "handoff.leave_message"
    WAITED_LONG = "handoff.waited_long"
    NOTED = "handoff.noted"
    CANCELLED = "handoff.cancelled"
    RESOLVED = "handoff.resolved"
    STILL_THERE = "handoff.still_there"
    CUSTOMER_GONE = "handoff.customer_gone"
    IDLE_TO_BOT = "handoff.idle_to_bot"
    FAILED = "handoff.failed"


class OfferResult(StrEnum):
    """What became of the open offer: the final states of `session_offers`."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    RESCINDED = "rescinded"


class TransferMode(StrEnum):
    BLIND = "blind"
    WARM = "warm"


WAIT: Final = "wait"
"""The choice of who goes on waiting."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The open offer of a session. `direct`: a transfer named the agent, the router did not."""

    agent_id: UUID
    deadline_at: datetime
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A live-chat session as its row says, with its open offer."""

    id: UUID
    state: SessionState
    requested_at: datetime
    queue_id: UUID | None = None
    agent_id: UUID | None = None
    """Who answers, or answered last."""
    leaving_agent_id: UUID | None = None
    """Who hands over warmly: speaks until the new agent has spoken."""
    offer: Offer | None = None
    excluded: frozenset[UUID] = frozenset()
    options: Mapping[str, Any] | None = None
    queued_at: datetime | None = None
    offered_at: datetime | None = None
    accepted_at: datetime | None = None
    """The first time; a session that is queued again keeps it."""
    started_at: datetime | None = None
    given_at: datetime | None = None
    """Since when its agent has it."""
    wrap_up_until: datetime | None = None
    ended_at: datetime | None = None
    end_reason: Reason | None = None
    idle_asked_at: datetime | None = None
    """When the customer was last asked whether they are still there."""

    @property
    def is_put_off(self) -> bool:
        """Whether its customer was told to expect nobody at once: waiting is no choice of theirs."""
        return WAIT not in (self.options or {}).get("options", (WAIT,))

    @property
    def was_asked_to_choose(self) -> bool:
        """Whether its customer waited long and was told what else there is."""
        return WAIT in (self.options or {}).get("options", ())


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a transition may change of the conversation, and whether a bot can have the floor."""

    status: ConversationStatus
    holder: Floor
    epoch: int
    assignee_id: UUID | None = None
    team_id: UUID | None = None
    has_bot: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something; `user_id` None is the system, which counts as senior."""

    user_id: UUID | None
    senior: bool = False


SYSTEM: Final = Actor(None, senior=True)


@dataclass(frozen=True, slots=True)
class Escalated:
    """Somebody asks for a person: the session `session_id` begins, for `queue_id` if one is found."""

    session_id: UUID
    by: Actor
    queue_id: UUID | None = None
    reason: Reason = Reason.ASKED


@dataclass(frozen=True, slots=True)
class Queued:
    """The session stands in this queue; the first time, on overflow, or when its queue is gone."""

    queue_id: UUID
    reason: Reason = Reason.PLACED
    position: int | None = None
    eta_s: int | None = None


@dataclass(frozen=True, slots=True)
class QueueGone:
    """The queue a session waits in was deleted: it goes `to` another, or nobody can come.

    `queue_id` None: it never had one.
    """

    queue_id: UUID | None
    to: UUID | None


@dataclass(frozen=True, slots=True)
class TeamGone:
    """Nobody of the team a transfer named comes: whoever serves the queue is asked."""

    team_id: UUID


@dataclass(frozen=True, slots=True)
class WaitedLong:
    """A customer waited as long as their queue allows; `options` is what they may choose now."""

    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Offered:
    """The router holds the session out to an agent. `again`: to one whose refusal has lapsed."""

    agent_id: UUID
    deadline_at: datetime
    again: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class Declined:
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class OfferExpired:
    """The timer of an offer ran out; too early when its deadline has moved meanwhile."""


@dataclass(frozen=True, slots=True)
class OfferRescinded:
    """The offer is taken back through no fault of the agent, who may be asked again."""


@dataclass(frozen=True, slots=True)
class AgentLost:
    """An agent was unreachable beyond the grace."""

    agent_id: UUID


@dataclass(frozen=True, slots=True)
class ToAgent:
    """`reachable`: may be offered now; presence that is unknown counts as reachable."""

    agent_id: UUID
    deadline_at: datetime
    reachable: bool


@dataclass(frozen=True, slots=True)
class ToQueue:
    queue_id: UUID
    members: int
    """Enabled members, online or not."""


@dataclass(frozen=True, slots=True)
class ToTeam:
    """Only members of the team are asked; they are found in `queue_id`."""

    team_id: UUID
    queue_id: UUID
    members: int


@dataclass(frozen=True, slots=True)
class Transferred:
    """Handed on by hand. To the bot: see ReturnedToBot."""

    to: ToAgent | ToQueue | ToTeam
    mode: TransferMode
    by: Actor
    note: str | None = None
    """For agents: to be stored as a private message, it is in no event."""


@dataclass(frozen=True, slots=True)
class WarmDone:
    """An agent spoke publicly; the new agent's first message ends a warm transfer."""

    agent_id: UUID


@dataclass(frozen=True, slots=True)
class ReturnedToBot:
    by: Actor


@dataclass(frozen=True, slots=True)
class TakenOver:
    """An agent answers publicly a session nobody has; from whom it is offered to, an accept."""

    agent_id: UUID


@dataclass(frozen=True, slots=True)
class Claimed:
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class Assigned:
    agent_id: UUID
    by: Actor


@dataclass(frozen=True, slots=True)
class Resolved:
    by: Actor
    wrap_up: timedelta


@dataclass(frozen=True, slots=True)
class WrapUpOver:
    """The time is up, or the agent says so."""

    by: Actor = SYSTEM


@dataclass(frozen=True, slots=True)
class Reopened:
    """The conversation is opened again while its agent still wraps up."""

    by: Actor


@dataclass(frozen=True, slots=True)
class CancelledByCustomer:
    by: Actor


@dataclass(frozen=True, slots=True)
class Deferred:
    """Nobody comes soon; `options` is what the customer may leave or has left."""

    options: Mapping[str, Any]
    reason: Reason = Reason.NOBODY_THERE


@dataclass(frozen=True, slots=True)
class DeferredPickedUp:
    agent_id: UUID


@dataclass(frozen=True, slots=True)
class CustomerIdle:
    """The customer has given no sign since then: they are asked once in that time."""

    since: datetime


@dataclass(frozen=True, slots=True)
class CustomerGone:
    """The customer was idle or away for too long. `to_bot`: the queue hands such chats to the bot."""

    to_bot: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """Our fault: the session cannot go on."""


Happening = (
    Escalated
    | Queued
    | QueueGone
    | TeamGone
    | WaitedLong
    | Offered
    | Accepted
    | Declined
    | OfferExpired
    | OfferRescinded
    | AgentLost
    | Transferred
    | WarmDone
    | ReturnedToBot
    | TakenOver
    | Claimed
    | Assigned
    | Resolved
    | WrapUpOver
    | Reopened
    | CancelledByCustomer
    | Deferred
    | DeferredPickedUp
    | CustomerIdle
    | CustomerGone
    | Failed
)
