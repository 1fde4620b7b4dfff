"""Reads customers' words a moment after they were said: topic, mood, language, tags (FEATURES H).

What happened is heard from the relay, so no message waits for it, and it works without a bot. What
was read is kept by compare-and-set: whoever reads twice, or is killed, has read once. Only what
agents see makes a durable event; what people tagged, or took away, rules leave alone.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

import orjson

from ai.traits.reading import Reading, fold
from chat_service import events
from chat_service.emit import Publication, inbox_hint, router_word
from chat_service.intake import EventName, Happened
from chat_service.jobs import Tools
from chat_service.messages import event_publication
from chat_service.queue_choice import ANGRY, ANGRY_PRIORITY
from chat_service.store import ingest
from chat_service.store import traits as store
from chat_service.store.outbox import DomainEvent
from chat_service.store.traits import Kept, Place, Spoken
from chorus.bus import publish_all
from chorus.db_connect import RawConnection
from chorus.errors import Overloaded, Unavailable
from chorus.ids import uuid7
from chorus.wire.common import MAX_TAGS, Role, Visibility

AT_ONCE: Final = 25
"""Their conversations stand still until it is committed."""
INLINE_MESSAGES: Final = 20
"""More are read in a thread: the loop routes customers of all tenants."""
WISHES_MAX: Final = 20_000
"""More are forgotten: they come again with the next message."""
REST: Final = 19
REST_MAX_S: Final = 5.0
"""So many times as long as was thought nothing is read: a twentieth of a core, however much is said."""
DEAF_S: Final = 30.0
"""So long nothing is looked up where nothing may be read."""
AGAIN: Final = timedelta(minutes=15)
EVENTS_AGAIN: Final = 20_000
"""So much of what was relayed before this process led is looked at again; read is read."""
CATCH_UP_TRIES: Final = 3
"""Where even that cannot be had, conversations are read with their next message."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of reading some conversations."""

    kept: int = 0
    later: frozenset[UUID] = frozenset()
    """Somebody else was faster, or held them."""
    deaf: frozenset[UUID] = frozenset()
    """Their tenant or their inbox wants nothing to be read."""
    thought_s: float = field(default=0.0, compare=False)
    """What understanding took; waiting for PostgreSQL is not in it."""


