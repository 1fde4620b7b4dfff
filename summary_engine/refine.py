"""Refining one summary: a job is taken, models are asked, and what they say is kept or dropped.

The floor is shown already and nobody waits for this. Whatever goes wrong, the floor stays.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final
from uuid import UUID

from ai.contracts import SCHEMA, ConversationSummary, Msg
from ai.extract.rows import messages_of
from ai.extract.summary import full
from ai.models.question import For
from ai.summarise.request import Kind, Made, Request, Summariser
from chorus import metrics, topics
from chorus.bus import Client, publish_all
from chorus.clock import Clock, rfc3339, unix_ms
from chorus.db import Db
from chorus.errors import Overloaded, Unavailable
from chorus.jobs import JobKind
from chorus.log import get_logger
from chorus.topics import Audience, Header
from chorus.topics import Kind as FrameKind
from chorus.wire.envelope import encode_raw
from summary_engine import store
from summary_engine.store import Conversation, FenceRaised, Job, Refined

log = get_logger(__name__)

BUDGET_S: Final[dict[Kind, float]] = {"fast": 2.0, "rich": 12.0}
"""`fast`: from the moment somebody asked. `rich`: from the start of the task, for nobody waits for it."""
RETURN_S: Final = 0.1
"""Of it, for what no deadline here sees: the way to us, and the commit on a busy machine."""
LEASE_S: Final = 20.0
STALE_S: Final = 60.0
"""Who asked so long ago looks at something else by now; who opens it again asks again."""
ATTEMPTS_MAX: Final = 3
RETRY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Refinery:
    """What refining needs. `now_s` is the summariser's clock."""

    db: Db
    client: Client
    clock: Clock
    summariser: Summariser
    now_s: Callable[[], float] = monotonic

    async def wake(self, job_id: UUID) -> None:
        """Do a job once, if it is still to be done. Raises nothing: the row says what became of it."""
        try:
            async with self.db.raw_transaction() as connection:
                job = await store.take(connection, job_id, lease_s=LEASE_S)
            if job is not None:
                await self._do(job)
        except (FenceRaised, Unavailable, Overloaded) as error:
            # The lease brings it back.
            log.warning("job_dropped", job=str(job_id), error=type(error).__name__)

    async def _do(self, job: Job) -> None:
        try:
            result = await self._refine(job)
        except (FenceRaised, Unavailable, Overloaded):
            raise
        except Exception as error:
            log.exception("job_failed", job=str(job.id))
            why = type(error).__name__
            async with self.db.raw_transaction() as connection:
                await store.fail(
                    connection, job, retry_s=RETRY_S, attempts_max=ATTEMPTS_MAX, why=why
                )
            result = "failed"
        metrics.jobs_total.labels(JobKind.REFINE_SUMMARY.value, result).inc()

    async def _refine(self, job: Job) -> str:
        """Says what became of it."""
        kind: Kind = "rich" if job.payload.get("kind") == "rich" else "fast"
        left_s = BUDGET_S["rich"] if kind == "rich" else self._left_s(job)
        if left_s <= 0:
            return await self._drop(job, "late")
        until_s = self.now_s() + left_s - RETURN_S
        async with self.db.raw_transaction() as connection:
            told = await store.conversation(connection, job.tenant_id, job.conversation_id)
        if told is None or not _is_wanted(told, kind):
            return await self._drop(job, "needless")
        messages, floor = await asyncio.to_thread(_read, told.rows)
        whom = For(job.tenant_id, told.slug, told.tier, job.conversation_id)
        made = await self.summariser.ainvoke(
            Request(whom, messages, floor, kind=kind, task=job.task, until_s=until_s)
        )
        if made.source != "model":
            return await self._drop(job, "floor")
        return await self._keep(job, told, made, kind)

    def _left_s(self, job: Job) -> float:
        """Time that is left of a wish. One that a dead worker left behind gets it all again."""
        budget_s = BUDGET_S["fast"]
        age_s = (unix_ms(self.clock.now()) - int(job.payload.get("asked_ms", 0))) / 1000
        if job.attempts > 1:
            return budget_s if age_s < STALE_S else 0.0
        return budget_s - max(0.0, age_s)

    async def _drop(self, job: Job, why: str) -> str:
        async with self.db.raw_transaction() as connection:
            await store.finish(connection, job, why=why)
        return why

    async def _keep(self, job: Job, told: Conversation, made: Made, kind: Kind) -> str:
        now = self.clock.now()
        shown: dict[str, Any] = {
            "v": SCHEMA,
            "upto_seq": told.last_seq,
            "source": made.source,
            "model": made.model,
            "tier": told.tier,
            "kind": kind,
            "prompt": made.prompt,
            "body": made.summary.model_dump(mode="json"),
            "text": made.text,
            "generated_at": rfc3339(now),
        }
        refined = Refined(
            job.conversation_id, told.edits, shown, made.tokens, made.micros, made.ms, now
        )
        async with self.db.raw_transaction() as connection:
            behind = await store.keep(connection, job.tenant_id, refined)
            await store.finish(connection, job, why=None if behind is not None else "outdone")
        if behind is None:
            return "outdone"
        await publish_all(self.client, [_told(job.conversation_id, told.last_seq, behind)])
        return "kept"


def _read(rows: Sequence[Sequence[Any]]) -> tuple[tuple[Msg, ...], ConversationSummary]:
    messages = tuple(messages_of(rows))
    return messages, full(messages)


def _is_wanted(told: Conversation, kind: Kind) -> bool:
    """Whether there is something to say that is not said already, by a person or a model."""
    kept = told.summary or {}
    if not told.enabled or not told.rows or kept.get("source") == "human":
        return False
    covered = kept.get("source") == "model" and kept.get("upto_seq", 0) >= told.last_seq
    return not covered or (kind == "rich" and kept.get("kind") == "fast")


def _told(conversation_id: UUID, upto_seq: int, behind: int) -> tuple[str, bytes]:
    """`summary` for the agents who look at it: there is another text."""
    header = Header(
        FrameKind.EPHEMERAL,
        Audience.AGENTS,
        conversation_id,
        0,
        0,
        topics.NO_CONN,
        0,
        0,
        topics.NO_AUTHOR,
    )
    frame = encode_raw("summary", {"upto_seq": upto_seq, "behind": behind, "source": "model"})
    return topics.fan(conversation_id), header.pack() + frame
