"""Majority vote, the same for every classifier that votes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def majority_vote(labels: Iterable[int]) -> tuple[int, int]:
    """Return the most frequent class index and its number of votes.

    Ties go to the smallest class index, as in Nguyen, Taesiri & Nguyen, NeurIPS 2022, so that
    the answer depends neither on the voters' order nor on a library's.

    Raises
    ------
    ValueError
        There are no voters.

    """
    votes = Counter(labels)
    if not votes:
        raise ValueError("No voters; expected at least one label.")
    return min(votes.items(), key=lambda item: (-item[1], item[0]))
