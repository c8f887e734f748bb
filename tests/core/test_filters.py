"""When two files are the same picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from classifiers.core import filters
from classifiers.core.filters import difference_hash, nearest_hashes, pixels_sha256
from classifiers.core.images import load_rgb


def noise(size: tuple[int, int] = (64, 48), seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def smooth(seed: int = 0) -> Image.Image:
    return noise((6, 5), seed).resize((240, 200), Image.Resampling.BICUBIC)


def test_the_same_pixels_in_another_file_format_are_the_same(tmp_path: Path) -> None:
    for name in ("a.png", "a.bmp"):
        noise().save(tmp_path / name)
    a, b = (pixels_sha256(load_rgb(tmp_path / name)) for name in ("a.png", "a.bmp"))
    assert a == b


def test_the_same_bytes_in_another_shape_are_another_picture() -> None:
    pixels = np.asarray(noise((64, 48)))
    other = Image.fromarray(pixels.reshape(64, 48, 3))  # (48, 64, 3) -> (64, 48, 3)
    assert pixels_sha256(noise((64, 48))) != pixels_sha256(other)


def test_one_pixel_makes_another_picture() -> None:
    changed = noise()
    changed.putpixel((3, 3), (1, 2, 3))
    assert pixels_sha256(noise()) != pixels_sha256(changed)


def test_the_difference_hash_is_the_plain_loops() -> None:
    grey = smooth().convert("L").resize((9, 8), Image.Resampling.BOX)
    bits = "".join(
        str(int(grey.getpixel((x + 1, y)) > grey.getpixel((x, y))))  # type: ignore[operator]
        for y in range(8)
        for x in range(8)
    )
    assert difference_hash(smooth()) == int(bits, 2)


def test_a_resized_and_compressed_copy_is_near_and_another_picture_is_far(tmp_path: Path) -> None:
    smooth().resize((120, 100)).save(tmp_path / "a.jpg", quality=60)
    copy, other = difference_hash(load_rgb(tmp_path / "a.jpg")), difference_hash(smooth(1))
    _, (near, far) = nearest_hashes([copy, other], [difference_hash(smooth())])
    assert (near <= 4, far >= 16) == (True, True)


def test_the_nearest_hash_is_that_of_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "CHUNK", 100)  # three queries at once
    hashes = np.random.default_rng(0).integers(0, 2**63, (2, 30), dtype=np.uint64) * np.uint64(2)
    queries, gallery = hashes[0][:20], hashes[1]
    places, bits = nearest_hashes(queries, gallery)
    table = [[(int(q) ^ int(g)).bit_count() for g in gallery] for q in queries]
    assert places.tolist() == [row.index(min(row)) for row in table]
    assert bits.tolist() == [min(row) for row in table]


def test_an_empty_gallery_is_refused() -> None:
    with pytest.raises(ValueError, match="No gallery hashes"):
        nearest_hashes([1], [])
