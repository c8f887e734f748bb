"""Simulated people who answer first, are advised, answer again and say how sure they are.

The truth of each measure is its value over a very large crossed sample of the same population.
``test_task_worlds.py`` asks some studies, ``tests/bench/bench_tasks.py`` three hundred a world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import expit, ndtri

from analysis.stats.calibration import (
    Rated,
    area_terms,
    auroc2,
    brier,
    overconfidence,
    signed_rating,
)
from analysis.stats.inference import Floats, Ints
from analysis.stats.mrmc import Terms, difference_of, estimate_of
from analysis.stats.switching import SWITCHING, Advised


@dataclass(frozen=True, slots=True)
class People:
    """One population: evidence of a person on a photo is skill + ease + normal noise.

    ``skill`` is the mean evidence (in SDs of the noise) for the right answer, ``switch`` the log
    odds of taking the AI's advice. ``sd_…`` are spreads of people and of photos. Confidence
    is 50 to 100, with a bias of ``boost`` points.
    """

    skill: float = 0.7
    switch: float = 0.3
    sd_skill: float = 0.3
    sd_photo: float = 0.5
    sd_switch: float = 0.8
    boost: float = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """The answers of one condition: reliance, confidence (final) and the ratings of a reader."""

    advised: Advised
    rated: Rated
    rating: Floats

    def terms(self) -> dict[str, Terms]:
        """Return every measure."""
        found = {name: measure(self.advised) for name, measure in SWITCHING.items()}
        data = self.advised
        reader = area_terms(self.rating, data.is_ai_correct, data.person, data.photo, "none")
        return found | {
            "brier": brier(self.rated),
            "overconfidence": overconfidence(self.rated),
            "auroc2": auroc2(self.rated),
            "reader_auc": reader,
        }


def play(
    people: People,
    person: Ints,
    photo: Ints,
    is_right: np.ndarray,
    rng: np.random.Generator,
    *,
    ease: Floats,
    skill: Floats,
) -> Played:
    """Draw the answers of people (codes) to photos (codes); ``is_right`` is of each answer."""
    trust = people.sd_switch * rng.standard_normal(int(person.max()) + 1)
    evidence = people.skill + skill[person] + ease[photo] + rng.standard_normal(person.size)
    first = evidence > 0
    agrees = first == is_right
    takes = rng.random(person.size) < expit(people.switch + trust[person] - np.abs(evidence))
    final = np.where(agrees | ~takes, first, ~first)
    noise = 6 * rng.standard_normal(person.size)
    sure = 50 + 25 * np.abs(evidence) + people.boost + noise
    confidence = np.clip(np.round(sure), 50, 100)
    advised = Advised(person, photo, is_right, first, agrees, final, final == is_right)
    rated = Rated(person, photo, is_right.astype(np.int64), final, confidence, True)
    return Played(advised, rated, signed_rating(final == is_right, confidence))


def study(
    people: People, n_people: int, n_sets: int, rng: np.random.Generator, n_test: int = 30
) -> Played:
    """Draw a study: everybody judges one of ``n_sets`` disjoint sets of photos, half AI-right."""
    person = np.repeat(np.arange(n_people), n_test)
    photo = (n_test * (np.arange(n_people) % n_sets)[:, None] + np.arange(n_test)).ravel()
    ease = people.sd_photo * rng.standard_normal(n_sets * n_test)
    skill = people.sd_skill * rng.standard_normal(n_people)
    return play(people, person, photo, photo % 2 == 0, rng, ease=ease, skill=skill)


@cache
def truth(people: People, n: int, m: int) -> Mapping[str, float]:
    """Return every measure over ``n`` people who all judge the same ``m`` photos."""
    rng = np.random.default_rng(99)
    person, photo = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    # Quantiles instead of draws: the truth has then nearly no error of its own.
    ease = people.sd_photo * _quantiles(m, rng)
    skill = people.sd_skill * _quantiles(n, rng)
    played = play(people, person, photo, photo % 2 == 0, rng, ease=ease, skill=skill)
    return {name: terms.value for name, terms in played.terms().items()}


def _quantiles(size: int, rng: np.random.Generator) -> Floats:
    """Return the quantiles of a normal in a random order."""
    values: Floats = ndtri((np.arange(size) + 0.5) / size)
    return rng.permutation(values)


def held(
    people: People, n_people: int, n_sets: int, n_studies: int, *, crowd: tuple[int, int]
) -> dict[str, tuple[int, int]]:
    """Count the intervals that hold the truth, and those that exist, by measure.

    ``crowd`` are the people and photos that give the truth.
    """
    planted = truth(people, *crowd)
    tally = dict.fromkeys(planted, (0, 0))
    for seed in range(n_studies):
        played = study(people, n_people, n_sets, np.random.default_rng(seed))
        for name, terms in played.terms().items():
            found = estimate_of(terms)
            if not found.note:
                hits, n = tally[name]
                tally[name] = (hits + (found.low <= planted[name] <= found.high), n + 1)
    return tally


def false_findings(
    people: People, n_people: int, n_sets: int, n_studies: int, *, is_within: bool
) -> dict[str, tuple[int, int]]:
    """Count the measures in which two equal conditions seem to differ at 5 %.

    The two judge the same photos. ``is_within``: they have the same people, each of whom has
    another set of photos in the second condition.
    """
    tally: dict[str, tuple[int, int]] = {}
    for seed in range(n_studies):
        pair = _pair(people, n_people, n_sets, np.random.default_rng(seed), is_within)
        first, second = (played.terms() for played in pair)
        for name in first:
            found = difference_of(first[name], second[name])
            if not found.note:
                hits, n = tally.get(name, (0, 0))
                tally[name] = (hits + (found.p <= 0.05), n + 1)
    return tally


def _pair(
    people: People, n_people: int, n_sets: int, rng: np.random.Generator, is_within: bool
) -> list[Played]:
    n_test = 30
    ease = people.sd_photo * rng.standard_normal(n_sets * n_test)
    skill = people.sd_skill * rng.standard_normal(2 * n_people)
    played = []
    for place in (0, 1):
        first = 0 if is_within else place * n_people
        sets = (np.arange(n_people) + place * is_within) % n_sets
        person = first + np.repeat(np.arange(n_people), n_test)
        photo = (n_test * sets[:, None] + np.arange(n_test)).ravel()
        played.append(play(people, person, photo, photo % 2 == 0, rng, ease=ease, skill=skill))
    return played
