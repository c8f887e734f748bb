"""Assignment after the validation, through the real services: nobody is lost, quotas end exact."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from tests.factories import enrol, make_study
from tests.trials.late import late_plan
from tests.trials.services.test_enrolment import silence
from tests.trials.services.test_services import advance, answer
from tests.trials.within import AIDED, KNN, UNAIDED
from trials import services
from trials.models import Condition, Participant, Study
from trials.simulation.robots import Robot, play
from trials.study.design import Kind

pytestmark = pytest.mark.django_db
QUOTAS = {"unaided": 2, "EMD-Corr": 3, "kNN": 1}


def late_study(**changes: Any) -> Study:
    """Return an open study with a quota in every condition."""
    conditions = [each | {"quota": QUOTAS[each["name"]]} for each in (UNAIDED, AIDED, KNN)]
    return make_study(plan=late_plan(conditions=conditions, **changes), n_queries=40)


def onward(person: Participant) -> Participant:
    """Answer one screen rightly."""
    step, is_yes = person.script[person.step], None
    if step.kind == Kind.TRIAL:
        is_yes = services.trial_of(person, step).prediction.is_right
    return advance(person, person.step, is_yes)


def passed(person: Participant) -> Participant:
    """Answer until the person is assigned."""
    while not person.is_assigned:
        person = onward(person)
    return person


def test_only_who_passes_gets_a_condition_its_trials_and_its_screens() -> None:
    study = late_study()
    before = enrol(study)
    assert (before.condition.name, before.is_assigned) == ("unaided", False)
    assert set(before.trials.values_list("phase", flat=True)) == {"validation"}
    Condition.objects.exclude(name="kNN").update(is_on=False)
    after = passed(before)
    shown = Counter(after.trials.values_list("phase", "condition__name"))
    assert shown == {("validation", "unaided"): 2, ("training", "kNN"): 2, ("test", "kNN"): 2}
    assert after.script[after.step].name == "training"
    assert [after.condition_at(n).name for n in (0, after.step)] == ["unaided", "kNN"]
    assert after.trials.values("prediction__image").distinct().count() == 6
    assert answer(after).status == "completed"


def test_who_fails_is_never_assigned_and_frees_the_place() -> None:
    study = late_study()
    failed = answer(enrol(study), n_wrong=1)
    assert (failed.status, failed.is_assigned) == ("failed_validation", False)
    assert not failed.trials.exclude(phase="validation").exists()
    for n in range(sum(QUOTAS.values())):
        enrol(study, f"person{n}")
    with pytest.raises(services.StudyFull):
        enrol(study, "one too many")


def test_without_a_quota_in_each_condition_there_is_always_a_place() -> None:
    study = late_study()
    Condition.objects.filter(name="kNN").update(quota=0)
    people = [enrol(study, f"person{n}") for n in range(sum(QUOTAS.values()) + 1)]
    assert not any(person.is_assigned for person in people)


def test_who_comes_back_to_a_full_study_is_still_assigned() -> None:
    study = late_study()
    late = enrol(study, "late")
    silence(late)
    for n in range(sum(QUOTAS.values())):
        answer(enrol(study, f"person{n}"))
    assert answer(late).status == "completed"
    arms = services.arm_places(study, stage=Participant.Stage.LIVE)
    assert sum(arm.beyond for arm in arms) == 1


def test_an_answer_in_an_old_tab_keeps_the_new_condition() -> None:
    study = late_study()
    Condition.objects.exclude(name="kNN").update(is_on=False)
    old = enrol(study)
    new = passed(Participant.objects.get(pk=old.pk))
    assert old.condition.name == "unaided"
    assert advance(old, old.step).condition == new.condition


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whoever_comes_fails_or_leaves_nobody_is_lost_and_quotas_end_exact(seed: int) -> None:
    study, rng, inside, n = late_study(), random.Random(seed), list[Participant](), 0
    while True:
        try:
            inside.append(enrol(study, f"person{n}"))
            n += 1
        except services.StudyFull as full:
            if full.is_for_good:
                break
        person = inside.pop(rng.randrange(len(inside)))
        fate = rng.random()
        if fate < 0.3:
            answer(person, n_wrong=2)
        elif fate < 0.5:
            services.participant_return(participant=passed(person) if fate < 0.4 else person)
        else:
            inside.append(passed(person)) if fate < 0.7 else answer(person)
    everyone = Participant.objects.filter(study=study)
    done = everyone.filter(status="completed").values_list("condition__name", flat=True)
    assert (Counter(done), inside) == (QUOTAS, [])
    arms = services.arm_places(study, stage=Participant.Stage.LIVE)
    ends = ("completed", "under_way", "silent", "failed_validation", "returned")
    assert sum(getattr(arm, name) for arm in arms for name in ends) == n == everyone.count()
    assert not any(arm.failed_validation for arm in arms if arm.is_arm)


def test_robots_are_judges_of_the_condition_that_they_get() -> None:
    study = late_study()
    robot = Robot(accept_right=0.8, accept_wrong=0.4)
    people = [play(study, robot, random.Random(n), leaves_at=n * 0.1 or None) for n in range(2)]
    assert [person.is_assigned for person in people] == [True, False]
    assert [person.status for person in people] == ["completed", "returned"]
