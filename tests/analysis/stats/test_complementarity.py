"""The verdict on a team, against the formulas image by image and a loop over draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from analysis.stats.complementarity import (
    COMPETITORS,
    LEAST_TAIL,
    Complementarity,
    complementarity_of,
)
from analysis.stats.complementarity_draws import Judged, PhotoEffects, draws_of
from analysis.stats.confidence import VOTES
from analysis.stats.inference import N_RESAMPLES
from analysis.stats.team import Pool, tuned_threshold
from tests.analysis.calibration import is_plausible
from tests.analysis.stats.complementarity_worlds import (
    GRID,
    NULLS,
    World,
    as_good_as_the_ai,
    part,
    study,
    verdicts,
    yes_by_look,
)

WORLD = World(np.full(21, 0.8), np.full(21, 0.3))
POOL, TUNING, JUDGED = study(WORLD, 1500, np.random.default_rng(3))


def verdict(judged: Judged = JUDGED, alone: Judged | None = None) -> Complementarity:
    return complementarity_of(POOL, TUNING, judged, GRID, alone=alone, seed=1)


def by_hand(pool: Pool, units: int, judged: Judged) -> dict[str, float]:
    """Score every image of the pool by the chance that it is decided correctly."""
    below = judged.units < units
    rates = {
        (kind, rest): judged.is_correct[(judged.is_ai_correct == kind) & (below | ~rest)].mean()
        for kind in (True, False)
        for rest in (np.True_, np.False_)
    }
    people, rest = (
        np.where(pool.is_correct, rates[True, item], rates[False, item])
        for item in (np.False_, np.True_)
    )
    is_sure = pool.units >= units
    return {
        "team": 100 * np.where(is_sure, pool.is_correct, rest).mean(),
        "human_alone": 100 * np.mean(people),
        "ai_alone": 100 * (is_sure == pool.is_correct).mean(),
        "ai_always": 100 * pool.is_correct.mean(),
    }


def test_all_scores_are_of_the_images_that_did_not_tune_the_threshold() -> None:
    units = int(GRID.units[tuned_threshold(POOL.of(TUNING), GRID)])
    found, expected = verdict(), by_hand(POOL.of(~TUNING), units, JUDGED)
    ours = {name: getattr(found, name) for name in expected}
    assert ours == pytest.approx(expected)
    best = max(expected["human_alone"], expected["ai_alone"], expected["ai_always"])
    assert found.value == pytest.approx(expected["team"] - best)
    assert found.n_trials == (JUDGED.units < units).sum()


def test_the_interval_is_that_of_a_loop_over_people_images_and_thresholds() -> None:
    """Without photos that people share, so that the draws of people say all."""
    alone = replace(JUDGED, image=np.arange(JUDGED.image.size))
    rng, draws = np.random.default_rng(0), []
    rows_of = [np.flatnonzero(alone.person == item) for item in range(60)]
    for _ in range(400):
        tuning, test = (
            Pool(POOL.is_correct[rows], POOL.units[rows], VOTES)
            for which in (TUNING, ~TUNING)
            for rows in [rng.choice(np.flatnonzero(which), which.sum())]
        )
        people = part(alone, np.concatenate([rows_of[k] for k in rng.integers(60, size=60)]))
        scores = by_hand(test, int(GRID.units[tuned_threshold(tuning, GRID)]), people)
        draws.append([scores["team"] - scores[n] for n in ("human_alone", "ai_alone", "ai_always")])
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    found = verdict(alone)
    assert (found.low, found.high) == pytest.approx((low.min(), high.min()), abs=0.6)


def test_photos_that_people_share_widen_the_interval() -> None:
    """All people answer a photo alike: nothing but the photos is a sample of people's answers."""
    same = np.random.default_rng(0).random(1500) < 0.6
    shared = replace(JUDGED, is_correct=same[JUDGED.image])
    apart = replace(shared, image=np.arange(shared.image.size))
    a, b = verdict(shared), verdict(apart)
    assert a.high - a.low > 1.1 * (b.high - b.low)
    assert a.value == b.value


def test_the_curve_is_the_verdict_where_the_ai_errs_as_often_as_in_the_pool() -> None:
    found = verdict()
    curve, p = found.curve, found.ai_always / 100
    for name in ("team", "human_alone", "ai_alone"):
        scores = getattr(curve.scores, name)
        at = np.interp(p, curve.prevalence, scores)  # linear in the prevalence
        assert at == pytest.approx(getattr(found, name))
    assert (curve.low < curve.scores.complementarity).all()
    assert (curve.high > curve.scores.complementarity).all()


def test_an_ai_that_is_always_right_needs_nobody() -> None:
    curve = verdict().curve
    assert curve.scores.ai_always[-1] == 100
    assert curve.scores.complementarity[-1] <= 0


@pytest.mark.parametrize(("n_people", "n_trials"), [(9, 400), (60, 99)])
def test_below_the_least_trials_or_people_there_is_no_verdict(n_people: int, n_trials: int) -> None:
    units = int(GRID.units[tuned_threshold(POOL.of(TUNING), GRID)])
    rows = np.flatnonzero((JUDGED.units < units) & (JUDGED.person < n_people))[:n_trials]
    found = verdict(part(JUDGED, rows))
    assert found.verdict == "too few trials"
    assert (found.n_trials, found.n_people) == (rows.size, np.unique(JUDGED.person[rows]).size)


