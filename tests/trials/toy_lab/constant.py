"""A toy classifier: it always names the first class."""

from __future__ import annotations

from classifiers.core.catalogue import Parameters
from classifiers.core.deciders.evidence import Evidence
from classifiers.core.query import QueryFeatures
from classifiers.decision import Decision


def decide(query: QueryFeatures, evidence: Evidence, parameters: Parameters) -> Decision:
    """Choose class 0, as sure as the parameter says."""
    return Decision(label=0, confidence=parameters["sureness"])
