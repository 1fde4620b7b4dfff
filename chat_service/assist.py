"""What an agent could answer: proposed by who holds the knowledge, decided and sent by the agent."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chat_service import conversations, proposals
from chat_service.asking import Asking
from chat_service.deeds import Commands
from chat_service.desk import at_work
from chat_service.store import knowledge as store
from chorus.auth import Principal
from chorus.wire.asks import Answer

PROPOSED_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Replies:
    """What was proposed, and under which id it is kept; None: nothing was."""

    id: UUID | None
    answer: Answer


async def replies(
    commands: Commands, asking: Asking, principal: Principal, conversation_id: UUID
) -> Replies:
    """Up to three answers to what the customer said last; none where nothing that is known fits.

    No connection is held while somebody thinks.

    Raises:
        NotFound: no such conversation. Forbidden: no agent who may work. Unavailable, Overloaded:
        nobody answers.
    """
    async with commands.db.read(principal.tenant_id) as session:
        await at_work(session, principal)
        await conversations.enter(session, principal, conversation_id)
        if not await store.knows(session, principal.tenant_id):
            return Replies(None, Answer(tenant_id=principal.tenant_id))
    answer = await asking.ask(
        principal, "replies", most=PROPOSED_MAX, conversation_id=conversation_id
    )
    sources = {one.source_id for each in answer.proposals for one in each.rests_on}
    async with commands.db.read(principal.tenant_id) as session:
        standing = await store.standing(session, principal.tenant_id, sources)
    # An index is told late of what was taken away, and guards nobody's tenant.
    fit = [
        one for one in answer.proposals if {piece.source_id for piece in one.rests_on} <= standing
    ]
    shown = answer.model_copy(update={"proposals": fit})
    if not fit or answer.upto_seq is None:
        return Replies(None, shown)
    texts = [one.text for one in fit]
    kept = await proposals.keep(
        commands, principal, conversation_id, texts, upto_seq=answer.upto_seq
    )
    return Replies(kept, shown)
