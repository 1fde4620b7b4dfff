"""Which conversations the demo tenant has had in its thirty days, and which still wait.

Pure and without chance: the same moment gives the same conversations (their ids apart).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

from ai.extract.state import State
from chat_service.demo_story import Place, Telling, Turn, Values
from chat_service.digest import Material, digest
from chorus.ids import uuid7
from chorus.wire.common import Floor, UserRef, Visibility

CONVERSATIONS: Final = 120
DAYS: Final = 30
SLA_S: Final = 600
"""What the manual queue promises; one waiting session has waited longer."""
_WITH_BOT: Final = 4


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what is there before the first conversation."""

    tenant_id: UUID
    inbox_id: UUID
    default_queue: tuple[UUID, str]
    manual_queue: tuple[UUID, str]
    agents: tuple[UserRef, ...]
    contacts: tuple[tuple[UUID, str], ...]
    """Contact id and language."""


@dataclass(frozen=True, slots=True)
class Tale:
    """A conversation as it is to be stored."""

    conversation: Values
    messages: list[Values]
    reads: list[Values]
    session: Values | None = None
    offer: Values | None = None
    summary: Values | None = None


def texts() -> dict[str, Any]:
    """Read what people say, from the file beside this one."""
    read: dict[str, Any] = json.loads(
        files("chat_service").joinpath("demo_texts.json").read_text(encoding="utf-8")
    )
    return read


def tales(cast: Cast, script: dict[str, Any], now: datetime) -> Iterator[Tale]:
    """Tell all conversations, those that are still open first."""
    told = 0
    for position, waiting in enumerate(script["waiting"], 1):
        yield _waiting(cast, script, waiting, now, position=position)
        told += 1
    yield _snoozed(cast, script, now)
    told += 1
    for number in range(_WITH_BOT):
        yield _with_bot(cast, script, now - timedelta(minutes=35 + 50 * number), number)
        told += 1
    step = timedelta(days=DAYS, hours=-6) / (CONVERSATIONS - told)
    for number in range(CONVERSATIONS - told):
        # The odd minutes keep the times from looking like a ruler's.
        back = timedelta(hours=5, minutes=number * 17 % 53) + step * number
        yield _closed(cast, script, now - back, number)


