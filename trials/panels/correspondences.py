"""The nearest examples with numbered boxes on the parts that the AI matched."""

from __future__ import annotations

from typing import Any, ClassVar

from classifiers.models import Neighbor
from trials.panels.base import panel
from trials.panels.exemplars import Exemplar, ExemplarsPanel, boxes_of
from trials.panels.photos import image_url


@panel
class CorrespondencesPanel(ExemplarsPanel):
    """Each example beside the photo, equal numbers on matched parts."""

    name = "correspondences"
    label = "Examples with matched patches"
    description = "also the matched patches"
    rank = 30
    template = "trials/panels/correspondences.html"
    needs: ClassVar[tuple[tuple[str, str], ...]] = (
        ("votes", "examples"),
        ("has_matches", "patch matches"),
    )
    needs_crop = True
    covers: ClassVar[tuple[str, ...]] = ("exemplars",)

    def exemplar(self, number: int, neighbor: Neighbor) -> Exemplar:
        matches = neighbor.matches
        return Exemplar(
            number,
            image_url(neighbor.image),
            boxes_of(matches, "query_cell"),
            boxes_of(matches, "gallery_cell"),
        )

    def marks(self, matches: list[dict[str, Any]]) -> list[list[int]]:
        return [[match["query_cell"], match["gallery_cell"]] for match in matches]
