"""A study of one classifier with two settings, whose AI decides the sure photos in two arms."""

from __future__ import annotations

from typing import Any

from classifiers.models import Gallery, Job, Prediction, PredictionRun
from tests.factories import make_dataset, make_document, make_run
from trials import services
from trials.models import Study

QUESTION = "Do you see {article} **{label}**?"
CONDITIONS: list[dict[str, Any]] = [
    {"name": "Few", "run": "few", "view": "exemplars"},
    {
        "name": "Many", "run": "many", "view": "exemplars",
        "trial": {"has_confidence": False, "n_exemplars": 2, "has_prior_knowledge": True},
        "wording": {"question": QUESTION},
    },
    {"name": "Unsure", "run": "many", "view": "none", "defer": {"below": 0.6}},
    {
        "name": "Hidden", "run": "many", "view": "none",
        "defer": {"below": 0.6, "shows_label": False},
    },
]  # fmt: skip


def make_runs(n_queries: int = 80) -> Gallery:
    """Create two runs of kNN, ``few`` with 5 voters and ``many`` with 20, of all confidences."""
    gallery = Gallery.objects.create(
        dataset=make_dataset(n_queries), backbone="tiny", status=Job.Status.DONE
    )
    for name, n_voters in (("few", 5), ("many", 20)):
        run = make_run(gallery, "knn", n_voters=n_voters)
        PredictionRun.objects.filter(pk=run.pk).update(name=name)
        predictions = list(run.predictions.order_by("pk"))
        for number, item in enumerate(predictions):
            item.n_votes, item.n_voters = 1 + number % n_voters, n_voters
            item.confidence = item.n_votes / n_voters
        Prediction.objects.bulk_update(predictions, ["n_votes", "n_voters", "confidence"])
    return gallery


def make_draft(**changes: Any) -> Study:
    """Create a draft of the study; ``changes`` are fields of the document."""
    dataset = make_runs().dataset
    document = make_document(
        **{"conditions": CONDITIONS, "n_validation": 2, "pass_mark": 0} | changes
    )
    return services.study_draft(slug="trees", dataset=dataset, document=document)


def make_unsure(**changes: Any) -> Study:
    """Create the study, open to people."""
    study = make_draft(**changes)
    services.study_open(study=study)
    return study
