"""A database of the first release becomes one of today, and keeps its people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from tests.factories import enrol, make_study
from trials.models import Participant, Response, Study
from trials.study.document import sha256_of
from trials.study.plan import CONDITIONS

pytestmark = pytest.mark.django_db(transaction=True)

FLAT = {
    "title": "Birds",
    "seed": 3,
    "persona": "Robin",
    "topic": "birds",
    "minutes": 12,
    "contact": "lab@example.org",
    "idle_minutes": 20,
    "n_training": 5,
    "n_validation": 10,
    "pass_mark": 9,
    "n_test": 30,
    "n_sets": 4,
    "n_exemplars": 3,
    "conditions": [
        {"name": each.name, "classifier": each.classifier, "view": each.view} for each in CONDITIONS
    ],
}


def migrate(name: str) -> Any:
    """Bring the tables of ``trials`` to a migration; return its models then."""
    executor = MigrationExecutor(connection)
    executor.migrate([("trials", name)])
    return MigrationExecutor(connection).loader.project_state([("trials", name)]).apps


def migrate_to_today() -> None:
    """Bring the tables of all apps to their newest migration."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture
def first_release() -> Iterator[Any]:
    """Go back to the first release's tables, and forth again at the end."""
    # The photos' tables of that release, too: later columns have no values then.
    migrate("0001_initial")
    MigrationExecutor(connection).migrate([("classifiers", "0001_initial")])
    yield migrate("0001_initial")
    migrate_to_today()  # takes no time if the test has done it


def populate(apps: Any) -> None:
    """Store a study of the first release with two people, one of whom has finished."""
    model = apps.get_model
    dataset = model("classifiers", "Dataset").objects.create(slug="birds", root="/photos")
    gallery = model("classifiers", "Gallery").objects.create(dataset=dataset, backbone="tiny")
    run = model("classifiers", "PredictionRun").objects.create(gallery=gallery, classifier="knn")
    study = model("trials", "Study").objects.create(
        slug="birds", dataset=dataset, status="open", document=FLAT, document_sha256="0" * 64
    )
    arm = model("trials", "Condition").objects.create(
        study=study, name="kNN", position=0, run=run, view_name="exemplars"
    )
    drawn = model("trials", "TrialSet").objects.create(study=study, run=run, phase="test", number=1)
    now = timezone.now()
    ended = {"status": "completed", "code": "C123456789", "finished_at": now}
    for number, more in ((1, {}), (2, ended)):
        model("trials", "Participant").objects.create(
            study=study, condition=arm, trial_set=drawn, number=number, seed=number,
            token=f"token{number}", enrolment_key=f"key{number}", consented_at=now,
            last_seen_at=now, **more,
        )  # fmt: skip


def test_a_study_of_the_first_release_and_its_people_become_those_of_today(
    first_release: Any,
) -> None:
    # One test, for the way through all migrations takes most of its time.
    assert "identity" not in [each._meta.model_name for each in first_release.get_models()]
    populate(first_release)
    migrate_to_today()
    study = Study.objects.get()
    plan = study.plan
    assert (plan.title, plan.seed, plan.persona, plan.minutes) == ("Birds", 3, "Robin", 12)
    assert (plan.test.n, plan.test.n_sets, plan.trial.n_exemplars) == (30, 4, 3)
    assert plan.validation is not None
    assert (plan.validation.pass_mark, plan.idle_minutes) == (9, 20)
    assert study.document_sha256 == sha256_of(study.document) == plan.sha256

    # The people stay, and nobody can change what they saw.
    assert study.is_frozen
    assert study.frozen_at == study.created_at
    people = Participant.objects.order_by("number")
    assert [(each.status, each.code, each.stage) for each in people] == [
        ("active", "", "live"),
        ("completed", "C123456789", "live"),
    ]
    assert {each.condition.persona for each in people} == {"Robin"}


def test_earlier_answers_are_final_and_their_trials_have_the_persons_condition() -> None:
    trial = enrol(make_study()).trials.all()[0]
    Response.objects.create(trial=trial, is_accepted=True, received_at=timezone.now())
    migrate("0009_place_counts")
    migrate_to_today()
    answer = Response.objects.get()
    assert (answer.occasion, answer.is_accepted, answer.is_missed) == ("final", True, False)
    assert answer.trial.condition == answer.trial.participant.condition


def test_predictions_that_an_earlier_file_brought_are_marked() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([("classifiers", "0003_imported_runs")])
    apps = (
        MigrationExecutor(connection)
        .loader.project_state([("classifiers", "0003_imported_runs")])
        .apps
    )
    model = apps.get_model
    dataset = model("classifiers", "Dataset").objects.create(slug="birds", root="/photos")
    gallery = model("classifiers", "Gallery").objects.create(dataset=dataset, backbone="tiny")
    runs = model("classifiers", "PredictionRun").objects
    runs.create(gallery=gallery, classifier="knn", status="done")
    runs.create(gallery=gallery, classifier="softmax", status="done", heartbeat_at=timezone.now())
    MigrationExecutor(connection).migrate([("classifiers", "0004_mark_imported_runs")])
    found = dict(runs.values_list("classifier", "imported_for"))
    assert found == {"knn": "an earlier study file", "softmax": ""}
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
