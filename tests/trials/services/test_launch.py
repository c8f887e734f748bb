"""The checklist before a launch: what refuses, what warns, and what is said."""

from __future__ import annotations

from typing import Any

import pytest

from classifiers.core.category_remarks import Remark
from classifiers.models import Category, Image, PredictionRun
from tests.factories import enrol, make_plan, make_study
from trials import services
from trials.models import Participant, Study
from trials.services.launch import study_check, study_launch, study_launch_pilot
from trials.services.refusals import StudyRefused
from trials.study.checklist import LaunchFacts, Level, checklist
from trials.study.sets import Shortage

GOOD = {"contact": "lab@example.org", "ethics": "Board 7/26", "exclusions": ["accuracy<=50"]}
PROLIFIC = {"channel": "prolific", "codes": {"completed": "C1"}, "pay": 3, "currency": "GBP"}

EVERY_END = {
    "stages": [{"kind": "test"}],
    "quality": {"n_attention": 1, "attention_end": "end"},
    "max_minutes": 60,
}


def facts(plan: dict[str, Any] | None = None, **changes: Any) -> LaunchFacts:
    """Return the facts of a study that nothing is wrong with, but for the changes."""
    values: dict[str, Any] = {
        "plan": make_plan(**GOOD | (plan or {})),
        "has_unfinished_text": False,
        "runs": {"knn": ""},
        "shortages": {"knn": [Shortage(True, "", 9, 20)]},
        "views": [],
        "lost_photos": [],
        "n_simulated": 0,
        "pilot_minutes": [14.0],
    }
    return LaunchFacts(**values | changes)


def found(*given: Any, for_pilot: bool = False, **changes: Any) -> dict[str, tuple[Level, str]]:
    """Return what the checklist says that is not fine, by the check's name."""
    checks = checklist(facts(*given, **changes), for_pilot=for_pilot)
    return {check.name: (check.level, check.said) for check in checks if check.level != Level.OK}


def test_asking_twice_without_an_ai_is_a_warning() -> None:
    arms = [{"name": name, "classifier": "knn", "view": name} for name in ("unaided", "none")]
    for view, is_told in (("unaided", True), ("none", False)):
        given = {
            "task": {"first": True},
            "conditions": [each for each in arms if each["view"] == view],
        }
        assert ("First answers" in found(given)) == is_told
    level, said = found({"task": {"first": True}, "conditions": arms})["First answers"]
    assert level == Level.WARNING
    assert "People see no AI in unaided, so" in said
    assert "First answers" not in found({"conditions": arms})


def test_nothing_stands_against_a_study_with_everything() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"has_unfinished_text": True}, "Document", "no valid document yet"),
        ({"changed": ("The document changed.",)}, "Document", "The document changed."),
        ({"runs": {"knn": "No finished predictions of knn"}}, "Predictions", "No finished"),
        (
            {"shortages": {"knn": [Shortage(False, "", 9, 7)]}},
            "Photos to draw from",
            "knn: AI wrong: 7 in the pool, 9 needed, 2 more",
        ),
        ({"views": ["Condition B shows patches"]}, "Explanations", "Condition B"),
        ({"lost_photos": ["query/a.png"]}, "Photos", "1 photos have no file to show"),
        ({"categories": [Remark("a, b", "the same", True)]}, "Categories", "a, b: the same."),
        ({"given": {"contact": " "}}, "Contact", "No contact is given"),
        (
            {"given": {"recruitment": PROLIFIC | {"codes": {}}}},
            "Completion codes",
            "No Prolific code for completed, no_consent, failed_validation",
        ),
        (
            {"given": {"recruitment": PROLIFIC | {"codes": {}}} | EVERY_END},
            "Completion codes",
            "No Prolific code for completed, no_consent, failed_attention, timed_out; people",
        ),
    ],
)
def test_what_is_wrong_refuses(changes: dict[str, Any], name: str, said: str) -> None:
    given = changes.pop("given", {})
    level, words = found(given, **changes)[name]
    assert level == Level.REFUSAL
    assert said in words


