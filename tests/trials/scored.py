"""A study in which people choose among the classes with the AI's highest scores, for tests."""

from __future__ import annotations

from typing import Any

from classifiers.models import Evidence, Gallery, Job
from tests.factories import KINDS, make_dataset, make_plan, make_run
from trials import services
from trials.models import Study

CONDITIONS = [
    {"name": "alone", "classifier": "knn", "view": "unaided"},
    {"name": "kNN", "classifier": "knn", "view": "exemplars"},
]


def scored(k: int = 2, **task: Any) -> Study:
    """Return an open study of the ``k`` best classes, of four.

    The AI's scores fall from the class that it names in the order of the dataset, and begin anew
    after the last. Where the AI is wrong it names the class after the true one: then the true class
    has the lowest score and is not offered.
    """
    gallery = Gallery.objects.create(
        dataset=make_dataset(20), backbone="tiny", status=Job.Status.DONE
    )
    run = make_run(gallery, "knn")
    names = [f"kind_{name}" for name in KINDS]
    Evidence.objects.bulk_create(
        Evidence(
            prediction=each,
            scores={names[(each.category.index + place) % 4]: 0.6 / 2**place for place in range(4)},
        )
        for each in run.predictions.select_related("category")
    )
    asked = {"ask": "choose", "choices": {"top": k, "from": "scores"}, **task}
    plan = make_plan(
        conditions=CONDITIONS, stages=[{"kind": "test", "n": 6, "n_sets": 1}], task=asked
    )
    study = services.study_create(slug="trees", dataset=gallery.dataset, plan=plan, runs=[run])
    services.study_open(study=study)
    return study
