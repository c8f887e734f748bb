"""The figures of a comparison, against loops, SciPy and the reference study's published pool.

scipy.stats comes as a fixture, for it takes most of a second in each process that imports it.
"""

from __future__ import annotations

import csv
import math
import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from classifiers.core.backbones.vision import torchvision
from classifiers.core.images import squash
from classifiers.core.metrics import evaluation
from classifiers.core.metrics.evaluation import (
    Change,
    auroc,
    calibration_bins,
    calibration_error,
    change,
    mcnemar_p,
    scores,
    wilson_interval,
)
from tests.core.conftest import shared_dir

Answers = list[tuple[int, bool]]
# Votes of 20, as every voting classifier gives: many ties, and every one on the edge of a bin.
ANSWERS = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60)


def split(answers: Answers) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    votes, right = zip(*answers, strict=True)
    return np.array(votes) / 20, np.array(right)


@given(ANSWERS)
def test_auroc_is_the_share_of_pairs_in_the_right_order(answers: Answers) -> None:
    confidence, right = split(answers)
    pairs = [np.sign(a - b) for a in confidence[right] for b in confidence[~right]]
    expected = np.mean([(1 + pair) / 2 for pair in pairs]) if pairs else math.nan
    assert auroc(confidence, right) == pytest.approx(expected, nan_ok=True)


@pytest.fixture(scope="module")
def stats() -> Any:
    from scipy import stats

    return stats


def test_auroc_is_scipys_mann_whitney_u(stats: Any) -> None:
    rng = np.random.default_rng(0)
    confidence, right = rng.integers(0, 21, 500) / 20, rng.random(500) < 0.7
    u = stats.mannwhitneyu(confidence[right], confidence[~right]).statistic
    assert auroc(confidence, right) == pytest.approx(u / (right.sum() * (~right).sum()))


@pytest.mark.parametrize("right", [True, False])
def test_auroc_of_one_kind_only_is_undefined(right: bool) -> None:
    assert math.isnan(auroc([0.2, 0.4], [right, right]))


@given(ANSWERS, st.integers(1, 25))
def test_calibration_error_is_the_plain_loops(answers: Answers, n_bins: int) -> None:
    confidence, right = split(answers)
    expected = 0.0
    for place in range(n_bins):  # votes / 20 in (place / bins, (place + 1) / bins], in integers
        low, high = 20 * place, 20 * (place + 1)
        inside = [
            (v / 20, r) for v, r in answers if low < v * n_bins <= high or (v == 0 and place == 0)
        ]
        if inside:
            sure, good = np.array(inside).mean(0)
            expected += len(inside) / len(answers) * abs(good - sure)
    assert calibration_error(calibration_bins(confidence, right, n_bins=n_bins)) == pytest.approx(
        expected
    )


def test_bins_are_closed_on_the_right_and_empty_ones_are_left_out() -> None:
    bins = calibration_bins([0.0, 3 * 0.1, 0.31, 1.0], [False, True, True, True], n_bins=10)
    assert [(item.low, item.high, item.n) for item in bins] == [
        (0.0, 0.1, 1), (0.2, 0.3, 1), (0.3, 0.4, 1), (0.9, 1.0, 1)
    ]  # fmt: skip


def test_a_perfect_and_sure_classifier_has_no_error() -> None:
    found = scores([1.0, 1.0], [True, True])
    assert (found.accuracy, found.ece, found.brier) == (1, 0, 0)


def test_brier_is_the_mean_squared_gap() -> None:
    found = scores([0.8, 0.6, 0.1], [True, False, False])
    assert found.brier == pytest.approx((0.2**2 + 0.6**2 + 0.1**2) / 3)
    assert found.confidence_mean == pytest.approx(0.5)


@pytest.mark.parametrize(("n_right", "n"), [(0, 10), (10, 10), (81, 263), (15, 148), (1, 1)])
def test_wilsons_interval_is_scipys(stats: Any, n_right: int, n: int) -> None:
    expected = stats.binomtest(n_right, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(n_right, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilsons_interval_of_a_printed_example() -> None:  # Newcombe, Stat. Med. 1998, table I
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)


def test_none_right_and_all_right_reach_the_ends_exactly() -> None:
    assert (wilson_interval(0, 10)[0], wilson_interval(10, 10)[1]) == (0, 1)


@given(n_gained=st.integers(0, 400), n_lost=st.integers(0, 400))
def test_mcnemars_p_is_scipys_binomial_test(stats: Any, n_gained: int, n_lost: int) -> None:
    n = n_gained + n_lost
    expected = stats.binomtest(n_gained, n).pvalue if n else 1.0
    assert mcnemar_p(n_gained, n_lost) == pytest.approx(expected, rel=1e-9)


def test_changes_are_counted_in_both_directions() -> None:
    mine, theirs = [True, True, False, True], [False, False, True, True]
    assert change(mine, theirs) == Change(n_gained=2, n_lost=1, p=1.0)
    assert change(theirs, theirs) == Change(0, 0, 1.0)


@pytest.mark.parametrize(
    ("confidence", "right", "words"),
    [
        ([], np.array([], bool), "n at least 1"),
        ([0.5], [True, False], r"Confidences \(1,\), correctness \(2,\)"),
        ([0.5, 2.0], [True, False], "from 0.5 to 2.0; expected shares"),
        ([0.5, math.nan], [True, False], "from nan to nan; expected shares"),
        ([0.5], [1], "type int64; expected"),
    ],
)
def test_figures_of_nonsense_are_refused(
    confidence: list[float], right: list[bool], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        scores(confidence, right)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="3 right of 2"):
        wilson_interval(3, 2)
    with pytest.raises(ValueError, match="0 bins"):
        calibration_bins([0.5], [True], n_bins=0)
    with pytest.raises(ValueError, match="2 predictions against 1"):
        change([True, True], [True])


def published_pool() -> list[dict[str, str]]:
    path = shared_dir() / "published" / "cub_ai_pool.csv"
    if not path.is_file():
        missing = f"no {path}; set STUDY_SHARED_DIR to the folder that holds published/"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("name", "n_right", "area", "gained", "lost"),
    [
        ("resnet", 4973, 0.876, None, None),
        ("knn", 4952, 0.888, 0, 0),
        ("emd", 4924, 0.882, 168, 196),
        ("chm", 4825, 0.876, 147, 274),
    ],
)
def test_the_published_predictions_give_the_published_figures(
    name: str, n_right: int, area: float, gained: int | None, lost: int | None
) -> None:
    pool = published_pool()
    right, knn = (np.array([row[f"{ai}_correct"] == "1" for row in pool]) for ai in (name, "knn"))
    found = scores([float(row[f"{name}_conf"]) for row in pool], right)
    assert (found.n, found.n_right) == (5794, n_right)
    assert found.auroc == pytest.approx(area, abs=5e-4)
    if gained is not None:
        assert (change(right, knn).n_gained, change(right, knn).n_lost) == (gained, lost)


@pytest.mark.parametrize("size", [(224, 224), (300, 200), (33, 500)])
def test_a_squashed_image_is_torchvisions_byte_for_byte(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    assert (
        squash(image, 224).tobytes() == torchvision.transforms.Resize((224, 224))(image).tobytes()
    )


def test_the_level_is_the_one_that_is_stated() -> None:
    assert evaluation.LEVEL == 0.95
