"""A person's trials in a study within people, through the real services and pages."""

from __future__ import annotations

import random
from collections import Counter
from io import BytesIO
from typing import Any

import pytest
from django.template.loader import render_to_string

from classifiers.models import Gallery, PredictionRun
from tests.factories import enrol
from tests.trials.within import AIDED, KNN, UNAIDED, within
from trials import services
from trials.models import Participant, Response, Study, TrialSet
from trials.services.archive import study_export
from trials.services.archive_import import study_import
from trials.simulation.behaviour import Behaviour
from trials.simulation.robots import Robot, play
from trials.steps import pages
from trials.study.design import Kind

pytestmark = pytest.mark.django_db


def photos_of(person: Participant, **which: Any) -> list[str]:
    """Return the photos of a person's trials, in order."""
    trials = person.trials.filter(**which).order_by("phase", "position")
    return list(trials.values_list("prediction__image__sha256", flat=True))


@pytest.mark.parametrize("training", ["once", "each"])
def test_nobody_sees_a_photo_twice(training: str) -> None:
    study = within(UNAIDED, AIDED, KNN, training=training, n_training=4, n_queries=120)
    for person in (enrol(study, f"person{n}") for n in range(6)):
        seen = photos_of(person)
        assert len(set(seen)) == len(seen) == 18 + 4 + {"once": 4, "each": 12}[training]
        assert len(set(photos_of(person, condition__name="kNN", phase="test"))) == 6


def test_with_the_same_photos_each_condition_has_them_in_another_order() -> None:
    person = enrol(within(photos="same"), "alice")
    first, second = (photos_of(person, phase="test", block=block) for block in (1, 2))
    assert sorted(first) == sorted(second)
    assert first != second
    assert not set(first) & set(photos_of(person, phase="training"))


def test_over_people_each_set_is_judged_in_each_condition_alike() -> None:
    study = within(n_sets=4)
    people = [enrol(study, f"person{n}") for n in range(8)]
    shown = Counter(
        (trial.condition.name, trial_set.number)
        for person in people
        for trial in person.trials.filter(phase="test").select_related("condition")
        for trial_set in TrialSet.objects.filter(
            phase="test", items__prediction=trial.prediction_id
        )
    )
    assert len(shown) == 8
    assert set(shown.values()) == {12}


def test_trials_are_in_blocks_of_one_condition_in_the_persons_order() -> None:
    person = enrol(within(training="each"), "alice")
    rows = person.trials.order_by("block", "phase", "position")
    blocks = [
        {row.condition.name for row in rows if row.block == block and row.phase != "validation"}
        for block in (1, 2)
    ]
    names = ["unaided", "EMD-Corr"]
    assert blocks == [{names[int(number) - 1]} for number in person.sequence.split()]
    assert person.condition.name == names[int(person.sequence[0]) - 1]


def page_named(person: Participant, name: str, position: int) -> str:
    """Return a page of a person's session as HTML."""
    place = next(n for n, step in enumerate(person.script)
                 if step.name == name and step.position == position)  # fmt: skip
    Participant.objects.filter(pk=person.pk).update(step=place)
    page = pages.page_of(Participant.objects.get(pk=person.pk))
    return render_to_string(page.template, page.context)


def test_a_page_announces_each_block_and_its_way_of_working() -> None:
    person = enrol(within(order="fixed", training="each"), "alice")
    first, second = (page_named(person, "before_block", number) for number in (0, 1))
    assert "Part 1 of 2" in first
    assert "without an AI" in first
    assert "Sam" not in first
    assert "Part 2 of 2" in second
    assert "<strong>Sam</strong>, an AI" in second
    assert "First you practise with 2 photos" in second


def test_the_page_after_a_blocks_training_speaks_of_its_block_alone() -> None:
    person = enrol(within(order="fixed", training="each", task={"seconds": 9}), "alice")
    page = page_named(person, "before_test", 0)
    assert "<strong>6 photos</strong> in this part" in page
    assert "Start the study" not in page
    assert "You have 9 seconds for each answer." in page
    assert "no time limit" not in page
    assert "Part 1 of 2 ·" in page_named(person, "test", 0)


def test_own_words_announce_a_block_in_its_condition() -> None:
    own = {
        **AIDED,
        "persona": "Kim",
        "wording": {"before_block": "Now {persona}: {part}/{n_parts}"},
    }
    person = enrol(within(UNAIDED, own, order="fixed"), "alice")
    assert "Now Kim: 2/2" in page_named(person, "before_block", 1)
    assert "Now" not in page_named(person, "before_block", 0)


