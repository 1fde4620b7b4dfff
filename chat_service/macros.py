"""A macro: what it says is said first, then everything it does is done in one transaction.

So a refusal of the words leaves the conversation as it was, and a refusal of an act leaves all acts
undone; the same call may then be made again, and says nothing twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from chat_service import handoff_acts, properties
from chat_service.deeds import Act, Commands, Deed, Effects, a_person_only
from chat_service.store import conversations
from chat_service.store.conversations import Locked
from chat_service.variables import render
from chorus.auth import Principal
from chorus.errors import BadRequest, NotFound
from chorus.wire import client as frames
from chorus.wire.common import Inbound

WORDS: Final = frozenset({"reply", "note"})


class MissingVariables(BadRequest):
    """A variable of this text has no value here."""

    @property
    def slug(self) -> str:
        return "MISSING_VARIABLES"


class RunMacro(Inbound):
    """What the REST edge asks for; no socket says this."""

    event = "macro"
    id: UUID
    steps: tuple[Inbound, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """An act of a macro, with what it must know of Redis."""

    event: str
    wish: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """What a macro says and does in one conversation."""

    words: tuple[frames.Message, ...]
    steps: tuple[Inbound, ...]


def plan(
    actions: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
    *,
    run_id: UUID,
    me: UUID,
    now: datetime,
) -> Plan:
    """Read a macro for one conversation, in the frames that an agent would send one by one.

    Raises:
        MissingVariables: with the names that have no value here.
    """
    words = tuple(
        _message(one, facts, _step_id(run_id, place))
        for place, one in enumerate(actions)
        if one["do"] in WORDS
    )
    steps = tuple(
        _STEPS[one["do"]](one, _step_id(run_id, place), me, now)
        for place, one in enumerate(actions)
        if one["do"] not in WORDS
    )
    return Plan(words, steps)


def _message(
    action: Mapping[str, Any], facts: Mapping[str, Any], message_id: UUID
) -> frames.Message:
    rendered = render(action["text"], facts)
    if rendered.missing:
        raise MissingVariables(missing=list(rendered.missing))
    note = action["do"] == "note"
    return frames.Message(
        id=message_id,
        content=rendered.text,
        visibility="agents" if note else "public",
        mentions=[UUID(one) for one in action.get("mentions", ())] if note else [],
    )


def _step_id(run_id: UUID, place: int) -> UUID:
    """A UUIDv7 for each step, the same for the same call."""
    named = uuid5(run_id, str(place)).int & ((1 << 62) - 1)
    return UUID(int=run_id.int >> 62 << 62 | named)


def _update(action: Mapping[str, Any], id_: UUID, _me: UUID, _now: datetime) -> Inbound:
    return frames.Update(
        id=id_,
        priority=action.get("priority"),
        add_tags=action.get("add_tags", []),
        remove_tags=action.get("remove_tags", []),
    )


def _assign(action: Mapping[str, Any], id_: UUID, me: UUID, _now: datetime) -> Inbound:
    return frames.Assign(id=id_, to=me if action["to"] == "me" else UUID(action["to"]))


def _transfer(action: Mapping[str, Any], id_: UUID, _me: UUID, _now: datetime) -> Inbound:
    to = action["to"] if action["to"] == "bot" else frames.TransferTarget(**action["to"])
    return frames.Transfer(id=id_, to=to, mode="blind", note=action.get("note"))


def _snooze(action: Mapping[str, Any], id_: UUID, _me: UUID, now: datetime) -> Inbound:
    return frames.Snooze(id=id_, until=now + timedelta(minutes=action["minutes"]))


def _resolve(_action: Mapping[str, Any], id_: UUID, _me: UUID, _now: datetime) -> Inbound:
    return frames.Resolve(id=id_)


_STEPS: Final = {
    "update": _update,
    "assign": _assign,
    "transfer": _transfer,
    "snooze": _snooze,
    "resolve": _resolve,
}
_ACTS: Final[Mapping[str, Act]] = {
    frames.Update.event: properties.update,
    frames.Assign.event: handoff_acts.assign,
    frames.Transfer.event: handoff_acts.transfer,
    frames.Snooze.event: properties.snooze,
    frames.Resolve.event: handoff_acts.resolve,
}


async def prepare_run(
    commands: Commands, principal: Principal, conversation_id: UUID | None, wish: RunMacro
) -> list[Step]:
    """Look up what its acts must know of Redis."""
    steps = []
    for frame in wish.steps:
        known: Any = frame
        if isinstance(frame, frames.Transfer):
            known = await handoff_acts.prepare_transfer(commands, principal, conversation_id, frame)
        steps.append(Step(frame.event, known))
    return steps


async def run(deed: Deed, where: Locked, steps: list[Step]) -> Effects:
    """Do one act after the other, each where the one before has left the conversation."""
    a_person_only(deed)
    done = []
    for step in steps:
        here = await conversations.lock(deed.tx, deed.tenant_id, where.id)
        if here is None:
            raise NotFound
        done.append(await _ACTS[step.event](deed, here, step.wish))
    return Effects(
        tuple(event for one in done for event in one.events),
        tuple(row for one in done for row in one.outbox),
        tuple(word for one in done for word in one.words),
        tuple(moved for one in done for moved in one.moved),
    )
