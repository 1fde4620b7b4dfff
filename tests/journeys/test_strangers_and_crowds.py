"""Another tenant's people, peers whose machine is gone, and many sockets of one agent or tenant: who is kept out."""

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from chorus.auth import Principal, TokenMaker
from chorus.ids import uuid7
from tests.chat_service.api_world import Tenant, make_tenant
from tests.journeys.people import rows_of
from tests.journeys.rude import Rude, authenticate, becomes, closed, everything, metric, still_lives
from tests.support.blackhole import blackhole

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
PER_AGENT, PER_TENANT = 8, 20
"""As TIGHT has them."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A second tenant of the same installation."""

    tenant: Tenant
    maker: TokenMaker

    def token(self, who: str) -> str:
        principal: Principal = self.tenant.principal(who)
        token, _ = self.maker.make(
            tenant_id=principal.tenant_id,
            user_id=principal.user_id,
            role=principal.role,
            audience=principal.audience,
        )
        return token


@pytest.fixture
async def rival(rude: Rude) -> Rival:
    tenant = await make_tenant(rude.on.database_url, "rival")
    return Rival(tenant, TokenMaker(rude.on.data / "keys"))


@pytest.mark.parametrize("who", ["contact", "agent", "admin"])
async def test_a_foreign_tenant_sees_over_a_socket_what_is_not_there(
    rude: Rude, rival: Rival, who: str
) -> None:
    seen = []
    for conversation in (uuid7(), rude.visitor.conversation_id):
        token = rival.token(who)
        async with rude.socket(token=token, conversation=conversation) as ws:
            await authenticate(ws)
            seen.append(await everything(ws))
    frames, code, _ = seen[1]
    assert seen[0] == seen[1]
    assert code == 4004
    assert str(rude.visitor.contact_id) not in str(frames)


@pytest.mark.parametrize("who", ["contact", "agent", "admin"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("what", ["", "/messages", "/commands"])
async def test_a_foreign_tenant_sees_over_rest_what_is_not_there(
    rude: Rude, rival: Rival, who: str, method: str, what: str
) -> None:
    id = str(uuid7())
    command = {"event": "delete", "data": {"id": id, "target": id}}
    body = command if what == "/commands" else {"id": id, "content": "psst"}
    answers = []
    async with httpx.AsyncClient(base_url=rude.on.base, trust_env=False) as http:
        for conversation in (uuid7(), rude.visitor.conversation_id):
            answer = await http.request(
                method,
                f"/livechat/conversations/{conversation}{what}",
                json=body if method == "POST" else None,
                headers={"Authorization": f"Bearer {rival.token(who)}"},
            )
            answers.append((answer.status_code, answer.content))
    assert answers[0] == answers[1]
    assert answers[0][0] in (403, 404, 405)
    rows = await rows_of(rude.on, rude.visitor.conversation_id)
    assert "psst" not in {row.content for row in rows}


async def test_a_peer_whose_cable_is_cut_is_noticed_and_closed_4201(rude: Rude) -> None:
    """No byte and no FIN comes any more; the connection below looks as alive as ever."""
    before = await metric(rude.on, "ws_disconnects_total", code="4201")
    async with blackhole(rude.on.address) as cable, AsyncExitStack() as stack:
        path = f"ws://127.0.0.1:{cable.port}"
        ws = await stack.enter_async_context(rude.live(base=path))
        cable.swallowing = True

        async def noticed() -> bool:
            return await metric(rude.on, "ws_disconnects_total", code="4201") == before + 1

        await becomes(noticed)
        async with asyncio.timeout(40):
            await cable.upstream_ended.wait()
        ws.transport.abort()


async def test_sockets_of_one_agent_are_bounded(rude: Rude, rival: Rival) -> None:
    conversation = rival.tenant.conversation
    async with AsyncExitStack() as stack:
        for number in range(PER_AGENT):
            await stack.enter_async_context(
                at(rude, rival, "agent", conversation, address=f"127.0.0.{2 + number % 2}")
            )
        assert await refused_by(rude, rival, "agent") == 4010
        colleague = at(rude, rival, "colleague", conversation, address="127.0.0.2")
        await still_lives(await stack.enter_async_context(colleague))


async def test_sockets_of_one_tenant_are_bounded_and_another_tenant_is_not(
    rude: Rude, rival: Rival
) -> None:
    conversation = rival.tenant.conversation
    crowd = ["agent"] * 8 + ["colleague"] * 8 + ["supervisor"] * 4
    assert len(crowd) == PER_TENANT
    async with AsyncExitStack() as stack:
        for number, who in enumerate(crowd):
            await stack.enter_async_context(
                at(rude, rival, who, conversation, address=f"127.0.0.{2 + number % 2}")
            )
        assert await refused_by(rude, rival, "supervisor") == 4010
        async with rude.live() as ws:
            await still_lives(ws)


def at(
    rude: Rude, rival: Rival, who: str, conversation: UUID, *, address: str
) -> AbstractAsyncContextManager[ClientConnection]:
    return rude.live(
        token=rival.token(who),
        conversation=conversation,
        address=address,
    )


async def refused_by(rude: Rude, rival: Rival, who: str) -> int:
    async with rude.socket(
        token=rival.token(who),
        conversation=rival.tenant.conversation,
        address="127.0.0.4",
    ) as ws:
        await authenticate(ws)
        return await closed(ws)
