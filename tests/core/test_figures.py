"""The explanation picture: what stands where, in which colour, and the same bytes each time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from PIL import Image

from classifiers.core import figures
from classifiers.core.figures import COLOURS, explanation_figure, figure_save
from classifiers.decision import Decision, Neighbor, PatchMatch

NAMES = ("bunting", "cardinal")
STYLESHEET = Path(__file__).parents[2] / "static/css/boxes.css"


def crop(seed: int, side: int = 28) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def decision(label: int, first: int, n: int = 6, n_matches: int = 0) -> Decision:
    """Return a decision whose voters are images ``first``..; every second match shares a cell."""
    matches = tuple(PatchMatch(3 * i, 40 - i // 2, 0.1, 0.9) for i in range(n_matches))
    other = Neighbor(0, first + 90, 1 - label, 1.0, 1.0)
    voters = [Neighbor(i + 1, first + i, label, 0.5, 0.5, matches) for i in range(n)]
    return Decision(label, n / (n + 1), n, n + 1, (other, *voters))


def draw(**changes: Any) -> Figure:
    given: dict[str, Any] = {
        "query": crop(0),
        "knn": decision(0, 100),
        "reranked": decision(1, 200, n_matches=5),
        "crop_of": crop,
        "names": NAMES,
    }
    return explanation_figure(**(given | changes))


def short() -> Figure:
    """Draw all that a figure may have, but only two exemplars of each: quick to save."""
    reranked = decision(1, 200, n=2, n_matches=3)
    return draw(knn=decision(0, 100, n=2), reranked=reranked, truth=1)


@pytest.fixture(scope="module")
def figure() -> Figure:
    """Draw the usual figure once, for tests that only look."""
    return draw()


def saved(figure: Figure, path: Path) -> bytes:
    figure_save(figure, path, dpi=40)
    return path.read_bytes()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One figure in every format."""
    folder = tmp_path_factory.mktemp("figures")
    return {suffix: saved(short(), folder / f"a{suffix}") for suffix in figures.FORMATS}


def pictures(figure: Figure) -> list[bytes]:
    """Return what is shown, in the order of drawing: query, kNN, re-ranked, then pairs."""
    return [np.asarray(image.get_array()).tobytes() for image in figure.axes[0].images]


def marked(figure: Figure, place: int) -> list[tuple[int, str]]:
    """Return cell and colour of each box on the picture drawn at this place."""
    left, right, bottom, top = figure.axes[0].images[place].get_extent()
    found = []
    for square in figure.axes[0].patches[:]:
        if isinstance(square, Rectangle) and to_hex(square.get_edgecolor()) != figures.RIM:
            x, y = square.get_center()
            if left < x < right and top < y < bottom:
                cell = (bottom - top) / 7
                at = 7 * int((y - top) / cell) + int((x - left) / cell)
                found.append((at, to_hex(square.get_edgecolor())))
    return found


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def titles(figure: Figure) -> Iterator[tuple[str, str]]:
    for text in figure.axes[0].texts:
        if "votes" in text.get_text():
            yield text.get_text(), to_hex(text.get_color())


def test_the_rows_show_the_exemplars_of_each_predicted_label(figure: Figure) -> None:
    ids = [0, *range(100, 105), *range(200, 205)]
    pairs = [item for image in range(200, 205) for item in (0, image)]
    expected = [np.asarray(crop(pk)).tobytes() for pk in ids + pairs]
    assert pictures(figure) == expected


def test_boxes_stand_at_the_cells_of_query_and_exemplar(figure: Figure) -> None:
    assert marked(figure, -2) == list(zip((0, 3, 6, 9, 12), COLOURS, strict=True))
    assert marked(figure, -1) == list(zip((40, 40, 39, 39, 38), COLOURS, strict=True))


def test_after_five_pairs_numbers_go_on_and_colours_begin_again() -> None:
    figure = draw(reranked=decision(1, 200, n_matches=12))
    assert words(figure)[-12:] == [str(n) for n in range(1, 13)]
    badges = [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)]
    colours = [to_hex(badge.get_facecolor()) for badge in badges[-12:]]
    assert colours == [*COLOURS, *COLOURS, *COLOURS[:2]]


