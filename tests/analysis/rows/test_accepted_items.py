"""The accepted labels of photos in an export's items."""

from __future__ import annotations

import pytest

from analysis.codebook.codebook import ITEMS
from analysis.rows.frame import StudyRows
from tests.factories import make_study
from tests.trials.services.test_accepted_labels import LABELLED

pytestmark = pytest.mark.django_db


def test_items_list_accepted_labels_and_leave_unlabelled_photos_out() -> None:
    names = [column.name for column in ITEMS]
    study = make_study(n_queries=40, labels=LABELLED)
    items = [dict(zip(names, row, strict=True)) for row in StudyRows(study).items()]
    said = {str(item["image"])[-8:-4]: item["accepted_labels"] for item in items}
    assert said["0001"] == "birch tree; cedar tree"
    assert said["0002"] is None
    assert "0000" not in said
