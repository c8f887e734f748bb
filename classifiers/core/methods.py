"""The one function that runs any classifier of the catalogue.

A new classifier is a row of ``catalogue.CLASSIFIERS`` that names its decider, and the decider's
module: a function from query, evidence and parameters to a ``Decision``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from PIL import Image

from classifiers.core.catalogue import CLASSIFIERS, Parameters, parameters_resolved
from classifiers.core.chm.masks import text_of_mask
from classifiers.core.chm.matcher_features import Targets
from classifiers.core.chm.pair_cosines import Pairs
from classifiers.core.deciders.evidence import Evidence, Shortlist
from classifiers.core.gallery.index import Gallery
from classifiers.core.head import LinearHead
from classifiers.core.query import QueryFeatures, matcher_kept, query_features, targets_field
from classifiers.decision import Decision

__all__ = ["QueryFeatures", "Shortlist", "classify"]

Decider = Callable[[QueryFeatures, Evidence, Parameters], Decision]


def classify(
    query: QueryFeatures | Image.Image | str | Path,
    gallery: Gallery,
    classifier: str,
    *,
    head: LinearHead | None = None,
    targets: Targets | None = None,
    competing: Collection[int] | None = None,
    shortlist: Shortlist | None = None,
    on_pairs: Callable[[Pairs], object] | None = None,
    **parameters: Any,
) -> Decision:
    """Decide on one image: same input, same decision.

    Neighbors are every voter, nearest first; equal scores keep the order of the kNN ranking.
    Matches are filled for the exemplars that people see: the first five voters for the
    predicted class. A gallery smaller than the shortlist or the voters is used whole.

    Parameters
    ----------
    query
        Features, or a photo or its path, whose features are then extracted by the gallery's
        own backbone.
    head
        For "softmax": the result of ``head_train`` on this gallery, or the backbone's own.
    parameters
        Those of the catalogue. CHM-Corr+'s ``mask`` may be an array (7, 7) too.
    targets
        For CHM-Corr and CHM-Corr+: what their matcher keeps of this gallery; opened from the
        gallery's folder if left out.
    competing
        Class indices to choose from, where ``classes="split"``.
    shortlist
        The gallery's nearest images, at least as many as the classifier asks for, where they
        were found for many queries at once.
    on_pairs
        For CHM-Corr and CHM-Corr+: is told the cosines of the whole shortlist's matched patches.

    Raises
    ------
    ValueError
        Unknown classifier or parameter, a value out of range, or something missing that the
        classifier needs.

    """
    if not isinstance(parameters.get("mask", ""), str):
        parameters["mask"] = text_of_mask(parameters["mask"])
    resolved = parameters_resolved(classifier, parameters)
    if (resolved["classes"] == "split") != (competing is not None):
        raise ValueError(
            f"classes is {resolved['classes']!r} and competing {competing!r}; expected "
            "classes='split' with the class indices that compete, or 'all' without."
        )
    if CLASSIFIERS[classifier].needs_matcher and targets is None:
        field = targets_field(resolved)
        targets = Targets.open(gallery, matcher_kept(resolved["matcher"]), field)
    if not isinstance(query, QueryFeatures):
        matcher = targets.matcher if targets is not None else None
        query = query_features(query, gallery, resolved, matcher)
    evidence = Evidence(gallery, head, targets, competing, shortlist, on_pairs)
    return decider_of(classifier)(query, evidence, resolved)


def decider_of(classifier: str) -> Decider:
    """Return a classifier's decider, imported when it is first needed."""
    return _imported(CLASSIFIERS[classifier].decider)


@cache
def _imported(place: str) -> Decider:
    module, _, name = place.partition(":")
    return cast(Decider, getattr(import_module(module), name))
