"""People who set queues up over REST, and customers who stand in them in every state."""

from typing import Any
from uuid import UUID

from chat_service import handoff
from chat_service import session_facts as facts
from chat_service.handoff_draft import Beside
from chat_service.session_facts import Actor, Happening
from chat_service.store.sessions import Request
from chorus.clock import SystemClock
from chorus.ids import uuid7
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.handoff_world import OFFER

QUEUES = "/admin/queues"
TEAMS = "/admin/teams"
AGENTS = "/admin/agents"


async def call(
    api: Api, tenant: Tenant, method: str, path: str, body: Any = None, *, who: str = "admin"
) -> Any:
    """Ask as somebody of a tenant."""
    given = {} if body is None else {"json": body}
    headers = api.token(tenant.principal(who))
    return await api.client.request(method, path, headers=headers, **given)


async def make(api: Api, tenant: Tenant, name: str, path: str = QUEUES, **fields: Any) -> UUID:
    """Make a queue or team over REST."""
    answer = await call(api, tenant, "POST", path, {"name": name, **fields})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def joined(api: Api, tenant: Tenant, group: str, *agents: UUID) -> None:
    for agent in agents:
        answer = await call(api, tenant, "PUT", f"{group}/members/{agent}")
        assert answer.status_code == 204, answer.text


async def stand(api: Api, tenant: Tenant, queue_id: UUID, state: str) -> UUID:
    """A new customer whose session is in a state, in a queue; answers the conversation."""
    contact, conversation = uuid7(), uuid7()
    await api.rows("INSERT INTO contacts (id, tenant_id) VALUES ($1, $2)", contact, tenant.id)
    await api.rows(
        "INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, last_ts)"
        " VALUES ($1, $2, $3, $4, now())",
        conversation,
        tenant.id,
        tenant.inbox_id,
        contact,
    )
    now = SystemClock().now()
    ways: dict[str, list[Happening]] = {
        "requested": [],
        "queued": [facts.Queued(queue_id)],
        "offered": [facts.Queued(queue_id), facts.Offered(tenant.agent, now + OFFER)],
        # By hand: an offer would count for the limit after a login.
        "active": [facts.Queued(queue_id), facts.Claimed(tenant.agent)],
        "deferred": [facts.Deferred({"options": ["message"]})],
    }
    asked = facts.Escalated(uuid7(), Actor(contact), queue_id)
    async with api.resources.system.transaction(None) as tx:
        scene = await handoff.enter(tx, tenant.id, conversation)
        request = Beside(Request("widget", requested_by=contact))
        await handoff.move(tx, scene, asked, now=now, beside=request)
        for happening in ways[state]:
            await handoff.apply(tx, tenant.id, conversation, happening, now=now)
    return conversation


async def session_of(api: Api, conversation: UUID) -> Any:
    """The session of a conversation, with its open offer and the conversation's own queue."""
    (found,) = await api.rows(
        "SELECT s.*, c.queue_id AS stands_in, c.assignee_id, o.agent_id AS asked"
        " FROM live_chat_sessions s JOIN conversations c ON c.id = s.conversation_id"
        " LEFT JOIN session_offers o ON o.session_id = s.id AND o.state = 'open'"
        " WHERE s.conversation_id = $1",
        conversation,
    )
    return found


async def audited(api: Api, tenant: Tenant) -> list[str]:
    """What was done in a tenant, in order."""
    found = await api.rows(
        "SELECT action FROM audit_log WHERE tenant_id = $1 ORDER BY id", tenant.id
    )
    return [row["action"] for row in found]
