"""Conditions by named run, with screens and wording of their own, and where the AI is unsure."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from django.test import RequestFactory

from classifiers.models import Dataset, PredictionRun
from tests.trials.tab import Tab, be
from tests.trials.unsure import CONDITIONS, make_draft, make_unsure
from trials import services
from trials.models import Condition, Participant, Study, TrialItem
from trials.participant.trial_view import trial_screen
from trials.services.archive import study_export
from trials.services.archive_import import study_import
from trials.services.launch import study_check
from trials.simulation.robots import Robot, play
from trials.studio.preview import screen_render
from trials.study.checklist import Level
from trials.study.design import Kind

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def person_in(study: Study, name: str) -> Participant:
    """Let people consent until one is in the condition."""
    for number in range(20):
        key = f"{name}{number}".ljust(16, "-")
        person = services.participant_enrol(study=study, enrolment_key=key, is_simulated=False)
        if person.condition.name == name:
            return person
    raise AssertionError(name)


def screen_in(study: Study, name: str) -> Any:
    person = person_in(study, name)
    return trial_screen(person.trials.select_related("condition").order_by("pk")[0], person)


def test_two_settings_of_a_classifier_are_two_ais_with_sets_of_their_own() -> None:
    study = make_unsure()
    arms = {arm.name: arm for arm in study.conditions.select_related("run")}
    assert {arm.run.classifier for arm in arms.values()} == {"knn"}
    assert [arms[name].ai for name in ("Few", "Many", "Unsure")] == [
        "few", "many", "many, below 0.6",
    ]  # fmt: skip
    assert set(study.trial_sets.values_list("ai", flat=True)) == {arm.ai for arm in arms.values()}
    assert arms["Unsure"].ai == arms["Hidden"].ai


def test_people_get_only_photos_where_the_ai_is_unsure() -> None:
    study = make_unsure()
    votes = {}
    for ai in ("many", "many, below 0.6"):
        drawn = TrialItem.objects.filter(trial_set__study=study, trial_set__ai=ai)
        votes[ai] = [item.prediction.n_votes or 0 for item in drawn]
    assert len(votes["many, below 0.6"]) == 2 + 2 + 12
    assert max(votes["many, below 0.6"]) < 12 <= max(votes["many"])


def test_each_condition_has_its_own_screens_and_words() -> None:
    study = make_unsure()
    few, many = screen_in(study, "Few"), screen_in(study, "Many")
    assert few.percent is not None
    assert many.percent is None
    assert [len(item.panels[0].content.urls) for item in (few, many)] == [5, 2]
    assert study.plan.of("Many").wording.question != study.plan.of("Few").wording.question


def test_without_the_label_people_are_asked_the_question_alone() -> None:
    study = make_unsure()
    shown, hidden = screen_in(study, "Unsure"), screen_in(study, "Hidden")
    assert (shown.has_statement, hidden.has_statement) == (True, False)
    assert (hidden.percent, hidden.panels) == (None, ())


@pytest.mark.parametrize(
    ("name", "has_percent", "question"),
    [("Few", True, "Is this a"), ("Many", False, "Do you see a"), ("Hidden", False, "Is this a")],
)
def test_the_page_and_the_preview_show_the_screens_of_the_condition(
    name: str, has_percent: bool, question: str, rf: RequestFactory
) -> None:
    study, client = make_unsure(), Tab()
    person = person_in(study, name)
    place = next(n for n, step in enumerate(person.script) if step.kind == Kind.TRIAL)
    Participant.objects.filter(pk=person.pk).update(step=place)
    be(client, person)
    page = client.get("/s/trees/session/").text
    seen = screen_render(rf.get("/"), study, condition=name, number=1, key=str(place)).text
    for text in (page, seen):
        assert ("statement__percent" in text, question in text) == (has_percent, True)


def test_robots_walk_every_condition_to_the_end() -> None:
    study = make_unsure()
    for number in range(8):
        play(study, Robot(), random.Random(number))
    done = study.participants.filter(status=Participant.Status.COMPLETED)
    assert set(done.values_list("condition__name", flat=True)) == {
        each["name"] for each in CONDITIONS
    }
    scripts = {person.condition.name: len(person.script) for person in done}
    assert scripts["Many"] == scripts["Few"] + 2 + 2 + 6


def test_a_change_of_a_condition_changes_the_fingerprint() -> None:
    first = make_unsure()
    rows = [{**each, "trial": {}} if each["name"] == "Many" else each for each in CONDITIONS]
    document = {**first.document, "conditions": rows}
    other = services.study_draft(slug="other", dataset=first.dataset, document=document)
    assert services.study_freeze(study=other).frozen_sha256 != first.frozen_sha256
    assert services.study_verify(first).is_same


def test_a_changed_confidence_of_a_deferred_photo_is_found() -> None:
    study = make_unsure()
    Condition.objects.filter(name="Unsure").update(defer_below=0.7)
    assert not services.study_verify(study).is_same


def test_the_study_moves_to_another_site_with_its_parts() -> None:
    study, file = make_unsure(), io.BytesIO()
    study_export(study, file)
    made = study_import(file=file, slug="again", dataset=study.dataset)
    assert made.study.frozen_sha256 == study.frozen_sha256
    ais = [each.ai for each in made.study.conditions.all()]
    assert ais == [each.ai for each in study.conditions.all()]
    assert made.study.conditions.values("run").distinct().count() == 2


def refusals(study: Study) -> str:
    return " ".join(item.said for item in study_check(study) if item.level == Level.REFUSAL)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"run": "fast"}, "no finished predictions named 'fast' on trees; there are few, many"),
        ({"view": "correspondences"}, "has no patch matches for it"),
        ({"defer": {"share": 0.99}}, "equally sure, of all but 76 of 80 photos"),
        ({"defer": {"below": 0.1}}, "run many, below 0.1: AI right"),
    ],
)
def test_the_checklist_says_what_a_condition_cannot_have(change: dict[str, Any], said: str) -> None:
    row = {"name": "A", "run": "many", "view": "none"} | change
    assert said in refusals(make_draft(conditions=[row], contact="lab@example.org"))


def test_runs_are_given_by_name_and_a_second_run_of_a_classifier_is_no_doubt() -> None:
    study = make_draft()
    runs = PredictionRun.objects.filter(dataset=Dataset.objects.get())
    assert services.study_freeze(study=study, runs=runs).conditions.count() == 4
