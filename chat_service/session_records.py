"""What the state machine of sessions.py answers: the events of a transition, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from chat_service.session_facts import Conversation, OfferResult, Reason, Say, Session
from chorus.codes import NackCode
from chorus.wire.common import ConversationStatus, Role, SessionState


@dataclass(frozen=True, slots=True)
class HandoffRecord:
    """The durable event that every transition has exactly once, before its other records."""

    event: ClassVar[str] = "handoff"
    session: Session
    conversation: Conversation
    reason: Reason
    by: UUID | None = None
    position: int | None = None
    eta_s: int | None = None

    def data(self, names: Mapping[UUID, str]) -> dict[str, Any]:
        """Fill the frame's `data`; `names` has the session's queue and agent. None is left out."""
        agent, queue = self.session.agent_id, self.session.queue_id
        filled = {
            "state": self.session.state.value,
            "session": str(self.session.id),
            "reason": self.reason.value,
            "queue": queue and names.get(queue),
            "position": self.position,
            "eta_s": self.eta_s,
            "agent": agent and {"userId": str(agent), "name": names.get(agent)},
            "floor": {"holder": self.conversation.holder.value, "epoch": self.conversation.epoch},
            "by": self.by and str(self.by),
            "options": self._options(),
        }
        return {field: value for field, value in filled.items() if value is not None}

    def _options(self) -> list[str] | None:
        """What the customer may choose, while they wait for nobody in particular."""
        asked = self.session.state in (SessionState.QUEUED, SessionState.DEFERRED)
        return (self.session.options or {}).get("options") if asked else None


@dataclass(frozen=True, slots=True)
class ParticipantRecord:
    """An agent became or ceased to be responder."""

    event: ClassVar[str] = "participant"
    user_id: UUID
    joined: bool

    def data(self, _names: Mapping[UUID, str]) -> dict[str, Any]:
        change = "joined" if self.joined else "left"
        return {"userId": str(self.user_id), "role": Role.AGENT.value, "change": change}


@dataclass(frozen=True, slots=True)
class ClosedRecord:
    """The conversation ended. `csat`: the customer may rate it."""

    event: ClassVar[str] = "conversation.closed"
    csat: bool
    by: UUID | None = None

    def data(self, _names: Mapping[UUID, str]) -> dict[str, Any]:
        by = {"by": str(self.by)} if self.by else {}
        return {**by, "csat": self.csat}


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """The conversation is open again."""

    event: ClassVar[str] = "conversation.updated"
    by: UUID | None = None

    def data(self, _names: Mapping[UUID, str]) -> dict[str, Any]:
        by = {"by": str(self.by)} if self.by else {}
        return {"status": ConversationStatus.OPEN.value, **by}


Record = HandoffRecord | ParticipantRecord | ClosedRecord | OpenedRecord


@dataclass(frozen=True, slots=True)
class Transition:
    """What to write: the rows as they are now, the events in order, the text to say, the offer's end."""

    session: Session
    conversation: Conversation
    records: tuple[Record, ...]
    say: Say | None = None
    offer_result: OfferResult | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """It is so already, or nothing follows: a repeat, or a timer that came too early."""

    session: Session


@dataclass(frozen=True, slots=True)
class Refused:
    """Not allowed now. `holder`: who has the session or is offered it, for whoever lost a race."""

    code: NackCode
    detail: str
    holder: UUID | None = None


Result = Transition | Unchanged | Refused
