"""The summary in the packet of an offer, as things stand when it is made.

The agent's phone is ringing: reading and folding get `LIMIT_S`, and whatever goes wrong or is not
done by then, the packet carries what was kept before. The handoff itself is committed already.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final
from uuid import UUID

from chat_service import summaries
from chat_service.digest import Material
from chat_service.handoff import Moved
from chat_service.store import summaries as store
from chat_service.store.summaries import Kept, Span
from chorus import metrics
from chorus.clock import Clock
from chorus.db import Db
from chorus.errors import ChorusError
from chorus.log import get_logger

log = get_logger(__name__)

LIMIT_S: Final = 0.15
INLINE_ROWS: Final = 100
"""More are folded in a thread: the loop has other tenants to route."""
SPAN: Final = Span(head=50, tail=150)


@dataclass(frozen=True, slots=True)
class Briefed:
    """Moves whose packets carry summaries, and what is worth keeping of those."""

    moved: Sequence[Moved]
    kept: Sequence[Kept] = ()


async def brief(db: Db, tenant_id: UUID, moved: Sequence[Moved], clock: Clock) -> Briefed:
    """Write the summary of this moment into the packets of offers."""
    ids = [one.packet.conversation_id for one in moved if one.packet is not None]
    if not ids:
        return Briefed(moved)
    try:
        with metrics.timed(metrics.summary_latency_ms):
            async with asyncio.timeout(LIMIT_S):
                made = await _made(db, tenant_id, ids, clock)
    except (ChorusError, TimeoutError) as error:
        log.warning("offers_not_briefed", error=type(error).__name__, offers=len(ids))
        return Briefed(moved)
    texts = {one.conversation_id: one.summary["text"] for one in made}
    whole = [one for one in made if one.state is not None and not one.state.left_out]
    return Briefed([_told(one, texts) for one in moved], whole)


async def _made(db: Db, tenant_id: UUID, ids: Sequence[UUID], clock: Clock) -> list[Kept]:
    until_s = monotonic() + LIMIT_S / 2
    async with db.read(tenant_id) as session:
        found = await store.materials(session, tenant_id, ids, span=SPAN, wanted=False)
    if sum(len(one.rows) for one in found) > INLINE_ROWS:
        return await asyncio.to_thread(_folded, found, clock, until_s)
    return _folded(found, clock, until_s)


def _folded(materials: Sequence[Material], clock: Clock, until_s: float) -> list[Kept]:
    """Fold one after the other for as long as there is time."""
    made = []
    for material in materials:
        if monotonic() > until_s:
            break
        kept = summaries.kept_of(material, clock)
        if kept is not None:
            made.append(kept)
    return made


def _told(moved: Moved, texts: Mapping[UUID, str]) -> Moved:
    packet = moved.packet
    if packet is None or packet.conversation_id not in texts:
        return moved
    return replace(moved, packet=replace(packet, summary=texts[packet.conversation_id]))


async def keep(db: Db, tenant_id: UUID, briefed: Briefed) -> None:
    """Keep what was made, now that the offers are out; what cannot be kept is made again."""
    try:
        await summaries.keep_all(db, tenant_id, briefed.kept)
    except ChorusError as error:
        log.warning("summaries_not_kept", error=type(error).__name__)
