"""What becomes of messages once their conversations are locked: the rules of DESIGN §4.

Pure: facts in, ruling out. The order is dedupe, refusals, take-over, numbers. A repeat gets its
first seq whatever the conversation has become, and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from chat_service import attachments_intake as files
from chat_service.intake_facts import Answered, Facts, Head, Known
from chat_service.intake_sessions import Move, Said, answered, said_by
from chat_service.session_facts import Conversation
from chorus.clock import rfc3339_ms
from chorus.codes import NackCode
from chorus.ids import uuid7
from chorus.ingest import IngestItem
from chorus.wire.common import ConversationStatus, Floor, Role, Visibility

PREVIEW_CHARS: Final = 120
SUGGESTION: Final = "suggestion"
AGENT_TOKENS: Final = frozenset({"agent", "supervisor", "admin"})
SERVICE_TOKENS: Final = frozenset({"server", "internal"})
SENIORS: Final = frozenset({"supervisor", "admin"})


class EventName(StrEnum):
    """State changes that a message can bring about."""

    PARTICIPANT = "participant"
    UPDATED = "conversation.updated"


@dataclass(frozen=True, slots=True)
class Stored:
    """A message with its place. `repeat`: it had that place before."""

    item: IngestItem
    seq: int
    ts_ms: int
    type: str
    visibility: str
    repeat: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that was not taken; `by` has the conversation instead, or answered at `ts_ms`."""

    item: IngestItem
    code: NackCode
    head_seq: int | None = None
    by: UUID | None = None
    name: str | None = None
    ts_ms: int | None = None
    reason: str | None = None
    """In words, where the code says too little."""

    @property
    def facts(self) -> dict[str, Any]:
        """What the sender is told beside the code, as a nack spells it."""
        who = {"userId": str(self.by), "name": self.name} if self.by else {}
        known = {
            "head_seq": self.head_seq,
            "by": {name: value for name, value in who.items() if value is not None} or None,
            "at": None if self.ts_ms is None else rfc3339_ms(self.ts_ms),
            "reason": self.reason,
        }
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Happened:
    """A state change with its own seq, brought about by the message that follows."""

    tenant_id: UUID
    conversation_id: UUID
    id: UUID
    seq: int
    ts_ms: int
    event: str
    data: dict[str, Any]
    visibility: str = Visibility.PUBLIC.value


Step = Stored | Refused | Happened | Said


@dataclass(frozen=True, slots=True)
class Ruling:
    """`answers` are aligned with the items; `steps` holds the same and what happened, in order."""

    now: datetime
    answers: tuple[Stored | Refused, ...]
    steps: tuple[Step, ...]
    heads: dict[UUID, Head]
    moves: tuple[Move, ...] = ()


def sessions_needed(items: Sequence[IngestItem], facts: Facts) -> list[UUID]:
    """The conversations whose sessions `rule` has to see: an agent speaks where one may move."""
    return sorted(
        {
            item.conversation_id
            for item in items
            if item.conversation_id in facts.sides and _is_public_answer(item)
        }
    )


def unread_needed(items: Sequence[IngestItem], facts: Facts) -> list[tuple[UUID, int]]:
    """Where `rule` has to see whether a customer wrote on: up to which seq a bot that answers has read."""
    return [
        (item.conversation_id, upto)
        for item in items
        if (upto := _read_upto(item)) is not None
        and (head := facts.heads.get(item.conversation_id)) is not None
        and upto < head.last_seq
    ]


def _read_upto(item: IngestItem) -> int | None:
    """The last seq that a message of the bot answers, where it says so; else it answers all of them."""
    if item.role != Role.BOT:
        return None
    bot = ((item.payload or {}).get("meta") or {}).get("bot")
    upto = bot.get("upto") if isinstance(bot, dict) else None
    return max(0, upto) if isinstance(upto, int) else None


def _is_public_answer(item: IngestItem) -> bool:
    return item.role == Role.AGENT and item.visibility == Visibility.PUBLIC


def rule(items: Sequence[IngestItem], facts: Facts) -> Ruling:
    """Decide for each item, in arrival order. `facts` is used up."""
    answers: list[Stored | Refused] = []
    steps: list[Step] = []
    moves: list[Move] = []
    ts_ms = exact_ms(facts.now)
    for item in items:
        head = facts.heads.get(item.conversation_id)
        if head is None or head.tenant_id != item.tenant_id:
            answer: Stored | Refused = Refused(item, NackCode.NOT_FOUND)
        else:
            answer = (
                _repeat(item, head, facts)
                or _refusal(item, head, facts)
                or (_take(item, head, facts, ts_ms=ts_ms, steps=steps, moves=moves))
            )
        answers.append(answer)
        steps.append(answer)
    changed = {
        item.conversation_id: facts.heads[item.conversation_id]
        for item, answer in zip(items, answers, strict=True)
        if isinstance(answer, Stored) and not answer.repeat
    }
    return Ruling(facts.now, tuple(answers), tuple(steps), changed, tuple(moves))


