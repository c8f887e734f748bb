"""The two-way cluster-robust variance, against statsmodels, loops and the tables of measures."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from pandas import DataFrame
from scipy import stats
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from analysis.stats.confidence import Bools
from analysis.stats.crossed_measures import Crossed
from analysis.stats.measures import MEASURES, participant_measures, pooled_measures
from analysis.stats.twoway import Arm, arm_of, difference_of
from tests.analysis.stats.twoway_worlds import NULLS, WORLDS, World, study

RNG = np.random.default_rng(0)
N_PEOPLE, N_IMAGES = 24, 40
RIGHT = np.arange(N_IMAGES) % 2 == 0


def crossed(is_correct: Bools, is_ai_correct: Bools = RIGHT) -> Crossed:
    """Return answers of everybody (rows) to every photo (columns)."""
    people, images = np.indices(is_correct.shape)
    kinds = np.broadcast_to(is_ai_correct, is_correct.shape)
    return Crossed(people.ravel(), images.ravel(), kinds.ravel(), is_correct.ravel())


def some(chance: float) -> Crossed:
    """Return answers of people and photos that differ."""
    people, images = RNG.normal(0, 0.2, (N_PEOPLE, 1)), RNG.normal(0, 0.2, N_IMAGES)
    return crossed(RNG.random((N_PEOPLE, N_IMAGES)) < chance + people + images)


def frame_of(answers: Crossed) -> DataFrame:
    columns = {name: getattr(answers, name) for name in ("is_ai_correct", "is_correct")}
    return DataFrame({"participant_id": answers.person, "condition": "A", **columns})


A, B = some(0.7), some(0.6)


@pytest.mark.parametrize("measure", MEASURES[:-2])
def test_the_value_is_the_mean_over_participants(measure: str) -> None:
    few = Crossed(*(getattr(A, name)[::3] for name in Crossed.__slots__))  # of unequal numbers
    expected = participant_measures(frame_of(few))[measure].mean()
    assert arm_of(few, measure).value == pytest.approx(expected)


@pytest.mark.parametrize("measure", ["d_prime", "criterion"])
def test_measures_of_detection_are_those_of_the_pooled_answers(measure: str) -> None:
    assert arm_of(A, measure).value == pytest.approx(pooled_measures(frame_of(A))[measure]["A"])


def test_the_variance_is_that_of_statsmodels_before_its_correction_for_numbers() -> None:
    kinds = [arm * 2 + each.is_ai_correct for arm, each in enumerate((A, B))]
    cells = np.eye(4)[np.concatenate(kinds)]
    people = np.concatenate([A.person, N_PEOPLE + B.person])
    photos = np.concatenate([A.image, B.image])
    fit = sm.OLS(100 * np.concatenate([A.is_correct, B.is_correct]), cells).fit()
    theirs = cov_cluster_2groups(fit, people, photos, use_correction=False)[0]
    weights = np.array([0.5, 0.5, -0.5, -0.5])
    assert _raw(arm_of(A, "accuracy"), arm_of(B, "accuracy")) == pytest.approx(
        weights @ theirs @ weights
    )


def _raw(a: Arm, b: Arm) -> float:
    people = (a.by_person**2).sum() + (b.by_person**2).sum()
    return float(people + ((a.by_image - b.by_image) ** 2).sum() - a.squares - b.squares)


def test_the_interval_is_the_formula_of_the_paper() -> None:
    a, b = arm_of(A, "accuracy"), arm_of(B, "accuracy")
    n, m = 2 * N_PEOPLE, N_IMAGES
    people = ((a.by_person**2).sum() + (b.by_person**2).sum()) * n / (n - 2)
    photos = ((a.by_image - b.by_image) ** 2).sum() * m / (m - 1)
    se = math.sqrt(max(people, people + photos - a.squares - b.squares))
    ours = difference_of(a, b)
    low, high = stats.t(n - 2, ours.difference, se).interval(0.95)
    assert (ours.se, ours.low, ours.high) == pytest.approx((se, low, high))
    assert ours.p == pytest.approx(2 * stats.t(n - 2).sf(abs(ours.difference) / se))


@pytest.mark.parametrize("measure", ["d_prime", "criterion"])
def test_an_answer_moves_a_measure_of_detection_by_its_derivative(measure: str) -> None:
    for kind, outcome in ((True, False), (False, True)):
        (place, *_) = np.flatnonzero((kind == A.is_ai_correct) & (outcome == A.is_correct))
        flipped = A.is_correct.copy()
        flipped[place] = not outcome
        other = arm_of(Crossed(A.person, A.image, A.is_ai_correct, flipped), measure)
        arm = arm_of(A, measure)
        moved, step = other.value - arm.value, other.by_image - arm.by_image
        assert moved == pytest.approx(step[A.image[place]] * N_IMAGES / (N_IMAGES - 2), rel=0.02)


def test_twins_share_the_luck_of_their_photos_and_others_do_not() -> None:
    hard = np.repeat((np.arange(N_IMAGES) % 4 < 2)[None], N_PEOPLE, axis=0)
    answers, arm = crossed(hard), arm_of(crossed(hard), "accuracy")
    assert difference_of(arm, arm).se == pytest.approx(0, abs=1e-9)
    photos = answers.image + N_IMAGES
    apart = arm_of(Crossed(answers.person, photos, answers.is_ai_correct, hard.ravel()), "accuracy")
    expected = 100 * math.sqrt(2 * 0.25 / N_IMAGES)
    assert difference_of(arm, apart).se == pytest.approx(expected, rel=0.05)
    assert not difference_of(arm, apart).shares_photos


def test_it_is_never_below_the_people_s_term() -> None:
    sheet = RNG.random((N_PEOPLE, N_IMAGES)) < 0.5
    arm = arm_of(crossed(sheet), "accuracy")
    n = 2 * N_PEOPLE
    assert difference_of(arm, arm).se == pytest.approx(
        math.sqrt(2 * (arm.by_person**2).sum() * n / (n - 2))
    )


def test_half_of_the_answers_make_photos_shared() -> None:
    half = Crossed(A.person, A.image + N_IMAGES // 2, A.is_ai_correct, A.is_correct)
    less = Crossed(A.person, A.image + N_IMAGES // 2 + 1, A.is_ai_correct, A.is_correct)
    arm = arm_of(A, "accuracy")
    assert difference_of(arm, arm_of(half, "accuracy")).shares_photos
    assert not difference_of(arm, arm_of(less, "accuracy")).shares_photos


def test_nobody_one_person_and_one_photo_have_no_interval() -> None:
    arm = arm_of(A, "accuracy")
    one = arm_of(crossed(np.ones((1, N_IMAGES), bool)), "accuracy")
    photo = arm_of(crossed(np.eye(3, 1, dtype=bool), np.ones(1, bool)), "accuracy")
    for a, b in ((arm, arm_of(A.none(), "accuracy")), (one, arm), (photo, photo)):
        found = difference_of(a, b)
        assert np.isnan([found.se, found.low, found.high, found.p]).all()
    assert math.isnan(arm_of(A.none(), "balanced_accuracy").value)
    assert difference_of(one, arm).difference == pytest.approx(100 - arm.value)


def test_where_nobody_errs_there_is_a_difference_without_an_interval() -> None:
    all_right = arm_of(crossed(np.ones((4, N_IMAGES), bool)), "accuracy")
    found = difference_of(all_right, all_right)
    assert (found.difference, math.isnan(found.p), math.isnan(found.low)) == (0, True, True)


def test_worlds_draw_disjoint_sets_half_of_them_right() -> None:
    a, b = study(World(n_sets=4, n_people=8, is_shared=False), RNG)
    assert (np.unique(a.image).size, np.intersect1d(a.image, b.image).size) == (120, 0)
    assert a.is_ai_correct.mean() == 0.5
    assert set(WORLDS) & set(NULLS) == {"4 sets"}


def test_the_same_people_in_both_conditions_are_compared_as_pairs() -> None:
    """Photos that do not differ: nearly the paired t test of people's means."""
    photos = Crossed(B.person, B.image + N_IMAGES, B.is_ai_correct, B.is_correct)
    found = difference_of(*(arm_of(each, "accuracy") for each in (A, photos)), is_within=True)
    means = [np.bincount(each.person, each.is_correct) / N_IMAGES for each in (A, B)]
    theirs = stats.ttest_rel(*means)
    assert found.freedom == N_PEOPLE - 1
    assert found.se >= 100 * (means[0] - means[1]).std(ddof=1) / math.sqrt(N_PEOPLE) * (1 - 1e-9)
    assert found.p >= theirs.pvalue * (1 - 1e-9)


def test_the_same_answers_twice_do_not_differ_within_people() -> None:
    arm = arm_of(A, "accuracy")
    assert difference_of(arm, arm, is_within=True).se == pytest.approx(0, abs=1e-9)


def test_people_in_one_condition_only_are_no_pairs() -> None:
    other = arm_of(Crossed(B.person + N_PEOPLE, B.image, B.is_ai_correct, B.is_correct), "accuracy")
    apart, together = (
        difference_of(arm_of(A, "accuracy"), other, is_within=is_within)
        for is_within in (False, True)
    )
    assert together.freedom == apart.freedom
    assert together.se == pytest.approx(apart.se)
