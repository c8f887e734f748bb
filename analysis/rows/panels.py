"""Rows of what the panels of a prediction showed: one for a panel, or for each of its examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from classifiers.core.evidence.panels import panel_json, panel_of
from classifiers.models import Image, Prediction
from classifiers.services.panel_files import photos_of
from trials.panels.evidence import Choice, panels_chosen, panels_stored

Row = tuple[Any, ...]
NO_EXAMPLE = 0


def item_id(sha256: str) -> str:
    """Return the id of a photo in every file."""
    return f"i{sha256[:16]}"


class PanelRows:
    """The rows of the panels of predictions; ``n_exemplars`` is the most that some page shows."""

    def __init__(self, predictions: QuerySet[Prediction], n_exemplars: int) -> None:
        self.panels = panels_stored(predictions, n_exemplars)
        named = {photo for panels in self.panels.values() for photo in photos_of(panels)}
        photos = Image.objects.filter(dataset__in=predictions.values("run__dataset"))
        pairs = photos.values_list("sha256", "source").iterator()
        self.sources = {sha256: source for sha256, source in pairs if sha256 in named}

    def of(self, prediction: int, choice: Choice = ()) -> Iterator[Row]:
        """Yield exemplar, its id and path, the cells (none), panel, its kind and its content.

        ``choice`` is that of the condition in which the panels were shown.
        """
        stored = self.panels.get(prediction, [])
        chosen = panels_chosen([panel_of(each) for each in stored], choice) if choice else ()
        shown = [panel_json(each) for each in chosen] if choice else stored
        for place, panel in enumerate(shown, 1):
            yield from _rows(panel, place, self.sources)


def _rows(panel: Mapping[str, Any], place: int, sources: Mapping[str, str]) -> Iterator[Row]:
    kind = panel["kind"]
    if kind != "exemplars":
        content = {name: value for name, value in panel.items() if name != "kind"}
        yield NO_EXAMPLE, None, None, None, None, place, kind, _text(content)
        return
    images: Sequence[Mapping[str, Any]] = panel["images"]
    for number, each in enumerate(images, 1):
        content = {name: value for name, value in each.items() if name != "image"}
        if panel.get("caption"):
            content["panel_caption"] = panel["caption"]
        head = (number, item_id(each["image"]), sources.get(each["image"]), None, None)
        yield *head, place, kind, _text(content)


def _text(content: Mapping[str, Any]) -> str | None:
    return json.dumps(content, ensure_ascii=False, sort_keys=True) if content else None