def exact_ms(at: datetime) -> int:
    """Unix milliseconds of a moment that was cut to milliseconds: float seconds may fall just short."""
    return round(at.timestamp() * 1000)


def preview_of(content: str) -> str:
    """The start of a message on one line, as an inbox row shows it."""
    return " ".join(content[: 2 * PREVIEW_CHARS].split())[:PREVIEW_CHARS]


def _repeat(item: IngestItem, head: Head, facts: Facts) -> Stored | Refused | None:
    known = facts.known.get((item.conversation_id, item.id))
    if known is None:
        return None
    if known.body_hash == item.body_hash:
        said = files.carrying(item, facts.files)
        return Stored(said, known.seq, known.ts_ms, known.type, known.visibility, repeat=True)
    # Who may not speak here does not learn which ids exist.
    code = NackCode.ID_CONFLICT if _may_speak(item, head, facts) else NackCode.FORBIDDEN
    return Refused(item, code)


def _may_speak(item: IngestItem, head: Head, facts: Facts) -> bool:
    service = item.sender_role in SERVICE_TOKENS
    if item.role == Role.CUSTOMER:
        public = item.visibility == Visibility.PUBLIC
        return (
            (service or item.sender_role == "visitor")
            and public
            and item.sender_id == head.contact_id
        )
    if item.role == Role.AGENT:
        enabled = (item.tenant_id, item.sender_id) in facts.agents
        return service or (item.sender_role in AGENT_TOKENS and enabled)
    return service and item.role in (Role.BOT, Role.SYSTEM)


def _refusal(item: IngestItem, head: Head, facts: Facts) -> Refused | None:
    if not _may_speak(item, head, facts):
        return Refused(item, NackCode.FORBIDDEN)
    if head.status == ConversationStatus.CLOSED:
        return Refused(item, NackCode.CONVERSATION_CLOSED)
    if (reason := files.refusal(item, facts.files)) is not None:
        return Refused(item, NackCode.INVALID, reason=reason)
    if item.role != Role.AGENT:
        return None
    if item.floor_epoch is not None and item.floor_epoch != head.floor_epoch:
        return Refused(item, NackCode.STALE_FLOOR)
    if (answer := _unseen_answer(item, head, facts)) is not None:
        return Refused(
            item, NackCode.STALE_VIEW, head.last_seq, answer.by, answer.name, answer.ts_ms
        )
    if _is_public_answer(item) and not _may_answer(item, head, facts):
        return Refused(item, NackCode.ALREADY_ASSIGNED, by=head.assignee_id)
    return None


def _unseen_answer(item: IngestItem, head: Head, facts: Facts) -> Answered | None:
    """The last answer of another agent that the sender had not seen, where they say what they had."""
    expected = item.expected_seq
    if expected is None:
        return None
    for agent, seq in sorted(head.spoken.items(), key=lambda one: -one[1]):
        if agent != item.sender_id and seq > expected:
            return Answered(agent, facts.names.get(agent), exact_ms(facts.now))
    # An id alone does not name an item: two people may send the same one in a batch.
    return facts.stale_views.get((item.conversation_id, item.id, item.sender_id, expected))


def _may_answer(item: IngestItem, head: Head, facts: Facts) -> bool:
    if _floor_is_free(head) or item.sender_id == head.assignee_id:
        return True
    if item.sender_role in SERVICE_TOKENS:
        return True
    # The token and the row must both say so: a token outlives a demotion by minutes.
    role = facts.agents.get((item.tenant_id, item.sender_id))
    if item.sender_role in SENIORS and role in SENIORS:
        return True
    return item.sender_id in _beside(item.conversation_id, facts)


def _beside(conversation_id: UUID, facts: Facts) -> tuple[UUID | None, ...]:
    """Who may speak though somebody else has the floor: as the batch has left it so far."""
    if conversation_id in facts.live:
        return facts.live[conversation_id].speakers
    side = facts.sides.get(conversation_id)
    return () if side is None else (side.agent_id, side.leaving_agent_id, side.asked_id)


def _floor_is_free(head: Head) -> bool:
    return head.floor_holder != Floor.HUMAN or head.assignee_id is None


