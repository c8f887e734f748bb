"""The predictions of a condition: which run it gets, and what a run cannot show."""

from __future__ import annotations

import re
import shutil
from typing import Any

import pytest

from classifiers.models import PredictionRun
from classifiers.services.pairs import pairs_folder
from tests.factories import make_plan, make_study
from trials import services
from trials.services.run_selection import view_check

pytestmark = pytest.mark.django_db


KNN = {"name": "A", "classifier": "knn", "view": "none"}


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        ([KNN, KNN | {"name": "B", "parameters": {"n_voters": 5}}],
         r"A and B judge knn with different parameters \(\{\} and \{'n_voters': 5\}\)"),
        ([KNN | {"parameters": {"voters": 5}}], "Condition A: .*voters"),
        ([KNN | {"parameters": {"n_voters": 5}}], "0 finished runs of knn fit condition A; there "),
    ],
)  # fmt: skip
def test_parameters_that_no_run_has_are_refused(arms: list[dict[str, Any]], said: str) -> None:
    dataset = make_study().dataset
    (found,) = services.runs_found(dataset, make_plan(conditions=arms)).values()
    assert isinstance(found, services.StudyRefused)
    assert re.search(said, str(found))


def test_a_view_needs_what_the_run_has_stored() -> None:
    make_study()
    shutil.rmtree(pairs_folder(PredictionRun.objects.get(classifier="chm-corr")))
    for classifier, view, lacking in (
        ("softmax", "panels", "no activation maps"),
        ("chm-corr", "interactive", "no stored cosines"),
    ):
        run = PredictionRun.objects.get(classifier=classifier)
        arm = {"name": "A", "classifier": classifier, "view": view}
        (condition,) = make_plan(conditions=[arm]).conditions
        with pytest.raises(services.StudyRefused, match=f"20 predictions of run .* have {lacking}"):
            view_check(condition, run)