class Listening:
    """Remembers where something was said, and reads it."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._wishes: dict[UUID, None] = {}
        self._tries_left = CATCH_UP_TRIES
        self._deaf: set[UUID] = set()
        self._deaf_until_s = 0.0
        self._rests_until_s = 0.0

    def heard(self, relayed: Iterable[DomainEvent]) -> None:
        """Take domain events, of which only ids are known."""
        for event in relayed:
            if event.event == events.MESSAGE_CREATED.name:
                said = orjson.loads(event.data)["conversations"]
                self._wish(one["conversation_id"] for one in said if Role.CUSTOMER in one["roles"])
            elif event.event == events.MESSAGE_CHANGED.name:
                self._wish([orjson.loads(event.data)["conversation_id"]])

    def _wish(self, ids: Iterable[str]) -> None:
        self._add(one for one in map(UUID, ids) if one not in self._deaf)

    def _add(self, ids: Iterable[UUID]) -> None:
        room = max(0, WISHES_MAX - len(self._wishes))
        self._wishes |= dict.fromkeys(islice(ids, room))

    @property
    def waiting(self) -> int:
        """How many conversations are to be read."""
        return len(self._wishes)

    async def read_on(self) -> int:
        """Read some of what waits longest, unless it is time to rest; says how many were kept.

        Where more is said than can be read, conversations are read later, and the latest of their
        words only.

        Raises:
            Unavailable, Overloaded: PostgreSQL cannot be reached; nothing is forgotten.
        """
        if self._tools.clock.monotonic() < self._rests_until_s:
            return 0
        await self._begin()
        return await self._read(list(islice(self._wishes, AT_ONCE)))

    async def _begin(self) -> None:
        await self._catch_up()
        if self._tools.clock.monotonic() >= self._deaf_until_s:
            self._deaf.clear()
            self._deaf_until_s = self._tools.clock.monotonic() + DEAF_S

    async def _read(self, ids: Sequence[UUID]) -> int:
        if not ids:
            return 0
        for one in ids:
            self._wishes.pop(one, None)
        try:
            done = await read(self._tools, ids)
        except (Unavailable, Overloaded):
            self._wishes |= dict.fromkeys(ids)
            raise
        self._wishes |= dict.fromkeys(done.later)
        self._deaf |= done.deaf
        rest_s = min(REST * done.thought_s, REST_MAX_S)
        self._rests_until_s = self._tools.clock.monotonic() + rest_s
        return done.kept

    async def _catch_up(self) -> None:
        if self._tries_left == 0:
            return
        self._tries_left -= 1
        async with self._tools.db.raw_transaction() as raw:
            self._add(await store.recent(raw, AGAIN, EVENTS_AGAIN))
        self._tries_left = 0


async def read(tools: Tools, ids: Sequence[UUID]) -> Outcome:
    """Read these conversations on."""
    async with tools.db.raw_transaction() as raw:
        found = await store.spoken(raw, ids)
    deaf = frozenset(one.conversation_id for one in found if not one.is_read)
    new = [one for one in found if _is_new(one)]
    if not new:
        return Outcome(deaf=deaf)
    began_s = tools.clock.monotonic()
    made = await _folded(new)
    thought_s = tools.clock.monotonic() - began_s
    quiet = [one for one in made if not _is_news(one)]
    async with tools.db.raw_transaction() as raw:
        kept = await store.keep(raw, quiet)
    loud = [one for one in made if _is_news(one)]
    told = await _tell(tools, loud) if loud else set()
    wanted = {one.before.conversation_id for one in made}
    return Outcome(len(kept | told), frozenset(wanted - kept - told), deaf, thought_s)


def _is_new(spoken: Spoken) -> bool:
    changed = spoken.at != store.NEW and spoken.at[1] != spoken.edits
    return spoken.is_read and (changed or bool(spoken.messages))


async def _folded(found: Sequence[Spoken]) -> list[Kept]:
    if sum(len(one.messages) for one in found) > INLINE_MESSAGES:
        return await asyncio.to_thread(lambda: [_kept(one) for one in found])
    return [_kept(one) for one in found]


def _kept(spoken: Spoken) -> Kept:
    """Go on from what is known; words that were changed since are read anew."""
    same = spoken.at == store.NEW or spoken.at[1] == spoken.edits
    reading = fold(spoken.known if same else Reading(), spoken.messages)
    return Kept(spoken, reading, tuple(_puts(spoken, reading)))


def _still(read_before: Kept, spoken: Spoken) -> Kept:
    """The same for words that were just read; what was tagged by hand meanwhile counts."""
    before = read_before.before
    if (before.at, before.edits, before.messages) != (spoken.at, spoken.edits, spoken.messages):
        return _kept(spoken)
    return Kept(spoken, read_before.reading, tuple(_puts(spoken, read_before.reading)))


def _puts(spoken: Spoken, reading: Reading) -> Iterable[str]:
    """The tags that rules put now: each once in a conversation, and none that a person settled."""
    if not spoken.puts_tags:
        return ()
    new = (one for one in reading.tags if one not in spoken.settled and one not in spoken.tags)
    return islice(new, max(0, MAX_TAGS - len(spoken.tags)))


def _is_news(kept: Kept) -> bool:
    """Whether agents see something else; the first language of somebody is no news."""
    was, now = kept.before.known, kept.reading
    seen = (was.intent, was.sentiment, was.tags) != (now.intent, now.sentiment, now.tags)
    return seen or bool(kept.put) or was.language not in ("", now.language)


@dataclass(frozen=True, slots=True)
class _News:
    """An event of a conversation, with its place."""

    kept: Kept
    step: Happened
    changed: tuple[str, ...]

    @property
    def outbox(self) -> ingest.OutboxRow:
        told = {"conversation_id": self.step.conversation_id, "by": None, "changed": self.changed}
        return events.outbox_row(events.CONVERSATION_CHANGED, self.step.tenant_id, told)


async def _tell(tools: Tools, read_before: Sequence[Kept]) -> set[UUID]:
    """Write what agents see otherwise, under the locks of the conversations; says which are done.

    Read again first: who tags by hand holds the same lock.
    """
    known = {one.before.conversation_id: one for one in read_before}
    async with tools.db.raw_transaction() as raw:
        held = await store.hold(raw, list(known))
        made = [
            _still(known[one.conversation_id], one)
            for one in await store.spoken(raw, held)
            if _is_new(one)
        ]
        won = await store.keep(raw, made)
        loud = [one for one in made if one.before.conversation_id in won and _is_news(one)]
        news = await _numbered(raw, loud)
        if put := [(one.before.tenant_id, name) for one in loud for name in one.put]:
            await store.know_labels(raw, put)
        raised = await _raised(raw, loud)
        if news:
            now, steps = tools.clock.now(), [one.step for one in news]
            rows = [one.outbox for one in news]
            await ingest.write(raw, ingest.Written(now, steps, {}, rows))
    await publish_all(tools.client, _spread(news, raised))
    # What was read meanwhile by somebody else needs nobody any more.
    return won | (set(held) - {one.before.conversation_id for one in made})


async def _numbered(raw: RawConnection, loud: Sequence[Kept]) -> list[_News]:
    tags = [(one.before.conversation_id, (*one.before.tags, *one.put)) for one in loud]
    places = await store.number(raw, tags) if tags else {}
    return [_news(one, places[one.before.conversation_id]) for one in loud]


def _news(kept: Kept, place: Place) -> _News:
    ts_ms = round(1000 * place.at.timestamp())
    data: dict[str, Any] = {"traits": told_of(kept)}
    if kept.put:
        data["tags"] = [*kept.before.tags, *kept.put]
    step = Happened(
        kept.before.tenant_id,
        kept.before.conversation_id,
        uuid7(ts_ms),
        place.seq,
        ts_ms,
        EventName.UPDATED,
        data,
        Visibility.AGENTS.value,
    )
    return _News(kept, step, tuple(sorted(data)))


def told_of(kept: Kept) -> dict[str, Any]:
    """What agents are told; `suggested` are tags that nobody has put or taken away."""
    before, reading = kept.before, kept.reading
    done = {*before.settled, *before.tags, *kept.put}
    return {
        "intent": reading.intent,
        "sentiment": reading.sentiment,
        "language": reading.language,
        "suggested": [one for one in reading.tags if one not in done],
    }


async def _raised(raw: RawConnection, loud: Sequence[Kept]) -> set[UUID]:
    cross = [one.before.conversation_id for one in loud if one.reading.sentiment == ANGRY]
    return await store.raise_waiting(raw, cross, ANGRY_PRIORITY) if cross else set()


def _spread(news: Sequence[_News], raised: Iterable[UUID]) -> list[Publication]:
    heads: dict[UUID, dict[UUID, int]] = {}
    for one in news:
        heads.setdefault(one.step.tenant_id, {})[one.step.conversation_id] = one.step.seq
    said = [event_publication(one.step) for one in news]
    hints = [inbox_hint(tenant_id, some) for tenant_id, some in heads.items()]
    return [*said, *hints, *(router_word(one) for one in sorted(raised))]
