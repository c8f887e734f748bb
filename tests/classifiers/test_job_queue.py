"""Work goes on whatever happens to the messages about it, and to the workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import django.db
import pytest
from celery.utils.dispatch import Signal
from celery.worker import state
from django.contrib.sessions.models import Session
from django.core.cache import cache, caches
from django.db import InterfaceError
from django.db import OperationalError as DatabaseAway
from django.utils import timezone
from kombu.exceptions import OperationalError

from classifiers import tasks
from classifiers.models import Dataset, Gallery, Job
from classifiers.services import job_queue, jobs, queueing
from study_site import sweeper
from tests.classifiers.conftest import BACKBONE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_cache() -> Iterator[None]:
    """What one test's worker and broker said is nothing to the next test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def open_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep closes its thread's old connections; here that is the test's own connection."""
    monkeypatch.setattr(django.db, "close_old_connections", lambda: None)


@pytest.fixture
def cache_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError("Connection refused")

    for name in ("get", "set"):
        monkeypatch.setattr(type(caches["default"]), name, away)


@pytest.fixture
def waiting(dataset: Dataset) -> Gallery:
    return Gallery.objects.create(dataset=dataset, backbone=BACKBONE)


def lost(gallery: Gallery) -> None:
    """Let a worker take the job and be heard of no more."""
    jobs.job_claim(gallery)
    Gallery.objects.update(heartbeat_at=timezone.now() - jobs.SILENT - timedelta(seconds=1))


