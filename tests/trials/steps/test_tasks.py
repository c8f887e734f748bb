"""The pages of a task: what they ask, what they store, and what they must not tell."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from classifiers.models import Evidence, Gallery, Job
from tests.factories import make_dataset, make_plan, make_run, make_study
from tests.trials.participant.test_views import WAY, consent
from tests.trials.steps.test_way import person
from tests.trials.tab import Tab
from trials import services
from trials.models import Participant, Response, StepVisit, Trial, TrialItem
from trials.services import StudyRefused, frozen_sha256, trial_of
from trials.services.choices import choices_of
from trials.study.design import Kind, Step

pytestmark = pytest.mark.django_db

EMD_CORR = {"name": "EMD-Corr", "classifier": "emd-corr", "view": "correspondences"}


def enter(**changes: Any) -> Tab:
    """Open a study with one condition and examples, and go to the first page that asks."""
    make_study(plan=make_plan(conditions=[EMD_CORR], **changes))
    client = Tab()
    consent(client)
    found = person()
    kinds = (Kind.FIRST, Kind.TRIAL)
    Participant.objects.update(
        step=next(n for n, step in enumerate(found.script) if step.kind in kinds)
    )
    return client


def here() -> Trial:
    """Return the trial of the current page."""
    found = person()
    return trial_of(found, found.script[found.step])


def send(client: Tab, **form: Any) -> Any:
    """Send the current page."""
    return client.post(WAY, {"step": str(person().step), **form})


def test_a_class_is_chosen_by_a_button_and_stored() -> None:
    client = enter(task={"ask": "choose"})
    page, trial = client.get(WAY).text, here()
    assert page.count('name="choice"') == 4
    send(client, choice=str(trial.prediction.image.category.index), rt_ms="900")
    answer = Response.objects.get()
    assert (answer.choice, answer.is_accepted) == (trial.prediction.image.category, None)
    assert "Correct" in client.get(WAY).text


def test_a_wrong_class_is_told_and_counts_as_wrong() -> None:
    client = enter(task={"ask": "choose"})
    send(client, choice=str((here().prediction.image.category.index + 1) % 4))
    assert "Not correct" in client.get(WAY).text
    assert Response.objects.all().correct().count() == 0


@pytest.mark.parametrize("choice", ["", "4", "-1", "x", "1.0"])
def test_a_class_that_is_not_offered_is_refused(choice: str) -> None:
    client = enter(task={"ask": "choose"})
    said = send(client, choice=choice)
    assert said.status_code == 422
    assert "Please choose one of the answers." in said.text


def test_only_the_listed_classes_are_offered_in_the_order_of_the_dataset() -> None:
    client = enter(task={"ask": "choose", "choices": ["kind_cedar", "amber tree"]})
    form = client.get(WAY).text.split("<form")[1]
    assert form.index(">amber tree") < form.index(">cedar tree")
    assert ">birch tree" not in form


def test_a_class_that_the_dataset_does_not_have_stops_the_launch() -> None:
    with pytest.raises(StudyRefused, match=r"task\.choices names 'elm'"):
        make_study(plan=make_plan(task={"ask": "choose", "choices": ["elm", "kind_amber"]}))


def test_the_classes_with_the_highest_scores_need_scores() -> None:
    with pytest.raises(StudyRefused, match="have fewer scores"):
        make_study(plan=make_plan(task={"ask": "choose", "choices": {"top": 2}}))


def test_the_classes_with_the_highest_scores_are_offered_and_are_in_the_fingerprint() -> None:
    dataset = make_dataset()
    gallery = Gallery.objects.create(dataset=dataset, backbone="tiny", status=Job.Status.DONE)
    names = list(dataset.categories.order_by("index").values_list("name", flat=True))
    scores = dict(zip(names, (0.2, 0.1, 0.2, 0.5), strict=True))
    for prediction in make_run(gallery, "knn").predictions.all():
        Evidence.objects.create(prediction=prediction, scores=scores)
    arm = {"name": "kNN", "classifier": "knn", "view": "none"}
    plan = make_plan(conditions=[arm], task={"ask": "choose", "choices": {"top": 2}})
    study = services.study_create(slug="trees", dataset=dataset, plan=plan)
    item = TrialItem.objects.filter(trial_set__study=study).latest("pk")
    offered = [each.name for each in choices_of(study, item.prediction)]
    assert offered == [names[0], names[3]]  # equal scores go by name
    Evidence.objects.filter(prediction=item.prediction).update(scores=scores | {names[1]: 0.3})
    assert frozen_sha256(study) != study.frozen_sha256


@pytest.mark.parametrize("ask", ["verify", "choose"])
def test_the_page_before_the_advice_tells_nothing_of_it(ask: str) -> None:
    client = enter(task={"ask": ask, "first": True}, trial={"has_definition": ask == "choose"})
    page, prediction = client.get(WAY).text, here().prediction
    photos = [item.image.token for item in prediction.neighbors.select_related("image")]
    assert prediction.image.token in page
    assert [token for token in photos if token in page] == []
    # A signed value or an address may have any two digits.
    assert "85" not in re.sub('"[^"]*"', "", page.split("<main")[1])
    assert "data-preload" not in page
    assert "Sam" not in page.split("<main")[1]
    assert prediction.category.label not in page.split("<form")[0]


def test_the_definition_of_the_ais_class_comes_after_a_first_choice() -> None:
    plan = make_plan(task={"ask": "choose", "first": True}, trial={"has_definition": True})
    make_study(plan=plan)
    consent(Tab())
    kinds = [step.kind for step in person().script if step.name == "test" and step.position == 0]
    assert kinds == [Kind.FIRST, Kind.DEFINITION, Kind.TRIAL]


def test_both_answers_are_stored_and_the_first_is_recalled() -> None:
    client = enter(task={"first": True})
    send(client, answer="no", rt_ms="700")
    assert "Your first answer was <strong>No</strong>." in client.get(WAY).text
    send(client, answer="yes", rt_ms="300")
    rows = Response.objects.order_by("pk").values_list("occasion", "is_accepted", "rt_ms")
    assert list(rows) == [("first", False, 700), ("final", True, 300)]


def test_a_first_answer_sent_twice_is_stored_once() -> None:
    client = enter(task={"first": True})
    step = str(person().step)
    for answer in ("no", "yes", "yes"):
        client.post(WAY, {"step": step, "answer": answer})
    assert list(Response.objects.values_list("occasion", "is_accepted")) == [("first", False)]


@pytest.mark.parametrize(
    ("confidence", "sent", "stored"),
    [
        ({"levels": 3, "labels": ["low", "middle", "high"]}, "3", 3),
        ({"levels": 3}, "4", None),
        ({"levels": 3}, "", None),
        ({"scale": [50, 100]}, "77", 77),
        ({"scale": [50, 100]}, "49", None),
        ({"scale": [50, 100]}, "77.5", None),
    ],
)
def test_confidence_is_a_value_of_the_scale(confidence: Any, sent: str, stored: Any) -> None:
    client = enter(task={"confidence": confidence})
    said = send(client, answer="yes", confidence=sent)
    found = list(Response.objects.values_list("confidence", flat=True))
    assert found == ([] if stored is None else [stored])
    assert ("how sure you are" in said.text) == (stored is None)


def test_a_refused_page_keeps_what_was_given() -> None:
    client = enter(task={"confidence": {"levels": 3}, "reason": "line"})
    page = send(client, answer="no", confidence="2").text
    assert "Please write a reason." in page
    assert 'value="no" data-key="n" checked' in page
    assert 'name="confidence" value="2" checked' in page
    send(client, answer="no", confidence="2", reason=" its bark ")
    assert Response.objects.get().reason == "its bark"


def test_a_reason_that_is_too_long_is_refused_and_not_cut() -> None:
    client = enter(task={"reason": "line"})
    page = send(client, answer="no", reason="x" * 201).text
    assert "please use at most 200" in page
    assert "x" * 201 in page


def test_at_the_end_of_the_time_what_is_chosen_is_stored() -> None:
    client = enter(task={"seconds": 5, "confidence": {"levels": 3}})
    send(client, answer="yes", rt_ms="5000", time_over="1")
    answer = Response.objects.get()
    assert (answer.is_accepted, answer.confidence, answer.is_missed) == (True, None, False)
    assert answer.given_by == "time"


@pytest.mark.parametrize("form", [{"time_over": "1"}, {"answer": "yes", "rt_ms": "9000"}])
def test_a_trial_without_an_answer_in_time_is_missed(form: dict[str, str]) -> None:
    client = enter(task={"seconds": 5})
    send(client, **form)
    assert list(Response.objects.values_list("is_missed", "is_accepted")) == [(True, None)]
    assert "The time was over" in client.get(WAY).text


def test_an_answer_in_time_that_arrives_late_counts() -> None:
    client = enter(task={"seconds": 5})
    client.get(WAY)
    StepVisit.objects.update(shown_at=timezone.now() - timedelta(minutes=3))
    send(client, answer="yes", rt_ms="4000")
    assert Response.objects.get().is_accepted


def test_without_a_script_the_servers_clock_tells_the_end() -> None:
    client = enter(task={"seconds": 5})
    client.get(WAY)
    StepVisit.objects.update(shown_at=timezone.now() - timedelta(minutes=3))
    assert 'data-limit="0"' in client.get(WAY).text
    send(client, answer="yes")
    assert Response.objects.get().is_missed


def test_the_check_scores_choices() -> None:
    client = enter(task={"ask": "choose"}, n_validation=2, pass_mark=2)
    found = person()
    start = found.script.index(Step(Kind.TRIAL, "validation", 0))
    Participant.objects.update(step=start)
    for _ in range(2):
        send(client, choice=str(here().prediction.image.category.index))
    assert person().status == "active"
    assert person().script[person().step].name == "before_test"
