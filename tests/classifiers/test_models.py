"""What the staff's pages, the commands and the log call each row."""

from __future__ import annotations

import pytest

from classifiers.models import (
    AcceptedLabel,
    Dataset,
    Evidence,
    Explanation,
    Neighbor,
    Prediction,
    PredictionRun,
)

OUTSIDE = PredictionRun(dataset=Dataset(slug="trees"), name="vit", split="query")
ROWS = {
    "trees vit on query": OUTSIDE,
    "3 -> 4": Prediction(image_id=3, category_id=4),
    "5[0]": Neighbor(prediction_id=5, rank=0),
    "evidence of 5": Evidence(prediction_id=5),
    "3: 4": AcceptedLabel(image_id=3, category_id=4),
    "explanation 6 by emd-corr": Explanation(pk=6, classifier="emd-corr"),
}


@pytest.mark.parametrize("said", ROWS)
def test_a_row_names_itself(said: str) -> None:
    assert str(ROWS[said]) == said


def test_a_run_of_an_outside_ai_has_no_gallery() -> None:
    with pytest.raises(ValueError, match="trees vit on query was imported; expected a run that"):
        OUTSIDE.own_gallery  # noqa: B018 - it raises