@pytest.mark.parametrize(
    ("given", "name", "said"),
    [
        ({"ethics": ""}, "Ethics approval", "No committee"),
        ({"exclusions": []}, "Exclusion rules", "no longer blind"),
        ({"stages": [{"kind": "test"}]}, "Debrief", "There is no debrief"),
        ({"recruitment": PROLIFIC}, "Completion codes", "no_consent, failed_validation"),
        ({"recruitment": PROLIFIC | {"pay": 0}}, "Pay", "No pay is given"),
    ],
)
def test_what_to_look_at_warns(given: dict[str, Any], name: str, said: str) -> None:
    level, words = found(given)[name]
    assert level == Level.WARNING
    assert said in words


def test_declared_rules_are_said_in_words() -> None:
    said = {check.name: check.said for check in checklist(facts(), for_pilot=False)}
    assert said["Exclusion rules"] == "Declared: accuracy of at most 50 %."


def test_what_speaks_against_a_design_within_people_warns() -> None:
    arms = [{**each, "quota": 7} for each in make_plan().document["conditions"][:2]]
    checks = checklist(facts({"conditions": arms, "design": {"kind": "within"}}), for_pilot=False)
    said = {check.said: check.level for check in checks if check.name == "Design"}
    assert Level.OK in said.values()
    (doubt,) = [words for words, level in said.items() if level == Level.WARNING]
    assert doubt.startswith("7 people do not fill 2 orders alike.")


def test_a_document_that_is_no_longer_valid_is_the_one_thing_said(draft: Study) -> None:
    draft.document = draft.document | {"seed": -1}
    (check,) = study_check(draft)
    assert (check.name, check.level) == ("Document", Level.REFUSAL)
    assert check.said.startswith("seed: found -1, expected a whole number from 0")


@pytest.mark.parametrize(
    ("minutes", "pay", "currency", "is_low"),
    [(30, 3, "GBP", False), (31, 3, "GBP", True), (30, 3, "USD", True), (60, 1, "SEK", False)],
)
def test_pay_is_compared_with_the_pilots_own_time(
    minutes: int, pay: float, currency: str, is_low: bool
) -> None:
    recruitment = {"channel": "link", "pay": pay, "currency": currency}
    said = found({"recruitment": recruitment, "minutes": 1}, pilot_minutes=[minutes])
    assert ("Pay" in said) == is_low


def test_without_a_pilot_pay_is_compared_with_the_announced_time() -> None:
    recruitment = {"pay": 1, "currency": "GBP"}
    _, words = found({"recruitment": recruitment, "minutes": 15}, pilot_minutes=[])["Pay"]
    assert "4.00 GBP an hour for 15.0 minutes (as announced)" in words


@pytest.mark.parametrize(
    ("n_robots", "minutes", "said"),
    [(0, [], "Nobody has completed a session"), (3, [], "simulated people read no text")],
)
def test_a_study_that_nobody_played_warns(n_robots: int, minutes: list[float], said: str) -> None:
    level, words = found(n_simulated=n_robots, pilot_minutes=minutes)["Pilot"]
    assert level == Level.WARNING
    assert said in words


def test_a_pilot_does_without_contact_and_codes() -> None:
    said = found({"contact": "", "recruitment": PROLIFIC | {"codes": {}}}, for_pilot=True)
    assert {level for level, _ in said.values()} == {Level.WARNING}
    assert "Pilot" not in said


@pytest.fixture
def draft(db: None) -> Study:
    """Return a draft that can be launched."""
    study = make_study()
    plan = make_plan(**GOOD)
    return services.study_draft(slug="draft", dataset=study.dataset, document=plan.document)


def refusals(study: Study) -> dict[str, str]:
    checks = study_check(study)
    return {check.name: check.said for check in checks if check.level == Level.REFUSAL}


