"""What each process of the chat service may be told, read once by its composition root."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from chorus.settings import DatabaseSettings


class WriterSettings(DatabaseSettings):
    """The writer: from the ingest streams into PostgreSQL."""

    writer_lanes: Annotated[int, Field(ge=1, le=8)] = 1
    """Sets of partitions written side by side, each with a connection to PostgreSQL. More than one helps where cores are free; on two, larger batches are quicker."""
    writer_batch_items: Annotated[int, Field(ge=1, le=5000)] = 500
    """Most messages in one transaction."""
    writer_linger_ms: Annotated[float, Field(ge=0, le=50)] = 2.0
    """Least time from one read of a busy lane to the next, so that larger batches form; a calm one waits for nothing."""
    writer_block_ms: Annotated[int, Field(ge=10, le=1000)] = 200
    """How long a lane waits for the first message before it looks at its leases again."""
    writer_lease_s: Annotated[float, Field(ge=1, le=60)] = 5.0
    """How long a partition belongs to a writer that says nothing more."""
    writer_renew_s: Annotated[float, Field(ge=0.1, le=20)] = 0.5
    """Time between two renewals; a writer whose session ended is replaced after a little more than three times as long."""
    writer_deliveries_max: Annotated[int, Field(ge=1, le=100)] = 5
    """Attempts before a message that cannot be stored goes to the dead-letter stream."""


class FileSettings(DatabaseSettings):
    """What every process reads that keeps or removes files of people."""

    files: Path | None = None
    """Directory of what people attach, shared by all chat APIs and the conductor; `<data>/files` when left out."""

    @property
    def files_dir(self) -> Path:
        return self.files or self.data / "files"


class ConductorSettings(FileSettings):
    """The conductor: relay, due jobs, reconcilers."""

    celery_broker_url: str = Field("", validation_alias="CELERY_BROKER_URL")
    """Celery's Redis; `REDIS_URL` when left out."""
    conductor_pool_size: Annotated[int, Field(ge=6, le=100)] = 12
    """Connections to PostgreSQL: for the lock, the router, and most of what is done side by side."""
    conductor_poll_ms: Annotated[int, Field(ge=10, le=10_000)] = 200
    """Time between two looks at the outbox and at due jobs."""
    conductor_batch: Annotated[int, Field(ge=1, le=5000)] = 500
    """Most events or jobs taken at once."""
    conductor_job_lease_s: Annotated[float, Field(ge=1, le=3600)] = 15.0
    """How long a job belongs to the process that took it."""
    conductor_sweep_s: Annotated[float, Field(ge=0.1, le=3600)] = 5.0
    """Time between two sweeps for expired job leases."""
    conductor_reconcile_s: Annotated[float, Field(ge=1, le=86_400)] = 60.0
    """Time between two comparisons of inbox columns with the messages."""
    outbox_keep_h: Annotated[int, Field(ge=1, le=720)] = 24
    """How long relayed events and command answers are kept."""
    routing_decisions_days: Annotated[int, Field(ge=1, le=2555)] = 30
    """How long it is kept why a session was routed as it was."""
    retention_days: Annotated[int, Field(ge=1, le=2555)] = 730
    """How long messages are kept where the tenant says nothing else."""


