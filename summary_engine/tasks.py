"""The Celery edge: rings come in, jobs are done on the one loop.

A message is a doorbell: the row of the job says what is to be done, and whether it still is. So a
message that is lost or comes twice costs a lookup.
"""

import logging
import warnings
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging, worker_ready

from chorus.enqueue import CELERY_SETTINGS, celery_app
from chorus.jobs import WAKE_UP_TASK, Queue
from chorus.log import get_logger
from summary_engine.loop import Loop
from summary_engine.refine import LEASE_S, Refinery

log = get_logger(__name__)

VISIBILITY_S: Final = 60
"""A message nobody acknowledged comes back after this; every job is over long before."""
WORKER_SETTINGS: Final[dict[str, Any]] = {
    "broker_transport_options": {
        **CELERY_SETTINGS["broker_transport_options"],
        "visibility_timeout": VISIBILITY_S,
        # Without these two, what a killed worker had comes back minutes later.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_keepalive": True,
    },
    "broker_connection_max_retries": None,
    "task_reject_on_worker_lost": True,
    "worker_disable_prefetch": True,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
}


def make_app(broker_url: str, loop: Loop, refinery: Refinery) -> Celery:
    """A Celery that does refinements."""
    app = celery_app(broker_url)
    app.conf.update(WORKER_SETTINGS)

    @app.task(name=WAKE_UP_TASK)  # type: ignore[untyped-decorator]
    def wake_up(job_id: str) -> None:
        try:
            wanted = UUID(job_id)
        except ValueError:
            log.warning("bad_ring")
            return
        # Threads know no time limit; the lease is one, and somebody else takes the job after it.
        loop.run(refinery.wake(wanted), timeout_s=LEASE_S)

    return app


def work(app: Celery, *, tasks_max: int, ready: Callable[[], None]) -> None:
    """Take messages until SIGTERM; tasks that run are finished then. `ready` is told once it does."""

    def on_ready(**_: object) -> None:
        ready()

    def on_logging(**_: object) -> None:
        """Ours stands already; Celery leaves it alone where somebody listens here."""

    for name in ("celery", "kombu"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Of root it fears pickled messages; ours are JSON.
    warnings.simplefilter("ignore", SecurityWarning)
    setup_logging.connect(on_logging, weak=False)
    worker_ready.connect(on_ready, weak=False)
    try:
        app.Worker(
            pool_cls="threads",
            concurrency=tasks_max,
            queues=[Queue.SUMMARY.value],
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        ).start()
    finally:
        worker_ready.disconnect(on_ready)
        setup_logging.disconnect(on_logging)
