"""Decisions of classifiers and their evidence, shared by core, database and templates.

Standard library only. All three classes are frozen and survive a round trip through JSON.

Cells are indices into the 7x7 map of the crop, row-major: ``cell = 7 * row + column``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

GRID = 7
"""Cells along one side of the feature map, hence along one side of the shown crop."""


@dataclass(frozen=True, slots=True)
class PatchMatch:
    """One pair of corresponding patches: a cell of the query and a cell of an exemplar.

    ``weight`` is what ranks the pairs (EMD-Corr: the flow between the two cells, a share of
    the total mass 1); ``similarity`` is the cosine of the two patch vectors.
    """

    query_cell: int
    gallery_cell: int
    weight: float
    similarity: float


@dataclass(frozen=True, slots=True)
class Neighbor:
    """One gallery image near the query, as ranked by the classifier.

    ``rank`` counts from 0 (nearest); ``image`` is the gallery's own id of the image and
    ``label`` its class index; ``score`` is what the classifier ranked by, higher is nearer;
    ``similarity`` is the cosine of the two pooled vectors (what kNN ranks by).
    """

    rank: int
    image: int
    label: int
    score: float
    similarity: float
    matches: tuple[PatchMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A classifier's answer for one query, with its evidence.

    ``confidence`` is in [0, 1]. Classifiers that vote give ``n_votes`` of ``n_voters`` as well
    (confidence is their quotient) and list every voter in ``neighbors``, nearest first; for the
    others both are None and ``neighbors`` is empty. A classifier with a linear head gives the 49
    values of its class activation map in ``saliency``, row by row.
    """

    label: int
    confidence: float
    n_votes: int | None = None
    n_voters: int | None = None
    neighbors: tuple[Neighbor, ...] = ()
    saliency: tuple[float, ...] = ()

    def exemplars(self, n: int = 5) -> tuple[Neighbor, ...]:
        """Return the first ``n`` voters for the predicted label, best first (fewer if fewer)."""
        return tuple(neighbor for neighbor in self.neighbors if neighbor.label == self.label)[:n]

    def to_json(self) -> dict[str, Any]:
        """Return plain dicts and lists, ready for ``json.dumps``."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Decision:
        """Rebuild the decision that ``to_json`` wrote."""
        neighbors = tuple(
            Neighbor(**{**item, "matches": tuple(PatchMatch(**match) for match in item["matches"])})
            for item in data["neighbors"]
        )
        saliency = tuple(data.get("saliency", ()))
        return cls(**{**data, "neighbors": neighbors, "saliency": saliency})
