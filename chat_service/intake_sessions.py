"""How an agent's public words move a session: they accept, take over, or end a warm transfer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chat_service.frames import StoredRow
from chat_service.handoff_words import Locales, OwnTexts, said
from chat_service.session_facts import Conversation, Happening, Session, TakenOver, WarmDone
from chat_service.session_records import Transition
from chat_service.sessions import step
from chorus.ids import uuid7
from chorus.wire.common import Floor, SessionState


@dataclass(frozen=True, slots=True)
class Side:
    """Of an open session that somebody waits in, or that is being handed over: who may speak."""

    agent_id: UUID | None
    leaving_agent_id: UUID | None
    asked_id: UUID | None
    """The agent it is offered to, who accepts by answering."""


@dataclass(frozen=True, slots=True)
class Live:
    """An open session that a message may move, and what its queue and people are called."""

    tenant_id: UUID
    conversation_id: UUID
    session: Session
    names: Mapping[UUID, str]
    texts: OwnTexts = field(default_factory=dict)
    locales: Locales = ()

    @property
    def speakers(self) -> tuple[UUID | None, ...]:
        session = self.session
        asked = session.offer.agent_id if session.offer else None
        return session.agent_id, session.leaving_agent_id, asked


@dataclass(frozen=True, slots=True)
class Move:
    """A message moved a session: what was, and what is."""

    tenant_id: UUID
    conversation_id: UUID
    before: Session
    conversation: Conversation
    """Before, too."""
    transition: Transition
    names: Mapping[UUID, str]
    texts: OwnTexts = field(default_factory=dict)
    locales: Locales = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What the customer reads because a message moved a session."""

    tenant_id: UUID
    row: StoredRow


def said_by(move: Move, seq: int, now: datetime) -> Said:
    """The text of a move that has one, at a place in its conversation."""
    transition = move.transition
    assert transition.say is not None
    columns = said(
        transition.say, transition.session, move.locales, names=move.names, texts=move.texts
    )
    row = StoredRow(
        conversation_id=move.conversation_id, seq=seq, id=uuid7(), created_at=now, **columns
    )
    return Said(move.tenant_id, row)


def answered(
    live: Live,
    conversation: Conversation,
    speaker_id: UUID,
    names: Mapping[UUID, str],
    *,
    now: datetime,
) -> list[Move]:
    """What follows when an agent answers the customer; nothing, mostly."""
    session, moves = live.session, list[Move]()
    for happening in _happenings(session, conversation, speaker_id):
        result = step(session, conversation, happening, now=now)
        if not isinstance(result, Transition):
            continue
        moves.append(
            Move(
                live.tenant_id,
                live.conversation_id,
                session,
                conversation,
                result,
                {**live.names, **names},
                live.texts,
                live.locales,
            )
        )
        session, conversation = result.session, result.conversation
    return moves


def _happenings(
    session: Session, conversation: Conversation, speaker_id: UUID
) -> tuple[Happening, ...]:
    """Seniors who speak beside an assignee move nothing."""
    if session.state == SessionState.ACTIVE:
        return (WarmDone(speaker_id),)
    asked = session.offer is not None and session.offer.agent_id == speaker_id
    free = conversation.holder != Floor.HUMAN or conversation.assignee_id is None
    if asked or free or conversation.assignee_id == speaker_id:
        return (TakenOver(speaker_id), WarmDone(speaker_id))
    return ()
