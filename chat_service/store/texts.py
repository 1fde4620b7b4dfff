"""SQL on what a text about a conversation can name."""

from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text

from chat_service.store.rows import first
from chat_service.variables import first_name
from chorus.db import Reader

_FACTS: Final = text("""
SELECT k.name, k.email, k.phone, k.locale, k.attributes, c.attributes, b.name, t.name,
    a.name, a.email
FROM conversations c
JOIN contacts k ON k.id = c.contact_id
JOIN inboxes b ON b.id = c.inbox_id
JOIN tenants t ON t.id = c.tenant_id
LEFT JOIN agents a ON a.id = :agent AND a.tenant_id = c.tenant_id
WHERE c.tenant_id = :tenant AND c.id = :id
""")


async def facts(
    session: Reader, tenant_id: UUID, conversation_id: UUID, *, agent_id: UUID
) -> dict[str, Any] | None:
    """The values of variables, by name; None: no such conversation."""
    given = {"tenant": tenant_id, "id": conversation_id, "agent": agent_id}
    found = await first(session, _FACTS, given)
    if found is None:
        return None
    name, email, phone, locale, traits, attributes, inbox, tenant, agent, address = found
    known = {
        "contact.name": name,
        "contact.first_name": first_name(name),
        "contact.email": email,
        "contact.phone": phone,
        "contact.locale": locale,
        "agent.name": agent,
        "agent.first_name": first_name(agent),
        "agent.email": address,
        "conversation.id": str(conversation_id),
        "inbox.name": inbox,
        "tenant.name": tenant,
    }
    known |= {f"contact.attributes.{one}": value for one, value in _json(traits).items()}
    return known | {
        f"conversation.attributes.{one}": value for one, value in _json(attributes).items()
    }


def _json(value: Any) -> dict[str, Any]:
    found = value if isinstance(value, dict) else orjson.loads(value or "{}")
    return {name: one for name, one in found.items() if isinstance(one, str | int | float)}
