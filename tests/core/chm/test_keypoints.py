"""Transfer of key points, against loops over nodes and the published digits."""

import math

import pytest
import torch

from classifiers.core.chm.chmnet import transfer_keypoints
from classifiers.core.chm.keypoints import fixed_grid, node_weights, target_cells
from tests.core.oracles_chm import transfer_plain


def shift(columns: int) -> torch.Tensor:
    """Return a correlation that sends each node some columns to the right, stopping at the end."""
    rows, at = torch.arange(900) // 30, torch.arange(900) % 30
    correlation = torch.zeros(1, 900, 900)
    correlation[0, torch.arange(900), 30 * rows + (at + columns).clamp(0, 29)] = 60
    return correlation


def test_the_grid_has_x_as_its_slow_coordinate() -> None:
    grid = fixed_grid()
    assert grid.shape == (2, 49)
    assert grid[:, :2].T.tolist() == [[18, 18], [18, 52]]
    assert grid[:, 48].tolist() == [222, 222]


def test_weights_of_the_first_point_are_the_published_ones() -> None:
    weights = node_weights(fixed_grid())[0].reshape(30, 30)
    seen = {(int(r), int(c)): f"{float(weights[r, c]):.6f}" for r, c in weights.nonzero()}
    assert seen == {
        (1, 2): "0.080581", (1, 3): "0.004185", (2, 1): "0.080581", (2, 2): "0.369743",
        (2, 3): "0.186799", (3, 1): "0.004185", (3, 2): "0.186799", (3, 3): "0.087128",
    }  # fmt: skip


def test_weights_of_the_centre_are_four_quarters() -> None:
    weights = node_weights(fixed_grid())[24].reshape(30, 30)
    torch.testing.assert_close(weights[14:16, 14:16], torch.full((2, 2), 0.25))


def test_the_fixed_grid_looks_at_316_nodes() -> None:
    assert int(node_weights(fixed_grid()).any(0).sum()) == 316


def test_a_shift_moves_points_as_published() -> None:
    moved = transfer_keypoints(shift(8), fixed_grid()[:, :2])[0].T * 120 + 120
    assert [[f"{value:.1f}" for value in point] for point in moved.tolist()] == [
        ["84.4", "18.2"],
        ["84.3", "52.2"],
    ]


def test_transfer_is_the_loop_over_nodes() -> None:
    correlation = 9 * torch.rand(1, 900, 900, generator=torch.Generator().manual_seed(0))
    points = torch.tensor([[0.0, 18, 118, 240], [240.0, 52, 118, 0]])
    moved = transfer_keypoints(correlation, points)[0].T
    for (x, y), seen in zip(points.T.tolist(), moved.tolist(), strict=True):
        assert seen == pytest.approx(transfer_plain(correlation[0], x, y), abs=1e-5)


def test_another_image_size_is_another_unit() -> None:
    correlation = shift(3)
    small = transfer_keypoints(correlation, fixed_grid() / 2, image_size=120)
    torch.testing.assert_close(small, transfer_keypoints(correlation, fixed_grid()))


def test_cells_stay_on_the_grid_at_the_very_edge() -> None:
    points = torch.tensor([[[-1.0, 0.999, 1.0], [0.0, 1.0, -0.72]]])
    assert target_cells(points).tolist() == [[[0, 6, 6], [3, 6, 0]]]


@pytest.mark.parametrize(
    "points", [[[1.0], [2], [3]], [[-1.0], [5]], [[5.0], [240.5]], [[math.nan], [0]]]
)
def test_points_outside_the_image_are_refused(points: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="Key points"):
        transfer_keypoints(shift(0), torch.tensor(points))


def test_another_correlation_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 225, 225\); expected \(B, 900, 900\)"):
        transfer_keypoints(torch.zeros(1, 225, 225), fixed_grid())
