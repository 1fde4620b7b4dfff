"""Every metric, defined once. Tenant is never a label. Safe with several processes.

With `PROMETHEUS_MULTIPROC_DIR` set, all processes of a machine write there and `render` adds them
up; `docs/metrics.md` is generated from this file.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)

MULTIPROC_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

# The stock class asks for the pid at every observation, a system call each; our processes never
# fork after this import.
_PID = os.getpid()
if MULTIPROC_VARIABLE in os.environ:  # noqa: TID251 (prometheus_client reads it itself)
    values.ValueClass = values.MultiProcessValue(lambda: _PID)  # type: ignore[no-untyped-call]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MS = (0.5, 1, 2, 3, 5, 8, 12, 15, 20, 30, 50, 100, 250, 500, 1000, 2500, 5000, 10000)
_COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_TENTHS = [n / 10 for n in range(1, 10)]
_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)

ws_connections = Gauge("ws_connections", "Open sockets.", ["kind"], multiprocess_mode="livesum")
ws_disconnects_total = Counter(
    "ws_disconnects_total", "Sockets that ended, by close code.", ["code", "clean"]
)
ws_handshakes_total = Counter(
    "ws_handshakes_total", "Upgrades, by what became of them.", ["result"]
)
msg_rtt_ms = Histogram("msg_rtt_ms", "From a message frame to its `delivered`.", buckets=_MS)
messages_total = Counter("messages_total", "Messages by what became of them.", ["result"])
nacks_total = Counter("nacks_total", "Refused frames, by code.", ["code"])
resume_total = Counter("resume_total", "Resumed conversations, by result.", ["result"])
gaps_total = Counter(
    "gaps_total", "Holes found in a fan-out, by how they were found.", ["found_by"]
)
bad_publications_total = Counter(
    "bad_publications_total",
    "Publications that made no sense and were dropped, by kind of channel.",
    ["channel"],
)
fanout_lag_ms = Histogram("fanout_lag_ms", "From commit to a gateway's fan-out.", buckets=_MS)
send_queue_bytes = Histogram(
    "send_queue_bytes",
    "Bytes waiting for one socket when a frame is added.",
    buckets=(0, 1024, 4096, 16384, 65536, 262144, 1048576),
)
ephemeral_dropped_total = Counter(
    "ephemeral_dropped_total", "Ephemeral frames not given to a slow socket.", ["event"]
)
event_loop_lag_ms = Histogram(
    "event_loop_lag_ms", "How late a timer fires.", ["process"], buckets=_MS
)
ingest_backlog = Gauge(
    "ingest_backlog", "Entries in the ingest streams.", multiprocess_mode="mostrecent"
)
ingest_batch_size = Histogram(
    "ingest_batch_size", "Messages per writer transaction.", buckets=_COUNTS
)
ingest_dead_total = Counter("ingest_dead_total", "Poison entries moved to a dead-letter stream.")
writer_commit_ms = Histogram("writer_commit_ms", "One writer transaction.", buckets=_MS)
leases_held = Gauge("leases_held", "Ingest partitions held.", multiprocess_mode="livesum")
outbox_backlog = Gauge("outbox_backlog", "Events not yet relayed.", multiprocess_mode="mostrecent")
outbox_relayed_total = Counter("outbox_relayed_total", "Events relayed.")
jobs_total = Counter("jobs_total", "Jobs by kind and result.", ["kind", "result"])
db_pool_in_use = Gauge(
    "db_pool_in_use", "Database connections in use.", ["process"], multiprocess_mode="livesum"
)
db_pool_size = Gauge(
    "db_pool_size", "Database connections allowed.", ["process"], multiprocess_mode="livesum"
)
db_pool_wait_ms = Histogram(
    "db_pool_wait_ms", "Waiting for a connection.", ["process"], buckets=_MS
)
redis_breaker_open = Gauge(
    "redis_breaker_open",
    "1 while Redis cannot be reached.",
    ["process"],
    multiprocess_mode="livemax",
)
presence_transitions_total = Counter(
    "presence_transitions_total", "People who came or went.", ["status"]
)
http_requests_total = Counter(
    "http_requests_total", "REST requests.", ["route", "method", "status"]
)
http_request_ms = Histogram("http_request_ms", "REST requests.", ["route", "method"], buckets=_MS)
rpc_requests_total = Counter("rpc_requests_total", "Internal calls.", ["method", "result"])
rpc_request_ms = Histogram("rpc_request_ms", "Internal calls.", ["method"], buckets=_MS)
escalations_total = Counter("escalations_total", "Steps of wishes for a person.", ["state"])
queue_wait_s = Histogram("queue_wait_s", "From the wish to an agent.", buckets=_S)
handle_time_s = Histogram("handle_time_s", "From an accept to the session's end.", buckets=_S)
offers_total = Counter("offers_total", "Offers, by result.", ["result"])
routing_ms = Histogram("routing_ms", "One routing round of a tenant.", buckets=_MS)
routing_decisions_total = Counter("routing_decisions_total", "Decisions, by outcome.", ["why"])
queue_depth = Gauge("queue_depth", "Sessions that wait.", multiprocess_mode="mostrecent")
summary_latency_ms = Histogram("summary_latency_ms", "Until a summary is there.", buckets=_MS)
llm_requests_total = Counter("llm_requests_total", "Model calls.", ["feature", "result"])
llm_cost_usd_total = Counter("llm_cost_usd_total", "What model calls cost.", ["feature"])
knowledge_searches_total = Counter("knowledge_searches_total", "By index or by words.", ["how"])
knowledge_sources_total = Counter("knowledge_sources_total", "What became of sources.", ["state"])
knowledge_foreign_hits_total = Counter("knowledge_foreign_hits_total", "Dropped hits of others.")
grounding_rejects_total = Counter(
    "grounding_rejects_total", "Lines of models that nothing bears out.", ["field"]
)
asks_total = Counter("asks_total", "Asked of who has index and models.", ["what", "result"])
proposals_total = Counter(
    "proposals_total", "Replies proposed to agents, and what became of them.", ["source", "outcome"]
)

uploads_total = Counter("uploads_total", "Files that came, by what became of them.", ["result"])

bot_turns_total = Counter("bot_turns_total", "What turns of bots came to.", ["action"])
bot_handoffs_total = Counter("bot_handoffs_total", "Why bots called a person.", ["reason"])
bot_outcomes_total = Counter("bot_outcomes_total", "What came of bots' stretches.", ["outcome"])
bot_confidence = Histogram("bot_confidence", "Of what bots found.", buckets=_TENTHS)


def render() -> bytes:
    """All metrics of this machine in the text format."""
    if MULTIPROC_VARIABLE not in os.environ:  # noqa: TID251 (prometheus_client reads it itself)
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget_process(pid: int) -> None:
    """Drop the live gauges of a process that ended; called by the supervisor."""
    if MULTIPROC_VARIABLE in os.environ:  # noqa: TID251
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


@contextmanager
def timed(histogram: Histogram) -> Iterator[None]:
    """Observe how many milliseconds the block took."""
    started = perf_counter()
    try:
        yield
    finally:
        histogram.observe((perf_counter() - started) * 1000)


async def watch_event_loop(process: str, *, every_s: float = 0.5) -> None:
    """Measure for ever how late a timer fires in this event loop."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every_s
        await asyncio.sleep(every_s)
        event_loop_lag_ms.labels(process).observe(max(0.0, loop.time() - due) * 1000)
