"""A classifier's row names its decider, and nothing else has to know it."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import cast

import pytest

from classifiers.core.catalogue import BASELINE, CLASSIFIERS, QUERY_PARAMETERS, Classifier
from classifiers.core.gallery.index import Gallery
from classifiers.core.methods import QueryFeatures, classify, decider_of
from classifiers.decision import Decision
from tests.core.toys import toy_features


def test_every_row_names_a_decider_that_can_be_imported() -> None:
    assert all(callable(decider_of(name)) for name in CLASSIFIERS)
    assert BASELINE == "knn"


def test_a_new_row_with_its_file_is_a_classifier(
    shared_gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ModuleType("toy_constant")
    file.decide = lambda query, evidence, given: Decision(0, given["sureness"])  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_constant", file)
    given = {"sureness": 0.5, **QUERY_PARAMETERS}
    row = Classifier("constant", "Constant", False, False, given, "toy_constant:decide")
    monkeypatch.setitem(cast(dict[str, Classifier], CLASSIFIERS), "constant", row)
    features = toy_features(1, seed=3)
    query = QueryFeatures(features.maps[0], features.vectors[0], None)
    assert classify(query, shared_gallery, "constant", sureness=0.7) == Decision(0, 0.7)
