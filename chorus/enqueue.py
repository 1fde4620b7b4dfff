"""Celery as a doorbell: a message says that a job may be ready, the row says what it is.

A lost message costs seconds, because a sweeper rings again; a repeated one costs a lookup
(RELIABILITY F9). So nothing here waits for long, and JSON is the only thing that travels.
"""

import asyncio
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from celery import Celery
from kombu.exceptions import OperationalError

from chorus.errors import Unavailable
from chorus.jobs import WAKE_UP_TASK, Queue

BROKER_TIMEOUT_S: Final = 2.0

CELERY_SETTINGS: Final[dict[str, Any]] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "result_serializer": "json",
    "task_ignore_result": True,
    "task_acks_late": True,
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 10.0,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {
        "socket_timeout": BROKER_TIMEOUT_S,
        "socket_connect_timeout": BROKER_TIMEOUT_S,
        "max_retries": 0,
    },
}
"""For producers and workers alike."""


def celery_app(broker_url: str) -> Celery:
    """A Celery of this installation; a worker adds its tasks."""
    app = Celery("chorus", broker=broker_url, set_as_current=False)
    app.conf.update(CELERY_SETTINGS)
    return app


class Doorbell:
    """Rings for jobs from a thread: Celery's client blocks."""

    def __init__(self, broker_url: str) -> None:
        self._app = celery_app(broker_url)

    async def ring(self, jobs: Iterable[tuple[Queue, UUID]]) -> None:
        """Tell the workers of each queue that a job may be ready.

        Raises:
            Unavailable: the broker cannot be reached; the sweeper rings again.
        """
        await asyncio.to_thread(self._ring, list(jobs))

    def _ring(self, jobs: list[tuple[Queue, UUID]]) -> None:
        try:
            with self._app.producer_or_acquire() as producer:
                for queue, job_id in jobs:
                    self._app.send_task(
                        WAKE_UP_TASK,
                        args=[str(job_id)],
                        queue=queue.value,
                        producer=producer,
                        retry=False,
                    )
        except (OperationalError, OSError) as error:
            raise Unavailable from error

    def close(self) -> None:
        self._app.close()
