"""What became of replies that were proposed to agents: kept as they are shown, settled once, summed up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chat_service import conversations
from chat_service.deeds import Commands
from chat_service.desk import at_work
from chat_service.report_figures import Span, share
from chat_service.store import proposals as store
from chat_service.store.proposals import Place, Shown, Standing, Taken
from chat_service.taken import digest_of, outcome_of
from chat_service.volume import days_of
from chorus import metrics
from chorus.auth import Principal
from chorus.db import Db, Transaction
from chorus.errors import BadRequest, NotFound
from chorus.ids import uuid7

ASKED: Final = "asked"
"""An agent asked for replies."""
SUGGESTED: Final = "suggested"
"""A bot wrote a message of type `suggestion`."""
SOURCES: Final = (ASKED, SUGGESTED)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a proposal; `dup`: that was known before."""

    outcome: str
    message_id: UUID
    dup: bool


@dataclass(slots=True)
class Figures:
    """How often something was proposed, and what became of it. Of the rest nobody took anything."""

    shown: int = 0
    as_is: int = 0
    changed: int = 0
    replaced: int = 0

    @property
    def share(self) -> float | None:
        """Of what was shown: taken as it was, or changed."""
        return share(self.as_is + self.changed, self.shown)

    def add(self, one: Taken) -> None:
        self.shown += one.shown
        self.as_is += one.as_is
        self.changed += one.changed
        self.replaced += one.replaced


@dataclass(frozen=True, slots=True)
class Report:
    """In all, by source, by day, and by day and source (where there was something)."""

    total: Figures
    sources: Mapping[str, Figures]
    days: Sequence[Figures]
    lines: Mapping[tuple[int, str], Figures]


async def keep(
    commands: Commands,
    principal: Principal,
    conversation_id: UUID,
    texts: Sequence[str],
    *,
    upto_seq: int,
) -> UUID:
    """Write down that these were proposed to an agent; answers under which id."""
    place = Place(principal.tenant_id, conversation_id, uuid7(), principal.user_id)
    shown = Shown(ASKED, [digest_of(one) for one in texts], upto_seq, commands.clock.now())
    async with commands.db.transaction(principal.tenant_id) as tx:
        await store.insert(tx, place, shown)
    metrics.proposals_total.labels(ASKED, "shown").inc()
    return place.id


async def take(
    commands: Commands,
    principal: Principal,
    conversation_id: UUID,
    proposal_id: UUID,
    *,
    message_id: UUID,
    text: str,
) -> Settled:
    """Note which of an agent's messages a proposal went into. The first message stands.

    Raises:
        NotFound: no such proposal of theirs, or no such reply of theirs behind it.
        BadRequest: `text` was not proposed. Forbidden: no agent who may work.
    """
    place = Place(principal.tenant_id, conversation_id, proposal_id, principal.user_id)
    async with commands.db.transaction(principal.tenant_id) as tx:
        await at_work(tx, principal)
        await conversations.enter(tx, principal, conversation_id)
        found = await _standing(tx, place)
        if found.outcome is not None and found.message_id is not None:
            return Settled(found.outcome, found.message_id, dup=True)
        if digest_of(text) not in found.digests:
            raise BadRequest("This was not proposed.", field="text")
        sent = await store.reply(tx, place, message_id, after=found.upto_seq)
        if sent is None:
            raise NotFound
        outcome = outcome_of(text, sent)
        await store.settle(tx, place, outcome, message_id)
    metrics.proposals_total.labels(found.source, outcome).inc()
    return Settled(outcome, message_id, dup=False)


async def _standing(tx: Transaction, place: Place) -> Standing:
    """What was proposed to this agent; a bot's suggestion to whoever takes it first."""
    found = await store.standing(tx, place)
    if found is None and (said := await store.suggestion(tx, place)) is not None:
        content, seq, at = said
        await store.insert(tx, place, Shown(SUGGESTED, [digest_of(content)], seq, at))
        found = await store.standing(tx, place)
    if found is None or (found.source == ASKED and found.agent_id != place.agent_id):
        raise NotFound
    return found


async def report(db: Db, tenant_id: UUID, span: Span) -> Report:
    """Sum up what was proposed in some days, and what became of it."""
    async with db.read(tenant_id) as session:
        found = await store.sums(session, days_of(tenant_id, span))
    total, days = Figures(), [Figures() for _ in span.days]
    sources = {one: Figures() for one in SOURCES}
    lines = {(one.day, one.source): Figures() for one in found}
    for one in found:
        for figures in (total, sources[one.source], days[one.day], lines[one.day, one.source]):
            figures.add(one)
    return Report(total, sources, days, lines)
