"""Simulated people: they finish, they are marked, they judge with the chances they were given."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.factories import make_document, make_study
from tests.trials.interacting import interactive_study
from trials.models import Interaction, Participant, Response, Study
from trials.simulation import robots
from trials.simulation.behaviour import Behaviour
from trials.simulation.robots import KEY, Robot, RobotStuck, play, reaction_ms
from trials.study.plan import StudyPlan

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def test_a_robot_walks_to_the_end_and_is_marked() -> None:
    participant = play(make_study(), Robot(), random.Random(1))
    assert participant.is_simulated
    assert participant.status == Participant.Status.COMPLETED
    assert participant.trials.answered().count() == participant.trials.count()


def test_nothing_that_travels_over_http_makes_a_person_a_robot() -> None:
    make_study()
    person = Client(headers={"trials.robot": "1", "Trials-Robot": "1"})
    key = KEY.search(person.get("/s/trees/").text)
    assert key is not None
    person.post("/s/trees/", {"agree": "on", "enrolment_key": key[1], "trials.robot": "1"})
    assert not Participant.objects.get().is_simulated


def test_extreme_chances_give_the_accuracy_that_they_imply() -> None:
    study = make_study()
    play(study, Robot(accept_right=1, accept_wrong=0), random.Random(1))
    play(study, Robot(accept_right=0, accept_wrong=1), random.Random(1))
    for number, expected in ((1, 6), (2, 0)):
        rows = Response.objects.filter(trial__participant__number=number, trial__phase="test")
        assert rows.correct().count() == expected


def test_the_expected_accuracy_is_the_mean_over_both_kinds_of_trials() -> None:
    assert Robot(accept_right=0.9, accept_wrong=0.4).accuracy == pytest.approx(0.75)


def test_a_robot_says_where_it_got_stuck() -> None:
    study = make_study()
    Study.objects.update(status=Study.Status.CLOSED)
    with pytest.raises(RobotStuck, match="is the study open"):
        play(study, Robot(), random.Random(1))


def test_a_robot_that_is_stopped_leaves_no_place_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study()
    real, calls = robots._submit, []

    def stop_later(*given: Any) -> None:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(robots, "_submit", stop_later)
    with pytest.raises(KeyboardInterrupt):
        play(study, Robot(), random.Random(1))
    assert len(calls) == 4
    assert not Participant.objects.exists()


def test_reaction_times_look_like_peoples() -> None:
    times = [reaction_ms(random.Random(seed)) for seed in range(2000)]
    assert min(times) >= 300
    assert 5500 < sum(times) / len(times) < 6500


@pytest.mark.parametrize(("send", "status"), [(robots._submit, 200), (robots._move, 302)])
def test_a_robot_whose_page_answers_otherwise_is_stuck_and_says_where(
    send: Callable[..., None], status: int
) -> None:
    client = SimpleNamespace(post=lambda *_, **__: SimpleNamespace(status_code=status))
    with pytest.raises(robots.RobotStuck, match=f"/s/trees/ answered {status} to {{'step': '3'}}"):
        send(client, "/s/trees/", {"step": "3"})


def test_the_command_fills_conditions_evenly(capsys: pytest.CaptureFixture[str]) -> None:
    make_study()
    call_command("simulate", "trees", participants=8, seed=1)
    counts = Counter(Participant.objects.values_list("condition", flat=True))
    assert sorted(counts.values()) == [1, 1, 1, 1, 2, 2]
    assert "8 completed" in capsys.readouterr().out


def test_the_same_seed_gives_the_same_answers() -> None:
    rng = [random.Random("x") for _ in range(2)]
    robot = Robot()
    assert [robot.accepts("test", bool(n % 2), rng[0]) for n in range(50)] == [
        robot.accepts("test", bool(n % 2), rng[1]) for n in range(50)
    ]


@pytest.mark.parametrize(
    ("study", "options", "message"),
    [
        ("nothing", {}, "No study 'nothing'; studies: trees"),
        ("trees", {"accept_right": 1.5}, "--accept-right 1.5: expected a chance from 0 to 1"),
        ("trees", {"sd_image": -1.0}, "--sd-image -1.0: expected a standard deviation"),
        ("trees", {"condition": ["kNN=1"]}, "expected NAME=RIGHT,WRONG"),
        ("trees", {"condition": ["kn=1,0"]}, "no condition 'kn'; the study has ResNet-50, kNN"),
    ],
)
def test_the_command_refuses_with_a_reason(
    study: str, options: dict[str, Any], message: str
) -> None:
    make_study()
    with pytest.raises(CommandError, match=message):
        call_command("simulate", study, **options)


def test_a_closed_study_is_not_simulated() -> None:
    make_study()
    Study.objects.update(status=Study.Status.CLOSED)
    with pytest.raises(CommandError, match="only an open one"):
        call_command("simulate", "trees")


def test_robots_of_a_condition_judge_as_its_people_do() -> None:
    study = make_study()
    names = list(study.conditions.values_list("name", flat=True))
    cast = {name: Behaviour(1, 0) for name in names} | {names[0]: Behaviour(0, 1, sd_image=1)}
    for number in range(6):
        play(study, cast, random.Random(number))
    for name in names:
        rows = Response.objects.filter(trial__phase="test")
        rows = rows.filter(trial__participant__condition__name=name)
        assert rows.correct().count() == (0 if name == names[0] else rows.count())


def test_the_command_says_what_each_condition_is_expected_to_reach(
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_study()
    options = {"condition": ["kNN=1,0.4"], "sd_skill": 0.5, "sd_image": 1.0}
    call_command("simulate", "trees", participants=1, **options)
    assert "accuracy ResNet-50 75.0 %, kNN 80.0 %, EMD-NN 75.0 %" in capsys.readouterr().out


def test_a_robot_walks_through_every_kind_of_screen() -> None:
    document = make_document(
        attempts=2,
        trial={"has_prior_knowledge": True, "has_definition": True, "min_seconds": 9},
        quality={"n_attention": 2, "attention_end": "end"},
    )
    asked = [
        {"name": "age", "text": "Age?", "answer": "number", "is_required": True},
        {"name": "eyes", "text": "Glasses?", "answer": "choice", "choices": ["Yes", "No"]},
    ]
    document["stages"].insert(-1, {"kind": "questions", "name": "about", "questions": asked})
    study = make_study(plan=StudyPlan.from_json(document), n_queries=24)
    participant = play(study, Robot(), random.Random(1))
    assert participant.status == Participant.Status.COMPLETED
    assert participant.question_answers.count() == 2


def test_robots_choose_parts_of_the_photo_in_an_interactive_study() -> None:
    study = interactive_study()
    for number in range(3):
        play(study, Robot(), random.Random(number))
    found = Interaction.objects.filter(trial__participant__study=study)
    assert found.count() == 3 * 12
    assert 0 < found.filter(n_changes__gt=0).count() < 3 * 12
