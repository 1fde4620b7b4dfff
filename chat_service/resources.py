"""What the chat API holds open while it runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import orjson

from chat_service.asking import Asking, open_asking
from chat_service.attachments import Files
from chat_service.deeds import Commands
from chat_service.emit import Publisher
from chat_service.identity import Identity
from chat_service.limits import Limits
from chat_service.oidc import SignIn
from chat_service.oidc_line import ProviderLine, provider_line
from chat_service.oidc_providers import Provider, parse_providers
from chat_service.origins import OriginBook
from chat_service.readiness import Readiness
from chat_service.receipts import Receipts
from chat_service.report_figures import Targets
from chat_service.reports import read_targets
from chat_service.rpc import ChatCalls
from chat_service.settings import ApiSettings
from chat_service.shared_buckets import SharedBuckets
from chat_service.store import security, work
from chat_service.trust import Trust
from chorus import keys, metrics, rpc
from chorus.auth import TokenMaker, Verifier
from chorus.bus import Client, RedisFailure, open_redis
from chorus.clock import SystemClock
from chorus.db import Db, open_db
from chorus.errors import ChorusError
from chorus.flags import Flags, open_flags
from chorus.issuers import configured_issuers, parse_issuers
from chorus.log import get_logger
from chorus.rpc_security import rpc_security
from chorus.settings import BadSettings
from chorus.tasks import vital
from chorus.web import Network, networks

log = get_logger(__name__)
PROCESS: Final = "api"
PROBED: Final = frozenset({"postgres", "redis", "writer"})
PROBE_S: Final = 1.0
PROBE_TIMEOUT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything an edge of this process may reach; acts get only what they use."""

    settings: ApiSettings
    db: Db
    system: Db
    redis: Client
    trust: Trust
    identity: Identity
    sign_in: SignIn
    commands: Commands
    receipts: Receipts
    publisher: Publisher
    limits: Limits
    trusted: tuple[Network, ...]
    origins: OriginBook
    readiness: Readiness
    flags: Flags
    targets: Targets
    clock: SystemClock
    rpc: ChatCalls
    files: Files
    asking: Asking


Opener = Callable[[ApiSettings], Any]


def check(settings: ApiSettings) -> None:
    """Raises BadSettings for what is only read when the app starts: there it would be a traceback."""
    networks(settings.trusted_proxies)
    parse_issuers(settings.issuers)
    _providers(settings)
    rpc_security(settings)
    _needs(settings)
    _flags(settings)
    read_targets(settings.slo_file)


async def reach_store(settings: ApiSettings) -> None:
    """Ask PostgreSQL for both roles before a server starts, whose start-up would log a traceback.

    Raises:
        RoleRefused, Unavailable: as `open_db`.
    """
    for role in ("chorus_app", "chorus_system"):
        async with _pool(settings, role, 1):
            pass


@asynccontextmanager
async def open_resources(settings: ApiSettings) -> AsyncIterator[Resources]:
    """Open pools, clients and keys; keep watching what changes elsewhere; serve gRPC."""
    async with AsyncExitStack() as stack:
        resources = await _open(stack, settings)
        _clear_stale_socket(settings.rpc_target)
        await stack.enter_async_context(
            rpc.serve(resources.rpc, settings.rpc_target, security=rpc_security(settings))
        )
        async with vital(
            metrics.watch_event_loop(PROCESS), _probe(resources), _follow_revocations(resources)
        ):
            try:
                yield resources
            finally:
                resources.readiness.draining = True


async def _open(stack: AsyncExitStack, settings: ApiSettings) -> Resources:
    clock = SystemClock()
    keys.ensure(settings.keys_dir)
    issuers = await stack.enter_async_context(
        configured_issuers(settings.keys_dir, settings.issuers)
    )
    flags = await stack.enter_async_context(
        open_flags(settings.unleash_url, token=settings.unleash_token, known=_flags(settings))
    )
    db, system = await _pools(stack, settings)
    redis = await stack.enter_async_context(open_redis(settings.redis_url))
    publisher = Publisher(redis)
    trust = Trust(db, Verifier(issuers), clock=clock)
    identity = Identity(
        db, TokenMaker(settings.keys_dir), publisher, clock, on_revoked=trust.note_revoked
    )
    commands = Commands(db, publisher, clock, timedelta(minutes=settings.edit_window_min), redis)
    stack.push_async_callback(commands.gathering.end)
    receipts = Receipts(db, publisher, clock)
    return Resources(
        settings=settings,
        db=db,
        system=system,
        redis=redis,
        trust=trust,
        identity=identity,
        sign_in=SignIn(identity, redis, await _lines(stack, settings)),
        commands=commands,
        receipts=receipts,
        publisher=publisher,
        limits=Limits(settings, SharedBuckets(redis)),
        trusted=networks(settings.trusted_proxies),
        origins=OriginBook(system),
        readiness=Readiness(_needs(settings)),
        flags=flags,
        targets=read_targets(settings.slo_file),
        clock=clock,
        rpc=ChatCalls(db, system, trust, publisher, clock, commands, receipts),
        files=Files(settings, db, trust),
        asking=await stack.enter_async_context(open_asking(settings.redis_url)),
    )


