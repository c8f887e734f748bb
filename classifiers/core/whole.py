"""The whole photo in a square, for people, and the place of the model's square in it.

Pillow only. The model sees its own crop (``images.crop_square``); marks on the crop are mapped to
the whole photo by ``crop_share``.
"""

from __future__ import annotations

from typing import Final

from PIL import Image
from PIL.Image import Resampling

from classifiers.core.images import CROP_SIDE, RESIZE_SIDE

BLACK: Final = 0
"""Grey value of the bars beside a photo that is not square."""


def whole_square(
    image: Image.Image, side: int, resample: Resampling = Resampling.LANCZOS
) -> Image.Image:
    """Return the whole image in the middle of a square of ``side`` x ``side`` pixels.

    The longer side is resized to ``side``, the shorter in proportion; black bars fill the rest.
    """
    scale = side / max(image.size)
    width, height = (max(1, round(scale * length)) for length in image.size)
    square = Image.new(image.mode, (side, side), BLACK)
    place = ((side - width) // 2, (side - height) // 2)
    square.paste(image.resize((width, height), resample), place)
    return square


def crop_share(width: int, height: int) -> float:
    """Return the side of the model's crop as a share of the side of ``whole_square``.

    The crop is the central 224/256 of the shorter side, and both squares have one centre. So a
    place ``x`` in the crop (0 to 1, on either axis) is at ``(1 - share) / 2 + share * x`` in the
    whole square. Rounding to pixels moves it by at most one pixel of the resized photo.
    """
    return CROP_SIDE / RESIZE_SIDE * min(width, height) / max(width, height)
