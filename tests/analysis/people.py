"""A small study with answers whose accuracy can be counted on the fingers.

An answer sheet is two words of 0 and 1: was the person correct on the trials where the AI is
right (``right``), and where it is wrong (``wrong``)? ``person(study, "kNN", "11", "10")`` was
correct on both right ones and on one of two wrong ones: 75 percent.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from classifiers.models import Category, Dataset, Gallery, Image, Prediction, PredictionRun
from trials.models import Condition, Participant, Response, Study, Trial, TrialSet
from trials.study.design import script
from trials.study.plan import StudyPlan

START = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
N_EACH = 5  # predictions of an AI that are right, and as many that are wrong


def make_study(slug: str = "birds", label: str = "sparrow") -> Study:
    """Make a study of two arms, ``ResNet-50`` and ``kNN``; the same photos in both."""
    dataset = Dataset.objects.create(slug=slug, root="/photos")
    names = ("sparrow", "wren")
    truth, other = Category.objects.bulk_create(
        Category(dataset=dataset, name=name, label=text, index=index)
        for index, (name, text) in enumerate(zip(names, (label, "wren"), strict=True))
    )
    images = Image.objects.bulk_create(
        Image(
            dataset=dataset, category=truth, split="query", source=f"sparrow/{n}.jpg",
            sha256=f"{n:x}" * 64, width=9, height=9,
        )
        for n in range(2 * N_EACH)
    )  # fmt: skip
    gallery = Gallery.objects.create(dataset=dataset, backbone="tiny")
    plan = StudyPlan.from_json({"title": "Birds", "seed": 1})
    study = Study.objects.create(
        slug=slug, dataset=dataset, document=plan.document, document_sha256=plan.sha256,
        frozen_sha256=plan.sha256, frozen_at=START,
    )  # fmt: skip
    arms = (("ResNet-50", "softmax", "none", None), ("kNN", "knn", "exemplars", 13))
    for position, (name, classifier, view, n_votes) in enumerate(arms):
        run = PredictionRun.objects.create(gallery=gallery, classifier=classifier)
        Condition.objects.create(study=study, name=name, position=position, run=run, view_name=view)
        TrialSet.objects.create(study=study, run=run, phase="test", number=1)
        Prediction.objects.bulk_create(
            Prediction(run=run, image=image, category=category, confidence=0.65, n_votes=n_votes)
            for image, category in zip(images, [truth] * N_EACH + [other] * N_EACH, strict=True)
        )
    return study


def person(
    study: Study,
    condition: str,
    right: str = "",
    wrong: str = "",
    *,
    status: str = "completed",
    phase: str = "test",
    is_simulated: bool = False,
    rt_ms: int | None = 1500,
) -> Participant:
    """Add a participant with their answers, the AI-right trials first."""
    arm = study.conditions.get(name=condition)
    number = study.participants.filter(is_simulated=is_simulated).count() + 1
    over = status != "active"
    participant = Participant.objects.create(
        study=study, condition=arm, trial_set=study.trial_sets.get(run=arm.run), number=number,
        enrolment_key=f"{is_simulated}{number}", seed=number, is_simulated=is_simulated,
        step=len(script(study.plan)) - 1 if status == "completed" else 0,
        status=status, code="C123" if over else "", finished_at=START if over else None,
        consented_at=START, last_seen_at=START, consent_version="1",
    )  # fmt: skip
    predictions = list(Prediction.objects.filter(run=arm.run).order_by("pk"))
    judged = predictions[: len(right)] + predictions[N_EACH : N_EACH + len(wrong)]
    trials = Trial.objects.bulk_create(
        Trial(
            participant=participant, condition=arm, phase=phase, position=position,
            prediction=prediction, presented_at=START + timedelta(minutes=position),
        )
        for position, prediction in enumerate(judged)
    )  # fmt: skip
    accepted = [mark == "1" for mark in right] + [mark == "0" for mark in wrong]
    Response.objects.bulk_create(
        Response(
            trial=trial, is_accepted=is_accepted, rt_ms=rt_ms,
            received_at=START + timedelta(minutes=trial.position, seconds=2),
        )
        for trial, is_accepted in zip(trials, accepted, strict=True)
    )  # fmt: skip
    return participant


def study_of_four() -> Study:
    """Two people of 75 and 25 percent under kNN, one on the way, one robot."""
    study = make_study()
    person(study, "kNN", "11", "10")
    person(study, "kNN", "10", "00")
    person(study, "ResNet-50", "1", status="active", rt_ms=None)
    person(study, "kNN", "11", "11", is_simulated=True)
    return study
