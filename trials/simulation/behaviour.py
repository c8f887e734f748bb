"""How simulated people judge: one generator for the robots on the real pages and for power.

A person *accepts* the AI's answer with a chance whose log odds are

    logit P(accept) = aᵧ + bias + s·(skill + ease),   s = +1 where the AI is right, −1 where not,

with a₁ and a₀ of the condition (``Behaviour``), ``bias`` and ``skill`` of the person and ``ease``
of the image, each normal around 0. A part of the ease may belong to one condition alone.
So skill and ease shift the log odds of being *correct* (the
mixed model of ``analysis.stats.mixed``, if there is no bias), bias those of saying yes. Whoever
learns gains ``learning`` log odds of being correct with each trial of the test. Times to answer are
ex-Gaussian (Luce 1986). Pure: NumPy and the standard library.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from trials.simulation.chances import (
    NODES,
    WEIGHTS,
    Floats,
    expit,
    logit,
    mean_chance,
    one_chance,
    shifted_chance,
    typical_chance,
)
from trials.simulation.habits import HABITS, Habits
from trials.simulation.times import CARELESS, USUAL, Times

__all__ = ["CARELESS", "Behaviour", "BehaviourRefused", "People", "Person", "Times"]

Flags = NDArray[np.bool_]


class BehaviourRefused(ValueError):
    """An impossible value; the message names it and what was expected."""


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated person: the chances of saying yes to a right and to a wrong AI.

    They hold for an image of ordinary difficulty; ``sd_image`` is the spread of images in log
    odds. How easy an image is follows from its name and ``image_seed`` alone, so that all people
    find the same images hard. The chances are those of the first trial of the test; each trial
    adds ``learning`` to the log odds of being correct.
    """

    accept_right: float = 0.9
    accept_wrong: float = 0.4
    sd_image: float = 0
    image_seed: int = 0
    times: Times = USUAL
    habits: Habits = HABITS
    learning: float = 0

    @property
    def accuracy(self) -> float:
        """The share of right judgements expected where the AI is right half of the time."""
        return (self.accept_right + 1 - self.accept_wrong) / 2

    def ease(self, image: str) -> float:
        """Return how much easier than ordinary an image is, in log odds of being correct."""
        if self.sd_image == 0:
            return 0.0
        return random.Random(f"{self.image_seed}:{image}").gauss(0, self.sd_image)

    def accept_chance(self, is_ai_correct: bool, image: str = "") -> float:
        """Return the chance of saying yes to the AI's answer on an image."""
        chance = self.accept_right if is_ai_correct else self.accept_wrong
        ease = self.ease(image)
        return one_chance(logit(chance) + (ease if is_ai_correct else -ease)) if ease else chance

    def reaction_ms(self, rng: random.Random) -> int:
        """Draw a time to answer."""
        return self.times.draw(rng)

    def after(self, n: int) -> Self:
        """Return the person as he or she judges after ``n`` trials of the test."""
        if not (gain := self.learning * n):
            return self
        return replace(
            self,
            accept_right=shifted_chance(self.accept_right, gain),
            accept_wrong=shifted_chance(self.accept_wrong, -gain),
            habits=replace(self.habits, own_right=shifted_chance(self.habits.own_right, gain)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Many people at once: their effects in log odds, and who clicks at random; any one shape."""

    skill: Floats
    bias: Floats
    is_careless: Flags


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The people of one condition: the typical person's chances, and how much people differ.

    ``accept_right`` and ``accept_wrong`` are chances of the typical person on an ordinary image
    (all effects 0); ``planted`` starts from the population's mean rates instead. The SDs are in
    log odds; ``sd_image_arm`` is that of the part of an image's ease that only this condition has.
    ``careless`` is the share of people who click yes or no at random, and fast; they do not learn.
    ``learning`` is added to the log odds of being correct with each trial of the test. The chances
    are those of its first trial; counts without the order of trials leave it out.
    """

    accept_right: float = 0.9
    accept_wrong: float = 0.4
    sd_skill: float = 0
    sd_bias: float = 0
    sd_image: float = 0
    careless: float = 0
    times: Times = USUAL
    sd_image_arm: float = 0
    habits: Habits = HABITS
    learning: float = 0

    def __post_init__(self) -> None:
        shares = {"accept_right": self.accept_right, "accept_wrong": self.accept_wrong}
        shares |= {"careless": self.careless, "slow": self.times.slow}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise BehaviourRefused(f"{name} {share}: expected a chance from 0 to 1.")
        for name in ("sd_skill", "sd_bias", "sd_image", "sd_image_arm"):
            if not 0 <= getattr(self, name) <= 10:
                raise BehaviourRefused(
                    f"{name} {getattr(self, name)}: expected a standard deviation in log odds, "
                    "from 0 to 10 (people and images usually have 0.3 to 1.5)."
                )
        if not -2 <= self.learning <= 2:
            raise BehaviourRefused(
                f"learning {self.learning}: expected log odds for each trial, from -2 to 2 (0.02 "
                "raises an accuracy of 70 % to 80 % in 27 trials)."
            )

    @classmethod
    def planted(cls, accept_right: float, accept_wrong: float, **others: Any) -> Behaviour:
        """Return people whose *mean* rates over people and images are those given.

        The mean is that of people who take care; ``others`` are the other fields.
        """
        behaviour = cls(accept_right, accept_wrong, **others)
        sd = behaviour._sd
        return replace(
            behaviour,
            accept_right=typical_chance(accept_right, sd),
            accept_wrong=typical_chance(accept_wrong, sd),
        )

    @property
    def sd_all_images(self) -> float:
        """The SD of images within this condition: of the shared and of the own part together."""
        return math.hypot(self.sd_image, self.sd_image_arm)

    @property
    def _sd(self) -> float:
        return math.hypot(self.sd_skill, self.sd_bias, self.sd_all_images)

    def shifted(self, right: float = 0, wrong: float = 0) -> Behaviour:
        """Return people whose log odds of being correct are higher where the AI is right, wrong."""
        return replace(
            self,
            accept_right=shifted_chance(self.accept_right, right),
            accept_wrong=shifted_chance(self.accept_wrong, -wrong),
        )

    def after(self, n: int) -> Behaviour:
        """Return the people as they judge after ``n`` trials of the test."""
        return self.shifted(self.learning * n, self.learning * n) if self.learning else self

    def measures(self, share_right: float = 0.5) -> dict[str, float]:
        """Return the population's values in percent, over all people and all such images.

        Exact up to quadrature. ``share_right`` is the share of trials on which the AI is right.
        Names are those of ``analysis.stats.measures``.
        """
        means = (mean_chance(logit(p), self._sd) for p in (self.accept_right, self.accept_wrong))
        right, wrong = map(self._with_careless, means)
        return _measures(right, wrong, share_right)

    def measures_on(self, ease_right: Floats, ease_wrong: Floats) -> dict[str, float]:
        """Return the values in percent over all people, on these images.

        ``ease_right`` holds the effects of the images on which the AI is right, ``ease_wrong``
        those on which it is wrong; each image is judged equally often.
        """
        sd = math.hypot(self.sd_skill, self.sd_bias)
        spread = sd * NODES[:, None]
        right = WEIGHTS @ expit(logit(self.accept_right) + ease_right + spread)
        wrong = WEIGHTS @ expit(logit(self.accept_wrong) - ease_wrong + spread)
        share_right = ease_right.size / (ease_right.size + ease_wrong.size)
        means = [self._with_careless(float(item.mean())) for item in (right, wrong)]
        return _measures(means[0], means[1], share_right)

    def _with_careless(self, rate: float) -> float:
        return (1 - self.careless) * rate + self.careless / 2

    def participant_sd(self, n_right: int, n_wrong: int) -> float:
        """Return the SD over people of their accuracy in percent, each on images of their own.

        The square root of E[var(accuracy | person)] + var(E[accuracy | person]).
        """
        skill, bias = np.meshgrid(self.sd_skill * NODES, self.sd_bias * NODES)
        weights = np.outer(WEIGHTS, WEIGHTS)
        noise = self.sd_all_images * NODES[:, None, None]
        centre = logit(self.accept_right) + bias + skill
        right = np.tensordot(WEIGHTS, expit(centre + noise), 1)
        centre = -logit(self.accept_wrong) - bias + skill
        wrong = np.tensordot(WEIGHTS, expit(centre + noise), 1)
        n = n_right + n_wrong
        given = (n_right * right + n_wrong * wrong) / n
        within = (n_right * right * (1 - right) + n_wrong * wrong * (1 - wrong)) / n**2
        share = 1 - self.careless
        mean = share * float((weights * given).sum()) + self.careless / 2
        square = share * float((weights * (given**2 + within)).sum())
        square += self.careless * (0.25 + 0.25 / n)
        return 100 * math.sqrt(max(0.0, square - mean**2))

    def draw(self, rng: random.Random, *, image_seed: int = 0) -> Person:
        """Draw one person. All of an image's ease then follows from the image's name."""
        if self.careless and rng.random() < self.careless:
            return Person(0.5, 0.5, times=replace(CARELESS, slow=self.times.slow))
        skill = rng.gauss(0, self.sd_skill) if self.sd_skill else 0.0
        bias = rng.gauss(0, self.sd_bias) if self.sd_bias else 0.0
        right, wrong = self.accept_right, self.accept_wrong
        if skill or bias:
            right = one_chance(logit(right) + bias + skill)
            wrong = one_chance(logit(wrong) + bias - skill)
        own = (self.sd_all_images, image_seed, self.times, self.habits, self.learning)
        return Person(right, wrong, *own)

    def people(self, rng: np.random.Generator, shape: tuple[int, ...]) -> People:
        """Draw an array of people."""

        def effect(sd: float) -> Floats:
            return rng.normal(0, sd, shape) if sd else np.zeros(shape)

        is_careless = rng.random(shape) < self.careless if self.careless else np.zeros(shape, bool)
        return People(effect(self.sd_skill), effect(self.sd_bias), is_careless)

    def accept_chance(self, people: People, is_ai_correct: Flags, ease: Floats) -> Floats:
        """Return the chances of saying yes; the three arguments are broadcast together."""
        a = np.where(is_ai_correct, logit(self.accept_right), logit(self.accept_wrong))
        sign = np.where(is_ai_correct, 1.0, -1.0)
        chances = expit(a + people.bias + sign * (people.skill + ease))
        if people.is_careless.any():
            chances = np.where(people.is_careless, 0.5, chances)
        return chances


def _measures(right: float, wrong: float, share_right: float) -> dict[str, float]:
    values = {
        "accuracy": share_right * right + (1 - share_right) * (1 - wrong),
        "accuracy_ai_correct": right,
        "accuracy_ai_wrong": 1 - wrong,
        "balanced_accuracy": (right + 1 - wrong) / 2,
        "accept_rate": share_right * right + (1 - share_right) * wrong,
        "over_reliance": wrong,
        "under_reliance": 1 - right,
    }
    return {name: 100 * value for name, value in values.items()}
