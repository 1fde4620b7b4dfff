"""Where the sessions of conversations belong that nobody named a queue for."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from chat_service import queue_choice
from chat_service.queue_choice import Asked
from chat_service.store import queues
from chorus.db import Reader


async def home_of(
    session: Reader, tenant_id: UUID, conversation_id: UUID, *, source: str
) -> UUID | None:
    """The queue of one conversation; None: no queue takes it."""
    return (await homes_of(session, tenant_id, [conversation_id], source=source))[conversation_id]


async def homes_of(
    session: Reader, tenant_id: UUID, conversation_ids: Sequence[UUID], *, source: str
) -> Mapping[UUID, UUID | None]:
    """The queue of each conversation: by conditions, else its inbox's, else the default."""
    known = await queues.queues(session, tenant_id)
    here = await queues.circumstances_of(session, tenant_id, conversation_ids)
    asked = Asked(None, source, by_customer=False)
    chosen = {id_: queue_choice.choose(known, asked, one) for id_, one in here.items()}
    return {id_: None if queue is None else queue.id for id_, queue in chosen.items()}
