"""Robots answer every task: they switch, are more or less sure, and are sometimes too slow."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_plan, make_study
from trials.models import Participant, Response
from trials.simulation.habits import Habits, HabitsRefused
from trials.simulation.robots import Robot, play
from trials.simulation.times import Times

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

TASKS: list[dict[str, Any]] = [
    {"first": True, "confidence": {"levels": 5}},
    {"ask": "choose", "confidence": {"scale": [50, 100]}, "reason": "line"},
    {"ask": "choose", "first": True, "choices": ["kind_amber", "kind_birch", "kind_cedar"]},
]
KNN = {"name": "kNN", "classifier": "knn", "view": "exemplars"}


def played(task: dict[str, Any], **habits: float) -> list[Response]:
    """Return the test's answers of one robot with a task."""
    study = make_study(plan=make_plan(conditions=[KNN], task=task))
    robot = Robot(habits=Habits(**habits), times=Times(mu=900, sigma=1, tau=1))
    done = play(study, robot, random.Random(1))
    assert done.status == Participant.Status.COMPLETED
    found = Response.objects.filter(trial__phase="test").select_related("trial__prediction__image")
    return list(found.order_by("trial__position", "occasion"))


@pytest.mark.parametrize("task", TASKS)
def test_a_robot_goes_through_every_task(task: dict[str, Any]) -> None:
    answers = played(task)
    assert len(answers) == 6 * (1 + task.get("first", False))
    assert all((item.choice is not None) == (task.get("ask") == "choose") for item in answers)
    assert all((item.confidence is not None) == ("confidence" in task) for item in answers)


@pytest.mark.parametrize("ask", ["verify", "choose"])
def test_a_robot_that_always_switches_ends_with_the_ais_answer(ask: str) -> None:
    answers = played({"ask": ask, "first": True}, own_right=0.5, switch_right=1, switch_wrong=1)
    final = [item for item in answers if item.occasion == "final"]
    agree = [item.is_accepted or item.choice == item.trial.prediction.category for item in final]
    assert len(agree) == 6
    assert all(agree)


def test_a_robot_that_never_switches_keeps_its_first_answers() -> None:
    answers = played({"first": True}, own_right=0.5, switch_right=0, switch_wrong=0)
    finals = [item.is_accepted for item in answers if item.occasion == "final"]
    assert finals == [item.is_accepted for item in answers if item.occasion == "first"]


def test_a_robot_is_as_sure_as_its_habits_say() -> None:
    task = {"ask": "choose", "confidence": {"scale": [0, 100]}}
    for item in played(task, sure_right=0.9, sure_wrong=0.2, sd_sure=0):
        is_right = item.is_right_on(item.trial.prediction)
        assert item.confidence == (90 if is_right else 20)


def test_a_robot_that_is_too_slow_misses_trials_of_the_test_alone() -> None:
    study = make_study(plan=make_plan(conditions=[KNN], task={"seconds": 2}))
    play(study, Robot(times=Times(mu=9000, sigma=1, tau=1)), random.Random(1))
    assert Response.objects.filter(trial__phase="test", is_missed=True).count() == 6
    assert not Response.objects.exclude(trial__phase="test").filter(is_missed=True).exists()


def test_an_impossible_habit_is_refused() -> None:
    with pytest.raises(HabitsRefused, match=r"switch_right 1.5: expected a share"):
        Habits(switch_right=1.5)
    with pytest.raises(HabitsRefused, match=r"sd_sure 2: expected a deviation from 0 to 1"):
        Habits(sd_sure=2)


def test_the_command_sets_the_habits() -> None:
    study = make_study(plan=make_plan(conditions=[KNN], task={"first": True}))
    call_command("simulate", "trees", participants=1, own_right=0, switch_right=0, switch_wrong=0)
    rows = Response.objects.filter(trial__participant__study=study, trial__phase="test")
    assert rows.count() == 12
    assert not rows.correct().exists()


def test_the_command_refuses_an_impossible_habit_by_its_option() -> None:
    make_study()
    with pytest.raises(CommandError, match=r"--switch-right 1.5: expected a share"):
        call_command("simulate", "trees", participants=1, switch_right=1.5)
