"""The kinds of panels as values, and their JSON. Standard library and NumPy's types only.

A panel is one explanation beside the photo. An ``evidence.jsonl``, a built-in classifier and the
database give the same values, and one renderer shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from numpy.typing import NDArray

MAX_PANELS: Final = 10
MAX_EXEMPLARS: Final = 10
MAX_MATCHES: Final = 5  # as many colours stay apart for colour-blind eyes
MAX_BARS: Final = 50
MAX_CAPTION: Final = 500
MAX_NAME: Final = 200
MAX_TEXT: Final = 5000
MAX_VALUE: Final = 1e6

Box = tuple[float, float, float, float]
"""Left, top, width and height of a rectangle, in fractions of the crop that people see."""
File = str | Path | NDArray[Any]
"""A file's name in ``evidence.jsonl``; for the writer also a path or an array."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two parts that belong together: in the judged photo, and in the exemplar."""

    query: Box
    exemplar: Box


@dataclass(frozen=True, slots=True)
class ExemplarImage:
    """A photo of the dataset as an example, of any category, with its matched parts."""

    image: str
    caption: str = ""
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture of any content; ``alt`` says what it shows to those who do not see it."""

    kind: ClassVar[str] = "picture"
    file: File
    alt: str
    caption: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """How much each place of the crop counted, as a 2-D array; drawn over the photo."""

    kind: ClassVar[str] = "heatmap"
    file: File
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Exemplars:
    """Photos of the dataset that are like the judged one, by falling importance."""

    kind: ClassVar[str] = "exemplars"
    images: tuple[ExemplarImage, ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Named numbers, such as scores of classes or of concepts, in the order shown."""

    kind: ClassVar[str] = "bars"
    items: tuple[tuple[str, float], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A plain text; lists and **bold** as in the study editor, never HTML."""

    kind: ClassVar[str] = "text"
    text: str


Panel = Picture | Heatmap | Exemplars | Bars | Text
KINDS: Final = ("picture", "heatmap", "exemplars", "bars", "text")


def panel_json(panel: Panel) -> dict[str, Any]:
    """Return a panel whose file has a name as JSON: the form of ``evidence.jsonl``."""
    found: dict[str, Any] = {"kind": panel.kind}
    if isinstance(panel, Text):
        return {**found, "text": panel.text}
    if isinstance(panel, Exemplars):
        found["images"] = [_exemplar_json(each) for each in panel.images]
    elif isinstance(panel, Bars):
        found["items"] = [[name, value] for name, value in panel.items]
    else:
        found["file"] = str(panel.file)
    if isinstance(panel, Picture):
        found["alt"] = panel.alt
    return {**found, "caption": panel.caption} if panel.caption else found


def _exemplar_json(each: ExemplarImage) -> dict[str, Any]:
    found: dict[str, Any] = {"image": each.image}
    if each.caption:
        found["caption"] = each.caption
    if each.matches:
        found["matches"] = [[list(item.query), list(item.exemplar)] for item in each.matches]
    return found


def panel_of(data: Mapping[str, Any]) -> Panel:
    """Return the panel of checked JSON, as ``panel_json`` wrote it."""
    kind, caption = data["kind"], data.get("caption", "")
    if kind == "text":
        return Text(data["text"])
    if kind == "exemplars":
        return Exemplars(tuple(map(_exemplar_of, data["images"])), caption)
    if kind == "bars":
        return Bars(tuple((name, float(value)) for name, value in data["items"]), caption)
    if kind == "picture":
        return Picture(data["file"], data["alt"], caption)
    return Heatmap(data["file"], caption)


def _exemplar_of(data: Mapping[str, Any]) -> ExemplarImage:
    pairs: Sequence[Any] = data.get("matches", ())
    matches = tuple(Match(_box(query), _box(exemplar)) for query, exemplar in pairs)
    return ExemplarImage(data["image"], data.get("caption", ""), matches)


def _box(sides: Sequence[float]) -> Box:
    left, top, width, height = map(float, sides)
    return left, top, width, height