def test_the_pages_before_the_first_block_tell_nothing_of_a_later_ai() -> None:
    person = enrol(within(order="fixed"), "alice")
    assert "Sam" not in page_named(person, "introduction", 0)
    assert "Sam" in page_named(person, "test", 6)


@pytest.mark.parametrize("changes", [{"training": "each"}, {"blocks": [["unaided", "EMD-Corr"]]}])
def test_a_robot_goes_through_all_blocks(changes: dict[str, Any]) -> None:
    study = within(**changes, quality={"n_attention": 2}, n_queries=80)
    done = play(study, Robot(), random.Random(1))
    assert done.status == Participant.Status.COMPLETED
    assert done.trials.filter(phase="test", responses__isnull=False).count() == 12
    kinds = Counter(step.kind for step in done.script)
    assert kinds[Kind.ATTENTION] == 2


def test_too_few_photos_for_sets_that_are_apart_are_refused() -> None:
    with pytest.raises(services.StudyRefused, match="needed"):
        within(UNAIDED, AIDED, KNN, n_training=4, n_queries=36)
    assert not Study.objects.filter(status="open").exists()


def test_who_drops_out_frees_the_place_in_an_order() -> None:
    study = within(quality={"n_attention": 1})
    orders: Counter[str] = Counter({"1 2": 0, "2 1": 0})
    for number in range(4):
        is_leaving = number % 2 == 0
        person = play(study, Robot(), random.Random(number), leaves_at=0.6 if is_leaving else None)
        expected = Participant.Status.RETURNED if is_leaving else Participant.Status.COMPLETED
        assert person.status == expected
        orders[person.sequence] += not is_leaving
        assert abs(orders["1 2"] - orders["2 1"]) <= 1
    assert orders == {"1 2": 1, "2 1": 1}


def test_a_full_study_takes_nobody_whatever_the_order() -> None:
    study = within({**UNAIDED, "quota": 3}, {**AIDED, "quota": 3})
    for number in range(3):
        enrol(study, f"person{number}")
    with pytest.raises(services.StudyFull):
        enrol(study, "late")


def test_random_orders_are_each_persons_own_and_fixed_ones_the_same() -> None:
    study = within(order="random", n_sets=3)
    orders = {enrol(study, f"person{n}").sequence for n in range(8)}
    assert orders == {"1 2", "2 1"}


def test_no_condition_of_a_study_within_people_can_be_switched_off() -> None:
    condition = within(order="fixed").conditions.get(name="unaided")
    with pytest.raises(services.StudyRefused, match="Pause the study"):
        services.condition_switch(condition=condition, is_on=False)


def test_a_robot_judges_in_each_condition_as_its_people_do() -> None:
    cast = {"unaided": Behaviour(1, 0), "EMD-Corr": Behaviour(1, 1)}
    done = play(within(training="each"), cast, random.Random(1))
    rows = Response.objects.filter(trial__participant=done, trial__phase="test")
    answers: Any = rows.with_correctness().select_related("trial__condition")
    wrong = [answer for answer in answers if not answer.is_ai_correct]
    assert {(answer.trial.condition.name, answer.is_accepted) for answer in wrong} == {
        ("unaided", False), ("EMD-Corr", True)
    }  # fmt: skip


def test_a_study_within_people_is_the_same_after_its_archive() -> None:
    study, file = (
        within(UNAIDED, AIDED, KNN, training="each", n_training=4, n_queries=80),
        BytesIO(),
    )
    study_export(study, file)
    before, dataset = study.frozen_sha256, study.dataset
    Study.objects.all().delete()
    PredictionRun.objects.all().delete()
    Gallery.objects.all().delete()
    file.seek(0)
    again = study_import(file=file, slug="trees", dataset=dataset).study
    assert again.frozen_sha256 == before
    services.study_open(study=again)
    assert enrol(again).trials.filter(phase="training").count() == 12


def test_the_page_of_a_block_has_the_instructions_of_its_panels() -> None:
    grid = {"name": "grid", "classifier": "chm-corr", "view": "interactive"}
    person = enrol(within(UNAIDED, grid, order="fixed", n_queries=80), "alice")
    page = page_named(person, "before_block", 1)
    assert '<ul class="howto">' in page
    assert "The percentage says how sure Sam is" in page
    assert '<ul class="howto">' not in page_named(person, "before_block", 0)
