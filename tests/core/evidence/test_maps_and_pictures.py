"""Heat maps become colours by a known table, and files that come back are checked by parts."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from classifiers.core.evidence.maps import CIVIDIS, SIDE, map_draw, map_read
from classifiers.core.evidence.pictures import (
    JPEG,
    MAX_ENCODED,
    MAX_SIDE,
    encoded_problem,
    picture_encode,
)
from tests.core.evidence.outside import npy, png


def indices(drawn: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(drawn)))


def test_the_colours_are_matplotlibs_cividis() -> None:
    table = mpl.colormaps["cividis"](np.arange(256), bytes=True)[:, :3]
    assert table.astype(np.uint8).tobytes() == CIVIDIS


def test_a_map_spans_the_whole_table_in_equal_steps_whatever_its_unit() -> None:
    ramp = np.tile(np.linspace(-3, 5, SIDE), (SIDE, 1))
    drawn = indices(map_draw(ramp))
    assert drawn.shape == (SIDE, SIDE)
    assert np.array_equal(drawn[0], np.rint(np.linspace(0, 255, SIDE)))
    assert map_draw(ramp) == map_draw(1000 * ramp + 7)


@pytest.mark.parametrize("value", [0.0, -1e308, 1e308])
def test_a_map_of_one_value_is_in_the_middle(value: float) -> None:
    assert set(indices(map_draw(np.full((7, 7), value))).ravel()) == {128}


def test_the_largest_floats_are_drawn_without_overflow() -> None:
    drawn = indices(map_draw(np.array([[-1.7e308, 1.7e308]] * 2)))
    assert (drawn.min(), drawn.max()) == (0, 255)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i4", "u1", "?"])
def test_an_array_of_any_plain_number_is_read(kind: str) -> None:
    assert np.array_equal(map_read(npy(np.eye(3).astype(kind))), np.eye(3))


@pytest.mark.parametrize("mode", ["1", "L", "I;16"])
def test_a_grey_png_is_read(mode: str) -> None:
    assert map_read(png(mode, (9, 7))).shape == (7, 9)


def test_a_picture_is_encoded_anew_small_and_without_what_was_hidden_in_it() -> None:
    stream = io.BytesIO()
    source = Image.effect_noise((1500, 900), 90).convert("RGB")
    source.save(stream, "JPEG", comment=b"<script>", exif=b"Exif\0\0 who")
    encoded = picture_encode(stream.getvalue() + b"<script>")
    assert Image.open(io.BytesIO(encoded)).size == (MAX_SIDE, 614)
    assert b"script" not in encoded and b"Exif" not in encoded  # noqa: PT018
    assert encoded_problem(encoded) == ""


def test_a_file_of_an_archive_holds_pixels_alone() -> None:
    drawn, picture = map_draw(np.eye(7)), picture_encode(png("RGB", (64, 64)))
    assert (encoded_problem(drawn), encoded_problem(picture)) == ("", "")
    for content in (drawn, picture):
        assert "behind its end" in encoded_problem(content + b"<html>")
        assert "no picture" in encoded_problem(content[:-20])
    with_comment = picture[:2] + b"\xff\xfe\x00\x0a<script>" + picture[2:]
    assert "a part of kind 254" in encoded_problem(with_comment)
    assert "no picture" in encoded_problem(b"<svg/>")


OVERSIZED = {
    "too many bytes": (JPEG + bytes(MAX_ENCODED), "it has 3,000,002 bytes; expected at most"),
    "too many pixels": (png("L", (MAX_SIDE + 1, 2)), f"it has {MAX_SIDE + 1} x 2 pixels; at most"),
    "no segments": (JPEG + bytes(20), "no picture that an export wrote (no segment where one begi"),
}


@pytest.mark.parametrize(("content", "said"), OVERSIZED.values(), ids=OVERSIZED)
def test_a_file_that_no_export_wrote_is_told_why(content: bytes, said: str) -> None:
    assert said in encoded_problem(content)