def test_a_good_draft_is_piloted_and_opened(draft: Study) -> None:
    assert refusals(draft) == {}
    study_launch_pilot(study=draft)
    assert refusals(draft) == {}
    assert study_launch(study=draft).status == Study.Status.OPEN


def test_a_refused_launch_lists_every_reason_and_changes_nothing(draft: Study) -> None:
    PredictionRun.objects.filter(classifier="knn").update(status="running")
    Image.objects.all()[0].crop_path.unlink()
    with pytest.raises(StudyRefused, match="No finished predictions of knn") as caught:
        study_launch(study=draft)
    assert "1 photos have no file" in str(caught.value)
    draft.refresh_from_db()
    assert (draft.status, draft.is_frozen) == (Study.Status.DRAFT, False)


def test_a_pool_too_small_is_told_by_how_much(draft: Study) -> None:
    document = make_plan(**GOOD, n_sets=50).document
    services.study_revise(study=draft, document=document)
    draft = Study.objects.get(pk=draft.pk)
    assert (
        "AI right: 10 in the pool, 153 needed, 143 more" in refusals(draft)["Photos to draw from"]
    )


def test_a_frozen_study_that_was_tampered_with_is_not_opened(draft: Study) -> None:
    study_launch_pilot(study=draft)
    draft.dataset.categories.update(definition="Other words.")
    assert "definitions that people see changed" in refusals(draft)["Document"]


def test_an_unfinished_text_stands_against_a_launch(draft: Study) -> None:
    draft = services.study_keep_text(study=draft, text="title: [")
    assert "no valid document yet" in refusals(draft)["Document"]


def test_minutes_are_those_of_people_in_the_pilot(draft: Study) -> None:
    study_launch_pilot(study=draft)
    for key, is_robot in (("alice", False), ("robby", True)):
        person = enrol(draft, key, is_simulated=is_robot)
        Participant.objects.filter(pk=person.pk).update(
            status="completed", code="C", finished_at=person.consented_at
        )
    said = {item.name: item.said for item in study_check(draft)}
    assert said["Pilot"] == "Completed sessions: 1 by people, 1 by simulated people."


@pytest.mark.django_db
def test_a_draft_with_a_rule_of_an_earlier_version_opens_and_is_not_launched(draft: Study) -> None:
    rules = {"exclusions": ["session_number>1"]}
    Study.objects.filter(pk=draft.pk).update(document=draft.document | rules)
    old = Study.objects.get(pk=draft.pk)
    assert old.plan.exclusions == ("session_number>1",)
    assert "No study measures what session_number>1 is about" in refusals(old)["Exclusion rules"]
    with pytest.raises(StudyRefused, match="is_repeat excludes who took part before"):
        services.study_freeze(study=old)
    assert services.study_copy(study=old, slug="copy").plan.exclusions == ("session_number>1",)


@pytest.mark.django_db
def test_categories_with_one_label_refuse_a_draft_and_warn_of_what_is_frozen() -> None:
    study = make_study()
    draft = services.study_copy(study=study, slug="draft")
    first, second = Category.objects.order_by("index")[:2]
    Category.objects.filter(pk=second.pk).update(label=f"{first.label.upper()} ")
    refusal = next(item for item in study_check(draft) if item.name == "Categories")
    assert refusal.level == Level.REFUSAL
    assert refusal.said.startswith("kind_amber, kind_birch: people read the same label")
    with pytest.raises(StudyRefused, match="people read the same label"):
        study_launch(study=draft)
    warning = next(item for item in study_check(study) if item.name == "Categories")
    assert warning.level == Level.WARNING


@pytest.mark.django_db
def test_a_gallery_smaller_than_its_voters_is_warned_of() -> None:
    study = make_study()
    draft = services.study_copy(study=study, slug="draft")
    PredictionRun.objects.update(parameters={"n_voters": 25})
    (check,) = [item for item in study_check(draft) if item.name == "Categories"]
    assert check.level == Level.WARNING
    assert "it has 24 photos, and 25 vote" in check.said
