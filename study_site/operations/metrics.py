"""Prometheus metrics: requests of all web processes, and the state of work and studies.

Requests are counted in files of the folder ``METRICS_DIR``, one for each process; the process that
serves the metrics adds them up. The files are mapped into memory, so the folder must be on a file
system that others cannot fill: the default is in ``/dev/shm``. Everything else is read from the
database when the metrics are requested.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import Error
from django.db.models import Count, Min
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from classifiers.models import Job
from classifiers.services.job_queue import kinds
from study_site.operations.request_log import view_of
from trials.models import Participant

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
SEEN_WITHIN: Final = timedelta(minutes=5)
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# Without a registry, because with ``PROMETHEUS_MULTIPROC_DIR`` the values are in files.
SECONDS = Histogram(
    "study_request_seconds", "Time of a request in the application.", ["view", "method"],
    buckets=BUCKETS, registry=None,
)  # fmt: skip
REQUESTS = Counter(
    "study_requests", "Requests by their answer.", ["view", "method", "status"], registry=None
)
METHODS: Final = frozenset({"GET", "HEAD", "POST"})
Next = Callable[[HttpRequest], HttpResponseBase]


def request_metrics(get_response: Next) -> Next:
    """Count requests and their times."""
    if not settings.METRICS_TOKEN:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = get_response(request)
        # Only known names are labels: a stranger must not fill the memory with new ones.
        method = request.method if request.method in METHODS else "other"
        view = view_of(request)
        SECONDS.labels(view, method).observe(time.perf_counter() - begun)
        REQUESTS.labels(view, method, str(response.status_code)).inc()
        return response

    return middleware


class DatabaseCollector(Collector):
    """Reads the state of jobs and studies when it is asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; ``study_database_up`` alone while the database is away."""
        up = GaugeMetricFamily("study_database_up", "Whether the database answers.")
        try:
            found = [*_jobs(), _people()]
        except Error:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from found


def _jobs() -> Iterator[GaugeMetricFamily]:
    n_jobs = GaugeMetricFamily("study_jobs", "Jobs by state.", labels=["kind", "status"])
    waiting = GaugeMetricFamily(
        "study_jobs_oldest_waiting_seconds",
        "How long the oldest queued job waits.",
        labels=["kind"],
    )
    now = timezone.now()
    for model in kinds():
        kind = model._meta.model_name or ""
        rows = model._default_manager.values("status").annotate(
            n=Count("pk"), first=Min("created_at")
        )
        for row in rows.order_by("status"):
            n_jobs.add_metric([kind, row["status"]], row["n"])
            if row["status"] == Job.Status.QUEUED:
                waiting.add_metric([kind], (now - row["first"]).total_seconds())
    yield n_jobs
    yield waiting


def _people() -> GaugeMetricFamily:
    seen = GaugeMetricFamily(
        "study_people_present", "People who were seen within five minutes.", labels=["study"]
    )
    lately = Participant.objects.filter(
        status=Participant.Status.ACTIVE,
        is_simulated=False,
        last_seen_at__gte=timezone.now() - SEEN_WITHIN,
    )
    for slug, n in lately.values_list("study__slug").annotate(n=Count("pk")).order_by():
        seen.add_metric([slug], n)
    return seen


def exposition() -> bytes:
    """Return all metrics in Prometheus's text format."""
    registry = CollectorRegistry()
    if settings.METRICS_DIR:
        folder = str(settings.METRICS_DIR)
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    else:
        registry.register(SECONDS)
        registry.register(REQUESTS)
    registry.register(DatabaseCollector())
    return generate_latest(registry)
