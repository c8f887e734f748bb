"""The figure of a decision: kNN's exemplars, the re-ranked exemplars, and the matched parts.

After the figures of Nguyen, Taesiri & Nguyen, NeurIPS 2022. Plain inputs, no torch, and no pyplot,
so any thread may draw. Equal inputs give equal bytes.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from numpy.typing import NDArray
from PIL import Image

from classifiers.core.boxes import Box, boxes
from classifiers.decision import GRID, Decision, Neighbor

Crop = Image.Image | NDArray[np.uint8]
Names = Sequence[str] | Mapping[int, str]

FORMATS: Final = (".png", ".svg", ".pdf")
N_SHOWN: Final = 5

# The website's box colours: five that stay apart for colour-blind eyes (after Okabe & Ito),
# light enough for dark photos; a dark rim carries them on light ones.
COLOURS: Final = ("#ff8a3d", "#56c7ff", "#ffe14d", "#ff9ad5", "#4fe0a6")
RIM: Final = "#101416"
RIGHT, WRONG, UNKNOWN = "#1a6b2f", "#b3261e", "#000000"

# Inches: a full page's width. Positions count from the top left corner.
WIDTH: Final = 7.2
MARGIN, GAP, GUTTER, TITLE = 0.05, 0.06, 0.2, 0.27
QUERY_SIDE: Final = 1.5
SIDE: Final = (WIDTH - 2 * MARGIN - QUERY_SIDE - GUTTER - (N_SHOWN - 1) * GAP) / N_SHOWN
LEFT: Final = MARGIN + QUERY_SIDE + GUTTER
KNN_TOP: Final = MARGIN + TITLE
RERANKED_TOP: Final = KNN_TOP + SIDE + GAP + TITLE
QUERY_BOXES_TOP: Final = RERANKED_TOP + SIDE + GAP + TITLE
BOXES_TOP: Final = QUERY_BOXES_TOP + SIDE + GAP
HEIGHT: Final = BOXES_TOP + SIDE + MARGIN
DIGIT_HEIGHT: Final = 0.73  # of the font's size
TRUTH_LINES, TRUTH_CHARACTERS, TITLE_CHARACTERS = 4, 24, 70

# All of matplotlib's own defaults, whatever the user's style says, and over them:
STYLE: Final[dict[Any, Any]] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, has both marks
    "font.size": 8.0,
    "text.parse_math": False,  # a category may be called "$"
    "svg.fonttype": "path",  # outlines: looks the same where the font is missing
    "svg.hashsalt": "explanation",
    "pdf.fonttype": 42,  # TrueType, which stays text; many journals refuse Type 3
    "image.composite_image": False,
}
NO_DATES: Final[Mapping[str, Mapping[str, None]]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def explanation_figure(
    query: Crop,
    knn: Decision,
    reranked: Decision,
    crop_of: Callable[[int], Image.Image],
    names: Names,
    *,
    method: str = "EMD-Corr",
    truth: int | None = None,
) -> Figure:
    """Draw one query's decision by kNN and by a classifier that matches patches.

    Rows from the top: kNN's first five exemplars of its label; the re-ranked first five of the
    other's label; the query with the patches that match each of them; those exemplars with
    their patches. Equal numbers belong together, 1 is the strongest pair; after five pairs the
    colours begin again. Titles are green with a check mark or red with a cross where ``truth``
    is given. Missing exemplars leave their places empty.

    Parameters
    ----------
    query
        Square crop that the machine saw: picture, or uint8 array (S, S, 3) or grey (S, S).
    knn, reranked
        The two decisions on this query; ``reranked`` with patch matches.
    crop_of
        Gives the square crop of a gallery image, by ``Neighbor.image``.
    names
        What people read of each class index.
    method
        What the re-ranking classifier is called.
    truth
        The true class index; unknown if left out.

    Raises
    ------
    ValueError
        ``reranked`` has no matches, or a crop is not square or not 8 bit.

    """
    shown = reranked.exemplars(N_SHOWN)
    if not any(item.matches for item in shown):
        raise ValueError(
            "The re-ranked decision has no patch matches; expected one of a classifier that "
            "gives them, such as emd-corr. Give kNN's decision as knn."
        )
    with _style():
        page = _Page()
        _draw_query(page, _pixels(query), None if truth is None else names[truth])
        _draw_row(page, KNN_TOP, _Row("kNN", knn, names, truth), crop_of)
        _draw_row(page, RERANKED_TOP, _Row(method, reranked, names, truth), crop_of)
        _draw_matches(page, _pixels(query), shown, crop_of)
        return page.finish()


def figure_save(figure: Figure, path: str | Path, *, dpi: int = 300) -> None:
    """Write the figure as its suffix says: ``.png``, ``.svg`` or ``.pdf``.

    ``dpi`` is the resolution of the photos, in the vector formats too. Fonts are outlines in
    SVG and embedded TrueType in PDF. No date, user or program name is written.

    Raises
    ------
    ValueError
        Another suffix.

    """
    kind = format_of(path).removeprefix(".")
    stream = io.BytesIO()
    with _style():
        if kind == "png":
            _png_write(figure, stream, dpi)
        else:
            figure.savefig(stream, format=kind, dpi=dpi, metadata=dict(NO_DATES[kind]))
    Path(path).write_bytes(stream.getvalue())


def format_of(path: str | Path) -> str:
    """Return the path's suffix in lower case.

    Raises
    ------
    ValueError
        It is none of ``FORMATS``.

    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        seen = f"ends in {suffix}" if suffix else "has no suffix"
        raise ValueError(f"{path} {seen}; expected {', '.join(FORMATS)}. Name the file so.")
    return suffix


