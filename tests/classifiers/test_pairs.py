"""The cosines that a run stores beside its predictions, for CHM-Corr++."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pytest

from classifiers.core.chm.masks import text_of_mask
from classifiers.core.chm.pair_cosines import PairsRefused
from classifiers.core.interactive import rerank
from classifiers.models import Gallery, Job
from classifiers.services import pairs
from tests.classifiers.test_evidence import dataset as dataset  # one query of each kind
from tests.classifiers.test_evidence import predicted

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
Rung = list[tuple[str, Any]]


def test_a_mask_on_stored_cosines_ranks_as_chm_corr_plus(gallery: Gallery, rung: Rung) -> None:
    mask = np.zeros((7, 7), dtype=bool)
    mask[2:5, 1:4] = True
    own, plus = (
        predicted(gallery, name, **given)
        for name, given in (("chm-corr", {}), ("chm-corr-plus", {"mask": text_of_mask(mask)}))
    )
    for prediction in plus.predictions.all():
        found = pairs.pairs_of_image(own, prediction.image_id)
        ranked = found.images[rerank(found.cosines, found.labels, mask).order].tolist()
        assert ranked == list(prediction.neighbors.values_list("image_id", flat=True))


def test_lost_cosines_come_again_and_predictions_stay(gallery: Gallery, rung: Rung) -> None:
    run = predicted(gallery, "chm-corr")
    keys = list(run.predictions.values_list("pk", flat=True))
    kept = {path.name: path.read_bytes() for path in pairs.pairs_folder(run).iterdir()}
    shutil.rmtree(pairs.pairs_folder(run))
    with pytest.raises(PairsRefused, match="predict shades --classifier chm-corr again"):
        pairs.pairs_of_image(run, 1)
    assert predicted(gallery, "chm-corr").status == Job.Status.DONE
    assert {path.name: path.read_bytes() for path in pairs.pairs_folder(run).iterdir()} == kept
    assert list(run.predictions.values_list("pk", flat=True)) == keys


def test_other_classifiers_store_none(gallery: Gallery, rung: Rung) -> None:
    run = predicted(gallery, "knn")
    assert not pairs.has_pairs(run)
    assert pairs.n_lacking(run) == 0
