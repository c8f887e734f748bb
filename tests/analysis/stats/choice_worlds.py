"""Simulated people who choose among five classes, first alone and then with the AI's answer.

``truth`` is each measure over a very large crossed sample; that of the combination, which is
fitted anew in each study, is its mean over the studies.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from scipy.special import expit, ndtri

from analysis.stats.choice import Chosen, precision, recall, top1
from analysis.stats.combination import Independent, combined
from analysis.stats.inference import Floats, Ints
from analysis.stats.mrmc import Terms, estimate_of, mean_terms

K, N_TEST = 5, 30
SD_PEOPLE, SD_PHOTOS, SKILL, TRUST = 0.5, 0.8, 0.6, 0.2


def terms_of(
    person: Ints, photo: Ints, ease: Floats, skill: Floats, rng: np.random.Generator
) -> tuple[dict[str, Terms], Independent]:
    """Draw the answers of people (codes) to photos (codes); half of the AI's answers are right."""
    n = person.size
    truth = rng.integers(K, size=ease.size)[photo]  # how many are AI-right in a class is by chance
    is_right = photo % 2 == 0
    sure = rng.uniform(0.3, 0.8, ease.size) + 0.15 * (np.arange(ease.size) % 2 == 0)
    away = rng.integers(1, K, ease.size)
    ai = np.where(is_right, truth, (truth + away[photo]) % K)

    def wrong() -> Ints:  # half of the errors go to the next class
        step = np.where(rng.random(n) < 0.5, 1, rng.integers(1, K, n))
        return np.asarray((truth + step) % K, dtype=np.int64)

    odds = SKILL + skill[person] + ease[photo]
    first = np.where(rng.random(n) < expit(odds), truth, wrong())
    takes = rng.random(n) < expit(TRUST - 0.5 * odds)
    final = np.where(takes, ai, first)
    level = np.digitize(odds + 2.5 * (first == truth) + rng.standard_normal(n), [0, 1, 2, 3])
    later = np.minimum(level + (final == ai), 4)
    kind = is_right.astype(np.int64)
    chosen = Chosen(person, photo, kind, truth, final, final == truth, K)
    alone = Independent(person, photo, kind, truth, first, level, ai, sure[photo], K)

    def mean(values: Floats) -> Terms:
        return mean_terms(values, person, photo, kind=kind)

    found = {
        "top1": top1(chosen),
        "recall": recall(chosen, 0),
        "precision": precision(chosen, 1),
        "agreement": mean(np.where(final == ai, 100.0, 0.0)),
        "mean_confidence": mean(later.astype(float)),
        "confidence_gain": mean((later - level).astype(float)),
    }
    return found, alone


def study(n_people: int, n_sets: int, rng: np.random.Generator) -> dict[str, Terms]:
    """Draw a study of disjoint sets; the combination is of the first choices."""
    person = np.repeat(np.arange(n_people), N_TEST)
    photo = (N_TEST * (np.arange(n_people) % n_sets)[:, None] + np.arange(N_TEST)).ravel()
    ease = SD_PHOTOS * rng.standard_normal(n_sets * N_TEST)
    found, alone = terms_of(person, photo, ease, SD_PEOPLE * rng.standard_normal(n_people), rng)
    both = combined(alone)
    return found | {"people": both.person, "combined": both.both}


@cache
def truth(n: int, m: int) -> Mapping[str, float]:
    """Return each measure of ``n`` people who all judge the same ``m`` photos."""
    rng = np.random.default_rng(98)
    person, photo = np.repeat(np.arange(n), m), np.tile(np.arange(m), n)
    ease, skill = (
        sd * rng.permutation(ndtri((np.arange(size) + 0.5) / size))
        for sd, size in ((SD_PHOTOS, m), (SD_PEOPLE, n))
    )
    found, _ = terms_of(person, photo, ease, skill, rng)
    return {name: terms.value for name, terms in found.items()}


def held(
    n_people: int, n_sets: int, n_studies: int, *, crowd: tuple[int, int]
) -> dict[str, tuple[int, int]]:
    """Count the intervals that hold the truth, and those that exist, by measure."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for seed in range(n_studies):
        for name, terms in study(n_people, n_sets, np.random.default_rng(seed)).items():
            estimate = estimate_of(terms)
            if not estimate.note:
                found.setdefault(name, []).append((estimate.value, estimate.low, estimate.high))
    planted = truth(*crowd)
    return {
        name: (sum(low <= at <= high for _, low, high in rows), len(rows))
        for name, rows in found.items()
        for at in [planted.get(name, float(np.mean([value for value, *_ in rows])))]
    }