@dataclass(frozen=True, slots=True)
class _Row:
    """A row's title: who decided, what, and whether that is right."""

    method: str
    decision: Decision
    names: Names
    truth: int | None

    @property
    def colour(self) -> str:
        if self.truth is None:
            return UNKNOWN
        return RIGHT if self.decision.label == self.truth else WRONG

    @property
    def text(self) -> str:
        mark = {RIGHT: "✔ ", WRONG: "✘ ", UNKNOWN: ""}[self.colour]
        votes = f"{self.decision.n_votes} of {self.decision.n_voters} votes"
        start, end = f"{mark}{self.method}: ", f"  ({votes})"
        room = TITLE_CHARACTERS - len(start) - len(end)
        return f"{start}{_shortened(self.names[self.decision.label], room)}{end}"


class _Page:
    """A figure whose one pair of axes counts in inches from the top left corner."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(WIDTH, HEIGHT), facecolor="white")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()

    def finish(self) -> Figure:
        """Fix the limits, which each picture has moved."""
        self.axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0), aspect="auto")
        return self.figure

    def text(self, left: float, top: float, words: str, **style: Any) -> None:
        self.axes.text(left, top, words, **style)

    def picture(self, left: float, top: float, side: float, pixels: NDArray[np.uint8]) -> None:
        extent = (left, left + side, top + side, top)
        self.axes.imshow(pixels, extent=extent, interpolation="lanczos")

    def boxes(self, left: float, top: float, side: float, placed: Sequence[Box]) -> None:
        """Draw all lines first, then all badges, so that no line crosses a number."""
        cell = side / GRID
        for box in placed:
            corner = (left + box.x * cell, top + box.y * cell)
            for colour, width in ((RIM, 1.9), (_colour(box), 1.1)):
                sides = box.width * cell, box.height * cell
                square = Rectangle(corner, *sides, fill=False, ec=colour, lw=width)
                self.axes.add_artist(square)
        for box in placed:
            x, y = left + box.badge_x * cell, top + box.badge_y * cell
            self.axes.add_artist(Circle((x, y), 0.32 * cell, fc=_colour(box), ec=RIM, lw=0.4))
            size = 5.8 if box.number < 10 else 4.2
            style: dict[str, Any] = {"size": size, "weight": "bold", "color": RIM}
            # Centred by hand: a text's own centre leaves room for descenders, which digits lack.
            baseline = y + DIGIT_HEIGHT * size / 72 / 2
            self.text(x, baseline, str(box.number), ha="center", va="baseline", **style)


def _draw_query(page: _Page, pixels: NDArray[np.uint8], name: str | None) -> None:
    page.text(MARGIN, KNN_TOP - 0.08, "Query", weight="bold", size=9)
    page.picture(MARGIN, KNN_TOP, QUERY_SIDE, pixels)
    if name is not None:
        below = KNN_TOP + QUERY_SIDE + 0.06
        lines = textwrap.wrap(
            f"Truth: {name}", TRUTH_CHARACTERS, max_lines=TRUTH_LINES, placeholder=" …"
        )
        page.text(MARGIN, below, "\n".join(lines), va="top", linespacing=1.3)


def _draw_row(page: _Page, top: float, row: _Row, crop_of: Callable[[int], Image.Image]) -> None:
    page.text(LEFT, top - 0.08, row.text, color=row.colour, weight="bold", size=9)
    for column, exemplar in enumerate(row.decision.exemplars(N_SHOWN)):
        page.picture(_left_of(column), top, SIDE, _pixels(crop_of(exemplar.image)))


def _draw_matches(
    page: _Page,
    query: NDArray[np.uint8],
    shown: Sequence[Neighbor],
    crop_of: Callable[[int], Image.Image],
) -> None:
    words = "Matched parts: equal numbers belong together, 1 is the strongest match"
    page.text(LEFT, QUERY_BOXES_TOP - 0.08, words)
    beside = LEFT - GUTTER / 2
    for top, row in ((QUERY_BOXES_TOP, "query"), (BOXES_TOP, "exemplar")):
        page.text(beside, top + SIDE / 2, row, ha="right", va="center")
    for column, each in enumerate(shown):
        left = _left_of(column)
        page.picture(left, QUERY_BOXES_TOP, SIDE, query)
        page.picture(left, BOXES_TOP, SIDE, _pixels(crop_of(each.image)))
        query_boxes = boxes([match.query_cell for match in each.matches])
        page.boxes(left, QUERY_BOXES_TOP, SIDE, query_boxes)
        page.boxes(left, BOXES_TOP, SIDE, boxes([match.gallery_cell for match in each.matches]))


def _colour(box: Box) -> str:
    return COLOURS[(box.number - 1) % len(COLOURS)]


def _left_of(column: int) -> float:
    return LEFT + column * (SIDE + GAP)


def _pixels(crop: Crop) -> NDArray[np.uint8]:
    """Return (S, S, 3) of a picture, or of an array that may be grey."""
    if isinstance(crop, Image.Image):
        crop = np.asarray(crop.convert("RGB"))
    height, width, *channels = crop.shape
    if height != width or channels not in ([], [3]) or crop.dtype != np.uint8:
        raise ValueError(
            f"A crop of shape {crop.shape} and type {crop.dtype}; expected uint8 of shape "
            "(S, S, 3) or (S, S). Cut it with classifiers.core.images.crop_square."
        )
    return crop if channels else np.stack([crop] * 3, axis=2)  # (S, S) -> (S, S, 3)


def _shortened(words: str, n: int) -> str:
    return words if len(words) <= n else f"{words[: n - 1].rstrip()}…"


def _png_write(figure: Figure, stream: io.BytesIO, dpi: int) -> None:
    """Write without transparency or metadata: smaller, and nothing to date it."""
    raw = io.BytesIO()
    figure.savefig(raw, format="png", dpi=dpi, pil_kwargs={"compress_level": 0})
    with Image.open(raw) as picture:
        picture.convert("RGB").save(stream, "PNG", dpi=(dpi, dpi))


@contextmanager
def _style() -> Iterator[None]:
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield
