"""By which sockets people came to a session: as last known, for support."""

from typing import Any
from uuid import UUID

import pytest

from chat_service import commands, messages
from chorus.ids import uuid7
from chorus.topics import socket_name
from chorus.wire import client as frames
from chorus.wire.common import Inbound
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.handoff_world import make_queue, offer_to
from tests.chat_service.test_handoff_acts import act
from tests.chat_service.test_ingest_sessions import answer

pytestmark = pytest.mark.anyio


async def perform(api: Api, tenant: Tenant, who: str, frame: Inbound, socket: str) -> None:
    await commands.perform(
        api.resources.commands,
        tenant.principal(who),
        frame,
        conversation_id=tenant.conversation,
        socket=socket,
    )


async def sockets(api: Api, tenant: Tenant) -> tuple[Any, ...]:
    (row,) = await api.rows(
        "SELECT user_socket_id, agent_socket_id, id FROM live_chat_sessions WHERE tenant_id = $1",
        tenant.id,
    )
    return row["user_socket_id"], row["agent_socket_id"], row["id"]


@pytest.fixture
async def session(api: Api, acme: Tenant) -> UUID:
    """A customer asked by a socket of theirs."""
    members = [acme.agent, acme.colleague]
    await make_queue(api.database_url, acme, members=members, is_default=True)
    await perform(api, acme, "contact", frames.Escalate(id=uuid7()), "c1")
    assert (await sockets(api, acme))[:2] == ("c1", None)
    id_: UUID = (await sockets(api, acme))[2]
    return id_


async def test_who_accepts_is_known_by_the_socket_they_did_it_on(
    api: Api, acme: Tenant, session: UUID
) -> None:
    await offer_to(api.resources.system, acme, acme.agent)
    await perform(api, acme, "agent", frames.OfferAccept(id=uuid7(), session=session), "a1")
    assert (await sockets(api, acme))[:2] == ("c1", "a1")
    to = frames.TransferTarget(agent=acme.colleague)
    transfer = frames.Transfer(id=uuid7(), to=to, mode="blind")
    await perform(api, acme, "agent", transfer, "a1")
    assert (await sockets(api, acme))[1] is None
    await act(api, acme.principal("colleague"), str(session), "accept")
    assert (await sockets(api, acme))[1] is None, "REST has no socket"


async def test_who_answers_an_offer_is_known_by_the_socket_they_spoke_on(
    api: Api, acme: Tenant, session: UUID
) -> None:
    await offer_to(api.resources.system, acme, acme.agent)
    item = answer(acme, node=0xABCDEF0123456789, conn=0x2A)
    await messages.ingest(api.resources.system, [item])
    assert (await sockets(api, acme))[1] == socket_name(item.node, item.conn) == "abcdef012a"


async def test_what_a_service_asks_for_has_no_socket_of_the_customer(
    api: Api, acme: Tenant
) -> None:
    await make_queue(api.database_url, acme, members=[acme.agent], is_default=True)
    await perform(api, acme, "agent", frames.Escalate(id=uuid7()), "a9")
    assert (await sockets(api, acme))[:2] == (None, None)
