"""Another tenant's people, peers whose machine is gone, and crowds: who is kept out, and who stays in."""

import asyncio
import os
from collections import Counter
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from chorus.auth import Principal, TokenMaker
from chorus.ids import uuid7
from launch.rest_client import open_rest
from launch.ws_client import ChatClient
from tests.chat_service.api_world import Tenant, make_tenant
from tests.journeys.people import rows_of, sign_in
from tests.journeys.rude import Rude, authenticate, becomes, closed, everything, metric, still_lives
from tests.support.blackhole import blackhole
from tests.support.raw_socket import upgrade_request

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CROWD = 5_000 if "CHORUS_LONG" in os.environ else 1_000
AT_ONCE = 50
PER_ADDRESS, PER_AGENT, PER_TENANT = 16, 8, 20
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


async def test_a_crowd_from_one_address_is_refused_and_who_was_there_stays(rude: Rude) -> None:
    async with open_rest(rude.on.base) as rest, AsyncExitStack() as stack:
        people = [await sign_in(rude.on, rest, role) for role in ("agent", "supervisor")]
        there = [
            await stack.enter_async_context(
                ChatClient(
                    rude.on.base, token=person.token, conversation_id=rude.visitor.conversation_id
                )
            )
            for person in people
            for _ in range(PER_AGENT)
        ]
        assert len(there) == PER_ADDRESS
        for client in there:
            await client.wait_ready()
        gate = asyncio.Semaphore(AT_ONCE)
        knocks = [knock(rude, gate) for _ in range(CROWD)]
        answers = Counter(await asyncio.gather(*knocks))
        assert answers == {(429, True): CROWD}
        said = await there[0].send("we are all still here")
        for client in there:
            await client.wait(partial(has_seen, client, said.seq or 0))


def has_seen(client: ChatClient, seq: int) -> bool:
    return bool(client.log) and client.log[-1].seq >= seq


async def knock(rude: Rude, gate: asyncio.Semaphore) -> tuple[int, bool]:
    """Ask for a socket; answer the status and whether the refusal says when to come back."""
    path = f"/ws/v1/conversations/{rude.visitor.conversation_id}".encode()
    page, offer = (b"Origin", rude.on.base.encode()), (b"Sec-WebSocket-Protocol", b"chorus.v1")
    async with gate, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection(*rude.on.address)
        try:
            writer.write(upgrade_request(path, extra=[page, offer]))
            head = await reader.readuntil(b"\r\n\r\n")
        finally:
            writer.close()
    return int(head.split()[1]), b"retry-after: " in head.lower()


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
