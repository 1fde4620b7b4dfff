"""The internal calls over TCP: TLS on both sides and a service token, or nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from chorus import keys, rpc
from chorus.auth import AUD_AGENT, AUD_INTERNAL, TokenMaker
from chorus.errors import Unavailable
from chorus.ids import uuid7
from chorus.rpc import SERVICE, RpcSecurity
from chorus.rpc_security import rpc_security
from chorus.settings import BadSettings, Settings
from chorus.wire.calls import HeadsRequest
from launch.spawn import free_port
from tests.chat_service.api_world import open_api
from tests.support.certificates import Authority

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Line:
    """A chat API that listens on TCP, and what a caller of the same installation has."""

    target: str
    security: RpcSecurity
    authority: Authority

    async def call(self, **changes: Any) -> str:
        """Ask for heads with some of the credentials changed; answers the epoch."""
        security = replace(self.security, **changes)
        async with rpc.open_client(self.target, timeout_s=5, security=security) as client:
            return (await client.heads(HeadsRequest([]))).epoch

    async def refusal(self, **changes: Any) -> grpc.StatusCode:
        with pytest.raises(Unavailable) as caught:
            await self.call(**changes)
        assert isinstance(caught.value.__cause__, grpc.aio.AioRpcError)
        return caught.value.__cause__.code()


@pytest.fixture(scope="module")
async def line(
    api_database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Line]:
    authority, target = Authority(), f"127.0.0.1:{free_port()}"
    files = authority.write(tmp_path_factory.mktemp("tls"))
    async with open_api(api_database_url, redis_url, rpc=target, **files) as api:
        security = rpc_security(api.resources.settings)
        assert security is not None
        yield Line(target, security, authority)


def made_by(directory: Path, role: str, audience: str) -> str:
    keys.ensure(directory)
    someone = uuid7()
    return TokenMaker(directory).make(
        tenant_id=someone, user_id=someone, role=role, audience=audience
    )[0]


async def test_two_processes_of_one_installation_understand_each_other(line: Line) -> None:
    assert await line.call()
    assert line.security.token() == line.security.token()


async def test_a_caller_without_a_token_is_refused(line: Line) -> None:
    async with rpc.open_client(line.target, security=line.security) as client:
        client._token = None
        with pytest.raises(Unavailable):
            await client.heads(HeadsRequest([]))
    assert await line.refusal(token=str) is grpc.StatusCode.UNAUTHENTICATED


async def test_a_token_for_somebody_else_is_refused(line: Line, tmp_path: Path) -> None:
    stranger = made_by(tmp_path, "internal", AUD_INTERNAL)
    assert await line.refusal(token=lambda: stranger) is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("role", "audience"), [("admin", AUD_AGENT), ("internal", AUD_AGENT), ("admin", AUD_INTERNAL)]
)
async def test_a_token_of_ours_for_another_audience_is_refused(
    line: Line, role: str, audience: str
) -> None:
    directory = _keys_of(line)
    token = made_by(directory, role, audience)
    assert await line.refusal(token=lambda: token) is grpc.StatusCode.UNAUTHENTICATED


def _keys_of(line: Line) -> Path:
    maker: TokenMaker = line.security.token._maker  # type: ignore[attr-defined]
    return maker._directory


async def test_a_certificate_of_another_authority_is_refused(line: Line, tmp_path: Path) -> None:
    files = Authority("stranger").write(tmp_path)
    strange = {"cert_pem": files["rpc_cert"].read_bytes(), "key_pem": files["rpc_key"].read_bytes()}
    assert await line.refusal(**strange) is grpc.StatusCode.UNAVAILABLE
    ca_pem = files["rpc_ca"].read_bytes()
    assert await line.refusal(ca_pem=ca_pem) is grpc.StatusCode.UNAVAILABLE


async def test_a_caller_without_tls_or_certificate_gets_no_connection(line: Line) -> None:
    no_certificate = grpc.ssl_channel_credentials(line.security.ca_pem)
    for channel in (
        grpc.aio.insecure_channel(line.target),
        grpc.aio.secure_channel(line.target, no_certificate),
    ):
        async with channel:
            call: Any = channel.unary_unary(f"/{SERVICE}/heads")
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(b'{"conversation_ids": []}', timeout=5)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_target_over_tcp_names_the_file_it_lacks(tmp_path: Path) -> None:
    files = Authority().write(tmp_path)
    settings = Settings.model_validate({"rpc": "127.0.0.1:1", "data": tmp_path, **files})
    for name, variable in (("rpc_ca", "CA"), ("rpc_cert", "CERT"), ("rpc_key", "KEY")):
        for path in (None, tmp_path / "missing.pem"):
            with pytest.raises(BadSettings, match=rf"^CHORUS_RPC_{variable}: "):
                rpc_security(settings.model_copy(update={name: path}))


def test_a_unix_socket_needs_nothing(tmp_path: Path) -> None:
    assert rpc_security(Settings(data=tmp_path)) is None
    assert rpc_security(Settings(rpc="unix:/run/chorus.sock")) is None