def test_one_person_or_nobody_has_no_interval() -> None:
    for n in (0, 30):
        found = verdict(part(JUDGED, np.arange(n)))
        assert np.isnan([found.low, found.high]).all()
        assert found.verdict == "too few trials"
        assert np.isfinite([found.ai_alone, found.ai_always]).all()


@pytest.mark.parametrize("is_right", [True, False])
def test_without_a_trial_of_a_kind_below_the_threshold_there_is_no_interval(is_right: bool) -> None:
    units = int(GRID.units[tuned_threshold(POOL.of(TUNING), GRID)])
    is_there = (JUDGED.units < units) & (JUDGED.is_ai_correct == is_right)
    found = verdict(part(JUDGED, np.flatnonzero(~is_there)))
    assert np.isnan([found.value, found.team, found.low, found.high]).all()
    assert found.verdict == "too few trials"
    known = np.isfinite(found.curve.scores.complementarity)
    assert known.tolist() == [is_right is False and p == 100 for p in range(50, 101, 5)]
    assert np.isfinite(found.curve.low).tolist() == known.tolist()
    assert np.isfinite(found.curve.high).tolist() == known.tolist()


def test_people_alone_are_those_without_the_ai_where_there_are_any() -> None:
    better = replace(JUDGED, is_correct=JUDGED.is_correct | (JUDGED.image % 2 == 0))
    own, other = verdict(), verdict(alone=better)
    assert other.human_alone > own.human_alone + 10
    assert (other.team, other.ai_alone) == (own.team, own.ai_alone)
    assert other.value <= own.value


def test_equal_answers_of_team_and_people_have_one_source_of_photo_noise() -> None:
    effects = PhotoEffects.of(JUDGED, JUDGED, kind=True)
    factor = effects.factor(int(JUDGED.units.max()) + 1)
    assert np.count_nonzero(factor.any(axis=0)) == 1
    np.testing.assert_allclose(factor[0], factor[1])


def test_the_same_seed_gives_the_same_interval() -> None:
    assert (verdict().low, verdict().high) == (verdict().low, verdict().high)


@pytest.mark.parametrize("name", NULLS)
def test_a_team_that_is_no_better_is_seldom_called_better(name: str) -> None:
    world = NULLS[name]()
    assert world.gain == pytest.approx(0, abs=1e-9)
    found = [item.verdict for item in verdicts(world, 1500, 25, n_resamples=400)]
    assert is_plausible((found.count("yes"), 25), 0.035, "greater")


def test_three_looks_together_seldom_say_yes_without_cause() -> None:
    yes = yes_by_look(as_good_as_the_ai(), 1500, 6, (1 / 3, 2 / 3, 1), n_resamples=200)
    assert yes == sorted(yes)
    assert is_plausible((yes[-1], 6), 0.025, "greater")


def test_whoever_said_yes_at_a_look_is_counted_at_later_ones() -> None:
    first, last = yes_by_look(as_good_as_the_ai(5), 5794, 2, (0.8, 1), n_resamples=200)
    assert first == last == 2


def test_a_team_that_is_better_is_mostly_found() -> None:
    world = as_good_as_the_ai(4)
    assert world.gain == pytest.approx(4)
    assert [item.verdict for item in verdicts(world, 5794, 10, n_resamples=400)].count("yes") > 5


def test_at_a_look_the_verdict_has_the_looks_bound_and_the_interval_stays() -> None:
    pool, tuning, judged = study(as_good_as_the_ai(3), 1500, np.random.default_rng(1))
    drawn = draws_of(pool, tuning, judged, GRID, None, 1, N_RESAMPLES).scores()
    shares = [(drawn.team <= getattr(drawn, name)).mean() for name in COMPETITORS]
    assert max(shares) * N_RESAMPLES > LEAST_TAIL
    found = [
        complementarity_of(pool, tuning, judged, GRID, seed=1, p_bound=p)
        for p in (0.05, 2.1 * max(shares), 1.9 * max(shares), 1e-12)
    ]
    assert [each.verdict for each in found] == ["yes", "yes", "no", "no"]
    assert len({(each.value, each.low, each.high) for each in found}) == 1


def test_beyond_the_draws_their_standard_deviation_decides() -> None:
    pool, tuning, judged = study(as_good_as_the_ai(3), 1500, np.random.default_rng(4))
    drawn = draws_of(pool, tuning, judged, GRID, None, 1, N_RESAMPLES).scores()
    gaps = {name: drawn.team - getattr(drawn, name) for name in COMPETITORS}
    assert min(gap.min() for gap in gaps.values()) > 0  # every draw says yes
    found = complementarity_of(pool, tuning, judged, GRID, seed=1)
    sds = {name: 100 * gap.std(ddof=1) for name, gap in gaps.items()}
    tail = norm.sf(min((found.team - getattr(found, name)) / sd for name, sd in sds.items()))
    assert tail * N_RESAMPLES < LEAST_TAIL
    for p, expected in ((2.1 * tail, "yes"), (1.9 * tail, "no")):
        again = complementarity_of(pool, tuning, judged, GRID, seed=1, p_bound=float(p))
        assert again.verdict == expected
