"""Every constraint of the machines' room is hit; test_import_again.py hits the image's."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Model

from classifiers.models import Category, Gallery, Neighbor, Prediction, PredictionRun
from tests.factories import make_study

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