def _closed(cast: Cast, script: dict[str, Any], at: datetime, number: int) -> Tale:
    contact_id, language = cast.contacts[number * 7 % len(cast.contacts)]
    spoken = script["languages"][language]["dialogues"]
    dialogue = spoken[(number + number // len(cast.contacts)) % len(spoken)]
    place = _place(cast, contact_id, number)
    words = _words(script, language, place, number)
    telling = _tell(place, dialogue["turns"], words, at, pace=number)
    telling.wait(45)
    telling.close()
    # Not everybody answers when they are asked how it was.
    score = dialogue["csat"] if number % 3 else None
    if telling.session is not None:
        telling.session["rating"] = score
    comments = script["desk"]["comments"][language]
    comment = comments[number % 2] if score and number % 7 == 1 else None
    return _tale(telling, dialogue["tags"], {"csat_score": score, "csat_comment": comment})


def _with_bot(cast: Cast, script: dict[str, Any], at: datetime, number: int) -> Tale:
    """Tell one that the bot has answered and the customer has not yet come back to."""
    contact_id, language = cast.contacts[number * 11 % len(cast.contacts)]
    place = _place(cast, contact_id, number)
    dialogue = next(
        one
        for one in script["languages"][language]["dialogues"]
        if [who for who, _ in one["turns"][:2]] == ["customer", "bot"]
    )
    words = _words(script, language, place, 200 + number)
    return _tale(_tell(place, dialogue["turns"][:2], words, at, pace=number), dialogue["tags"])


def _snoozed(cast: Cast, script: dict[str, Any], now: datetime) -> Tale:
    chosen = script["snoozed"]
    place = _place(cast, _somebody(cast, chosen["language"]), 1)
    words = _words(script, chosen["language"], place, 300)
    telling = _tell(place, chosen["turns"], words, now - timedelta(hours=3), pace=1)
    telling.wait(30)
    telling.snooze(now.replace(microsecond=0) + timedelta(hours=20))
    return _tale(telling, chosen["tags"])


def _waiting(
    cast: Cast, script: dict[str, Any], chosen: dict[str, Any], now: datetime, *, position: int
) -> Tale:
    """Tell one that stands in the manual queue, so that no agent is offered it."""
    queue_id, queue = cast.manual_queue
    contact_id = _somebody(cast, chosen["language"])
    place = Place(cast.tenant_id, cast.inbox_id, queue_id, queue, contact_id, cast.agents[0])
    words = _words(script, chosen["language"], place, 400 + position)
    started = now - timedelta(minutes=chosen["minutes_ago"])
    telling = _tell(place, chosen["turns"], words, started, pace=0, position=position)
    assert telling.session is not None
    if "note" in chosen:
        telling.wait(20)
        telling.note(chosen["note"], [cast.agents[-1].userId])
    telling.session["priority"] = chosen["priority"]
    telling.session["sla_due_at"] = telling.session["requested_at"] + timedelta(seconds=SLA_S)
    kept = _summary(telling)
    more = {"priority": chosen["priority"], "metadata": {"summary": kept}}
    return _tale(telling, chosen["tags"], more, summary=_filed(telling, kept))


def _tell(
    place: Place,
    turns: list[Turn],
    words: dict[str, str],
    at: datetime,
    *,
    pace: int,
    position: int | None = None,
) -> Telling:
    starts_with_bot = any(who == "bot" for who, _ in turns)
    telling = Telling(place, at, Floor.BOT if starts_with_bot else Floor.NONE)
    for line, (who, text) in enumerate(turns):
        if line:
            telling.wait(2 if who in ("bot", "handoff") else 15 + (pace * 31 + line * 47) % 90)
        telling.turn(who, text.format_map(words), position=position)
    return telling


def _summary(telling: Telling) -> Values:
    """What it was about when somebody was asked for, told by the same rules as any other."""
    asked_at = telling.session["requested_at"] if telling.session else telling.at
    said = [row for row in telling.messages if row["created_at"] <= asked_at]
    heard = [
        (
            row["seq"],
            row["id"],
            row["role"],
            row["content"],
            row["payload"].get("event"),
            row["payload"].get("data"),
            0,
        )
        for row in said
        if row["visibility"] == Visibility.PUBLIC
    ]
    material = Material(telling.id, said[-1]["seq"], 0, State(), heard, left_out=False)
    made = digest(material, at=asked_at)
    assert made is not None, "somebody asked for somebody"
    return made.summary


def _filed(telling: Telling, kept: Values) -> Values:
    asked_at = telling.session["requested_at"] if telling.session else telling.at
    names = ("upto_seq", "source", "model", "tier", "body", "text")
    return {name: kept[name] for name in names} | {
        "id": uuid7(),
        "tenant_id": telling.place.tenant_id,
        "conversation_id": telling.id,
        "created_at": asked_at,
    }


def _tale(
    telling: Telling,
    tags: list[str],
    more: Values | None = None,
    *,
    summary: Values | None = None,
) -> Tale:
    blank: Values = {"csat_score": None, "csat_comment": None, "priority": 0, "metadata": {}}
    conversation = blank | telling.conversation() | {"tags": tags} | (more or {})
    return Tale(
        conversation,
        telling.stamped_messages(),
        telling.reads(),
        telling.session,
        telling.offer,
        summary,
    )


def _place(cast: Cast, contact_id: UUID, number: int) -> Place:
    agent = cast.agents[number % len(cast.agents)]
    return Place(cast.tenant_id, cast.inbox_id, *cast.default_queue, contact_id, agent)


def _somebody(cast: Cast, language: str) -> UUID:
    return next(contact_id for contact_id, spoken in cast.contacts if spoken == language)


def _words(script: dict[str, Any], language: str, place: Place, number: int) -> dict[str, str]:
    local = script["languages"][language]
    return {
        "order": f"CH-{48_210 + number * 37}",
        "product": local["products"][number * 5 % len(local["products"])],
        "city": local["cities"][number * 3 % len(local["cities"])],
        "agent": (place.agent.name or "").split()[0],
    }
