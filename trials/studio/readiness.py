"""Whether the photos are enough for a document, in a sentence, and a change that would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trials.study.plan import StudyPlan
from trials.study.schema import Json

LEAST_A_SET = 2  # one photo where the AI is right, one where it is wrong
# Said where no smaller test helps, or only a very small one.
MORE_PHOTOS = "Import more photos to judge, or choose other predictions in the conditions."


@dataclass(frozen=True, slots=True)
class Pool:
    """What the draw needs of one AI and what its predictions have.

    ``rows`` have kind, stratum, needed, there and missing.
    """

    name: str
    problem: str = ""
    rows: tuple[Json, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Whether the sets can be drawn."""
        return not self.problem and not any(row["missing"] for row in self.rows)


Pools = Sequence[Pool]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one field that makes the photos enough; ``words`` are its button's."""

    path: str
    value: int
    words: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the photos are enough; ``said`` is empty while the document is not valid."""

    is_ready: bool
    said: str
    change: Change | None = None

    def as_json(self) -> Json:
        """Return it for the page's script."""
        change = self.change
        return {
            "is_ready": self.is_ready,
            "said": self.said,
            "change": {"path": change.path, "value": change.value, "words": change.words}
            if change
            else None,
        }


def shortage_words(pools: Pools) -> str:
    """Return ``5 photos too few where softmax and knn are wrong``, a part for each kind."""
    whose: dict[tuple[int, str, str], list[str]] = {}
    for pool in pools:
        for row in pool.rows:
            if row["missing"]:
                kind = row["kind"].removeprefix("AI ")
                whose.setdefault((row["missing"], kind, row["stratum"]), []).append(pool.name)
    parts = []
    for (n, kind, stratum), names in whose.items():
        *first, last = names
        named = f"{', '.join(first)} and {last} are" if first else f"{last} is"
        what = " ".join(filter(None, [str(n), stratum, "photo" if n == 1 else "photos"]))
        parts.append(f"{what} too few where {named} {kind}")
    return "; ".join(parts)


def readiness(plan: StudyPlan | None, pools: Pools, ask: Callable[[Json], Pools]) -> Readiness:
    """Judge what the draw needs and has.

    ``ask`` returns the pools of another document; it is called a few times to find the largest
    smaller test that the photos are enough for.
    """
    if plan is None or not pools:
        return Readiness(False, "")
    problems = [pool.problem for pool in pools if pool.problem]
    short = shortage_words(pools)
    if problems:
        return Readiness(False, f"Not ready: {' '.join(dict.fromkeys(problems))}")
    if short:
        change = _change(plan, pools, ask)
        is_set = change is not None and change.path.endswith(".n")
        is_small = change is None or (is_set and change.value < plan.test.n // 2)
        more = f" {MORE_PHOTOS}" if is_small else ""
        return Readiness(False, f"Not ready: {short}.{more}", change)
    return Readiness(True, "Ready: there are enough photos for every condition.")


def _change(plan: StudyPlan, now: Pools, ask: Callable[[Json], Pools]) -> Change | None:
    """Return fewer photos a set that are enough, or else fewer sets; None if neither is."""
    stages = plan.document["stages"]
    at = next((n for n, each in enumerate(stages) if each["kind"] == "test"), None)
    if at is None or plan.test.sets_file:
        return None

    def asked(field: str) -> Callable[[int], Pools]:
        def of(value: int) -> Pools:
            changed = [each | {field: value} if n == at else each for n, each in enumerate(stages)]
            return ask({**plan.document, "stages": changed})

        return of

    n = _largest(plan.test.n, LEAST_A_SET, now, asked("n"))
    if n >= max(LEAST_A_SET, plan.test.n // 2):
        return Change(f"stages[{at}].n", n, f"Use {n} a set")
    if n_sets := _largest(plan.test.n_sets, 1, now, asked("n_sets")):
        words = f"Use {n_sets} {'set' if n_sets == 1 else 'sets'}"
        return Change(f"stages[{at}].n_sets", n_sets, words)
    return Change(f"stages[{at}].n", n, f"Use {n} a set") if n else None


def _largest(most: int, step: int, now: Pools, of: Callable[[int], Pools]) -> int:
    """Return the largest multiple of ``step`` below ``most`` that suffices; 0 if none does.

    What is needed grows evenly with the value. So two values give the slope, and the estimate is
    checked; rounding can make it too large by one or two steps.
    """
    least = of(step)
    if most <= step or not _is_enough(least):
        return 0
    slopes = [
        ((a["needed"] - b["needed"]) / (most - step), b["there"] - b["needed"])
        for one, other in zip(now, least, strict=False)
        for a, b in zip(one.rows, other.rows, strict=False)
    ]
    caps = [step + int(left / slope) for slope, left in slopes if slope > 0]
    value = min([most - 1, *caps]) // step * step
    while value > step and not _is_enough(of(value)):
        value -= step
    return value


def _is_enough(pools: Pools) -> bool:
    return bool(pools) and all(pool.is_enough for pool in pools)
