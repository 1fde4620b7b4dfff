"""A fault of ours in the handler of one socket: its peer is told, the others talk on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from jwt import PyJWK
from starlette.applications import Starlette
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from chorus import bus, keys, rpc
from chorus.auth import AUD_VISITOR, OWN_ISSUER, Issuer, Verifier, own_issuer
from chorus.codes import CloseCode
from chorus.ids import uuid7
from chorus.wire.common import BEARER_PREFIX, PROTOCOL
from gateway.app import create_app
from gateway.resources import Resources, assemble
from gateway.server import ServerSettings, edge_server, listening_socket
from gateway.settings import GatewaySettings
from gateway.tasks import Tasks
from tests.chorus.tokens import claims, rsa_token

pytestmark = pytest.mark.anyio

BROKEN = "https://broken.example"


class BrokenKeys:
    """Keys that raise what nobody foresaw."""

    async def key(self, kid: str) -> PyJWK | None:
        raise RuntimeError("the unforeseen")


POISON = rsa_token(claims(iss=BROKEN, aud=AUD_VISITOR, role="visitor"))


@dataclass(frozen=True, slots=True)
class Gateway:
    """A whole gateway, with an issuer whose keys break the handler that asks for them."""

    port: int
    resources: Resources


@asynccontextmanager
async def opened(settings: GatewaySettings) -> AsyncIterator[Resources]:
    broken = Issuer(BROKEN, BrokenKeys(), frozenset({AUD_VISITOR}))
    verifier = Verifier({BROKEN: broken, OWN_ISSUER: own_issuer(settings.keys_dir)})
    async with (
        bus.open_redis(settings.redis_url) as client,
        rpc.open_client(settings.rpc_target) as chat,
        Tasks() as tasks,
    ):
        yield assemble(settings, (client, client), chat, verifier, tasks)


@pytest.fixture
async def gateway(redis_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    keys.ensure(tmp_path / "keys")
    settings = GatewaySettings.model_validate(
        {"REDIS_URL": redis_url, "data": tmp_path, "rpc": f"unix:{tmp_path}/none.sock"}
    )
    started: asyncio.Future[Resources] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def opener(chosen: GatewaySettings) -> AsyncIterator[Resources]:
        async with opened(chosen) as resources:
            started.set_result(resources)
            yield resources

    async with serving(create_app(settings, opener)) as port:
        yield Gateway(port, await started)


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[int]:
    async def on_drain() -> None:
        """Nobody is moved: what is left is closed."""

    server = edge_server(app, on_drain=on_drain, settings=ServerSettings(shutdown_max_s=1))
    listener = listening_socket("127.0.0.1", 0)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.stop()


def dial(port: int, *offers: str, page: str | None = None) -> Any:
    protocols: Any = [PROTOCOL, *(f"{BEARER_PREFIX}{token}" for token in offers)]
    path = "/ws/v1/conversations/01900000-0000-7000-8000-0000000000c1"
    origin: Any = page or f"http://127.0.0.1:{port}"
    return connect(f"ws://127.0.0.1:{port}{path}", subprotocols=protocols, origin=origin)


async def sign_in(socket: ClientConnection, token: str) -> None:
    hello = orjson.loads(await socket.recv())
    assert hello["event"] == "hello"
    said = {"token": token, "nonce": hello["data"]["nonce"], "session": str(uuid7())}
    data = {**said, "client": {"name": "test", "version": "1"}}
    await socket.send(orjson.dumps({"v": 1, "event": "auth", "data": data}).decode())


async def close_code(socket: ClientConnection) -> int | None:
    await socket.wait_closed()
    return socket.close_code


async def test_a_fault_closes_its_own_socket_with_4103_and_is_logged(gateway: Gateway) -> None:
    async with dial(gateway.port) as bystander:
        with capture_logs() as logged:
            async with dial(gateway.port) as socket:
                await sign_in(socket, POISON)
                assert await close_code(socket) == CloseCode.INTERNAL
        assert [one["log_level"] for one in logged if one["event"] == "socket_failed"] == ["error"]
        await sign_in(bystander, "x.y.z")
        assert await close_code(bystander) == CloseCode.INVALID_TOKEN


async def test_a_fault_before_accept_leaves_no_handshake_counted(gateway: Gateway) -> None:
    for _ in range(3):
        with pytest.raises(InvalidStatus) as caught:
            async with dial(gateway.port, POISON, page="https://elsewhere.example"):
                pass
        assert caught.value.response.status_code == 500
    assert gateway.resources.admission.total == 0
