"""Who may keep something at hand, and whose it is: drafts, canned replies, macros, views."""

from uuid import UUID

from chat_service.deeds import SENIORS
from chat_service.store import people
from chat_service.store.people import AgentRow
from chorus.auth import Principal
from chorus.db import Reader
from chorus.errors import Forbidden, NotFound


async def at_work(session: Reader, principal: Principal) -> AgentRow:
    """The agent who asks.

    Raises:
        Forbidden: a service, somebody who was shut out, or who has no row here yet.
    """
    found = None
    if principal.is_agent and principal.role != "server":
        found = await people.agent(session, principal.tenant_id, principal.user_id)
    if found is None or found.disabled_at is not None:
        raise Forbidden
    return found


def owner_of(principal: Principal, *, shared: bool) -> UUID | None:
    """Who owns what this agent makes; None: everybody.

    Raises:
        Forbidden: only supervisors and admins make something for everybody.
    """
    if not shared:
        return principal.user_id
    if principal.role not in SENIORS:
        raise Forbidden("Supervisors and admins share with everybody.")
    return None


def may_change(principal: Principal, owner_id: UUID | None) -> None:
    """Raises NotFound for what is somebody else's own, Forbidden for what is everybody's."""
    if owner_id not in (None, principal.user_id):
        raise NotFound
    if owner_id is None and principal.role not in SENIORS:
        raise Forbidden("Supervisors and admins change what is everybody's.")
