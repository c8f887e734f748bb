"""The people that are simulated: what is planted is what they do."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from trials.simulation.behaviour import (
    CARELESS,
    Behaviour,
    BehaviourRefused,
    Person,
    Times,
)
from trials.simulation.chances import mean_chance

MIXED = Behaviour(0.93, 0.62, sd_skill=0.6, sd_bias=0.4, sd_image=1.1)
N = 40_000


def accepted(behaviour: Behaviour, is_ai_correct: bool, n: int = N, seed: int = 0) -> float:
    """Return the share of yes among ``n`` people who judge one image each."""
    rng = np.random.default_rng(seed)
    ease = rng.normal(0, behaviour.sd_image, n)
    chances = behaviour.accept_chance(behaviour.people(rng, (n,)), np.array(is_ai_correct), ease)
    return float((rng.random(n) < chances).mean())


def test_without_differences_everyone_has_the_two_chances_given() -> None:
    people = {Behaviour().draw(random.Random(seed)) for seed in range(20)}
    assert people == {Person(0.9, 0.4)}
    assert Behaviour().measures()["accuracy"] == pytest.approx(75)


@pytest.mark.parametrize("sd", [0.3, 1.0, 2.5])
def test_the_mean_chance_is_the_integral_over_the_normal(sd: float) -> None:
    def integrand(x: float) -> float:
        return float(stats.norm.pdf(x) / (1 + math.exp(-(1.2 + sd * x))))

    assert mean_chance(1.2, sd) == pytest.approx(integrate.quad(integrand, -12, 12)[0], abs=1e-7)


@pytest.mark.parametrize("is_ai_correct", [True, False])
def test_a_crowd_accepts_as_often_as_planted(is_ai_correct: bool) -> None:
    planted = MIXED.measures()["accuracy_ai_correct" if is_ai_correct else "over_reliance"]
    tolerance = 100 * 4 * 0.5 / math.sqrt(N)
    assert 100 * accepted(MIXED, is_ai_correct) == pytest.approx(planted, abs=tolerance)


def test_people_drawn_one_by_one_follow_the_same_law_as_arrays_of_them() -> None:
    behaviour = replace(MIXED, careless=0.2)
    drawn = [behaviour.draw(random.Random(f"law:{n}")).accept_wrong for n in range(3000)]
    people = behaviour.people(np.random.default_rng(1), (3000,))
    chances = behaviour.accept_chance(people, np.array(False), np.zeros(3000))
    assert stats.ks_2samp(drawn, chances).pvalue > 0.001


def test_planting_mean_rates_gives_them_back() -> None:
    behaviour = Behaviour.planted(0.9, 0.4, sd_skill=0.8, sd_bias=0.3, sd_image=1.2)
    measures = behaviour.measures()
    assert measures["accuracy_ai_correct"] == pytest.approx(90)
    assert measures["over_reliance"] == pytest.approx(40)
    assert behaviour.accept_right > 0.9


def test_certain_people_stay_certain() -> None:
    behaviour = Behaviour.planted(1, 0, sd_skill=1, sd_image=1)
    assert behaviour.measures()["accuracy"] == pytest.approx(100)
    assert accepted(behaviour, True, 100) == 1
    assert accepted(behaviour, False, 100) == 0


def test_half_of_what_the_careless_do_is_right() -> None:
    behaviour = Behaviour(1, 0, careless=0.4)
    assert behaviour.measures()["accuracy"] == pytest.approx(80)
    people = [behaviour.draw(random.Random(f"careless:{n}")) for n in range(2000)]
    share = sum(person.times == CARELESS for person in people) / 2000
    assert share == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("behaviour", [MIXED, replace(MIXED, careless=0.3)])
def test_the_spread_of_accuracies_is_that_of_a_crowd(behaviour: Behaviour) -> None:
    rng = np.random.default_rng(2)
    is_right = np.arange(30) < 15
    ease = rng.normal(0, behaviour.sd_image, (N // 4, 30))
    chances = behaviour.accept_chance(behaviour.people(rng, (N // 4, 1)), is_right, ease)
    accuracies = 100 * ((rng.random(ease.shape) < chances) == is_right).mean(axis=1)
    assert behaviour.participant_sd(15, 15) == pytest.approx(accuracies.std(), rel=0.03)


def test_values_on_very_many_images_are_the_populations() -> None:
    ease = stats.norm.ppf((np.arange(5000) + 0.5) / 5000) * MIXED.sd_image
    on_images, everywhere = MIXED.measures_on(ease, ease), MIXED.measures()
    assert on_images == pytest.approx(everywhere, abs=0.02)


def test_easy_images_are_judged_better_than_hard_ones() -> None:
    easy, hard = (MIXED.measures_on(np.array([x]), np.array([x])) for x in (1.0, -1.0))
    assert easy["accuracy_ai_correct"] > hard["accuracy_ai_correct"]
    assert easy["accuracy_ai_wrong"] > hard["accuracy_ai_wrong"]


def test_everybody_finds_the_same_images_hard() -> None:
    first, second = (MIXED.draw(random.Random(seed), image_seed=7) for seed in (1, 2))
    assert first != second
    assert first.ease("a") == second.ease("a") != first.ease("b")
    ease = [first.ease(str(n)) for n in range(2000)]
    assert np.std(ease) == pytest.approx(MIXED.sd_image, rel=0.1)


def test_ease_works_for_the_truth_on_both_kinds_of_trials() -> None:
    person = Person(0.9, 0.4, sd_image=2, image_seed=1)
    easy = max("abcdefgh", key=person.ease)
    assert person.accept_chance(True, easy) > 0.9
    assert person.accept_chance(False, easy) < 0.4


def test_times_are_ex_gaussian_one_by_one_and_in_arrays() -> None:
    times, rng = Times(least=0), random.Random(3)
    drawn = [times.draw(rng) for _ in range(4000)]
    sampled = times.sample(np.random.default_rng(3), (4000,))
    exact = stats.exponnorm(times.tau / times.sigma, loc=times.mu, scale=times.sigma)
    for sample in (drawn, sampled):
        assert stats.kstest(np.asarray(sample, float), exact.cdf).pvalue > 0.001


def test_some_trials_last_a_pause_longer_where_people_leave() -> None:
    times = Times(slow=0.25)
    sampled = times.sample(np.random.default_rng(4), (4000,))
    drawn = [times.draw(random.Random(f"slow:{n}")) for n in range(4000)]
    for mean in (sampled.mean(), np.mean(drawn)):
        assert mean == pytest.approx(6000 + 0.25 * 60_000, rel=0.1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"accept_right": 1.2}, "accept_right 1.2: expected a chance from 0 to 1"),
        ({"careless": -0.1}, "careless -0.1: expected a chance"),
        ({"times": Times(slow=2)}, "slow 2: expected a chance"),
        ({"sd_image": -1}, "sd_image -1: expected a standard deviation in log odds"),
    ],
)
def test_impossible_people_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(BehaviourRefused, match=message):
        Behaviour(**wrong)  # type: ignore[arg-type]
