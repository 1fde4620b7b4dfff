"""Trying knowledge out: what the bot would find for a question, and how sure it could be."""

from typing import Final

from chat_service.asking import Asking
from chat_service.store import knowledge as store
from chorus.auth import Principal
from chorus.db import Db
from chorus.wire.asks import Answer

FOUND_MAX: Final = 5


async def ask(db: Db, asking: Asking, principal: Principal, question: str) -> Answer:
    """The passages of this tenant that answer best, as who has the index finds them.

    Raises:
        Unavailable, Overloaded: nobody who has it answers.
    """
    async with db.read(principal.tenant_id) as session:
        if not await store.knows(session, principal.tenant_id):
            return Answer(tenant_id=principal.tenant_id)
    answer = await asking.ask(principal, "passages", most=FOUND_MAX, question=question)
    sources = {one.source_id for one in answer.pieces}
    async with db.read(principal.tenant_id) as session:
        standing = await store.standing(session, principal.tenant_id, sources)
    # An index is told late of what was taken away, and guards nobody's tenant.
    pieces = [one for one in answer.pieces if one.source_id in standing]
    return answer.model_copy(update={"pieces": pieces})
