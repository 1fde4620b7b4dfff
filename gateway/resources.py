"""What the gateway holds open. Below the composition root nobody receives it whole but the shells."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from secrets import randbits

from chorus import bus, keys, rpc, topics
from chorus.auth import Verifier
from chorus.issuers import configured_issuers, parse_issuers
from chorus.rpc import ChatRpc
from chorus.rpc_security import rpc_security
from chorus.topics import node_name
from chorus.web import Network, networks
from gateway import origins
from gateway.admission import Admission, AdmissionLimits
from gateway.announce import Announcer
from gateway.choices import Choices
from gateway.fanout import Fanout
from gateway.forward import Forwarder
from gateway.health import Health
from gateway.hub import Hub
from gateway.inboxes import Inboxes
from gateway.marks import Marks
from gateway.pending import Outstanding
from gateway.repair import Repairer
from gateway.revocation import Revocations
from gateway.rules import Rules
from gateway.settings import GatewaySettings
from gateway.succession import Succession
from gateway.tasks import Tasks


@dataclass(slots=True)
class Resources:
    """One gateway process, opened."""

    settings: GatewaySettings
    rules: Rules
    node: int
    verifier: Verifier
    rpc: ChatRpc
    redis: bus.Client
    listener: bus.Listener
    hub: Hub
    outstanding: Outstanding
    forwarder: Forwarder
    fanout: Fanout
    repairer: Repairer
    revocations: Revocations
    health: Health
    succession: Succession
    choices: Choices
    inboxes: Inboxes
    marks: Marks
    announcer: Announcer
    admission: Admission
    tasks: Tasks
    trusted: tuple[Network, ...]
    configured_origins: frozenset[str]
    overloaded: bool = False
    draining: bool = False
    answered: dict[str, bool] = field(default_factory=lambda: {"redis": False, "chat": False})


def rules_of(settings: GatewaySettings, node: int) -> Rules:
    return Rules(
        node=node_name(node),
        nonce_key=keys.nonce_key(settings.keys_dir),
        ping_ms=settings.ping_ms,
        dead_ms=settings.dead_ms,
        auth_ms=settings.auth_ms,
        ack_ms=settings.ack_ms,
        expiry_grace_ms=settings.expiry_grace_ms,
        customer_messages=(settings.customer_messages_per_s, settings.customer_messages_burst),
        agent_messages=(settings.agent_messages_per_s, settings.agent_messages_burst),
        commands=(settings.commands_per_s, settings.commands_burst),
        signs=(settings.signs_per_s, settings.signs_burst),
        typing=(1000 / settings.typing_every_ms, 1),
        elsewhere={
            "sockets_per_customer": (0.0, settings.sockets_per_customer),
            "sockets_per_agent": (0.0, settings.sockets_per_agent),
            "sockets_per_tenant": (0.0, settings.sockets_per_tenant),
            "sockets_per_address": (0.0, settings.sockets_per_address),
            "handshake": (settings.handshakes_per_s, settings.handshakes_burst),
            "visitor_session": (settings.visitors_per_h / 3600, settings.visitors_per_h),
        },
    )


def admission_of(settings: GatewaySettings) -> Admission:
    return Admission(
        AdmissionLimits(
            sockets=settings.max_sockets,
            sockets_per_address=settings.sockets_per_address,
            handshakes_per_s=settings.handshakes_per_s,
            handshakes_burst=settings.handshakes_burst,
            limit_loopback=settings.limit_loopback,
        )
    )


def check(settings: GatewaySettings) -> None:
    """Raises BadSettings for what is only read when the app starts: there it would be a traceback."""
    networks(settings.trusted_proxies)
    parse_issuers(settings.issuers)
    rpc_security(settings)


@asynccontextmanager
async def open_resources(settings: GatewaySettings) -> AsyncIterator[Resources]:
    """Open everything a gateway needs. Nothing is asked of Redis or the chat service yet."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(bus.open_redis(settings.redis_url))
        ingest = await stack.enter_async_context(
            bus.open_redis(settings.redis_url, timeout_s=settings.ingest_timeout_ms / 1000)
        )
        chat = await stack.enter_async_context(
            rpc.open_client(
                settings.rpc_target,
                timeout_s=settings.rpc_timeout_ms / 1000,
                security=rpc_security(settings),
            )
        )
        issuers = await stack.enter_async_context(
            configured_issuers(settings.keys_dir, settings.issuers)
        )
        tasks = await stack.enter_async_context(Tasks())
        yield assemble(settings, (client, ingest), chat, Verifier(issuers), tasks)


def assemble(
    settings: GatewaySettings,
    redis: tuple[bus.Client, bus.Client],
    chat: ChatRpc,
    verifier: Verifier,
    tasks: Tasks,
) -> Resources:
    """Wire the parts of one gateway together. `redis`: for everything else, and for the ingest log."""
    client, ingest = redis
    node = randbits(63) | 1
    outstanding = Outstanding()
    hub = Hub(outstanding)
    revocations = Revocations(hub)
    health = Health(hub)
    repairer = Repairer(
        hub,
        chat,
        tasks,
        gap_wait_s=settings.gap_wait_ms / 1000,
        on_revoked=revocations.add,
    )
    inboxes = Inboxes(hub, chat, tasks)
    succession = Succession(hub, client, tasks, node=node)
    choices = Choices(hub, chat)
    fanout = Fanout(
        hub=hub,
        outstanding=outstanding,
        repairer=repairer,
        node=node,
        on_inbox=inboxes.heard,
        on_word={
            "revoke": revocations.heard,
            "newest": succession.heard,
            "status": choices.heard,
        },
    )
    forwarder = Forwarder(
        client=ingest,
        rpc=chat,
        outstanding=outstanding,
        deliver=fanout.deliver,
        on_path=_tell(health),
    )
    listener = _listener(settings, node, fanout, _on_gap(forwarder, repairer, inboxes))
    inboxes.listener = listener
    return Resources(
        settings=settings,
        rules=rules_of(settings, node),
        node=node,
        verifier=verifier,
        rpc=chat,
        redis=client,
        listener=listener,
        hub=hub,
        outstanding=outstanding,
        forwarder=forwarder,
        fanout=fanout,
        repairer=repairer,
        revocations=revocations,
        health=health,
        succession=succession,
        choices=choices,
        inboxes=inboxes,
        marks=Marks(chat),
        announcer=Announcer(
            hub, client, node_name(node), choices, agent_away_s=settings.agent_away_s
        ),
        admission=admission_of(settings),
        tasks=tasks,
        trusted=networks(settings.trusted_proxies),
        configured_origins=origins.configured(settings.allowed_origins),
    )


def _tell(health: Health) -> Callable[[bool], None]:
    def tell(bypassing: bool) -> None:
        health.note("realtime", lost=bypassing)

    return tell


def _on_gap(forwarder: Forwarder, repairer: Repairer, inboxes: Inboxes) -> Callable[[], None]:
    def on_gap() -> None:
        forwarder.connection_lost()
        repairer.all_dirty()
        inboxes.all_dirty()

    return on_gap


def _listener(
    settings: GatewaySettings, node: int, fanout: Fanout, on_gap: Callable[[], None]
) -> bus.Listener:
    return bus.Listener(
        settings.redis_url,
        channels=[*topics.fan_channels(), topics.gateway(node), topics.CONTROL],
        on_message=fanout.on_message,
        on_gap=on_gap,
        silent_s=settings.deaf_ms / 1000,
    )
