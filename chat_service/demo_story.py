"""One conversation of the demo tenant, told from a script: rows as the acts would leave them.

Pure: a script and a moment in, rows out. What holds for real conversations holds here: every
line and every change of state takes the next seq, receipts cover what the other side has seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from chat_service.frames import EVENT
from chat_service.intake import preview_of
from chorus.clock import unix_ms
from chorus.ids import uuid7
from chorus.ingest import body_hash
from chorus.wire.client import Message as Said
from chorus.wire.common import (
    ConversationStatus,
    Floor,
    FloorState,
    Outbound,
    Role,
    SessionState,
    UserRef,
    Visibility,
)
from chorus.wire.envelope import dump
from chorus.wire.server_chat import ConversationClosed, ConversationUpdated, Handoff, Participant

Values = dict[str, Any]
Turn = Sequence[str]
"""Who (customer, bot, agent, note, handoff) and what they say, or the reason of the handoff."""

_DELIVERED_AFTER: Final = timedelta(seconds=1)
_READ_AFTER: Final = timedelta(seconds=4)
_OFFERED_AFTER: Final = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation happens: what all rows of it repeat."""

    tenant_id: UUID
    inbox_id: UUID
    queue_id: UUID
    queue: str
    contact_id: UUID
    agent: UserRef


