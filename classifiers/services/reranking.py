"""Predictions of CHM-Corr for other masks, from stored cosines. Needs no torch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from classifiers.core.chm.masks import mask_of_text
from classifiers.core.interactive import answer
from classifiers.models import Category, Image, Prediction
from classifiers.services.pairs import pairs_of_image

EMPTY = "0" * 49
"""No selected cell: the classifier's own answer."""


@dataclass(frozen=True, slots=True)
class Share:
    """One class, and how many voters voted for it."""

    category: Category
    n_votes: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """The answer for one mask: the class, its votes, all classes with votes, the exemplars.

    ``shares`` are sorted by falling votes, then by rising class index. ``exemplars`` are gallery
    images of the class with their matches, as ``models.Neighbor.matches`` has them, the nearest
    first.
    """

    mask: str
    category: Category
    n_votes: int
    n_voters: int
    shares: tuple[Share, ...]
    exemplars: tuple[tuple[Image, list[dict[str, Any]]], ...]


def reranked(prediction: Prediction, mask: str, *, n_exemplars: int = 5) -> Ranked:
    """Return the answer for a mask of 49 digits; no selected cell gives the stored answer.

    Raises ``PairsRefused`` if the run's cosines are missing or changed.
    """
    if mask == EMPTY:
        return _own(prediction, n_exemplars)
    run = prediction.run
    pairs = pairs_of_image(run, prediction.image_id)
    n_voters = int(run.parameters["n_voters"])
    found = answer(pairs, mask_of_text(mask), n_voters, n_exemplars=n_exemplars)
    known = run.dataset.categories.filter(index__in=list(found.probabilities))
    categories = {category.index: category for category in known}
    images = Image.objects.in_bulk([item.image for item in found.exemplars])
    return Ranked(
        mask,
        categories[found.label],
        found.n_votes,
        found.n_voters,
        tuple(
            Share(categories[index], round(share * found.n_voters))
            for index, share in found.probabilities.items()
        ),
        tuple(
            (
                images[item.image],
                [{"query_cell": query, "gallery_cell": cell} for query, cell in item.cells],
            )
            for item in found.exemplars
        ),
    )


def _own(prediction: Prediction, n_exemplars: int) -> Ranked:
    voters = list(prediction.neighbors.select_related("image__category").order_by("rank"))
    votes = Counter(voter.image.category for voter in voters)
    mine = [voter for voter in voters if voter.image.category_id == prediction.category_id]
    return Ranked(
        EMPTY,
        prediction.category,
        prediction.n_votes or 0,
        prediction.n_voters or 0,
        tuple(
            Share(category, n)
            for category, n in sorted(votes.items(), key=lambda item: (-item[1], item[0].index))
        ),
        tuple((voter.image, voter.matches) for voter in mine[:n_exemplars]),
    )