class ApiSettings(FileSettings):
    """The chat API: REST for clients, gRPC for gateways."""

    host: str = "127.0.0.1"
    """Address the API listens on, where it runs by itself."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    """Port the API listens on, where it runs by itself."""
    base_url: str = ""
    """What clients see in front of all paths, like `https://chat.example.com`; the request's own host when empty."""
    pages: Path | None = None
    """Directory of built pages; its `docs` folder holds the API browser."""
    pool_size: Annotated[int, Field(ge=1, le=500)] = 30
    """Database connections of this process that are bound to one tenant at a time."""
    system_pool_size: Annotated[int, Field(ge=1, le=100)] = 5
    """Database connections for heads, revocations and bypassed messages, across tenants."""
    pool_timeout_ms: Annotated[int, Field(ge=10, le=60_000)] = 500
    """How long a request waits for a free database connection before it is told OVERLOADED."""
    trusted_proxies: str = ""
    """Networks whose X-Forwarded-For is believed, comma-separated, like `10.0.0.0/8,fd00::/8`."""
    issuers: str = "[]"
    """External token issuers as JSON: `[{name, jwks_url, audiences, claims?: {tenant?, role?, user?}, tenant_id?}]`."""
    oidc: str = "[]"
    """Identity providers that agents sign in by, as JSON: `[{name, label, tenant, issuer, client_id, ...}]`; see `docs/sign-in.md`."""
    oidc_secrets: str = Field("{}", repr=False)
    """Client secrets by name of the provider, as JSON; `client_secret_file` of a provider is the other way."""
    limit_loopback: bool = False
    """Applies the limits per address to loopback as well."""
    visitors_per_h: Annotated[int, Field(ge=1)] = 10
    """New visitor sessions and conversations an hour and address; in each process while Redis is away."""
    logins_per_subject: Annotated[int, Field(ge=1)] = 5
    """Attempts to sign in per e-mail address in 15 minutes; in each process while Redis is away."""
    logins_per_address: Annotated[int, Field(ge=1)] = 20
    """Attempts to sign in per address in 15 minutes; in each process while Redis is away."""
    tenant_requests_per_s: Annotated[float, Field(gt=0)] = 200.0
    """REST requests of one tenant a second, in each process."""
    tenant_requests_burst: Annotated[int, Field(ge=1)] = 400
    """REST requests of one tenant at once, in each process."""
    visitor_requests_per_s: Annotated[float, Field(gt=0)] = 20.0
    """REST requests of one visitor a second, in each process: a part of what the tenant has."""
    visitor_requests_burst: Annotated[int, Field(ge=1)] = 100
    """REST requests of one visitor at once, in each process."""
    customer_messages_per_s: Annotated[float, Field(gt=0)] = 5.0
    """Messages of a customer by REST a second, on average, in each process."""
    customer_messages_burst: Annotated[int, Field(ge=1)] = 20
    """Messages of a customer by REST at once, in each process."""
    agent_messages_per_s: Annotated[float, Field(gt=0)] = 10.0
    """Messages of an agent by REST a second, on average, in each process."""
    agent_messages_burst: Annotated[int, Field(ge=1)] = 40
    """Messages of an agent by REST at once, in each process."""
    commands_per_s: Annotated[float, Field(gt=0)] = 10.0
    """Commands of one person by REST a second, on average, in each process."""
    commands_burst: Annotated[int, Field(ge=1)] = 20
    """Commands of one person by REST at once, in each process."""
    body_max_bytes: Annotated[int, Field(ge=1024)] = 72 * 1024
    """Largest body of a REST request: a frame and some slack."""
    uploads: bool = True
    """Whether people may attach files."""
    file_max_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 10 << 20
    """Largest file somebody may attach."""
    file_pixels_max: Annotated[int, Field(ge=10_000, le=100_000_000)] = 40_000_000
    """Most pixels of a picture, and half of what all frames of a moving one may have."""
    file_frames_max: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Most frames of a moving picture."""
    file_checks_max: Annotated[int, Field(ge=1, le=64)] = 2
    """Files that are looked into at once in each process; others wait for their turn."""
    file_receives_max: Annotated[int, Field(ge=1, le=1000)] = 32
    """Files that come in at once in each process: a quarter of them of one tenant, three of one person; more wait 20 s."""
    file_receive_s: Annotated[float, Field(ge=1, le=3600)] = 180.0
    """How long a file may take to come in."""
    file_link_s: Annotated[int, Field(ge=10, le=3600)] = 900
    """How long a link to a file is good, unless who asked for it is shut out before."""
    files_url: str = ""
    """What stands in front of links to files, for a host of their own; `CHORUS_BASE_URL` when empty."""
    files_visitor_day_max_bytes: Annotated[int, Field(ge=0)] = 100 << 20
    """What one visitor may attach within 24 hours."""
    files_tenant_max_bytes: Annotated[int, Field(ge=0)] = 5 << 30
    """What all files of a tenant may have; visitors add none beyond four fifths of it."""
    uploads_per_h: Annotated[float, Field(gt=0)] = 120.0
    """Files of one person an hour, on average, in each process; five times that of all visitors of one address."""
    uploads_burst: Annotated[int, Field(ge=1)] = 20
    """Files of one person at once, in each process."""
    scan_command: str = ""
    """A command that gets the path of a file as its last word and ends with 0 where it may be kept."""
    scan_s: Annotated[float, Field(ge=0.1, le=600)] = 30.0
    """How long that command may take; files it has no answer to are not taken."""
    edit_window_min: Annotated[int, Field(ge=0)] = 15
    """How long a customer may change or take back a message."""
    ready_needs: str = "postgres,redis"
    """What `/readyz` waits for, comma-separated: `postgres`, `redis`, and `writer` for a writer on every partition."""
    revocations_poll_ms: Annotated[int, Field(ge=50, le=5_000)] = 1_000
    """Time between two looks at what was revoked elsewhere."""
    slo_file: Path | None = None
    """JSON with the service level objectives that reports are held against; the one that is shipped when left out."""
    unleash_url: str = ""
    """Flag server; without one, `CHORUS_FLAGS` holds."""
    unleash_token: str = ""
    """Token for the flag server."""
    flags: str = "{}"
    """Feature flags as JSON, like `{"name": true}`, used without a flag server."""
