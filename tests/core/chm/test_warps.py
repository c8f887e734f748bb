"""Random warps, and where points go in them."""

import numpy as np
import pytest
import torch

from classifiers.core.chm.warps import STRENGTHS, Warp, bent, identity, jittered, warp_draw

AXIS = np.linspace(-1, 1, 30)
POINTS = np.stack(np.meshgrid(AXIS, AXIS)).reshape(2, -1)
PHOTO = torch.tensor(np.random.default_rng(0).uniform(0, 255, (3, 48, 48))).float()
RIGHT = Warp(np.eye(2), np.array([-0.25, 0]), np.zeros((2, 9)))  # the content moves right


def draws(strength: str, n: int = 20) -> list[Warp]:
    return [warp_draw(STRENGTHS[strength], np.random.default_rng(seed)) for seed in range(n)]


@pytest.mark.parametrize("strength", STRENGTHS)
def test_a_point_that_counts_comes_back_through_the_warp(strength: str) -> None:
    for warp in draws(strength):
        there, counts = warp.to_target(POINTS)
        back = warp.to_source(there)
        assert counts.mean() > 0.3
        assert np.linalg.norm(back - POINTS, axis=0)[counts].max() < 0.01
        assert np.abs(there[:, counts]).max() <= 1


def test_nearly_all_points_inside_the_target_count() -> None:
    for warp in draws("strong"):
        inside = warp.to_source(POINTS * 0.9)
        assert warp.to_target(inside)[1].mean() > 0.97


def test_the_identity_moves_nothing() -> None:
    there, counts = identity().to_target(POINTS)
    assert np.array_equal(there, POINTS)
    assert counts.all()
    torch.testing.assert_close(identity().image(PHOTO), PHOTO, atol=1e-3, rtol=0)


def test_a_shift_moves_points_and_pixels_by_the_same() -> None:
    there, counts = RIGHT.to_target(POINTS)
    np.testing.assert_allclose(there, POINTS + np.array([[0.25], [0]]), atol=1e-12)
    assert np.array_equal(counts, POINTS[0] + 0.25 <= 1 + 1e-12)
    torch.testing.assert_close(RIGHT.image(PHOTO)[:, :, 6:], PHOTO[:, :, :-6], atol=1e-3, rtol=0)


def test_where_the_photo_ends_is_its_border_or_black() -> None:
    torch.testing.assert_close(RIGHT.image(PHOTO)[:, :, 0], PHOTO[:, :, 0], atol=1e-3, rtol=0)
    assert not RIGHT.image(PHOTO, "zeros")[:, :, :5].any()


def test_a_mark_is_seen_where_the_truth_says() -> None:
    for warp in draws("strong"):
        photo = torch.zeros(3, 120, 120)
        photo[:, 57:62, 68:73] = 255  # centred on pixel (70.5, 59.5) of 120
        seen = warp.image(photo)[0]
        y, x = (seen.nonzero() * seen[seen > 0][:, None]).sum(0) / seen.sum()
        there, _ = warp.to_target(np.array([[70.5], [59.5]]) / 60 - 1)
        np.testing.assert_allclose([(x + 0.5) / 60 - 1, (y + 0.5) / 60 - 1], there[:, 0], atol=0.03)


def test_the_spline_passes_through_its_control_points() -> None:
    moves = np.random.default_rng(0).normal(0, 0.1, (2, 9))
    corners = np.stack(np.meshgrid([-1.0, 0, 1], [-1.0, 0, 1])).reshape(2, 9)
    warp = bent(np.array([[0.9, -0.1], [0.2, 1.1]]), np.array([0.1, 0]), moves)
    affine = np.array([[0.9, -0.1], [0.2, 1.1]]) @ corners + [[0.1], [0]]
    np.testing.assert_allclose(warp.to_source(corners), affine + moves, atol=1e-10)


def test_a_point_without_a_way_back_does_not_count() -> None:
    folded = bent(np.eye(2), np.zeros(2), np.full((2, 9), 0.0) + np.eye(2, 9) * 40)
    assert folded.to_target(POINTS)[1].mean() < 0.9


def test_strength_bounds_turn_size_and_shift() -> None:
    rigid = STRENGTHS["medium"].__class__(25, 1 / 0.7, 1.4, 0.2, 0)
    for seed in range(50):
        warp = warp_draw(rigid, np.random.default_rng(seed))
        size = 1 / np.sqrt(np.linalg.det(warp.linear))
        assert 0.7 <= size <= 1.4
        assert abs(np.degrees(np.arctan2(warp.linear[1, 0], warp.linear[0, 0]))) <= 25
        assert np.abs(warp.shift).max() <= 0.2


def test_the_seed_decides_warp_and_jitter() -> None:
    first, second = (np.random.default_rng(3) for _ in range(2))
    one, two = (warp_draw(STRENGTHS["weak"], rng) for rng in (first, second))
    assert np.array_equal(one.to_source(POINTS), two.to_source(POINTS))
    assert torch.equal(jittered(PHOTO, first), jittered(PHOTO, second))
    assert not torch.equal(jittered(PHOTO, first), jittered(PHOTO, np.random.default_rng(3)))


def test_jitter_keeps_shape_and_range() -> None:
    for seed in range(20):
        seen = jittered(PHOTO, np.random.default_rng(seed))
        assert seen.shape == PHOTO.shape
        assert float(seen.min()) >= 0
        assert float(seen.max()) <= 255
