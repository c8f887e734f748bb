"""The whole photo in a square: the machine's crop lies in it where ``crop_share`` says."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from classifiers.core.boxes import boxes, boxes_in_whole
from classifiers.core.images import crop_square
from classifiers.core.whole import crop_share, whole_square
from classifiers.decision import GRID

SIZES = [(300, 300), (300, 200), (200, 300), (257, 511), (1000, 333), (640, 64), (37, 1600)]
CELLS = [(row + 0.5) / GRID for row in range(GRID)]


def ramp(width: int, height: int) -> Image.Image:
    """Return a photo whose red says the place from left to right, and whose green from top."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 90)], axis=2).round().astype(np.uint8))


@pytest.mark.parametrize("size", SIZES)
def test_every_cell_of_the_crop_shows_what_its_place_in_the_whole_photo_shows(
    size: tuple[int, int],
) -> None:
    photo, share = ramp(*size), crop_share(*size)
    crop, whole = np.asarray(crop_square(photo, 448)), np.asarray(whole_square(photo, 1600))
    # A pixel of the resized photos may be off on each side.
    off = 255 * (1.5 / 448 + 1.5 / (1600 * min(size) / max(size))) + 1.5
    for y in CELLS:
        for x in CELLS:
            seen = crop[int(448 * y), int(448 * x)].astype(int)
            at = [int(1600 * ((1 - share) / 2 + share * place)) for place in (y, x)]
            assert np.abs(seen - whole[at[0], at[1]]).max() <= off, (x, y)


@pytest.mark.parametrize("size", [(300, 200), (64, 640)])
def test_bars_fill_the_square_and_nothing_of_the_photo_is_cut_off(size: tuple[int, int]) -> None:
    whole = np.asarray(whole_square(ramp(*size), 300))
    shown = whole[:, :, 2] > 0
    assert whole.shape == (300, 300, 3)
    assert abs(shown.sum() - 300 * 300 * min(size) / max(size)) <= 300
    for channel, length in enumerate(size):
        values = whole[:, :, channel][shown]
        assert values.max() - values.min() >= 255 * (1 - 3 / min(length, 300))


def test_boxes_move_with_the_crop() -> None:
    share, cells = crop_share(300, 200), [0, 24, 24, 48]
    for before, after in zip(boxes(cells), boxes_in_whole(boxes(cells), share), strict=True):
        start = GRID * (1 - share) / 2
        assert after.x == pytest.approx(start + share * before.x, abs=1e-3)
        assert after.y == pytest.approx(start + share * before.y, abs=1e-3)
        assert (after.width, after.height) == pytest.approx(
            (share * before.width, share * before.height), abs=1e-3
        )
        assert after.number == before.number


def test_a_share_of_one_moves_nothing_and_a_small_boxs_badge_is_at_its_corner() -> None:
    assert boxes_in_whole(boxes([8, 8]), 1.0) == boxes([8, 8])
    (box,) = boxes_in_whole(boxes([24]), 0.4)
    assert box.badge_x < box.x + 0.25 * box.width
    assert box.badge_y < box.y + 0.25 * box.height
