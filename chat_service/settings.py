"""What each process of the chat service may be told, read once by its composition root."""

from typing import Annotated

from pydantic import Field

from chorus.settings import Settings


class DatabaseSettings(Settings):
    """What every process with a database reads."""

    database_url: str = Field("postgresql://127.0.0.1:5432/chorus", validation_alias="DATABASE_URL")
    """PostgreSQL: `postgresql://user:password@host:port/database`."""


class WriterSettings(DatabaseSettings):
    """The writer: from the ingest streams into PostgreSQL."""

    writer_lanes: Annotated[int, Field(ge=1, le=8)] = 2
    """Sets of partitions written side by side: one waits for the disk while another computes."""
    writer_batch_items: Annotated[int, Field(ge=1, le=5000)] = 500
    """Most messages in one transaction."""
    writer_linger_ms: Annotated[float, Field(ge=0, le=50)] = 2.0
    """Least time between two reads of a lane: a busy stream fills larger batches, an idle one waits for nothing."""
    writer_block_ms: Annotated[int, Field(ge=10, le=1000)] = 200
    """How long a lane waits for the first message before it looks at its leases again."""
    writer_lease_s: Annotated[float, Field(ge=1, le=60)] = 5.0
    """How long a partition belongs to a writer that says nothing more."""
    writer_renew_s: Annotated[float, Field(ge=0.1, le=20)] = 0.5
    """Time between two renewals; a writer whose session ended is replaced after three times as long."""
    writer_deliveries_max: Annotated[int, Field(ge=1, le=100)] = 5
    """Attempts before a message that cannot be stored goes to the dead-letter stream."""


class ConductorSettings(DatabaseSettings):
    """The conductor: relay, due jobs, reconcilers."""

    celery_broker_url: str = Field("", validation_alias="CELERY_BROKER_URL")
    """Celery's Redis; `REDIS_URL` when left out."""
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
    retention_days: Annotated[int, Field(ge=1, le=2555)] = 730
    """How long messages are kept where the tenant says nothing else."""
