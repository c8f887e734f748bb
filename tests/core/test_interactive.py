"""CHM-Corr++: a person's mask ranks and votes again."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from classifiers.core.chm.chm import chm_scores
from classifiers.core.chm.pair_cosines import pairs_of
from classifiers.core.interactive import answer, rerank
from tests.core.oracles import random_maps

ALL = np.ones((7, 7), dtype=bool)


def world(seed: int, n: int = 60, n_classes: int = 5) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (n, 49)).astype(np.float16), rng.integers(0, n_classes, n)


def by_hand(cosines: NDArray[Any], labels: NDArray[Any], mask: NDArray[Any], k: int) -> Any:
    """Return order, votes and number of voters by plain loops."""
    scores = [
        sum(float(row[cell]) for cell in range(49) if mask[cell // 7][cell % 7]) / 49
        for row in cosines
    ]
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    while True:
        votes = Counter(int(labels[place]) for place in order[:k])
        most = max(votes.values())
        if sum(n == most for n in votes.values()) == 1 or k >= len(order):
            return order, votes, min(k, len(order))
        k += 1


@pytest.mark.parametrize("seed", range(20))
def test_order_and_votes_are_those_of_plain_loops(seed: int) -> None:
    cosines, labels = world(seed)
    mask = np.random.default_rng(seed).random((7, 7)) < 0.3
    found = rerank(cosines, labels, mask, n_voters=8)
    order, votes, n = by_hand(cosines, labels, mask, 8)
    assert found.order.tolist() == order
    assert found.n_voters == n
    assert found.probabilities == {label: count / n for label, count in votes.items()}
    assert found.label == min(votes, key=lambda label: (-votes[label], label))


def test_it_ranks_as_chm_corr_plus_does() -> None:
    query, gallery = random_maps(1, 8)[0], random_maps(30, 8, seed=2)
    points = torch.rand(30, 2, 49, generator=torch.Generator().manual_seed(3)) * 2 - 1
    mask = np.zeros((7, 7), dtype=bool)
    mask[2:5, 1:4] = True
    known = chm_scores(query, gallery, points, mask=torch.from_numpy(mask))
    found = rerank(known.similarity.numpy(), np.arange(30), mask)
    expected = torch.argsort(known.scores, descending=True, stable=True)
    assert found.order.tolist() == expected.tolist()


def test_equal_scores_keep_the_shortlists_order() -> None:
    assert rerank(np.zeros((4, 49)), [3, 2, 1, 1], ALL, n_voters=1).order.tolist() == [0, 1, 2, 3]


def test_one_more_votes_while_several_classes_lead() -> None:
    cosines = np.linspace(1, 0, 5)[:, None].repeat(49, axis=1)
    found = rerank(cosines, [0, 1, 2, 1, 0], ALL, n_voters=2)
    assert (found.label, found.n_voters) == (1, 4)
    assert found.probabilities == {1: 0.5, 0: 0.25, 2: 0.25}


def test_if_all_voted_and_the_lead_is_shared_the_smallest_index_wins() -> None:
    found = rerank(np.zeros((2, 49)), [4, 2], ALL, n_voters=1)
    assert (found.label, found.n_voters) == (4, 1)
    assert rerank(np.zeros((2, 49)), [4, 2], ALL, n_voters=2).label == 2


def test_a_shortlist_smaller_than_the_voters_votes_whole() -> None:
    assert rerank(np.zeros((3, 49)), [1, 1, 0], ALL, n_voters=20).n_voters == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cosines": np.zeros((3, 48))}, r"Cosines \(3, 48\)"),
        ({"cosines": np.zeros((0, 49)), "labels": []}, r"N at least 1"),
        ({"cosines": np.full((2, 49), np.nan)}, "NaN or infinite"),
        ({"labels": [1]}, r"expected \(2,\) class indices"),
        ({"labels": [0.5, 1]}, "class indices"),
        ({"labels": [-1, 1]}, "class indices"),
        ({"mask": np.ones((7, 7))}, "of bool"),
        ({"mask": np.ones(49, dtype=bool)}, r"expected \(7, 7\)"),
        ({"mask": np.zeros((7, 7), dtype=bool)}, "mask is empty"),
        ({"n_voters": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_ranked_is_refused(changes: dict[str, Any], said: str) -> None:
    arguments: dict[str, Any] = {"cosines": np.zeros((2, 49)), "labels": [0, 1], "mask": ALL}
    with pytest.raises(ValueError, match=said):
        rerank(**(arguments | changes))


def test_a_web_process_ranks_without_torch() -> None:
    code = "import sys, classifiers.core.interactive; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_answer_names_the_first_voters_for_the_winner_and_their_best_cells() -> None:
    cosines, labels = world(3, n=30)
    cells = np.random.default_rng(4).integers(0, 49, (30, 49))
    mask = np.random.default_rng(5).random((7, 7)) < 0.4
    found = answer(pairs_of(np.arange(100, 130), labels, cosines, cells), mask, 9)
    order, votes, n = by_hand(cosines, labels, mask, 9)
    voters = [place for place in order[:n] if labels[place] == found.label]
    assert (found.n_votes, found.n_voters) == (votes[found.label], n)
    assert [item.image for item in found.exemplars] == [100 + place for place in voters[:5]]
    best = sorted(np.flatnonzero(mask).tolist(), key=lambda cell: -cosines[voters[0], cell])[:5]
    assert found.exemplars[0].cells == tuple((cell, cells[voters[0], cell]) for cell in best)
