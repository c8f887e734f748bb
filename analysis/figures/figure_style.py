"""The style of all figures of results, and their bytes. No pyplot: any thread may draw.

Figures are drawn for a column of 8.5 cm, so they are also readable on a phone. Colours are those of
Okabe and Ito (2008), which colour-blind people can distinguish; markers and line styles show the
same differences in greyscale.
"""

from __future__ import annotations

import io
import textwrap
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure

from analysis.figures.figure_points import twins_adjacent

FORMATS: Final = ("png", "svg", "pdf")
WIDTH: Final = 8.5 / 2.54
DPI: Final = 200
INK, GREY, FAINT = "#1d2529", "#56636b", "#e3e7e8"
BLUE, VERMILLION = "#0072b2", "#d55e00"
# Okabe and Ito without yellow, which is hard to see on white paper.
COLOURS: Final = (INK, "#e69f00", BLUE, "#009e73", VERMILLION, "#cc79a7", "#56b4e9")
MARKERS: Final = ("o", "s", "D", "^", "v", "P", "X", "p", "h", "<", ">", "d")
LABEL_CHARACTERS: Final = 16
LINE_POINTS: Final = 9.0

# Matplotlib's defaults, independent of the user's style, with these changes:
STYLE: Final[dict[Any, Any]] = {
    "font.size": 8.0,
    "axes.labelsize": 8.0,
    "axes.titlesize": 8.0,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.2,
    "text.parse_math": False,  # the name of a condition may contain "$"
    "svg.fonttype": "none",  # text stays text, so that it can be searched, read aloud and edited
    "svg.hashsalt": "results",
    "pdf.fonttype": 42,  # TrueType, which keeps text; many journals refuse Type 3
}
NO_DATES: Final[dict[str, dict[str, str | None]]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_LOCK = threading.RLock()


@dataclass(frozen=True, slots=True)
class Look:
    """The look of one condition in all figures."""

    colour: str
    marker: str
    is_filled: bool

    @property
    def marks(self) -> dict[str, Any]:
        """Return the marker as matplotlib's keywords."""
        face = self.colour if self.is_filled else "white"
        return {
            "marker": self.marker,
            "color": self.colour,
            "markerfacecolor": face,
            "markeredgecolor": self.colour,
            "markeredgewidth": 1.2,
            "markersize": 5.0,
        }


def looks_of(names: Sequence[str]) -> dict[str, Look]:
    """Return the look of each condition: twins share it, but the one without boxes is hollow."""
    looks = {}
    for number, group in enumerate(twins_adjacent(names)):
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        for place, name in enumerate(group):
            looks[name] = Look(colour, marker, is_filled=place == len(group) - 1)
    return looks


def wrapped(name: str, characters: int = LABEL_CHARACTERS, lines: int = 3) -> str:
    """Return a name in lines that fit next to the axes; a very long name is cut."""
    return "\n".join(textwrap.wrap(name, characters, max_lines=lines, placeholder=" …")) or name


@contextmanager
def style() -> Iterator[None]:
    """Apply this style. One thread at a time, because matplotlib's settings are global."""
    with _LOCK, mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def described(figure: Figure, title: str, description: str) -> Figure:
    """Give a figure the title and description that its files contain for blind readers."""
    figure.set_label(f"{title}\n{description}")
    return figure


def figure_bytes(figure: Figure, kind: str) -> bytes:
    """Return the file as ``png`` (200 dpi), ``svg`` or ``pdf``. Equal figures give equal bytes.

    Text stays text in SVG and PDF. The files have no date and no program name. All have the title;
    the description is in PNG (``Description``), SVG (``desc``) and PDF (``Subject``). Raises
    ``ValueError`` for another format.
    """
    if kind not in FORMATS:
        raise ValueError(f"Format {kind!r}; expected one of {', '.join(FORMATS)}.")
    title, _, description = str(figure.get_label()).partition("\n")
    metadata = {**NO_DATES[kind], "Title": title}
    metadata["Subject" if kind == "pdf" else "Description"] = description
    stream = io.BytesIO()
    with style():
        figure.savefig(stream, format=kind, dpi=DPI, facecolor="white", metadata=metadata)
    content = stream.getvalue()
    return _accessible(content, title, description) if kind == "svg" else content


def _accessible(svg: bytes, title: str, description: str) -> bytes:
    """Add the title and description to the SVG as its accessibility mapping requires."""
    before, head, after = svg.decode().partition("<svg ")
    after = after.replace(
        f"<title>{escape(title)}</title>",
        f'<title id="title">{escape(title)}</title>\n <desc id="desc">{escape(description)}</desc>',
        1,
    )
    return f'{before}{head}role="img" aria-labelledby="title desc" {after}'.encode()
