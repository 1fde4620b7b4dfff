"""Replies that were proposed to agents, and what became of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index

from chorus.tables.columns import Row, count, created, key, one_of, within_tenant, word, words


class Proposal(Row, table=True):
    """What was proposed to an agent at one time; of its words nothing is kept but digests.

    A `suggested` one is a message of a bot with the same id, and has a row once somebody took it.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        within_tenant("conversation_id", "conversations", ondelete="CASCADE"),
        within_tenant("agent_id", "agents", ondelete="CASCADE"),
        one_of("source", ("asked", "suggested")),
        one_of("outcome", ("as_is", "changed", "replaced")),
        Index("proposals_shown_idx", "tenant_id", "shown_at"),
    )

    conversation_id: UUID = key()
    id: UUID = key()
    tenant_id: UUID
    agent_id: UUID
    """Who asked, or took it."""
    source: str = word()
    digests: list[str] = words()
    """One for each reply that was proposed."""
    upto_seq: int = count()
    """What takes it up comes later."""
    shown_at: datetime = created()
    outcome: str | None = word()
    message_id: UUID | None = None
    """The agent's message that took it up."""
