"""Masks for CHM-Corr+: from files, from points, by image."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.core.chm.masks import (
    MaskRefused,
    mask_find,
    mask_of_points,
    mask_of_text,
    masks_read,
    text_of_mask,
)

DOCS = Path(__file__).parents[3] / "docs/classifiers.md"
ROWS = [[0] * 7, [1] * 7, *[[0] * 7] * 5]


def written(path: Path, content: Any) -> Path:
    file = path / "masks.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_rows_booleans_and_digits_mean_the_same(tmp_path: Path) -> None:
    booleans = [[bool(item) for item in row] for row in ROWS]
    text = "".join(str(item) for row in ROWS for item in row)
    masks = masks_read(written(tmp_path, {"a/1.jpg": ROWS, "a/2.jpg": booleans, "a/3.jpg": text}))
    for mask in (*masks.values(), mask_of_text(text)):
        assert mask.astype(int).tolist() == ROWS
        assert text_of_mask(mask) == text


def test_the_documented_example_is_a_file_of_masks(tmp_path: Path) -> None:
    example = re.findall(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
    masks = masks_read(written(tmp_path, example))
    assert [(name, int(mask.sum())) for name, mask in masks.items()] == [
        ("Painted_Bunting/0001.jpg", 7)
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read as JSON"),
        ([ROWS], "holds list; expected an object"),
        ({}, "holds dict"),
        ({"a/1.jpg": ROWS[:6]}, "The mask of a/1.jpg"),
        ({"a/1.jpg": [[0.5] * 7] * 7}, "expected 7 rows of 7 zeros and ones"),
        ({"a/1.jpg": "x" * 49}, "or 49 digits"),
        ({"a/1.jpg": None}, "The mask of a/1.jpg is None"),
        ({"a/1.jpg": ROWS, "1.jpg": ROWS}, r"entry '1.jpg', a bare .*expected class_folder/1\.jpg"),
    ],
)
def test_what_is_no_file_of_masks_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(MaskRefused, match=message):
        masks_read(written(tmp_path, content))


def test_an_images_mask_is_found_by_its_path_or_by_category_and_file() -> None:
    masks = {name: np.ones((7, 7), dtype=bool) for name in ("a/1.jpg", "query/a/2.jpg")}
    assert mask_find(masks, "query/a/1.jpg") is mask_find(masks, "a/1.jpg") is masks["a/1.jpg"]
    assert mask_find(masks, "query/a/2.jpg") is masks["query/a/2.jpg"]


def test_one_bare_file_name_does_not_serve_two_categories() -> None:
    masks = {"1.jpg": np.ones((7, 7), dtype=bool)}
    for source in ("a/1.jpg", "b/1.jpg", "query/b/1.jpg", "1.jpg"):
        with pytest.raises(MaskRefused, match=f"No mask for {source};.*bare file name is not eno"):
            mask_find(masks, source)


def test_an_image_without_a_mask_is_refused_with_what_was_looked_for() -> None:
    masks = {"a/1.jpg": np.ones((7, 7), dtype=bool)}
    with pytest.raises(
        MaskRefused, match=r"No mask for query/b/1.jpg; .*or b/1.jpg .*entries is a/1"
    ):
        mask_find(masks, "query/b/1.jpg")


def test_points_mark_the_cells_of_the_crop() -> None:
    # 512 x 256: the crop is the central 224 pixels, cells are 32 pixels wide.
    corners = [(144, 16), (144 + 223, 16 + 223), (144 + 40, 16 + 100)]
    mask = mask_of_points(corners, 512, 256)
    assert np.argwhere(mask).tolist() == [[0, 0], [3, 1], [6, 6]]


def test_points_outside_the_crop_count_nowhere() -> None:
    assert not mask_of_points([(143, 100), (200, 15), (200, 241), (369, 100)], 512, 256).any()
