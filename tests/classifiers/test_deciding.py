"""Decisions go into a shard's file and come back as they were."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from classifiers.decision import Decision
from classifiers.models import Gallery, PredictionRun
from classifiers.services.deciding import Decided, found_arrays, found_of
from classifiers.services.pairs import pairs_of_image

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def decided(run: PredictionRun) -> list[Decided]:
    """Return two decisions with the stored cosines of their pairs."""
    images = run.predictions.order_by("pk").values_list("image", flat=True)[:2]
    decision = Decision(label=1, confidence=0.5, n_votes=10, n_voters=20)
    return [Decided(image, decision, pairs_of_image(run, image)) for image in images]


def test_decisions_and_cosines_come_back_from_their_arrays(trees: Gallery) -> None:
    runs = [trees.runs.get(classifier=name) for name in ("chm-corr", "knn")]
    mine = decided(runs[0])
    found = {runs[0].pk: mine, runs[1].pk: [replace(each, pairs=None) for each in mine]}
    again = found_of(runs, found_arrays(runs, found))
    assert again[runs[1].pk] == found[runs[1].pk]
    for before, after in zip(mine, again[runs[0].pk], strict=True):
        assert (after.image, after.decision) == (before.image, before.decision)
        assert before.pairs is not None
        assert after.pairs is not None
        for name, values in asdict(before.pairs).items():
            assert np.array_equal(getattr(after.pairs, name), values)


def test_a_decision_without_its_cosines_is_not_written(trees: Gallery) -> None:
    run = trees.runs.get(classifier="chm-corr")
    first, second = decided(run)
    with pytest.raises(ValueError, match="has decisions without cosines of their pairs"):
        found_arrays([run], {run.pk: [first, replace(second, pairs=None)]})
