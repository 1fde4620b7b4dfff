"""A customer nobody can come to leaves how they can be reached (DESIGN §6).

What they leave stands with the session, and with the contact unless that is verified: what
somebody types here proves nothing.
"""

from dataclasses import asdict
from typing import Any, Final, Literal
from uuid import UUID

from chat_service import events, handoff
from chat_service.deeds import Deed, Effects
from chat_service.deferral import chosen_later
from chat_service.handoff import Moved
from chat_service.session_facts import WAIT
from chat_service.sessions import UNANSWERED, WAITING
from chat_service.store import people, sessions
from chat_service.store.conversations import Locked
from chat_service.store.people import Traits
from chorus.errors import AlreadyAssigned, ConversationClosed, Forbidden
from chorus.wire.common import Inbound, Visibility

REACHED_BY: Final = ("email", "phone")


class LeaveContact(Inbound):
    """What the REST edge asks for; no socket says this."""

    event = "contact"
    id: UUID
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    choice: Literal["wait", "message", "callback"] = "message"
    """`wait`: they keep their place. Whoever chooses otherwise need not wait any longer."""


async def leave(deed: Deed, where: Locked, wish: LeaveContact) -> Effects:
    """Keep what the customer of an unanswered session leaves, and tell agents.

    Raises:
        ConversationClosed: the session is over. AlreadyAssigned: somebody has come meanwhile.
    """
    if deed.principal.is_agent and deed.principal.role != "server":
        raise Forbidden
    scene = await handoff.enter(deed.tx, deed.tenant_id, where.id, session_id=deed.session_id)
    session = scene.open_session
    if session is None:
        raise ConversationClosed("This session is over.")
    if session.state not in UNANSWERED:
        raise AlreadyAssigned("Somebody has come meanwhile.")
    traits = Traits(wish.name, wish.email, wish.phone)
    if not scene.held.contact.verified:
        await people.save_contact(
            deed.tx, deed.tenant_id, where.contact_id, traits=traits, verified=False, at=deed.now
        )
    moved = tuple[Moved, ...]()
    if wish.choice != WAIT and session.state in WAITING:
        later = chosen_later(wish.choice, has_bot=scene.held.conversation.has_bot)
        moved = (await handoff.move(deed.tx, scene, later, now=deed.now),)
    left = {name: value for name, value in asdict(traits).items() if value}
    await sessions.leave(
        deed.tx, deed.tenant_id, session.id, left={"chosen": wish.choice, "contact": left}
    )
    event = deed.event(
        "conversation.updated", {"contact": left, "by": deed.by}, visibility=Visibility.AGENTS
    )
    told = events.outbox_row(*_told(deed, where, session.id, left, wish))
    return Effects((event,), (told,), moved=moved)


def _told(
    deed: Deed, where: Locked, session_id: UUID, left: dict[str, Any], wish: LeaveContact
) -> tuple[events.EventKind, UUID, dict[str, Any]]:
    told: dict[str, Any] = {
        "conversation_id": str(where.id),
        "session_id": str(session_id),
        "reached_by": [one for one in REACHED_BY if one in left],
        "choice": wish.choice,
    }
    return events.SESSION_CONTACT_LEFT, deed.tenant_id, told
