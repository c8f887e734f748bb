"""The answers that the signal-detection model is fitted to, with their people and photos. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas import DataFrame

from analysis.stats.detection_fit import Rows
from analysis.stats.laplace import Floats, Indices

MAX_PEOPLE = 400
_SHARED = 0.5  # least share of answers on another arm's photos for a photo × arm effect


@dataclass(frozen=True, slots=True, eq=False)
class FittedAnswers:
    """The answers that are fitted, how many people each arm has, and whose each answer is.

    ``rows.person`` is the person in one arm, ``people`` the person in all arms.
    """

    rows: Rows
    arms: tuple[str, ...]
    n_people: Floats
    n_all: int
    people: Indices

    @property
    def counts(self) -> tuple[int, int, int]:
        """The numbers of answers, people and photos."""
        r = self.rows
        return r.accepted.size, np.unique(self.people).size, np.unique(r.photo).size

    @property
    def is_within(self) -> bool:
        """Whether somebody is in several arms."""
        return bool(np.unique(self.rows.person).size > np.unique(self.people).size)

    def selection(self, seed: int) -> str:
        """Say which answers are fitted."""
        n, *_ = self.counts
        if n == self.n_all:
            return f"all {n:,} answers"
        return (
            f"{n:,} of {self.n_all:,} answers (at most {MAX_PEOPLE} people, drawn by seed {seed}, "
            "of arms with answers of both kinds)"
        )


def fitted_answers(responses: DataFrame, conditions: Sequence[str], seed: int) -> FittedAnswers:
    """Return the answers of all arms that have answers to a right AI and to a wrong AI.

    If there are more than ``MAX_PEOPLE`` people, a random sample of them is drawn with ``seed``.
    """
    names = responses["condition"].astype("str")
    kinds = responses["is_ai_correct"].astype(bool)
    cells = DataFrame({"name": names, "kind": kinds}).drop_duplicates()
    seen = set(cells.itertuples(index=False, name=None))
    arms = tuple(name for name in conditions if {(name, True), (name, False)} <= seen)
    frame = responses[names.isin(arms).to_numpy()]
    people = frame["participant_id"].astype("str")
    ids = people.unique()
    if len(ids) > MAX_PEOPLE:
        ids = ids[np.random.default_rng(seed).permutation(len(ids))[:MAX_PEOPLE]]
    kept = frame[people.isin(ids).to_numpy()]
    arm = pd.Categorical(kept["condition"].astype("str"), categories=arms).codes
    photo = kept["item_id" if "item_id" in kept else "image"].astype("str")
    people_codes = pd.factorize(kept["participant_id"].astype("str"))[0].astype(np.intp)
    # A condition need not affect everybody alike: a person has effects of their own in each arm.
    person = pd.factorize(people_codes * len(arms) + arm)[0]
    right = kept["is_ai_correct"].to_numpy(dtype=bool)
    rows = Rows(
        kept["is_correct"].to_numpy(dtype=bool) == right,
        arm.astype(np.intp),
        right.astype(np.intp),
        person.astype(np.intp),
        pd.factorize(photo)[0].astype(np.intp),
        len(arms),
        False,
    )
    n_people = [np.unique(rows.person[rows.arm == place]).size for place in range(len(arms))]
    has_pairs = _shares_photos(rows)
    rows = Rows(rows.accepted, rows.arm, rows.kind, rows.person, rows.photo, rows.n_arms, has_pairs)
    return FittedAnswers(rows, arms, np.array(n_people, dtype=float), len(responses), people_codes)


def _shares_photos(rows: Rows) -> bool:
    """Return whether some arm shares most of its photos with another arm, as twins do."""
    n_photos = int(rows.photo.max(initial=-1)) + 1
    counts = np.zeros((rows.n_arms, n_photos))
    np.add.at(counts, (rows.arm, rows.photo), 1)
    shared = counts @ (counts > 0).T  # answers of an arm on photos of another
    np.fill_diagonal(shared, 0)
    return bool((shared >= _SHARED * counts.sum(axis=1)[:, None]).any()) if n_photos else False


def obstacle(taken: FittedAnswers) -> str:
    """Say why nothing can be fitted; empty if it can."""
    n, n_people, n_images = taken.counts
    if not n:
        return "There are no answers of both kinds in any arm; nothing was fitted."
    if min(n_people, n_images) < 3:
        return (
            f"There are {n_people} people and {n_images} photos; expected several of both. "
            "Nothing was fitted."
        )
    return ""