@pytest.mark.parametrize("error", [OperationalError("refused"), OSError("No space left on device")])
def test_work_asked_for_while_the_broker_is_away_stays_queued(
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def away(*_: object) -> None:
        raise error

    monkeypatch.setattr(tasks.gallery_build, "delay", away)
    assert not job_queue.is_broker_away()
    with django_capture_on_commit_callbacks(execute=True):
        queueing.gallery_request(dataset=dataset, backbone=BACKBONE)
    assert Gallery.objects.get().status == Job.Status.QUEUED
    assert job_queue.is_broker_away()


def swept(capture: Any) -> int:
    with capture(execute=True):
        return job_queue.jobs_sweep()


def test_a_sweep_finds_what_no_message_announces(
    waiting: Gallery, rung: list[tuple[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    assert swept(django_capture_on_commit_callbacks) == 1
    assert rung == [("gallery_build", waiting.pk)]


def test_a_sweep_finds_a_job_whose_worker_is_lost_and_no_job_under_way(
    waiting: Gallery, rung: list[tuple[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    jobs.job_claim(waiting)
    assert swept(django_capture_on_commit_callbacks) == 0
    lost(waiting)
    Gallery.objects.update(status=Job.Status.RUNNING)
    assert swept(django_capture_on_commit_callbacks) == 1


def test_the_exports_of_the_analysis_are_swept_too() -> None:
    import analysis.tasks
    from analysis.models import Export

    assert analysis.tasks.export_build.name == "analysis.tasks.export_build"
    assert {Export, Gallery} < set(job_queue._KINDS)


def test_a_worker_without_work_is_known_to_live() -> None:
    assert not jobs.is_any_worker_alive()
    sweeper.sweep_once()
    assert jobs.is_any_worker_alive()


def test_a_busy_worker_does_not_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []
    monkeypatch.setattr(job_queue, "jobs_sweep", lambda: turns.append(1))
    monkeypatch.setattr(state, "active_requests", {"a task"})
    sweeper.sweep_once()
    monkeypatch.setattr(state, "active_requests", set())
    sweeper.sweep_once()
    assert turns == [1]


def test_a_sweep_survives_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> int:
        raise DatabaseAway("the server closed the connection")

    monkeypatch.setattr(job_queue, "jobs_sweep", away)
    sweeper.sweep_once()


@pytest.mark.usefixtures("cache_away")
def test_a_worker_sweeps_while_the_cache_is_away(
    waiting: Gallery, rung: list[tuple[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sweeper.sweep_once()
    assert rung == [("gallery_build", waiting.pk)]
    assert not jobs.is_any_worker_alive()


@pytest.mark.usefixtures("cache_away")
def test_a_broker_and_a_cache_that_are_both_away_leave_the_work_queued(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("refused")

    monkeypatch.setattr(tasks.gallery_build, "delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        queueing.gallery_request(dataset=dataset, backbone=BACKBONE)
    assert Gallery.objects.get().status == Job.Status.QUEUED
    assert not job_queue.is_broker_away()


def test_sessions_that_are_over_are_deleted() -> None:
    for key, days in (("over", -1), ("open", 1)):
        Session.objects.create(
            session_key=key, session_data="", expire_date=timezone.now() + timedelta(days=days)
        )
    sweeper.tidy_once()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]


def test_no_error_ends_the_sweeper() -> None:
    turns: list[int] = []

    def sweep() -> None:
        turns.append(1)
        if len(turns) == 2:
            thread.stop()
        raise RuntimeError("not foreseen")

    thread = sweeper.Sweeper(sweep, every_s=0.001)
    thread.start()
    thread.join(timeout=10)
    assert len(turns) == 2


def test_a_connection_that_is_lost_twice_hides_no_error(
    waiting: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise InterfaceError("connection already closed")

    def work(_: Sequence[Gallery]) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(jobs, "job_fail", away)
    jobs.jobs_run([waiting], work)
    assert Gallery.objects.get().status == Job.Status.RUNNING


def test_the_sweeper_makes_turns_until_it_is_stopped() -> None:
    turns: list[int] = []

    def sweep() -> None:
        turns.append(1)
        if len(turns) == 3:
            thread.stop()

    thread = sweeper.Sweeper(sweep, every_s=0.001)
    thread.start()
    thread.join(timeout=10)
    assert len(turns) == 3


def test_a_worker_that_is_ready_sweeps_and_tidies_until_it_shuts_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[tuple[object, ...]] = []
    ready, shutting_down = Signal(), Signal()
    monkeypatch.setattr(sweeper, "worker_ready", ready)
    monkeypatch.setattr(sweeper, "worker_shutting_down", shutting_down)
    monkeypatch.setattr(sweeper.Sweeper, "start", lambda timer: done.append((timer._sweep,)))
    sweeper.connect()
    assert done == []
    ready.send(None)
    assert done == [(sweeper.sweep_once,), (sweeper.tidy_once,)]
    monkeypatch.setattr(sweeper.Sweeper, "stop", lambda timer: done.append(("stop", timer._sweep)))
    shutting_down.send(None)
    assert done[2:] == [("stop", sweeper.sweep_once), ("stop", sweeper.tidy_once)]


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_a_worker_that_ends_gives_its_job_back(waiting: Gallery, end: type[BaseException]) -> None:
    def work(_: Sequence[Gallery]) -> Any:
        raise end

    with pytest.raises(end):
        jobs.jobs_run([waiting], work)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.claim, waiting.error) == (Job.Status.QUEUED, "", "")


def test_an_error_while_the_worker_stops_fails_no_job(
    waiting: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(_: Sequence[Gallery]) -> Any:
        raise NotImplementedError("the pool does not implement kill_job")

    monkeypatch.setattr(state, "should_terminate", 0)
    with pytest.raises(NotImplementedError):
        jobs.jobs_run([waiting], work)
    assert Gallery.objects.get().status == Job.Status.QUEUED


def test_a_worker_that_stops_at_once_leaves_its_job_at_the_next_note(
    waiting: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(mine: list[Gallery]) -> list[Gallery]:
        # The error of the signal's handler was swallowed: only the flag is left.
        monkeypatch.setattr(state, "should_terminate", 1)
        jobs.job_note(mine[0], n_done=1)
        return mine

    with pytest.raises(SystemExit):
        jobs.jobs_run([waiting], work)
    assert Gallery.objects.get().status == Job.Status.QUEUED
