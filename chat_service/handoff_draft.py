"""A decided move on its way into the database: which rows, events, timers and words it makes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chat_service import handoff_news as news
from chat_service.emit import Publication
from chat_service.frames import EVENT, StoredRow
from chat_service.handoff_news import Packet
from chat_service.handoff_words import OwnTexts, said
from chat_service.session_facts import Reason, Say, Session
from chat_service.session_moves import FINAL
from chat_service.session_records import Transition
from chat_service.store.moves import Change, Timer
from chat_service.store.offers import Opened, Settled
from chat_service.store.sessions import Filed, Held, Request
from chorus.ids import uuid7
from chorus.jobs import JobKind
from chorus.wire.common import ConversationStatus, Role, SessionState, Visibility

BUSY: Final = frozenset({SessionState.ACTIVE, SessionState.WRAP_UP})
FIRST_LOOK: Final = timedelta(seconds=15)
"""After a session has begun: when it is looked at again depends on its queue and its customer."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A held conversation and its open session, or the last that ended."""

    tenant_id: UUID
    held: Held
    filed: Filed | None

    @property
    def session(self) -> Session | None:
        return None if self.filed is None else self.filed.session

    @property
    def open_session(self) -> Session | None:
        session = self.session
        return None if session is None or session.state in FINAL else session


@dataclass(frozen=True, slots=True)
class Note:
    """What an agent tells the next one: a private message just before the move."""

    author_id: UUID
    content: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What a move carries that the state machine does not look at."""

    request: Request | None = None
    """With Escalated only: what was asked for."""
    note: Note | None = None
    socket: str | None = None
    """By which an agent takes the session."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A transition on its way into the database."""

    scene: Scene
    transition: Transition
    names: Mapping[UUID, str]
    texts: OwnTexts
    beside: Beside

    @property
    def before(self) -> Session | None:
        return self.scene.open_session

    @property
    def session(self) -> Session:
        return self.transition.session

    @property
    def begins(self) -> bool:
        return self.before is None

    @property
    def reason(self) -> Reason:
        return news.handoff_of(self.transition).reason

    def settled(self) -> Settled | None:
        result = self.transition.offer_result
        return None if result is None else Settled(self.session.id, result, self.reason)

    def opened(self) -> Opened | None:
        offer = self.session.offer
        if offer is None or (self.before is not None and self.before.offer == offer):
            return None
        return Opened(self.scene.held.id, self.session.id, offer, self.reason)

    def rested(self) -> UUID | None:
        """The agent who has one session less to do."""
        before, after = self.before, self.session
        if before is None or before.state not in BUSY:
            return None
        stays = after.state in BUSY and after.agent_id == before.agent_id
        return None if stays else before.agent_id

    def timers(self, now: datetime) -> tuple[Timer, ...]:
        opened, until = self.opened(), self.session.wrap_up_until
        timers = [Timer(JobKind.CUSTOMER_IDLE, now + FIRST_LOOK)] if self.begins else []
        if opened is not None:
            timers.append(Timer(JobKind.OFFER_EXPIRY, opened.offer.deadline_at))
        if self.session.state == SessionState.WRAP_UP and until is not None:
            timers.append(Timer(JobKind.WRAP_UP_END, until))
        return tuple(timers)

    def filed(self) -> Filed:
        if self.scene.filed is not None and not self.begins:
            return replace(
                self.scene.filed, session=self.session, names=self.names, texts=self.texts
            )
        asked = self.beside.request or Request(source="api")
        return Filed(
            self.session,
            self.scene.tenant_id,
            self.scene.held.id,
            asked.reason,
            asked.requested_by,
            asked.source,
            wrap_up_s=0,
            offer_s=30,
            names=self.names,
            texts=self.texts,
        )

    def rows(self, now: datetime) -> tuple[StoredRow, ...]:
        """What the conversation gets, in order; the text for the customer comes once, from here."""
        held = self.scene.held
        drafts: list[dict[str, Any]] = [
            {
                "role": Role.SYSTEM.value,
                "sender_id": None,
                "message_type": EVENT,
                "visibility": Visibility.PUBLIC.value,
                "content": "",
                "payload": {"event": record.event, "data": record.data(self.names)},
            }
            for record in self.transition.records
        ]
        if self.transition.say is not None:
            # After the move itself, before who joined or left, and before the end.
            drafts.insert(1, self._said(self.transition.say))
        if self.beside.note is not None:
            drafts.insert(0, _noted(self.beside.note))
        return tuple(
            StoredRow(
                conversation_id=held.id,
                seq=held.last_seq + place,
                id=uuid7(),
                created_at=now,
                **draft,
            )
            for place, draft in enumerate(drafts, 1)
        )

    def _said(self, say: Say) -> dict[str, Any]:
        locales = self.scene.held.locales
        return said(say, self.session, locales, names=self.names, texts=self.texts)


def _noted(note: Note) -> dict[str, Any]:
    return {
        "role": Role.AGENT.value,
        "sender_id": note.author_id,
        "message_type": "text",
        "visibility": Visibility.AGENTS.value,
        "content": note.content,
        "payload": {},
    }


def change_of(draft: Draft, rows: tuple[StoredRow, ...], now: datetime) -> Change:
    held, after = draft.scene.held, draft.transition.conversation
    closed = after.status == ConversationStatus.CLOSED
    told = news.domain_events(draft.scene.tenant_id, held.id, held.conversation, draft.transition)
    return Change(
        held.id,
        held.last_seq + len(rows),
        after,
        _queue_of(draft.session, closed=closed),
        (held.closed_at or now) if closed else None,
        rows,
        tuple(told),
        draft.timers(now),
    )


def _queue_of(session: Session, *, closed: bool) -> UUID | None:
    """The queue a conversation stands in: none any more once nobody is asked for."""
    gone = session.state in FINAL and not closed
    return None if gone else session.queue_id


def words_of(draft: Draft) -> Iterable[Publication]:
    """What is said beside the frames of the conversation; an offer made is `packet_of`."""
    tenant_id, held = draft.scene.tenant_id, draft.scene.held
    if draft.before is not None:
        gone = news.offer_gone(tenant_id, held.id, draft.before, draft.transition, draft.names)
        yield from [gone] if gone else []


def packet_of(draft: Draft) -> Packet | None:
    """What the agent is told to whom this move offers the session."""
    held, opened = draft.scene.held, draft.opened()
    if opened is None:
        return None
    return Packet(
        held.id,
        opened.session_id,
        opened.offer.agent_id,
        opened.offer.deadline_at,
        draft.session.requested_at,
        draft.filed().reason,
        held.contact,
        held.summary,
    )
