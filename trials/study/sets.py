"""Trial sets as a pure function of a study's plan, an AI's pool and a seed.

No Django, no models: anyone who has the seed can repeat each draw.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from classifiers.difficulty import LEVELS
from trials.study.design import split_even
from trials.study.plan import StudyPlan


@dataclass(frozen=True, slots=True)
class Candidate:
    """A prediction that may be drawn: its id, whether the AI is right, and its stratum."""

    id: int
    is_right: bool
    stratum: str = ""


@dataclass(frozen=True, slots=True)
class Shortage:
    """One kind of trial: how many the draw needs and the pool has."""

    is_right: bool
    stratum: str
    n_needed: int
    n_there: int

    @property
    def n_missing(self) -> int:
        """How many are missing."""
        return max(0, self.n_needed - self.n_there)

    def __str__(self) -> str:
        kind = "right" if self.is_right else "wrong"
        stratum = f", {self.stratum.lower()}" if self.stratum else ""
        return (
            f"AI {kind}{stratum}: {self.n_there} in the pool, {self.n_needed} needed, "
            f"{self.n_missing} more"
        )


class PoolTooSmall(ValueError):
    """The predictions do not suffice for the sets; ``shortages`` says by how many."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        self.shortages = tuple(shortages)
        listed = "; ".join(str(shortage) for shortage in shortages)
        super().__init__(f"{listed}. Draw fewer or smaller sets, or predict more images.")


