"""What the gateway (and the bot) asks of the chat service: six methods over gRPC.

Messages are JSON, so there is no second schema language and no generated code (ADR-0011). The
listener is a Unix socket, or TCP with TLS and a service token. Every call has a deadline.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

import grpc
import grpc.aio
import orjson
from pydantic import TypeAdapter

from chorus import errors
from chorus.auth import AUD_INTERNAL, Principal
from chorus.errors import ChorusError, Unauthenticated, Unavailable
from chorus.log import get_logger
from chorus.wire.calls import (
    AccessReply,
    AccessRequest,
    ActReply,
    ActRequest,
    HeadsReply,
    HeadsRequest,
    IngestReply,
    IngestRequest,
    ReceiptsReply,
    ReceiptsRequest,
    ResumeReply,
    ResumeRequest,
)

log = get_logger(__name__)
SERVICE: Final = "chorus.internal.v1.Chat"
MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024
T = TypeVar("T")


class ChatRpc(Protocol):
    """The six calls. The client and the service both have this shape.

    Raises:
        ChorusError: what the service raised, as the same class; `Unavailable` when it cannot be
            reached in time.
    """

    async def access(self, request: AccessRequest) -> AccessReply: ...
    async def resume(self, request: ResumeRequest) -> ResumeReply: ...
    async def heads(self, request: HeadsRequest) -> HeadsReply: ...
    async def ingest(self, request: IngestRequest) -> IngestReply: ...
    async def act(self, request: ActRequest) -> ActReply: ...
    async def receipts(self, request: ReceiptsRequest) -> ReceiptsReply: ...


METHODS: Final[dict[str, tuple[type, type]]] = {
    "access": (AccessRequest, AccessReply),
    "resume": (ResumeRequest, ResumeReply),
    "heads": (HeadsRequest, HeadsReply),
    "ingest": (IngestRequest, IngestReply),
    "act": (ActRequest, ActReply),
    "receipts": (ReceiptsRequest, ReceiptsReply),
}
_ERRORS: Final = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, ChorusError)
}


@dataclass(frozen=True, slots=True)
class RpcSecurity:
    """What a TCP target needs: our certificate, whom we trust, and the service token."""

    ca_pem: bytes
    cert_pem: bytes
    key_pem: bytes
    token: Callable[[], str]
    verify: Callable[[str], Awaitable[Principal]]


def _dump(message: object) -> bytes:
    return orjson.dumps(message, default=_default)


def _default(value: object) -> list[object]:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)


def _load(kind: type[T]) -> Callable[[bytes], T]:
    return TypeAdapter(kind).validate_json


class RpcClient:
    """Calls the chat service. `timeout_s` bounds each call."""

    def __init__(
        self, channel: grpc.aio.Channel, *, timeout_s: float, token: Callable[[], str] | None
    ) -> None:
        self._timeout_s = timeout_s
        self._token = token
        self._calls: dict[str, Any] = {
            name: channel.unary_unary(
                f"/{SERVICE}/{name}", request_serializer=_dump, response_deserializer=_load(reply)
            )
            for name, (_, reply) in METHODS.items()
        }

    async def access(self, request: AccessRequest) -> AccessReply:
        return await self._call("access", request, AccessReply)

    async def resume(self, request: ResumeRequest) -> ResumeReply:
        return await self._call("resume", request, ResumeReply)

    async def heads(self, request: HeadsRequest) -> HeadsReply:
        return await self._call("heads", request, HeadsReply)

    async def ingest(self, request: IngestRequest) -> IngestReply:
        return await self._call("ingest", request, IngestReply)

    async def act(self, request: ActRequest) -> ActReply:
        return await self._call("act", request, ActReply)

    async def receipts(self, request: ReceiptsRequest) -> ReceiptsReply:
        return await self._call("receipts", request, ReceiptsReply)

    async def _call(self, name: str, request: object, reply: type[T]) -> T:
        metadata = (("authorization", f"Bearer {self._token()}"),) if self._token else ()
        try:
            answer = await self._calls[name](request, timeout=self._timeout_s, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise _rebuilt(error) from error
        assert isinstance(answer, reply)
        return answer


def _rebuilt(error: grpc.aio.AioRpcError) -> ChorusError:
    """Turn a status back into the error that the service raised."""
    if error.code() is not grpc.StatusCode.ABORTED:
        return Unavailable()
    facts = orjson.loads(error.details() or "{}")
    kind = _ERRORS.get(facts.get("error", ""), Unavailable)
    return kind(facts.get("detail"), **facts.get("extra", {}))


@asynccontextmanager
async def open_client(
    target: str, *, timeout_s: float = 5.0, security: RpcSecurity | None = None
) -> AsyncIterator[RpcClient]:
    """Dial the chat service. A target that is no Unix socket needs `security`."""
    options = (
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1_000),
        ("grpc.enable_http_proxy", 0),
    )
    if target.startswith("unix:"):
        channel = grpc.aio.insecure_channel(target, options=options)
    else:
        channel = grpc.aio.secure_channel(target, _channel_credentials(security), options=options)
    async with channel:
        yield RpcClient(channel, timeout_s=timeout_s, token=security.token if security else None)


def _channel_credentials(security: RpcSecurity | None) -> grpc.ChannelCredentials:
    if security is None:
        raise ValueError("a gRPC target over TCP needs TLS and a service token")
    return grpc.ssl_channel_credentials(security.ca_pem, security.key_pem, security.cert_pem)


@asynccontextmanager
async def serve(
    service: ChatRpc, target: str, *, security: RpcSecurity | None = None
) -> AsyncIterator[None]:
    """Listen at `target` while the context is open; stops with 2 s of grace."""
    server = grpc.aio.server(
        options=(
            ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
            ("grpc.so_reuseport", 0),
        )
    )
    server.add_generic_rpc_handlers((_handlers(service, security),))
    if target.startswith("unix:"):
        server.add_insecure_port(target)
    else:
        server.add_secure_port(target, _server_credentials(security))
    await server.start()
    try:
        yield
    finally:
        await server.stop(grace=2.0)


def _server_credentials(security: RpcSecurity | None) -> grpc.ServerCredentials:
    if security is None:
        raise ValueError("a gRPC listener over TCP needs TLS and a service token")
    pair = [(security.key_pem, security.cert_pem)]
    return grpc.ssl_server_credentials(pair, security.ca_pem, require_client_auth=True)


def _handlers(service: ChatRpc, security: RpcSecurity | None) -> grpc.GenericRpcHandler:
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            name: grpc.unary_unary_rpc_method_handler(
                _served(getattr(service, name), security),
                request_deserializer=_load(request),
                response_serializer=_dump,
            )
            for name, (request, _) in METHODS.items()
        },
    )


def _served(method: Callable[[Any], Awaitable[Any]], security: RpcSecurity | None) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        if security is not None:
            await _authenticate(context, security)
        try:
            return await method(request)
        except ChorusError as error:
            facts = {"error": type(error).__name__, "detail": error.detail, "extra": error.extra}
            await context.abort(grpc.StatusCode.ABORTED, orjson.dumps(facts, default=str).decode())

    return call


async def _authenticate(context: grpc.aio.ServicerContext[Any, Any], security: RpcSecurity) -> None:
    """Refuse with a status of gRPC: to a client it is a server out of reach, not a bad visitor."""
    metadata = dict(context.invocation_metadata() or ())
    scheme, _, token = str(metadata.get("authorization", "")).partition(" ")
    try:
        believed = scheme == "Bearer" and (await security.verify(token)).audience == AUD_INTERNAL
    except Unauthenticated:
        believed = False
    if not believed:
        log.warning("rpc_caller_refused", peer=context.peer())
        await context.abort(grpc.StatusCode.UNAUTHENTICATED)
