"""Settings of the gateway."""

from pydantic import Field

from chorus.settings import Settings


class GatewaySettings(Settings):
    """What the WebSocket edge reads."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(8080, ge=0, le=65_535)
    """Port to listen on."""
    edges: int = Field(1, ge=1, le=64)
    """Gateway processes that share the port by SO_REUSEPORT."""
    allowed_origins: str = ""
    """Origins that may open sockets besides those of an inbox, comma-separated; empty: the page's own host only."""
    trusted_proxies: str = ""
    """Networks whose X-Forwarded-For is believed, comma-separated."""
    issuers: str = "[]"
    """External token issuers as JSON: `[{name, jwks_url, audiences, claims?: {tenant?, role?, user?}, tenant_id?}]`."""
    ping_ms: int = Field(25_000, ge=100)
    """How often an idle socket is pinged."""
    dead_ms: int = Field(35_000, ge=200)
    """A socket that was not heard for so long is closed with 4201."""
    auth_ms: int = Field(10_000, ge=100)
    """Time for the first `auth` frame."""
    ack_ms: int = Field(10_000, ge=100)
    """A message without an answer for so long gets `nack UNAVAILABLE ambiguous`."""
    expiry_grace_ms: int = Field(25_000, ge=0)
    """A socket whose token expired so long ago, without a new one, is closed with 4300."""
    customer_queue_bytes: int = Field(262_144, ge=4_096)
    """Outbound bytes that may wait for a customer's socket before it is closed with 4102."""
    agent_queue_bytes: int = Field(1_048_576, ge=4_096)
    """The same for an agent's socket."""
    write_timeout_ms: int = Field(5_000, ge=100)
    """A socket that takes no byte for so long, three times in a row, is closed with 4106."""
    gap_wait_ms: int = Field(50, ge=0)
    """How long an early frame waits for the missing ones before they are read from the database."""
    deaf_ms: int = Field(15_000, ge=100)
    """When the fan-out was silent for so long, our own canaries included, it is connected anew."""
    ingest_timeout_ms: int = Field(500, ge=50, le=1_000)
    """How long Redis may take to append messages before they are sent again."""
    heads_every_ms: int = Field(10_000, ge=100)
    """How often the heads of local conversations are compared with the database."""
    max_backlog: int = Field(50_000, ge=1)
    """Ingest entries above which new messages get `OVERLOADED`."""
    max_sockets: int = Field(20_000, ge=1)
    """Open sockets of this process above which an upgrade gets HTTP 503."""
    sockets_per_address: int = Field(200, ge=1)
    """Open sockets of one address, in each process."""
    sockets_per_customer: int = Field(10, ge=1)
    """Open sockets of one customer, in each process."""
    sockets_per_agent: int = Field(100, ge=1)
    """Open sockets of one agent, in each process."""
    sockets_per_tenant: int = Field(2_000, ge=1)
    """Open sockets of one tenant, in each process."""
    handshakes_per_s: float = Field(1.0, gt=0)
    """Handshakes of one address a second, on average, in each process."""
    handshakes_burst: int = Field(30, ge=1)
    """Handshakes of one address at once, in each process."""
    customer_messages_per_s: float = Field(5.0, gt=0)
    """Messages of a customer's socket a second, on average."""
    customer_messages_burst: int = Field(20, ge=1)
    """Messages of a customer's socket at once."""
    agent_messages_per_s: float = Field(10.0, gt=0)
    """Messages of an agent's socket a second, on average."""
    agent_messages_burst: int = Field(40, ge=1)
    """Messages of an agent's socket at once."""
    commands_per_s: float = Field(10.0, gt=0)
    """Commands of a socket a second, on average."""
    commands_burst: int = Field(20, ge=1)
    """Commands of a socket at once."""
    signs_per_s: float = Field(10.0, gt=0)
    """Pings and receipts of a socket a second, on average; what is more is dropped."""
    signs_burst: int = Field(400, ge=1)
    """Pings and receipts of a socket at once: two receipts for each conversation an agent follows."""
    typing_every_ms: int = Field(3_000, ge=1)
    """A socket says at most so often that somebody begins to type; what is more is dropped."""
    visitors_per_h: int = Field(10, ge=1)
    """New visitor sessions an hour and address: kept by the chat service, told by `hello`."""
    limit_loopback: bool = False
    """Apply per-address limits to loopback, too."""
    drain_s: float = Field(25.0, ge=0)
    """Over how many seconds sockets are moved when the process ends."""
    rpc_timeout_ms: int = Field(5_000, ge=100)
    """Deadline of a call to the chat service."""
    agent_away_s: float = Field(600.0, gt=0)
    """An agent who did nothing for so long is away, until they do something on any device."""
    presence_every_ms: int = Field(5_000, ge=100)
    """How often people on local sockets are announced."""