@dataclass(frozen=True, slots=True)
class Draw:
    """What one AI's participants judge. All tuples are disjoint; items keep their order.

    ``more_training`` are the trainings of further blocks, where each block has its own.
    """

    training: tuple[int, ...]
    validation: tuple[tuple[int, ...], ...]
    test_sets: tuple[tuple[int, ...], ...]
    numbers: tuple[int, ...] = ()
    more_training: tuple[tuple[int, ...], ...] = ()

    @property
    def trainings(self) -> tuple[tuple[int, ...], ...]:
        """The trainings, of which the first is of the first block."""
        return (self.training, *self.more_training)

    @property
    def all_items(self) -> Iterator[int]:
        """Everything that was drawn."""
        for each in (*self.trainings, *self.validation, *self.test_sets):
            yield from each

    @property
    def numbered(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """The test sets with their numbers: those of given lists, or else from 1."""
        return zip(self.numbers or range(1, len(self.test_sets) + 1), self.test_sets, strict=True)


def needed(
    plan: StudyPlan, pool: Sequence[Candidate] = (), n_trainings: int = 1
) -> dict[tuple[bool, str], int]:
    """Return how many trials of each kind (AI right, stratum) a study draws of one AI.

    ``pool`` gives the share of AI-right trials where the document asks for the natural one.
    Training and validation take any stratum: they are counted under ``""``. Given trial lists are
    not drawn, so beside them only training and validation are counted. ``n_trainings`` are the
    blocks with a training of their own.
    """
    counts = dict.fromkeys([(True, ""), (False, "")], 0)
    for n in _sizes_before(plan, n_trainings):
        for is_right, share in zip((True, False), split_even(n), strict=True):
            counts[is_right, ""] += share
    if plan.test.sets_file:
        return counts
    for key, n in _test_shares(plan, pool):
        counts[key] = counts.get(key, 0) + n * plan.test.n_sets
    return counts


def _test_split(plan: StudyPlan, pool: Sequence[Candidate]) -> tuple[int, int]:
    """Return how many AI-right and AI-wrong trials one test set has."""
    n, share = plan.test.n, plan.test.share_right
    if share == "half":
        return split_even(n)
    if share == "natural":
        part = Fraction(sum(item.is_right for item in pool), max(1, len(pool)))
    else:
        part = min(Fraction(1), Fraction(share.removesuffix("%")) / 100)
    n_right = int(n * part + Fraction(1, 2))
    return n_right, n - n_right


def _test_shares(
    plan: StudyPlan, pool: Sequence[Candidate]
) -> Iterator[tuple[tuple[bool, str], int]]:
    """Yield how many trials of each kind one test set has."""
    strata = LEVELS if plan.test.strata == "difficulty" else ("",)
    for is_right, n in zip((True, False), _test_split(plan, pool), strict=True):
        for rank, stratum in enumerate(strata):
            # The remainder goes to the easier strata, one trial for each.
            yield (is_right, stratum), n // len(strata) + (rank < n % len(strata))


def shortages(plan: StudyPlan, pool: Sequence[Candidate], n_trainings: int = 1) -> list[Shortage]:
    """Return each kind of trial with its need and supply, whether or not it suffices."""
    counts = needed(plan, pool, n_trainings)
    rows = []
    for is_right in (True, False):
        there = [item for item in pool if item.is_right == is_right]
        strata = [stratum for right, stratum in counts if right == is_right and stratum]
        for stratum in strata:
            n_there = sum(item.stratum == stratum for item in there)
            rows.append(Shortage(is_right, stratum, counts[is_right, stratum], n_there))
        n_all = sum(n for (right, _), n in counts.items() if right == is_right)
        rows.append(Shortage(is_right, "", n_all, len(there)))
    return rows


def draw_sets(
    plan: StudyPlan,
    pool: Sequence[Candidate],
    given: Mapping[int, tuple[int, ...]] | None = None,
    n_trainings: int = 1,
) -> Draw:
    """Draw training, the validation's attempts and the disjoint test sets from one AI's pool.

    Training and validation are half right and half wrong (an odd one gets one right more). The
    test's sets are so as well, or have the document's ``share_right``; with ``balance: pool`` only
    all of them together have it, as the reference study's ImageNet sets had; with strata every set
    has the same number of each. All parts are in random order. The draw depends on the pool's ids,
    their order and the plan's seed alone.

    ``given`` are trial lists by number: the test has them in their order, and training and
    validation are drawn from the other predictions. ``n_trainings`` trainings are drawn. Raises
    ``PoolTooSmall``.
    """
    fixed = {item for each in (given or {}).values() for item in each}
    pool = [item for item in pool if item.id not in fixed] if fixed else pool
    missing = [item for item in shortages(plan, pool, n_trainings) if item.n_missing]
    if missing:
        raise PoolTooSmall(missing)
    rng = random.Random(plan.seed)
    taken: set[int] = set()

    def take(is_right: bool, stratum: str, n: int) -> list[int]:
        fitting = [
            item.id
            for item in pool
            if item.is_right == is_right and stratum in ("", item.stratum) and item.id not in taken
        ]
        chosen = rng.sample(fitting, n)
        taken.update(chosen)
        return chosen

    # The strata are drawn first; training and validation take any stratum, so they use the rest.
    shares = {} if given else dict(_test_shares(plan, pool))
    stock = {key: take(*key, n * plan.test.n_sets) for key, n in shares.items()}
    sizes = _sizes_before(plan, n_trainings)
    rest = {is_right: take(is_right, "", _n_before(sizes, is_right)) for is_right in (True, False)}
    before = []
    for n in sizes:
        part = [rest[is_right].pop() for is_right, k in _halves(n) for _ in range(k)]
        rng.shuffle(part)
        before.append(tuple(part))
    tests = tuple(given.values()) if given else tuple(_test_sets(plan, stock, shares, rng))
    return Draw(
        training=before[0],
        validation=tuple(before[n_trainings:]),
        test_sets=tests,
        numbers=tuple(given or ()),
        more_training=tuple(before[1:n_trainings]),
    )


def _halves(n: int) -> list[tuple[bool, int]]:
    return list(zip((True, False), split_even(n), strict=True))


def _sizes_before(plan: StudyPlan, n_trainings: int) -> list[int]:
    """Return the sizes of the trainings and of each attempt at the validation."""
    attempts = [plan.validation.n] * plan.validation.attempts if plan.validation else []
    return [*[plan.training.n if plan.training else 0] * n_trainings, *attempts]


def _n_before(sizes: Sequence[int], is_right: bool) -> int:
    return sum(dict(_halves(n))[is_right] for n in sizes)


def _test_sets(
    plan: StudyPlan,
    stock: dict[tuple[bool, str], list[int]],
    shares: Mapping[tuple[bool, str], int],
    rng: random.Random,
) -> Iterator[tuple[int, ...]]:
    if plan.test.balance == "pool":
        ids = [item for kind in stock.values() for item in kind]
        rng.shuffle(ids)
        n = plan.test.n
        yield from (tuple(ids[i * n : (i + 1) * n]) for i in range(plan.test.n_sets))
        return
    for _ in range(plan.test.n_sets):
        part = [stock[key].pop() for key, n in shares.items() for _ in range(n)]
        rng.shuffle(part)
        yield tuple(part)