def _take(
    item: IngestItem,
    head: Head,
    facts: Facts,
    *,
    ts_ms: int,
    steps: list[Step],
    moves: list[Move],
) -> Stored:
    kind, visibility = item.type, item.visibility
    if item.role == Role.BOT and visibility == Visibility.PUBLIC and not _bot_holds(item, head):
        kind, visibility = SUGGESTION, Visibility.AGENTS.value
    if _is_public_answer(item):
        moved = _moves(item, head, facts)
        steps.extend(_happened(item, head, facts.now, moved))
        moves.extend(moved)
        if _floor_is_free(head):
            steps.extend(_take_over(item, head, facts, ts_ms))
    if item.role == Role.CUSTOMER and head.status == ConversationStatus.SNOOZED:
        steps.append(_wake(item, head, ts_ms))
    said = files.carrying(item, facts.files)
    files.give(item, facts.files)
    stored = Stored(said, head.next_seq(), ts_ms, kind, visibility, repeat=False)
    facts.known[item.conversation_id, item.id] = Known(
        stored.seq, item.body_hash, ts_ms, kind, visibility
    )
    head.roles_added.add(item.role)
    if visibility == Visibility.PUBLIC:
        _show(stored, head, facts)
    return stored


def _bot_holds(item: IngestItem, head: Head) -> bool:
    return head.floor_holder == Floor.BOT and item.floor_epoch == head.floor_epoch


def _moves(item: IngestItem, head: Head, facts: Facts) -> list[Move]:
    """Let an agent's public words move the session, and the floor with it."""
    live = facts.live.get(item.conversation_id)
    if live is None or (item.tenant_id, item.sender_id) not in facts.agents:
        return []
    status, holder = ConversationStatus(head.status), Floor(head.floor_holder)
    conversation = Conversation(status, holder, head.floor_epoch, head.assignee_id)
    moves = answered(live, conversation, item.sender_id, facts.names, now=facts.now)
    if moves:
        after = moves[-1].transition.conversation
        head.floor_holder, head.floor_epoch = after.holder.value, after.epoch
        head.assignee_id = after.assignee_id
        facts.live[item.conversation_id] = replace(live, session=moves[-1].transition.session)
    return moves


def _happened(
    item: IngestItem, head: Head, now: datetime, moves: Sequence[Move]
) -> list[Happened | Said]:
    """The events of moves and the texts they come with, with the seqs just before the message."""
    steps: list[Happened | Said] = []
    for move in moves:
        for place, record in enumerate(move.transition.records):
            steps.append(
                Happened(
                    item.tenant_id,
                    item.conversation_id,
                    uuid7(exact_ms(now)),
                    head.next_seq(),
                    exact_ms(now),
                    record.event,
                    record.data(move.names),
                )
            )
            if place == 0 and move.transition.say is not None:
                steps.append(said_by(move, head.next_seq(), now))
    return steps


def _take_over(item: IngestItem, head: Head, facts: Facts, ts_ms: int) -> list[Happened]:
    """Give the floor to the sender; a service that is no agent silences the bot and owns nothing."""
    head.floor_holder, head.floor_epoch = Floor.HUMAN.value, head.floor_epoch + 1
    head.taken_over = True
    speaker = str(item.sender_id)
    floor = {"holder": head.floor_holder, "epoch": head.floor_epoch}
    changes: list[tuple[str, dict[str, Any]]] = []
    if (item.tenant_id, item.sender_id) in facts.agents:
        head.assignee_id = item.sender_id
        changes.append(
            (
                EventName.PARTICIPANT,
                {"userId": speaker, "role": Role.AGENT, "change": "joined"},
            )
        )
        updated = {"assignee": speaker, "floor": floor, "by": speaker}
    else:
        updated = {"floor": floor, "by": speaker}
    changes.append((EventName.UPDATED, updated))
    return [
        Happened(
            item.tenant_id, item.conversation_id, uuid7(ts_ms), head.next_seq(), ts_ms, event, data
        )
        for event, data in changes
    ]


def _wake(item: IngestItem, head: Head, ts_ms: int) -> Happened:
    """Open a snoozed conversation: whoever put it off waited for the customer."""
    head.status, head.woken = ConversationStatus.OPEN.value, True
    return Happened(
        item.tenant_id,
        item.conversation_id,
        uuid7(ts_ms),
        head.next_seq(),
        ts_ms,
        EventName.UPDATED,
        {"status": head.status},
        Visibility.AGENTS.value,
    )


def _show(stored: Stored, head: Head, facts: Facts) -> None:
    """Move what an inbox row shows of the conversation: what somebody said, never our own texts."""
    item = stored.item
    if item.role == Role.SYSTEM:
        return
    head.preview = preview_of(item.content or files.first_name(item))
    if item.role == Role.CUSTOMER:
        head.unread_added += 1
        head.waiting_since = head.waiting_since or facts.now
        return
    if item.role == Role.AGENT:
        head.spoken[item.sender_id] = stored.seq
    head.waiting_since = _still_waits(item, head, facts)


def _still_waits(item: IngestItem, head: Head, facts: Facts) -> datetime | None:
    """Since when the customer waits after an answer: a bot may not have read all they said."""
    upto, since = _read_upto(item), head.waiting_since
    if upto is None or since is None:
        return None
    if (unread := facts.unread.get((item.conversation_id, upto))) is not None:
        return max(since, unread)
    # What came in this batch stands in no table yet.
    return facts.now if Role.CUSTOMER in head.roles_added else None
