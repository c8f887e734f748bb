"""Every constraint of the machines' room is hit; test_import_again.py hits the image's."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Model

from classifiers.models import Category, Gallery, Job, Neighbor, Prediction, PredictionRun
from tests.factories import make_study
from trials.models import Study

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [Category, Gallery, PredictionRun, Prediction, Neighbor])
def test_a_row_stands_once(model: type[Model]) -> None:
    make_study()
    copy = model._default_manager.all()[0]
    copy.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)


@pytest.mark.parametrize("confidence", [-0.1, 1.1])
def test_a_confidence_is_a_share(confidence: float) -> None:
    make_study()
    with pytest.raises(IntegrityError), transaction.atomic():
        Prediction.objects.update(confidence=confidence)


def outside(study: Study, **changes: Any) -> PredictionRun:
    fields = {"name": "vit", "classifier": "vit", "status": Job.Status.DONE, **changes}
    return PredictionRun.objects.create(dataset=study.dataset, **fields)


def test_an_outside_run_is_done_and_has_a_name_of_its_own() -> None:
    study = make_study()
    outside(study)
    for changes in ({}, {"name": "new", "status": Job.Status.QUEUED}):
        with pytest.raises(IntegrityError), transaction.atomic():
            outside(study, **changes)


def test_a_computed_run_has_its_gallerys_dataset() -> None:
    study = make_study()
    computed = PredictionRun.objects.computed()
    assert {run.dataset for run in computed} == {study.dataset}
    assert outside(study) not in computed
    assert outside(study, name="b") in PredictionRun.objects.for_any_study()