async def _lines(stack: AsyncExitStack, settings: ApiSettings) -> Mapping[str, ProviderLine]:
    return {
        one.settings.name: await stack.enter_async_context(provider_line(one, dev=settings.dev))
        for one in _providers(settings)
    }


async def _pools(stack: AsyncExitStack, settings: ApiSettings) -> tuple[Db, Db]:
    """Of the tenants' own connections, and of those across tenants."""
    own = _pool(settings, "chorus_app", settings.pool_size)
    across = _pool(settings, "chorus_system", settings.system_pool_size)
    return await stack.enter_async_context(own), await stack.enter_async_context(across)


def _pool(settings: ApiSettings, role: Any, size: int) -> Any:
    name = f"{PROCESS}:{role.removeprefix('chorus_')}"
    metrics.db_pool_size.labels(name).set(size)
    wait_ms = metrics.db_pool_wait_ms.labels(name)
    return open_db(
        settings.database_url,
        role=role,
        pool_size=size,
        application_name=f"chorus {name}",
        pool_timeout_s=settings.pool_timeout_ms / 1000,
        on_wait_s=lambda waited_s: wait_ms.observe(waited_s * 1000),
    )


def _providers(settings: ApiSettings) -> tuple[Provider, ...]:
    return parse_providers(
        settings.oidc, settings.oidc_secrets, base_url=settings.base_url, dev=settings.dev
    )


def _needs(settings: ApiSettings) -> tuple[str, ...]:
    named = tuple(name.strip() for name in settings.ready_needs.split(",") if name.strip())
    if not set(named) <= PROBED:
        raise BadSettings(f"CHORUS_READY_NEEDS: only {', '.join(sorted(PROBED))} can be asked")
    return named


def _flags(settings: ApiSettings) -> Mapping[str, bool]:
    return {str(name): bool(on) for name, on in _json(settings.flags, "CHORUS_FLAGS", dict).items()}


def _json(written: str, variable: str, kind: type[Any]) -> Any:
    try:
        value = orjson.loads(written)
    except orjson.JSONDecodeError as error:
        raise BadSettings(f"{variable}: this is not JSON") from error
    if not isinstance(value, kind):
        raise BadSettings(f"{variable}: a JSON {kind.__name__} is expected")
    return value


def _clear_stale_socket(target: str) -> None:
    """Remove the socket file of a process that was killed; a live one would still hold the port."""
    if target.startswith("unix:"):
        path = Path(target.removeprefix("unix:"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            path.unlink()


async def _probe(resources: Resources) -> None:
    """Ask both servers for ever, so that readiness knows."""
    while True:
        resources.readiness.note("postgres", up=await _answers(resources.db.ping()))
        resources.readiness.note("redis", up=await _answers(resources.redis.ping()))
        if "writer" in resources.readiness.needed:
            resources.readiness.note("writer", up=await _writers_work(resources.system))
        for name, db in (("api:app", resources.db), ("api:system", resources.system)):
            metrics.db_pool_in_use.labels(name).set(db.pool_in_use)
        await asyncio.sleep(PROBE_S)


async def _writers_work(system: Db) -> bool:
    """Say whether every partition has an owner whose lease runs."""
    try:
        async with system.raw_transaction() as raw:
            return await work.all_partitions_led(raw)
    except ChorusError:
        return False


async def _answers(call: Awaitable[Any]) -> bool:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            await call
    except (ChorusError, *RedisFailure):
        return False
    return True


async def _follow_revocations(resources: Resources) -> None:
    """Read what other processes revoked, for ever; a database that is away is asked again."""
    while True:
        try:
            async with resources.system.read(None) as session:
                rows = await security.revocations(session, at=resources.clock.now())
            resources.trust.revoked.replace(rows)
        except ChorusError as error:
            log.warning("revocations_unknown", error=type(error).__name__)
        await asyncio.sleep(resources.settings.revocations_poll_ms / 1000)
