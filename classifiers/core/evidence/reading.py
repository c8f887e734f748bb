"""Read the files of an outside AI: predictions, scores and panels, checked row by row.

Nothing is stored here. Files are read, re-encoded and handed to ``keep`` one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from classifiers.core.evidence.checking import panels_problems, seen
from classifiers.core.evidence.files import EVIDENCE, MAX_LINE, FileRefused, Files
from classifiers.core.evidence.maps import MapRefused, map_draw, map_read
from classifiers.core.evidence.panels import Bars, Exemplars, Heatmap, Panel, Picture, panel_of
from classifiers.core.evidence.pictures import picture_encode
from classifiers.core.evidence.tables import Known, Refusal, Row
from classifiers.core.images import ImageRefused
from classifiers.core.inputs.strict_files import json_read

N_BARS: Final = 5

Keep = Callable[[bytes], str]
"""Stores a re-encoded file and returns the name that panels call it by."""
OnProgress = Callable[[int, int], None]


@dataclass(slots=True)
class Explained:
    """The panels of each photo, by SHA-256, and the refused lines."""

    panels: dict[str, tuple[Panel, ...]] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


def evidence_read(
    files: Files,
    known: Known,
    predicted: Mapping[str, Row],
    keep: Keep,
    on_progress: OnProgress = lambda n_done, n_total: None,
) -> Explained:
    """Return the panels of ``evidence.jsonl``; each wrong line is refused with all its faults.

    Every prediction needs one line; ``"panels": []`` says that a photo has none.
    """
    found, n_seen = Explained(), 0
    lines: dict[str, int] = {}
    for line, content in enumerate(files.lines(), 1):
        if not content.strip():
            continue
        problems, image, panels = _line(content, known, predicted, files, keep)
        n_seen += 1
        if image in lines:
            problems.append(f"a second line for this image, after line {lines[image]}; expected 1")
        if image:
            lines.setdefault(image, line)
        if problems:
            found.refused.append(Refusal(EVIDENCE, line, "; ".join(problems)))
        else:
            found.panels[image] = panels
        on_progress(min(n_seen, len(predicted)), len(predicted))
    lacking = [row for sha256, row in predicted.items() if sha256 not in lines]
    if lacking:
        source = known.photos[lacking[0].image].source
        found.refused.append(
            Refusal(
                EVIDENCE,
                n_seen + 1,
                f"{len(lacking)} predictions have no line, first {source}; expected a line for "
                'each, with "panels": [] where there is nothing to show',
            )
        )
    return found


def _line(
    content: bytes, known: Known, predicted: Mapping[str, Row], files: Files, keep: Keep
) -> tuple[list[str], str, tuple[Panel, ...]]:
    """Return what is wrong with a line, its photo, and its panels if nothing is wrong."""
    data, problem = _object(content)
    if problem:
        return [problem], "", ()
    text = data["image"]
    photo = known.photo(text) if isinstance(text, str) else None
    problems = [known.photo_problem(text)] if isinstance(text, str) else [f"image is {seen(text)}"]
    if photo is not None and photo.is_judged and photo.sha256 not in predicted:
        problems.append(f"image is {seen(text)}, without a row in predictions.csv")
    problems = [each for each in problems if each] + list(panels_problems(data["panels"]))
    if problems or photo is None:
        return problems, photo.sha256 if photo else "", ()
    panels = []
    for place, item in enumerate(data["panels"]):
        try:
            panels.append(_settled(panel_of(item), photo.sha256, known, files, keep))
        except (FileRefused, MapRefused, ImageRefused, _PhotoRefused) as error:
            problems.append(f"panels[{place}]{_named(item)}: {error}")
    return problems, photo.sha256, tuple(panels)


def _named(item: Mapping[str, Any]) -> str:
    return f".file {seen(item['file'])}" if "file" in item else ""


def _object(content: bytes) -> tuple[dict[str, Any], str]:
    """Return the object of a line, or why it has none."""
    if len(content) > MAX_LINE:
        return {}, f"more than {MAX_LINE:,} bytes; expected one object a line"
    try:
        data = json_read(content.decode())
    except ValueError as error:
        return {}, f"no JSON that can be read ({str(error)[:100]})"
    if not isinstance(data, dict) or set(data) != {"image", "panels"}:
        return {}, f'the line is {seen(data)}; expected {{"image": ..., "panels": [...]}}'
    return data, ""


class _PhotoRefused(ValueError):
    """An exemplar is no photo that may be shown as one."""


def _settled(panel: Panel, judged: str, known: Known, files: Files, keep: Keep) -> Panel:
    """Return a panel whose file is kept, and whose photos are named by their SHA-256."""
    if isinstance(panel, Heatmap):
        return replace(panel, file=keep(map_draw(map_read(files.read(str(panel.file))))))
    if isinstance(panel, Picture):
        return replace(panel, file=keep(picture_encode(files.read(str(panel.file)))))
    if isinstance(panel, Exemplars):
        return replace(panel, images=_exemplars(panel, judged, known))
    return panel


def _exemplars(panel: Exemplars, judged: str, known: Known) -> tuple[Any, ...]:
    found: list[Any] = []
    for place, each in enumerate(panel.images):
        photo = known.photo(each.image)
        if photo is None:
            raise _PhotoRefused(f"images[{place}] is {seen(each.image)}, not in the dataset")
        if photo.is_judged:
            what = "the judged photo itself" if photo.sha256 == judged else "a photo of query"
            raise _PhotoRefused(
                f"images[{place}] is {seen(each.image)}, {what}; expected a photo of another "
                "split, because people judge the photos of query"
            )
        if any(item.image == photo.sha256 for item in found):
            raise _PhotoRefused(f"images[{place}] is {seen(each.image)} a second time")
        found.append(replace(each, image=photo.sha256))
    return tuple(found)


def bars_of_scores(scores: Mapping[str, float], labels: Mapping[str, str]) -> Bars:
    """Return the highest scores as bars, with the labels that people read; equal ones by name."""
    best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:N_BARS]
    return Bars(tuple((labels[name], score) for name, score in best))
