"""The job tables are the queue; a broker message only tells a worker to check them.

So a message may be lost, doubled or impossible to send: the row is kept, the sweep of a worker
finds it, and ``jobs.job_claim`` gives it to one worker only. Needs no torch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from amqp.exceptions import AMQPError
from celery.app.task import Task
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import KombuError

from classifiers.models import Job
from classifiers.services.jobs import SILENT, is_sign_set, sign_set

logger = logging.getLogger(__name__)

Enqueue = Callable[[Sequence[Any]], None]
# What a message can raise when the broker is away, full or not writable.
BROKER_ERRORS: Final = (KombuError, AMQPError, OSError)
AWAY: Final = "classifiers.broker_away"

_KINDS: dict[type[Job], Enqueue] = {}


def kind_register(model: type[Job], enqueue: Enqueue) -> None:
    """Register a kind of job for the sweep; ``enqueue`` sends the messages for some of them."""
    _KINDS[model] = enqueue


def kinds() -> tuple[type[Job], ...]:
    """Return every kind of job that the sweep looks for."""
    return tuple(_KINDS)


def message_send(task: Task[Any, Any], argument: object) -> bool:
    """Send one message. If the broker cannot accept it, log this and return False.

    The job is stored already, so the request has not failed.
    """
    try:
        task.delay(argument)
    except BROKER_ERRORS as error:
        logger.warning(
            "The broker did not take %s(%s): %s. The job stays queued; a worker starts it when it "
            "sweeps the job tables.",
            task.name,
            argument,
            error,
        )
        sign_set(AWAY)
        return False
    return True


def is_broker_away() -> bool:
    """Whether the sending of a message failed within the last minute."""
    return is_sign_set(AWAY)


def jobs_sweep() -> int:
    """Send messages for all waiting jobs, and return their number.

    A job waits if it is queued, or if it is running and its worker fell silent. The caller has to
    be an idle worker, which takes the messages at once: then they do not pile up.
    """
    waiting = Q(status=Job.Status.QUEUED) | Q(
        status=Job.Status.RUNNING, heartbeat_at__lt=timezone.now() - SILENT
    )
    n_waiting = 0
    for model, enqueue in _KINDS.items():
        jobs = list(model._default_manager.filter(waiting).order_by("pk"))
        if jobs:
            enqueue(jobs)
        n_waiting += len(jobs)
    return n_waiting
