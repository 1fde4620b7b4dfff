"""What a tenant knows as of now. An index is told late, or never, of what was taken away or replaced."""

from dataclasses import dataclass, replace
from uuid import UUID

from ai.knowledge.passages import PASSAGES_MAX, Found
from bot.ports import Chat, Knowledge
from chorus.errors import ChorusError
from chorus.log import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """Implements `bot.ports.Knowledge`: of what `found_in` finds, what stands in PostgreSQL."""

    found_in: Knowledge
    chat: Chat

    async def search(self, tenant_id: UUID, question: str, k: int = 5) -> Found:
        """The `k` best that stand. Where nobody can say which do, none is found (`degraded`)."""
        # More than are wanted: what comes behind a source that is gone takes its place.
        found = await self.found_in.search(tenant_id, question, PASSAGES_MAX)
        if not found.passages:
            return found
        try:
            standing = await self.chat.standing(tenant_id, [one.id for one in found.passages])
        except ChorusError as error:
            log.warning("knowledge_not_vouched_for", error=type(error).__name__)
            return Found((), 0.0, degraded=True)
        kept = tuple(one for one in found.passages if one.id in standing)
        if len(kept) < len(found.passages):
            log.info("knowledge_taken_away", passages=len(found.passages) - len(kept))
        best = kept[:k]
        sure = max((one.confidence for one in best), default=0.0)
        return replace(found, passages=best, confidence=sure)
