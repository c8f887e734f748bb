"""Simulated people who learn: what is planted is what they do, on the pages and without them."""

from __future__ import annotations

import random
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_plan, make_study
from tests.trials.within import AIDED, within
from trials.models import Response
from trials.simulation.behaviour import Behaviour, BehaviourRefused
from trials.simulation.chances import logit
from trials.simulation.habits import Habits
from trials.simulation.robots import Robot, play

HARD = 1e-6  # log odds of −13.8: wrong in the first trials, right after as many as outweigh it
STUBBORN = Habits(own_right=HARD, switch_right=0, switch_wrong=0)


def test_each_trial_adds_as_much_to_the_log_odds_of_being_correct() -> None:
    person = Behaviour(0.8, 0.3, learning=0.1).draw(random.Random(1)).after(5)
    assert logit(person.accept_right) == pytest.approx(logit(0.8) + 0.5)
    assert logit(person.accept_wrong) == pytest.approx(logit(0.3) - 0.5)
    assert logit(person.habits.own_right) == pytest.approx(logit(0.7) + 0.5)


def test_who_does_not_learn_stays_the_same() -> None:
    people, robot = Behaviour(sd_skill=1), Robot()
    assert people.after(9) is people
    assert robot.after(9) is robot


def test_careless_people_do_not_learn() -> None:
    careless = Behaviour(careless=1, learning=1).draw(random.Random(1))
    assert careless.after(9).accept_right == 0.5


def test_an_impossible_learning_rate_is_refused() -> None:
    with pytest.raises(BehaviourRefused, match="learning 3: expected log odds for each trial"):
        Behaviour(learning=3)


@pytest.mark.django_db
@pytest.mark.one_database
def test_a_robot_learns_over_the_blocks_of_its_session() -> None:
    learner = Robot(HARD, 1 - HARD, habits=STUBBORN, learning=9.2)
    done = play(within(task={"first": True}, n_test=2), learner, random.Random(1))
    for occasion in ("first", "final"):
        rows = Response.objects.filter(trial__participant=done, trial__phase="test")
        right = rows.filter(occasion=occasion).correct().order_by("trial__position")
        assert list(right.values_list("trial__position", flat=True)) == [2, 3]


@pytest.mark.django_db
@pytest.mark.one_database
@pytest.mark.parametrize(("learning", "said"), [(0, "75.0 %"), (0.1, "78.8 %")])
def test_the_command_says_the_accuracy_over_the_whole_test(learning: float, said: str) -> None:
    make_study(plan=make_plan(conditions=[AIDED]))
    out = StringIO()
    call_command("simulate", "trees", participants=1, learning=learning, stdout=out)
    assert f"Expected accuracy {said}" in out.getvalue()


@pytest.mark.django_db
@pytest.mark.one_database
def test_the_command_refuses_an_impossible_rate_by_its_option() -> None:
    make_study()
    with pytest.raises(CommandError, match=r"--learning 3.0: expected log odds"):
        call_command("simulate", "trees", participants=1, learning=3.0)
