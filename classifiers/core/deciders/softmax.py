"""The linear head: the class with the highest probability, without neighbors."""

from __future__ import annotations

import math

from classifiers.core.catalogue import Parameters
from classifiers.core.deciders.evidence import Evidence
from classifiers.core.head import class_activation
from classifiers.core.query import QueryFeatures
from classifiers.decision import Decision


def decide(query: QueryFeatures, evidence: Evidence, parameters: Parameters) -> Decision:
    """Choose the most probable class. ``ValueError`` without a head that fits."""
    head = evidence.head
    if head is None:
        raise ValueError("No head; expected head=, the result of head_train on this gallery.")
    trained = head.parameters
    if any(parameters[name] != value for name, value in trained.items()):
        wanted = {name: parameters[name] for name in trained}
        raise ValueError(f"The head was trained with {trained}; expected {wanted}.")
    if head.is_own and evidence.gallery.manifest.grey == "half":
        raise ValueError(
            "own_head on a gallery with grey='half': its maps of grey photos are not the head's; "
            "expected a gallery built with grey='backbone'."
        )
    pooled = query.map.mean((1, 2)) if head.is_own else query.vector  # (C, 7, 7) -> (C,)
    label, probability = head.choose(pooled, evidence.competing)
    # The published confidences are whole percent, rounded down.
    confidence = math.floor(100 * probability) / 100 if parameters["paper"] else probability
    saliency = class_activation(head, query.map, label)
    return Decision(label=label, confidence=confidence, saliency=tuple(saliency.ravel().tolist()))
