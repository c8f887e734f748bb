"""The trials room's writes: places, trials, answers, the gate, the code."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from classifiers.models import Job, PredictionRun
from tests.factories import enrol, make_plan, make_study
from trials import services
from trials.models import Participant, Response, Study, Trial, TrialItem
from trials.study import design
from trials.study.design import Kind, Phase

pytestmark = pytest.mark.django_db


def answer(participant: Participant, *, n_wrong: int = 0) -> Participant:
    """Go to the end, answering the first ``n_wrong`` validation trials wrongly."""
    while participant.status == Participant.Status.ACTIVE:
        step = participant.script[participant.step]
        is_accepted = None
        if step.kind == Kind.TRIAL:
            prediction = services.trial_of(participant, step).prediction
            is_right = prediction.category_id == prediction.image.category_id
            is_mistake = step.name == Phase.VALIDATION and step.position < n_wrong
            is_accepted = is_right != is_mistake
        participant = advance(participant, participant.step, is_accepted)
    return participant


def advance(participant: Participant, step: int, is_yes: bool | None = None) -> Participant:
    submission = services.Submission(step=step, is_yes=is_yes)
    return services.participant_advance(participant=participant, submission=submission)


def test_every_trial_exists_before_the_first_page() -> None:
    alice = enrol(make_study())
    counts = Counter(alice.trials.values_list("phase", flat=True))
    assert counts == {"training": 2, "validation": 4, "test": 6}


def test_half_of_the_test_trials_show_a_right_ai() -> None:
    alice = enrol(make_study())
    trials = alice.trials.filter(phase=Phase.TEST).select_related("prediction__image")
    rights = [t.prediction.category_id == t.prediction.image.category_id for t in trials]
    assert sum(rights) == len(rights) / 2


def test_conditions_that_judge_the_same_ai_share_its_sets() -> None:
    study = make_study()
    twins = study.conditions.filter(name__in=["EMD-NN", "EMD-Corr"])
    assert len({twin.run_id for twin in twins}) == 1
    assert study.trial_sets.filter(run=twins[0].run, phase=Phase.TEST).count() == 2


def test_the_same_plan_draws_the_same_photos_again() -> None:
    study = make_study()
    plan = make_plan()
    again = services.study_create(
        slug="again", dataset=study.dataset, plan=plan, runs=PredictionRun.objects.all()
    )
    photos = [
        list(
            TrialItem.objects.filter(trial_set__study=item)
            .order_by("trial_set__run", "trial_set__phase", "trial_set__number", "position")
            .values_list("prediction", flat=True)
        )
        for item in (study, again)
    ]
    assert photos[0] == photos[1]


def test_a_study_without_finished_predictions_is_refused_with_the_command() -> None:
    study = make_study()
    PredictionRun.objects.filter(classifier="knn").update(classifier="other")
    with pytest.raises(services.StudyRefused, match=r"manage.py predict trees --classifier knn"):
        services.study_create(
            slug="b", dataset=study.dataset, plan=make_plan(), runs=PredictionRun.objects.all()
        )


def attempt(study: Study, slug: str = "b") -> None:
    services.study_create(
        slug=slug, dataset=study.dataset, plan=make_plan(), runs=PredictionRun.objects.all()
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"split": "gallery"}, "predicts split 'gallery' of trees; expected split 'query'"),
        ({"status": Job.Status.RUNNING}, "is running; wait until it is done"),
    ],
)
def test_predictions_that_people_must_not_judge_are_refused(
    changes: dict[str, Any], message: str
) -> None:
    study = make_study()
    PredictionRun.objects.filter(classifier="knn").update(**changes)
    with pytest.raises(services.StudyRefused, match=message):
        attempt(study)


@pytest.mark.parametrize(
    ("classifier", "setting"),
    [("emd-corr", {"transform": "squash"}), ("chm-corr", {"paper": True})],
)
def test_boxes_beside_what_the_ai_compared_are_refused(
    classifier: str, setting: dict[str, Any]
) -> None:
    study = make_study()
    run = PredictionRun.objects.get(classifier=classifier)
    run.parameters |= setting
    run.save()
    with pytest.raises(services.StudyRefused, match="prepared otherwise than the photos"):
        attempt(study)


def test_two_runs_of_one_classifier_are_a_choice_to_be_named() -> None:
    study = make_study()
    run = PredictionRun.objects.get(classifier="knn")
    run.pk, run.name, run.parameters_sha256 = None, "", "1" * 64
    run.save()
    with pytest.raises(services.StudyRefused, match="Two runs of knn"):
        attempt(study)


def test_a_name_that_is_no_address_is_refused() -> None:
    study = make_study()
    with pytest.raises(services.StudyRefused, match="valid “slug”"):
        attempt(study, "my study")


def test_a_person_who_withdrew_leaves_a_gap_and_nothing_else() -> None:
    study = make_study()
    alice, bob = enrol(study, "alice"), enrol(study, "bob")
    alice.delete()
    assert enrol(study, "carol").number == bob.number + 1


def test_the_set_does_not_follow_from_the_condition() -> None:
    study = make_study(plan=make_plan(n_sets=2))
    people = [enrol(study, f"person{n}") for n in range(4)]
    numbers = {person.trial_set.number for person in people}
    seeds = [f"{design.participant_seed(7, n, False)}" for n in range(1, 400)]
    pairs = Counter(
        (
            design.least_filled({1: 0, 2: 0}, f"{seed}:condition"),
            design.least_filled({1: 0, 2: 0}, f"{seed}:set"),
        )
        for seed in seeds
    )
    assert numbers <= {1, 2}
    assert min(pairs.values()) > 70


def test_a_pool_too_small_leaves_no_half_study_behind() -> None:
    study = make_study()
    with pytest.raises(services.StudyRefused, match="softmax: AI right: 10 in the pool"):
        services.study_create(
            slug="b",
            dataset=study.dataset,
            plan=make_plan(n_sets=50),
            runs=PredictionRun.objects.all(),
        )
    assert not Study.objects.filter(slug="b").exists()


def test_people_spread_evenly_over_conditions_and_sets() -> None:
    study = make_study()
    people = [enrol(study, f"person{n}") for n in range(24)]
    assert set(Counter(person.condition_id for person in people).values()) == {4}
    assert set(
        Counter((person.condition_id, person.trial_set_id) for person in people).values()
    ) == {2}


def test_who_failed_the_check_frees_the_place() -> None:
    study = make_study()
    for number in range(5):
        enrol(study, f"person{number}")
    failed = answer(enrol(study, "bob"), n_wrong=4)
    assert failed.status == Participant.Status.FAILED_VALIDATION
    assert enrol(study, "carol").condition_id == failed.condition_id


def test_who_fell_silent_frees_the_place_until_they_are_seen_again() -> None:
    study = make_study()
    people = [enrol(study, f"person{number}") for number in range(6)]
    silent = people[2]
    long_ago = timezone.now() - timedelta(minutes=study.plan.idle_minutes + 1)
    Participant.objects.filter(pk=silent.pk).update(last_seen_at=long_ago)
    assert enrol(study, "carol").condition_id == silent.condition_id


def test_robots_do_not_count_as_people() -> None:
    study = make_study()
    for number in range(3):
        enrol(study, f"robot{number}", is_simulated=True)
    people = [enrol(study, f"person{number}") for number in range(6)]
    assert len({person.condition_id for person in people}) == 6


def test_consenting_twice_with_one_key_is_one_person() -> None:
    study = make_study()
    assert enrol(study, "alice") == enrol(study, "alice")
    assert Participant.objects.count() == 1


def test_nobody_enters_a_study_that_is_not_open() -> None:
    study = make_study()
    Study.objects.update(status=Study.Status.CLOSED)
    with pytest.raises(services.StudyRefused, match="not open"):
        enrol(study)


def test_an_answer_to_a_step_that_is_over_changes_nothing() -> None:
    alice = enrol(make_study())
    for step in (0, 1):
        alice = advance(alice, step)
    alice = advance(alice, 2, True)
    again = advance(alice, 2, False)
    assert (again.step, Response.objects.get().is_accepted) == (3, True)


def test_a_step_ahead_cannot_be_typed() -> None:
    alice = enrol(make_study())
    assert advance(alice, 7, True).step == 0


def test_a_trial_without_an_answer_stays() -> None:
    alice = enrol(make_study())
    for step in (0, 1, 2):
        alice = advance(alice, step)
    assert (alice.step, Response.objects.count()) == (2, 0)


def test_a_whole_session_ends_with_every_answer_and_a_code() -> None:
    alice = answer(enrol(make_study()))
    assert alice.status == Participant.Status.COMPLETED
    assert Response.objects.count() == Trial.objects.count() == 12
    assert alice.code.startswith("C")
    assert len(alice.code) == 10


@pytest.mark.parametrize(
    ("n_wrong", "status"), [(1, Participant.Status.COMPLETED), (2, "failed_validation")]
)
def test_the_gate_opens_at_the_pass_mark_and_not_below(n_wrong: int, status: str) -> None:
    assert answer(enrol(make_study()), n_wrong=n_wrong).status == status


def test_who_fails_gets_another_code_and_no_test_trial() -> None:
    bob = answer(enrol(make_study()), n_wrong=4)
    assert bob.code.startswith("FV")
    assert not Response.objects.filter(trial__phase=Phase.TEST).exists()


def test_correctness_is_accepting_a_right_or_rejecting_a_wrong_ai() -> None:
    alice = answer(enrol(make_study()), n_wrong=1)
    assert Response.objects.count() - Response.objects.all().correct().count() == 1
    rows: Any = Response.objects.all().with_correctness().values()
    for row in rows:
        assert row["is_correct"] == (row["is_accepted"] == row["is_ai_correct"])
    assert services.n_correct(alice, Phase.VALIDATION) == 3
