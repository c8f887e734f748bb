"""Large studies: their pages show the last state from the worker, and ask for a new one."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from analysis import summaries, tasks
from analysis.blind import blind_lift
from analysis.models import Export, Summary
from analysis.monitor.people import people_page
from analysis.monitor.reader import running_read
from analysis.results.live import live_results
from analysis.summaries import NotComputed
from classifiers.services.jobs import JobLost
from tests.analysis.people import person, study_of_four
from trials.models import Study

pytestmark = pytest.mark.django_db
RESULTS, MONITOR = "/studio/study/birds/results/", "/studio/study/birds/monitor/"


@pytest.fixture
def study() -> Study:
    return study_of_four()


@pytest.fixture
def large(study: Study, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The same study as one whose numbers take the worker."""
    monkeypatch.setattr(summaries, "SMALL", 0)
    return study


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("boss"))
    return client


def work() -> None:
    """Do what a worker does with the queued jobs."""
    for job in Summary.objects.filter(status="queued"):
        tasks.summary_build(job.pk)


def age(seconds: float) -> None:
    Summary.objects.update(as_of=timezone.now() - timedelta(seconds=seconds))


@pytest.mark.parametrize("address", [RESULTS, MONITOR])
def test_a_page_without_a_state_says_that_it_is_being_computed(
    large: Study, boss: Client, address: str
) -> None:
    answer = boss.get(address)
    assert answer.status_code == 202
    assert "being computed" in answer.text
    assert Summary.objects.get().status == "queued"
    work()
    page = boss.get(address)
    assert page.status_code == 200
    assert ("a worker computes these numbers" in page.text) == (address == RESULTS)


def test_the_stored_results_are_those_of_the_page(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = live_results(study)
    monkeypatch.setattr(summaries, "SMALL", 0)
    with pytest.raises(NotComputed):
        live_results(study)
    work()
    stored = live_results(study)
    assert stored.n_responses == small.n_responses
    assert all(stored.tables[name].equals(table) for name, table in small.tables.items())


def test_the_stored_counts_and_flags_are_those_of_the_monitor(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = running_read(study)
    listed, _ = people_page(study, {"flag": "any"}, "1")
    expected = [each.number for each in listed]
    monkeypatch.setattr(summaries, "SMALL", 0)
    with pytest.raises(NotComputed):
        running_read(study)
    work()
    stored = running_read(study)
    assert (stored.flow, stored.gate, stored.stages, stored.sets) == (
        small.flow, small.gate, small.stages, small.sets
    )  # fmt: skip
    assert (stored.flagged.counts, stored.n_people) == (small.flagged.counts, small.n_people)
    found, _ = people_page(study, {"flag": "any"}, "1")
    assert [each.number for each in found] == expected


def test_a_new_answer_waits_for_the_next_state(large: Study) -> None:
    with pytest.raises(NotComputed):
        live_results(large)
    work()
    before = live_results(large)
    person(large, "kNN", "11", "11")
    assert live_results(large).n_responses == before.n_responses
    assert Summary.objects.get().status == "done"
    Summary.objects.update(seconds=0)  # on a busy machine it may have taken long
    age(summaries.FRESH_S + 1)
    assert live_results(large).n_responses == before.n_responses
    work()
    assert live_results(large).n_responses == before.n_responses + 4


def test_a_state_that_took_long_is_shown_longer(large: Study) -> None:
    with pytest.raises(NotComputed):
        live_results(large)
    work()
    Summary.objects.update(seconds=60)
    age(summaries.FRESH_TIMES * 60 - 10)
    live_results(large)
    assert Summary.objects.get().status == "done"


def test_a_blinded_state_is_not_shown_after_the_lift(large: Study, boss: Client) -> None:
    with pytest.raises(NotComputed):
        live_results(large)
    work()
    blind_lift(study=large, user=User.objects.get())
    with pytest.raises(NotComputed):
        live_results(large)
    work()
    assert not live_results(large).is_blinded


def test_many_readers_ask_for_one_computation(
    large: Study, django_capture_on_commit_callbacks: Any
) -> None:
    asked = []
    for _ in range(3):
        with django_capture_on_commit_callbacks() as callbacks, pytest.raises(NotComputed):
            live_results(large)
        asked.append(len(callbacks))
    assert asked == [1, 0, 0]


def test_a_state_that_somebody_else_wrote_is_none(large: Study) -> None:
    with pytest.raises(NotComputed):
        live_results(large)
    work()
    Summary.objects.update(content=b"x" * 200)
    with pytest.raises(NotComputed):
        live_results(large)


def test_a_heartbeat_that_fails_is_tried_again_until_the_job_is_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    beats: list[str] = []
    is_lost = Event()

    def heartbeat(job: Summary) -> None:
        beats.append(job.kind)
        if len(beats) == 1:
            raise OperationalError("database is locked")
        is_lost.set()
        raise JobLost("another worker has it")

    monkeypatch.setattr(summaries, "BEAT_S", 0)
    monkeypatch.setattr(summaries, "job_heartbeat", heartbeat)
    with summaries._beating(Summary(study=Study(slug="birds"), kind="results")):
        assert is_lost.wait(60)
    assert beats == ["results", "results"]
    assert "database is locked" in caplog.text


def test_jobs_whose_message_was_lost_are_announced_again(
    study: Study, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[tuple[str, int]] = []
    for name in ("summary_build", "export_build"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "delay", lambda key, name=name: sent.append((name, key)))
    with django_capture_on_commit_callbacks(execute=True):
        tasks._enqueue_summaries([Summary(pk=3)])
        tasks._enqueue([Export(pk=4)])
    assert sent == [("summary_build", 3), ("export_build", 4)]