@dataclass(slots=True)
class Telling:
    """A conversation while it is told; `turn` moves it on, an ending settles it."""

    place: Place
    at: datetime
    floor: Floor = Floor.NONE
    id: UUID = field(init=False)
    started_at: datetime = field(init=False)
    epoch: int = 0
    status: ConversationStatus = ConversationStatus.OPEN
    snoozed_until: datetime | None = None
    assignee_id: UUID | None = None
    waiting_since: datetime | None = None
    messages: list[Values] = field(default_factory=list)
    session: Values | None = None
    offer: Values | None = None

    def __post_init__(self) -> None:
        self.id, self.started_at = uuid7(unix_ms(self.at)), self.at

    def wait(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)

    def turn(self, who: str, text: str, *, position: int | None = None) -> None:
        if who == Role.AGENT and self.floor != Floor.HUMAN:
            self._take_the_floor()
        if who == "handoff":
            self._ask_for_a_person(text, position)
        elif who == "note":
            self._say(Role.AGENT, text, "agents")
        else:
            self._say(Role(who), text, "public")

    def note(self, text: str, mentions: Sequence[UUID]) -> None:
        """Write to the team, and name colleagues."""
        self._say(Role.AGENT, text, "agents", mentions=mentions)

    def close(self) -> None:
        """End it: the session first, where there is one that an agent had."""
        by = self.assignee_id
        if self.session is not None:
            self._move_floor(Floor.NONE)
            self.session |= {
                "status": SessionState.ENDED,
                "ended_at": self.at,
                "end_reason": "resolved",
            }
            self._happen(self._handoff(SessionState.ENDED, agent=self.place.agent, by=by))
        self._happen(ConversationClosed(by=by))
        self.status, self.assignee_id, self.waiting_since = ConversationStatus.CLOSED, None, None

    def snooze(self, until: datetime) -> None:
        """Put it away, owned by nobody: it takes no agent's capacity."""
        by = self.assignee_id
        self._move_floor(Floor.NONE)
        self._happen(
            ConversationUpdated(
                status=ConversationStatus.SNOOZED, until=until, floor=self._floor(), by=by
            )
        )
        self.status, self.assignee_id = ConversationStatus.SNOOZED, None
        self.snoozed_until = until

    def reads(self) -> list[Values]:
        """Watermarks: the customer saw everything, and so did the agent who spoke, if one did."""
        people = [(self.place.contact_id, "customer")]
        if self._answered_by_agent():
            people.append((self.place.agent.userId, "agent"))
        return [
            {
                "conversation_id": self.id,
                "user_id": user_id,
                "tenant_id": self.place.tenant_id,
                "role": role,
                "delivered_seq": len(self.messages),
                "read_seq": len(self.messages),
                "updated_at": self.at,
            }
            for user_id, role in people
        ]

    def stamped_messages(self) -> list[Values]:
        """The rows with the first receipt of the other side on what it has seen."""
        seen = self._answered_by_agent()
        for row in self.messages:
            covered = seen if row["role"] == Role.CUSTOMER else row["visibility"] == "public"
            if row["message_type"] != EVENT and covered:
                row["delivered_at"] = row["created_at"] + _DELIVERED_AFTER
                row["read_at"] = row["created_at"] + _READ_AFTER
        return self.messages

    def conversation(self) -> Values:
        """The row itself; `unread` counts what no agent has read."""
        said = [row for row in self.messages if row["message_type"] != EVENT]
        public = [row for row in said if row["visibility"] == Visibility.PUBLIC]
        asked = [row for row in public if row["role"] == Role.CUSTOMER]
        closed = self.status == ConversationStatus.CLOSED
        return {
            "id": self.id,
            "tenant_id": self.place.tenant_id,
            "inbox_id": self.place.inbox_id,
            "contact_id": self.place.contact_id,
            "queue_id": self.place.queue_id if self.session else None,
            "status": self.status,
            "snoozed_until": self.snoozed_until,
            "closed_at": self.at if closed else None,
            "last_seq": len(self.messages),
            "floor_holder": self.floor,
            "floor_epoch": self.epoch,
            "assignee_id": self.assignee_id,
            "preview": preview_of(public[-1]["content"]),
            "unread": 0 if self._answered_by_agent() else len(asked),
            "waiting_since": self.waiting_since,
            "last_ts": self.messages[-1]["created_at"],
            "created_at": self.started_at,
        }

    def _answered_by_agent(self) -> bool:
        return any(
            row["role"] == Role.AGENT and row["visibility"] == Visibility.PUBLIC
            for row in self.messages
        )

    def _say(
        self,
        role: Role,
        text: str,
        visibility: Literal["public", "agents"],
        *,
        mentions: Sequence[UUID] = (),
    ) -> None:
        sender = {Role.CUSTOMER: self.place.contact_id, Role.AGENT: self.place.agent.userId}
        sender_id = sender.get(role)
        said = Said(
            id=uuid7(unix_ms(self.at)),
            content=text,
            visibility=visibility,
            mentions=list(mentions),
        )
        hashed = body_hash(sender_id or self.place.tenant_id, said)
        self._row(
            id=said.id,
            role=role,
            sender_id=sender_id,
            visibility=visibility,
            content=text,
            payload={"mentions": [str(one) for one in mentions]} if mentions else {},
            body_hash=bytes.fromhex(hashed),
        )
        if visibility != "public":
            return
        if role != Role.CUSTOMER:
            self.waiting_since = None
        elif self.waiting_since is None:
            self.waiting_since = self.at

    def _happen(self, frame: Outbound) -> None:
        self._row(
            id=uuid7(unix_ms(self.at)),
            role=Role.SYSTEM,
            message_type=EVENT,
            payload={"event": frame.event, "data": dump(frame)},
        )

    def _row(self, **values: Any) -> None:
        blank: Values = {
            "sender_id": None,
            "message_type": "text",
            "visibility": Visibility.PUBLIC,
            "content": "",
            "payload": {},
            "body_hash": None,
            "delivered_at": None,
            "read_at": None,
        }
        place = {
            "conversation_id": self.id,
            "seq": len(self.messages) + 1,
            "tenant_id": self.place.tenant_id,
            "created_at": self.at,
        }
        self.messages.append(blank | place | values)

    def _ask_for_a_person(self, reason: str, position: int | None) -> None:
        self._move_floor(Floor.NONE)
        self.session = {
            "id": uuid7(unix_ms(self.at)),
            "tenant_id": self.place.tenant_id,
            "conversation_id": self.id,
            "status": SessionState.QUEUED,
            "queue_id": self.place.queue_id,
            "agent_id": None,
            "reason": reason,
            "source": "widget",
            "requested_by": self.place.contact_id,
            "priority": 0,
            "sla_due_at": None,
            "requested_at": self.at,
            "queued_at": self.at,
            **dict.fromkeys(("offered_at", "accepted_at", "started_at", "ended_at", "end_reason")),
            "rating": None,
        }
        self._happen(self._handoff(SessionState.QUEUED, reason=reason, position=position or 1))

    def _take_the_floor(self) -> None:
        """Accept the waiting session, or simply answer where there is none."""
        self._move_floor(Floor.HUMAN)
        agent = self.place.agent
        self.assignee_id = agent.userId
        if self.session is not None:
            self._accept(self.session)
            self._happen(self._handoff(SessionState.ACTIVE, agent=agent, by=agent.userId))
        self._happen(Participant(userId=agent.userId, role=Role.AGENT, change="joined"))
        self._happen(
            ConversationUpdated(assignee=agent.userId, floor=self._floor(), by=agent.userId)
        )

    def _accept(self, session: Values) -> None:
        offered_at = session["requested_at"] + _OFFERED_AFTER
        session |= {
            "status": SessionState.ACTIVE,
            "agent_id": self.place.agent.userId,
            "offered_at": offered_at,
            "accepted_at": self.at,
            "started_at": self.at,
        }
        self.offer = {
            "id": uuid7(unix_ms(offered_at)),
            "tenant_id": self.place.tenant_id,
            "session_id": session["id"],
            "conversation_id": self.id,
            "agent_id": self.place.agent.userId,
            "state": "accepted",
            "offered_at": offered_at,
            "deadline_at": offered_at + timedelta(seconds=30),
            "settled_at": self.at,
        }

    def _handoff(
        self,
        state: SessionState,
        *,
        reason: str | None = None,
        position: int | None = None,
        agent: UserRef | None = None,
        by: UUID | None = None,
    ) -> Handoff:
        assert self.session is not None
        return Handoff(
            state=state,
            session=self.session["id"],
            reason=reason,
            queue=self.place.queue,
            position=position,
            agent=agent,
            floor=self._floor(),
            by=by,
        )

    def _move_floor(self, holder: Floor) -> None:
        self.floor, self.epoch = holder, self.epoch + 1

    def _floor(self) -> FloorState:
        return FloorState(holder=self.floor, epoch=self.epoch)
