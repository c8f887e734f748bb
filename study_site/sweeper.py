"""A worker's own timers: while it is idle, it looks for work that no message announces."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from celery.signals import worker_ready, worker_shutting_down

logger = logging.getLogger(__name__)
# A job counts as silent after one minute; so a lost job continues within two.
EVERY_S = 20.0
A_DAY_S = 24 * 3600.0


def is_idle() -> bool:
    """Whether this worker has no task under way or received."""
    from celery.worker import state

    return not (state.active_requests or state.reserved_requests)


def sweep_once() -> None:
    """Enqueue waiting jobs if this worker is idle. A failure is tried again at the next turn."""
    from django.db import Error, close_old_connections

    from classifiers.services.job_queue import BROKER_ERRORS, jobs_sweep
    from classifiers.services.jobs import worker_seen

    worker_seen()
    if not is_idle():
        return
    close_old_connections()
    try:
        n_waiting = jobs_sweep()
    except (Error, *BROKER_ERRORS) as error:
        logger.warning("The job tables could not be read: %s. The next try follows.", error)
    else:
        if n_waiting:
            logger.info("%d jobs were waiting.", n_waiting)
    finally:
        close_old_connections()


class Sweeper(threading.Thread):
    """Calls ``sweep`` at once and then every ``every_s`` seconds, until ``stop``."""

    def __init__(self, sweep: Callable[[], None] = sweep_once, every_s: float = EVERY_S) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._sweep, self._every_s, self._stopped = sweep, every_s, threading.Event()

    def run(self) -> None:
        """Sweep until stopped. No error ends the thread: nobody would start it again."""
        while True:
            try:
                self._sweep()
            except Exception:
                logger.exception("A sweep failed. The next try follows.")
            if self._stopped.wait(self._every_s):
                return

    def stop(self) -> None:
        """Make no further turn."""
        self._stopped.set()


def tidy_once() -> None:
    """Delete the staff's sessions that are over, and explanations after their time."""
    from django.core.management import call_command
    from django.db import close_old_connections

    from classifiers.services.explanations import explanations_tidy

    close_old_connections()
    try:
        call_command("clearsessions")
        explanations_tidy()
    finally:
        close_old_connections()


def connect() -> None:
    """Start the timers when a worker is ready, and stop them when it shuts down."""

    def ready(**_: Any) -> None:
        for timer in (Sweeper(), Sweeper(tidy_once, A_DAY_S)):
            worker_shutting_down.connect(lambda timer=timer, **_: timer.stop(), weak=False)
            timer.start()

    worker_ready.connect(ready, weak=False)
