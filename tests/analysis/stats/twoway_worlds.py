"""How often two-way intervals hold the truth, and their tests find what is not there.

``test_twoway_worlds.py`` asks some hundred studies of each world, ``make bench`` a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.stats.crossed_measures import Crossed
from analysis.stats.inference import Floats, mean_draws, percentile_interval
from analysis.stats.twoway import arm_of, difference_of
from trials.simulation.behaviour import Behaviour

# Spreads in log odds like those of the published studies.
EQUAL = Behaviour(0.92, 0.55, sd_skill=0.3, sd_bias=0.6, sd_image=1.0)
BETTER = replace(EQUAL, accept_wrong=0.42)
ALIKE = replace(EQUAL, sd_image=0)  # photos do not differ
ALIKE_BETTER = replace(ALIKE, accept_wrong=0.50)


@dataclass(frozen=True, slots=True)
class World:
    """Two conditions: their people, how many, and the photos that they judge.

    ``own`` is the spread of what is easy in one condition alone (photo x condition);
    ``is_shared``: both judge the same photos.
    """

    people: tuple[Behaviour, Behaviour] = (EQUAL, EQUAL)
    n_people: int = 60
    n_sets: int = 20
    own: float = 0.0
    is_shared: bool = True

    @property
    def difference(self) -> float:
        """The difference of the accuracies over all people and photos, in points."""
        spread = [
            replace(person, sd_image=float(np.hypot(person.sd_image, self.own)))
            for person in self.people
        ]
        a, b = (item.measures()["accuracy"] for item in spread)
        return a - b


N_TEST = 30
# Coverage is asked of these, the rate of false findings of the second ones.
WORLDS = {
    "equal twins": World(),
    "effect": World((BETTER, EQUAL)),
    "photo x condition, 600 photos": World((BETTER, EQUAL), own=0.7),
    "photo x condition, 60 photos": World((BETTER, EQUAL), own=0.7, n_sets=2),
    "15 people": World((BETTER, EQUAL), n_people=15, own=0.4),
    "4 sets": World((BETTER, EQUAL), n_sets=4, is_shared=False),
}
NULLS = {f"{n} sets": World(n_sets=n, is_shared=False) for n in (2, 4, 20)}


def study(world: World, rng: np.random.Generator) -> tuple[Crossed, Crossed]:
    """Draw the answers of one study."""
    right = np.arange(N_TEST) % 2 == 0
    common = rng.standard_normal((world.n_sets, N_TEST))
    arms = []
    for place, behaviour in enumerate(world.people):
        ease = common if world.is_shared else rng.standard_normal(common.shape)
        ease = behaviour.sd_image * ease + world.own * rng.standard_normal(common.shape)
        sets = np.arange(world.n_people) % world.n_sets
        people = behaviour.people(rng, (world.n_people, 1))
        accepted = rng.random((world.n_people, N_TEST)) < behaviour.accept_chance(
            people, right, ease[sets]
        )
        image = N_TEST * sets[:, None] + np.arange(N_TEST)
        if not world.is_shared:
            image = image + place * world.n_sets * N_TEST
        person = np.repeat(np.arange(world.n_people), N_TEST)
        kinds = np.tile(right, world.n_people)
        arms.append(Crossed(person, image.ravel(), kinds, accepted.ravel() == kinds))
    return arms[0], arms[1]


@dataclass(frozen=True, slots=True)
class Rates:
    """Of so many studies: intervals that hold the truth, differences found at 5 %.

    ``people_found`` are those that the bootstrap over people alone finds.
    """

    n_studies: int
    held: int
    found: int
    people_found: int


def rates(
    world: World, n_studies: int, *, measure: str = "accuracy", n_people_draws: int = 0
) -> Rates:
    """Simulate studies of a world; the bootstrap over people alone only if it is asked for."""
    rng = np.random.default_rng(5)
    held = found = people_found = 0
    for number in range(n_studies):
        answers = study(world, rng)
        result = difference_of(*(arm_of(answer, measure) for answer in answers))
        held += result.low <= world.difference <= result.high
        found += result.p <= 0.05
        if number < n_people_draws:
            people_found += _people_alone(answers, number)
    return Rates(n_studies, held, found, people_found)


def _people_alone(answers: tuple[Crossed, Crossed], seed: int) -> bool:
    draws = []
    for place, each in enumerate(answers):
        share: Floats = np.bincount(each.person, each.is_correct) / np.bincount(each.person)
        draws.append(mean_draws(100 * share[:, None], seed=(seed, place))[:, 0])
    low, high = percentile_interval(draws[0] - draws[1])
    return bool(low > 0 or high < 0)
