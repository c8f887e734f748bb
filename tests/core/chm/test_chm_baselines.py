"""The rules that a trained matcher is held against, on correspondences that were planted."""

import pytest
import torch
from torch import Tensor

from classifiers.core.chm.baselines import (
    RULES,
    best_cell,
    best_cell_bilinear,
    cells,
    mutual_affine,
    mutual_cell,
    rules_score,
    score,
    stay,
)
from classifiers.core.chm.keypoints import fixed_grid
from classifiers.core.chm.warped_pairs import Pair, normalised

CELL = 2 / 15
CENTRES = cells(15, 15)
INNER = CENTRES[:, (CENTRES.abs() < 0.7).all(0)]
SHIFT = torch.tensor([[2 * CELL], [-CELL]])  # two cells to the right, one up


@pytest.fixture
def maps() -> tuple[Tensor, Tensor]:
    """A map of random features, and the same moved two cells to the right and one up."""
    source = torch.randn(32, 15, 15, generator=torch.Generator().manual_seed(0))
    return source, source.roll((-1, 2), (1, 2))


@pytest.mark.parametrize("rule", [best_cell, best_cell_bilinear, mutual_cell, mutual_affine])
def test_a_planted_shift_is_found(rule: object, maps: tuple[Tensor, Tensor]) -> None:
    assert callable(rule)
    torch.testing.assert_close(rule(*maps, INNER), INNER + SHIFT, atol=1e-5, rtol=0)


def test_identity_stays() -> None:
    assert torch.equal(stay(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2), INNER), INNER)


def test_a_cell_owns_the_points_inside_it(maps: tuple[Tensor, Tensor]) -> None:
    off = INNER + 0.4 * CELL
    torch.testing.assert_close(best_cell(*maps, off), INNER + SHIFT)


def test_the_corners_belong_to_the_outer_cells(maps: tuple[Tensor, Tensor]) -> None:
    corners = torch.tensor([[-1.0, 1.0], [-1.0, 1.0]])
    expected = torch.stack([CENTRES[:, 0], CENTRES[:, -1]], 1)
    torch.testing.assert_close(best_cell(maps[0], maps[0], corners), expected)


def test_mutual_neighbours_leave_a_cell_that_everyone_likes() -> None:
    """Source cells 0 and 1 both like target cell 0 best; cell 1's own partner is 1."""
    source = torch.tensor([[1.0, 0.8], [0.0, 0.6]])[:, None]  # (2, 1, 2)
    target = torch.tensor([[1.0, 0.56], [0.0, 0.83]])[:, None]
    source[:, 0, 1] = torch.tensor([0.83, 0.56])
    point = cells(1, 2)[:, 1:]
    assert float(mutual_cell(source, target, point)[0]) == 0.5
    torch.testing.assert_close(stay(source, target, point), point)


def test_the_affine_fit_shrugs_off_a_third_of_wrong_cells(maps: tuple[Tensor, Tensor]) -> None:
    source, target = maps
    target = target.clone()
    target[:, 10:] = torch.randn(32, 5, 15, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(mutual_affine(source, target, INNER), INNER + SHIFT)


def test_the_affine_fit_never_leaves_the_image(maps: tuple[Tensor, Tensor]) -> None:
    found = mutual_affine(*maps, torch.tensor([[0.99], [-0.99]]))
    torch.testing.assert_close(found, torch.tensor([[1.0], [-1.0]]))


def test_without_three_mutual_neighbours_points_stay() -> None:
    flat = torch.ones(4, 15, 15)
    assert torch.equal(mutual_affine(flat, flat, INNER), INNER)


def test_points_count_by_their_distance_in_pixels() -> None:
    truth = torch.zeros(2, 5)
    predicted = normalised(torch.tensor([[120.0, 131, 140, 150, 240], [120.0] * 5]))
    mask = torch.tensor([True, True, True, True, False])
    found = score(predicted, truth, mask)
    assert (found.pck_10, found.pck_05, found.n) == (0.75, 0.5, 4)
    assert found.mean_px == pytest.approx((0 + 11 + 20 + 30) / 4)


def test_nothing_to_score_is_refused() -> None:
    with pytest.raises(ValueError, match="every one of them left the target image"):
        score(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(3, dtype=torch.bool))


def test_every_rule_is_scored_on_the_same_points(maps: tuple[Tensor, Tensor]) -> None:
    points = normalised(fixed_grid())
    truth, mask = points + SHIFT, ((points + SHIFT).abs() < 0.85).all(0)
    nodes = torch.zeros(1, 2, 900), torch.zeros(1, 900, dtype=torch.bool)
    pair = Pair(maps[0][None], maps[1][None], *nodes, truth[None], mask[None])
    scores = rules_score(pair)
    assert list(scores) == list(RULES)
    assert scores["robust affine"].mean_px < 0.1 < scores["best cell"].mean_px < 8
    assert scores["identity"].mean_px == pytest.approx(36 / 180 * 180 - 0.22, abs=0.1)