def test_the_colours_are_the_websites() -> None:
    assert tuple(re.findall(r"--pair: (#\w{6});", STYLESHEET.read_text())) == COLOURS


@pytest.mark.parametrize(
    ("truth", "knn", "reranked"),
    [
        (0, ("✔ kNN", figures.RIGHT), ("✘ EMD-Corr", figures.WRONG)),
        (1, ("✘ kNN", figures.WRONG), ("✔ EMD-Corr", figures.RIGHT)),
        (None, ("kNN", figures.UNKNOWN), ("EMD-Corr", figures.UNKNOWN)),
    ],
)
def test_titles_say_by_colour_and_mark_who_is_right(
    truth: int | None, knn: tuple[str, str], reranked: tuple[str, str]
) -> None:
    assert list(titles(draw(truth=truth))) == [
        (f"{knn[0]}: bunting  (6 of 7 votes)", knn[1]),
        (f"{reranked[0]}: cardinal  (6 of 7 votes)", reranked[1]),
    ]


def test_the_truth_stands_below_the_query_where_it_is_known(figure: Figure) -> None:
    assert "Truth: cardinal" in words(draw(truth=1))
    assert not any("Truth" in word for word in words(figure))


def test_fewer_exemplars_leave_their_places_empty(figure: Figure) -> None:
    few = draw(knn=decision(0, 100, n=2), reranked=decision(1, 200, n=3, n_matches=1))
    assert len(pictures(few)) == 1 + 2 + 3 + 2 * 3
    assert few.get_size_inches() == pytest.approx(figure.get_size_inches())


def test_long_names_are_cut_and_dollars_are_no_formula(tmp_path: Path) -> None:
    figure = draw(names={0: "$x_1$ costs $", 1: "very " * 40})
    short, long = (title for title, _ in titles(figure))
    assert short == "kNN: $x_1$ costs $  (6 of 7 votes)"
    assert len(long) <= figures.TITLE_CHARACTERS
    assert long.endswith("ver…  (6 of 7 votes)")
    assert saved(figure, tmp_path / "a.png")


@pytest.mark.parametrize("suffix", figures.FORMATS)
def test_equal_decisions_give_equal_bytes_in_any_style(
    files: dict[str, bytes], tmp_path: Path, suffix: str
) -> None:
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": None, "axes.facecolor": "red"}):
        again = saved(short(), tmp_path / f"b{suffix.upper()}")
    assert again == files[suffix]
    assert not re.search(rb"Date|\d{4}-\d\d-\d\dT", again)


def test_a_png_has_the_asked_resolution_and_no_transparency(files: dict[str, bytes]) -> None:
    with Image.open(io.BytesIO(files[".png"])) as picture:
        assert picture.size[0] == figures.WIDTH * 40
        assert picture.mode == "RGB"


def test_a_pdf_embeds_truetype(files: dict[str, bytes]) -> None:
    assert b"/FontFile2" in files[".pdf"]
    assert b"/Type3" not in files[".pdf"]


def test_a_grey_array_is_drawn_as_the_same_grey_picture() -> None:
    grey = np.asarray(crop(0))[:, :, 0]
    colour = Image.fromarray(grey).convert("RGB")
    assert pictures(draw(query=grey)) == pictures(draw(query=colour))


@pytest.mark.parametrize("shape", [(28, 30, 3), (28, 28, 4), (28, 28, 1, 1)])
def test_a_query_that_is_no_crop_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape \(28, .* expected uint8 of shape \(S, S, 3\)"):
        draw(query=np.zeros(shape, np.uint8))


def test_a_query_of_floats_is_refused() -> None:
    with pytest.raises(ValueError, match="type float64; expected uint8"):
        draw(query=np.zeros((28, 28)))


def test_a_decision_without_matches_is_refused() -> None:
    with pytest.raises(ValueError, match="no patch matches; expected one of a classifier"):
        draw(reranked=decision(1, 200))


@pytest.mark.parametrize(("name", "seen"), [("a.gif", "ends in .gif"), ("a", "has no suffix")])
def test_an_unknown_suffix_is_refused(figure: Figure, tmp_path: Path, name: str, seen: str) -> None:
    with pytest.raises(ValueError, match=f"{seen}; expected .png, .svg, .pdf"):
        figure_save(figure, tmp_path / name)
    assert not (tmp_path / name).exists()
