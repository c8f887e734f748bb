"""The columns of a task: choices, confidence, reasons, missed trials and first answers."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from analysis.rows.collected import CollectedRows
from analysis.rows.frame import responses_frame
from analysis.stats.analysis_plan import Declared, DeclaredCondition
from analysis.stats.analysis_sets import samples_of
from classifiers.models import Prediction, Truth
from tests.factories import enrol, make_plan, make_study
from trials.models import Response, Study, Trial

pytestmark = pytest.mark.django_db

SAID: dict[str, Any] = {"received_at": timezone.now(), "rt_ms": 900}


def study_of(**task: Any) -> tuple[Study, list[Trial]]:
    """Return an open study with a task, and the test's trials of one person."""
    study = make_study(plan=make_plan(task=task))
    trials = enrol(study).trials.select_related("prediction__image", "prediction__category")
    return study, list(trials.filter(phase="test").order_by("position"))


def column(study: Study, name: str) -> list[Any]:
    """Return one column of the responses; None for an empty cell."""
    cells = responses_frame(study)[name].astype("object")
    return cells.where(cells.notna(), None).tolist()


def test_a_choice_is_right_if_it_is_the_photos_class() -> None:
    study, trials = study_of(ask="choose")
    for trial in trials[:2]:
        Response.objects.create(trial=trial, choice=trial.prediction.category, **SAID)
    is_right = [trial.prediction.is_right for trial in trials[:2]]
    assert column(study, "is_correct") == is_right
    assert column(study, "choice") == [trial.prediction.category.label for trial in trials[:2]]
    assert column(study, "response") == column(study, "first_choice") == [None, None]


def test_a_choice_is_right_if_it_is_among_the_accepted_labels() -> None:
    study, trials = study_of(ask="choose")
    image = trials[0].prediction.image
    other = study.dataset.categories.exclude(pk=image.category_id)[0]
    image.truth = Truth.LABELS
    image.save()
    image.accepted.create(category=other)
    said = [Response(trial=trials[0], choice=item, **SAID) for item in (other, image.category)]
    assert [item.is_right_on(Prediction(image=image)) for item in said] == [True, False]
    said[0].save()
    assert column(study, "is_correct") == [True]


def test_the_first_answer_stands_beside_the_final_one() -> None:
    study, trials = study_of(first=True, confidence={"levels": 5})
    for occasion, is_accepted, sure in (("first", False, 2), ("final", True, 4)):
        Response.objects.create(
            trial=trials[0], occasion=occasion, is_accepted=is_accepted, confidence=sure, **SAID
        )
    frame = responses_frame(study)
    assert len(frame) == 1
    names = ["first_answer", "first_confidence", "response", "confidence", "first_rt_ms"]
    assert frame[names].iloc[0].tolist() == ["no", 2, "yes", 4, 900]
    assert bool(frame["first_is_correct"][0]) != bool(frame["is_correct"][0])


def test_a_first_answer_alone_is_no_row_and_is_an_event() -> None:
    study, trials = study_of(first=True)
    Trial.objects.filter(pk=trials[0].pk).update(presented_at=timezone.now())
    Response.objects.create(
        trial=trials[0], occasion="first", is_accepted=True, received_at=timezone.now()
    )
    rows = CollectedRows(study)
    assert list(rows.responses()) == []
    assert [row[2] for row in rows.events()] == ["consented", "presented", "answered_first"]


def test_a_missed_trial_is_listed_and_no_measure_counts_it() -> None:
    study, trials = study_of(seconds=5)
    Response.objects.create(trial=trials[0], is_missed=True, **SAID)
    assert column(study, "is_missed") == [True]
    assert column(study, "is_correct") == [False]
    frame = responses_frame(study)
    arms = tuple(DeclaredCondition(arm.name, "knn") for arm in study.plan.conditions)
    people = frame[["participant_id", "condition"]].assign(status="completed")
    sample = samples_of(frame, people, Declared(arms))[0]
    assert len(sample.answers) == 0


def test_reasons_are_exported_only_if_texts_are_asked_for() -> None:
    study, trials = study_of(reason="line")
    Response.objects.create(trial=trials[0], is_accepted=True, reason="its bark", **SAID)
    assert column(study, "reason") == [None]
    rows = CollectedRows(study, include_texts=True)
    assert "its bark" in next(rows.responses())
    assert rows.n_texts() == 1
