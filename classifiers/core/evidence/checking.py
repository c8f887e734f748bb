"""Strict checks of one panel's JSON: what was seen, and what was expected instead."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from classifiers.core.evidence.panels import (
    KINDS,
    MAX_BARS,
    MAX_CAPTION,
    MAX_EXEMPLARS,
    MAX_MATCHES,
    MAX_NAME,
    MAX_PANELS,
    MAX_TEXT,
    MAX_VALUE,
)
from classifiers.core.inputs.zip_files import path_problem

MAX_SHOWN: Final = 80
PICTURES: Final = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
MAPS: Final = (".npy", ".png")
_SLACK: Final = 1e-6  # of a box's far side: 1/7 is no exact decimal
_LINES: Final = frozenset("\n\r\t")

Problems = Iterator[str]


def seen(value: object) -> str:
    """Return a value as a refusal shows it: on one line, and cut."""
    text = repr(value)
    text = "".join(sign if sign.isprintable() else "?" for sign in text)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def panels_problems(panels: object) -> Problems:
    """Yield what is wrong with the list of panels of one image."""
    if not isinstance(panels, list) or len(panels) > MAX_PANELS:
        yield f"panels is {seen(panels)}; expected a list of at most {MAX_PANELS} panels"
        return
    for place, panel in enumerate(panels):
        for problem in _panel_problems(panel):
            yield f"panels[{place}]{problem}"


def _panel_problems(panel: object) -> Problems:
    if not isinstance(panel, dict) or panel.get("kind") not in KINDS:
        what = panel.get("kind") if isinstance(panel, dict) else panel
        yield f" is of kind {seen(what)}; expected one of {', '.join(KINDS)}"
        return
    needed, optional, check = _FIELDS[panel["kind"]]
    if missing := [name for name in needed if name not in panel]:
        yield f" lacks {', '.join(missing)}; a {panel['kind']} has {', '.join(needed)}"
        return
    known = {"kind", *needed, *optional}
    if unknown := [name for name in panel if name not in known]:
        yield f" has the field {seen(unknown[0])}; known: {', '.join(sorted(known))}"
    if "caption" in panel:
        yield from text_problems(panel["caption"], ".caption", MAX_CAPTION)
    yield from check(panel)


def _picture(panel: Mapping[str, Any]) -> Problems:
    yield from _file_problems(panel["file"], PICTURES)
    yield from text_problems(panel["alt"], ".alt", MAX_CAPTION, least=1)


def _heatmap(panel: Mapping[str, Any]) -> Problems:
    yield from _file_problems(panel["file"], MAPS)


def _bars(panel: Mapping[str, Any]) -> Problems:
    items = panel["items"]
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_BARS:
        yield f".items is {seen(items)}; expected 1 to {MAX_BARS} pairs of a name and a number"
        return
    names = []
    for place, item in enumerate(items):
        if not isinstance(item, list) or len(item) != 2:
            yield f".items[{place}] is {seen(item)}; expected a name and a number"
            continue
        yield from text_problems(item[0], f".items[{place}][0]", MAX_NAME, least=1)
        if not is_number(item[1]) or abs(item[1]) > MAX_VALUE:
            yield f".items[{place}][1] is {seen(item[1])}; expected a number up to {MAX_VALUE:,.0f}"
        if item[0] in names:
            yield f".items[{place}][0] is {seen(item[0])} a second time; expected each name once"
        names.append(item[0])


def _text(panel: Mapping[str, Any]) -> Problems:
    yield from text_problems(panel["text"], ".text", MAX_TEXT, least=1, is_long=True)


def _exemplars(panel: Mapping[str, Any]) -> Problems:
    images = panel["images"]
    if not isinstance(images, list) or not 1 <= len(images) <= MAX_EXEMPLARS:
        yield f".images is {seen(images)}; expected 1 to {MAX_EXEMPLARS} photos"
        return
    for place, each in enumerate(images):
        for problem in _exemplar_problems(each):
            yield f".images[{place}]{problem}"


def _exemplar_problems(each: object) -> Problems:
    if not isinstance(each, dict) or not isinstance(each.get("image"), str):
        yield f" is {seen(each)}; expected an object with image, a photo's path or sha256"
        return
    known = ("image", "caption", "matches")
    if unknown := [name for name in each if name not in known]:
        yield f" has the field {seen(unknown[0])}; known: {', '.join(known)}"
    yield from text_problems(each.get("caption", ""), ".caption", MAX_CAPTION)
    matches = each.get("matches", [])
    if not isinstance(matches, list) or len(matches) > MAX_MATCHES:
        yield f".matches is {seen(matches)}; expected at most {MAX_MATCHES} pairs of boxes"
        return
    for place, pair in enumerate(matches):
        if not isinstance(pair, list) or len(pair) != 2 or not all(map(_is_box, pair)):
            yield (
                f".matches[{place}] is {seen(pair)}; expected two boxes [left, top, width, height] "
                "inside the crop, in fractions of it (0 to 1)"
            )


def _is_box(sides: object) -> bool:
    if not isinstance(sides, list) or len(sides) != 4 or not all(map(is_number, sides)):
        return False
    left, top, width, height = sides
    farthest: float = max(left + width, top + height)
    return min(left, top) >= 0 and farthest <= 1 + _SLACK and min(width, height) > 0


def is_number(value: object) -> bool:
    """Whether it is a finite number; true and false do not count as numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False


def text_problems(
    value: object, where: str, most: int, *, least: int = 0, is_long: bool = False
) -> Problems:
    """Yield what is wrong with a text; only one that ``is_long`` has several lines."""
    lines = "" if is_long else " on one line"
    expected = f"expected a text of {least} to {most:,} characters{lines}"
    if not isinstance(value, str) or not least <= len(value.strip()) or len(value) > most:
        yield f"{where} is {seen(value)}; {expected}"
    elif not all(_is_plain(sign, is_long) for sign in value):
        yield f"{where} is {seen(value)}, with signs that cannot be shown; {expected}"


def _is_plain(sign: str, is_long: bool) -> bool:
    """Whether a sign can be stored and shown; no control, no half of a character."""
    return unicodedata.category(sign) not in {"Cc", "Cs", "Zl", "Zp"} or (
        is_long and sign in _LINES
    )


def _file_problems(name: object, endings: Sequence[str]) -> Problems:
    if not isinstance(name, str) or not name or len(name) > MAX_CAPTION:
        yield f".file is {seen(name)}; expected the name of a file beside evidence.jsonl"
    elif problem := path_problem(name):
        yield f".file is {seen(name)}: {problem}; expected a file beside evidence.jsonl"
    elif PurePosixPath(name).suffix.lower() not in endings:
        yield f".file is {seen(name)}; expected a file that ends with {', '.join(endings)}"


_Check = Callable[[Mapping[str, Any]], Problems]
_FIELDS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...], _Check]]] = {
    "picture": (("file", "alt"), ("caption",), _picture),
    "heatmap": (("file",), ("caption",), _heatmap),
    "exemplars": (("images",), ("caption",), _exemplars),
    "bars": (("items",), ("caption",), _bars),
    "text": (("text",), (), _text),
}
