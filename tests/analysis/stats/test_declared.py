"""What was declared, read and refused."""

import json

import pytest

from analysis.stats.analysis_plan import DeclarationRefused, Declared, DeclaredCondition
from analysis.stats.exclusions import RuleRefused

ARMS = (
    DeclaredCondition("Alone", "knn", is_unaided=True),
    DeclaredCondition("kNN", "knn"),
    DeclaredCondition("EMD-NN", "emd-corr"),
)


@pytest.mark.parametrize(
    "declared",
    [
        Declared(ARMS),
        Declared(ARMS, ("accuracy<=50",), (("kNN", "Alone"),), "balanced_accuracy", 3, 7, 0.5),
    ],
)
def test_a_declaration_comes_back_from_json(declared: Declared) -> None:
    assert Declared.from_json(json.loads(json.dumps(declared.to_json()))) == declared


def test_without_a_family_every_two_conditions_are_tested() -> None:
    assert Declared(ARMS).pairs == (("Alone", "kNN"), ("Alone", "EMD-NN"), ("kNN", "EMD-NN"))
    assert Declared(ARMS, family=(("EMD-NN", "kNN"),)).pairs == (("EMD-NN", "kNN"),)


def test_the_unaided_twin_judges_the_same_ai() -> None:
    declared = Declared(ARMS)
    assert declared.unaided_twin(ARMS[1]) is ARMS[0]
    assert declared.unaided_twin(ARMS[2]) is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"measure": "speed"}, r"measure: found 'speed', expected one of"),
        ({"margin": -1}, r"margin: found -1, expected percentage points, or 0 for no test"),
        ({"margin": "5"}, r"margin: found '5', expected percentage points"),
        ({"seed": 1.5}, r"seed: found 1.5, expected a whole number"),
        ({"seed": -1}, r"seed: found -1"),
        ({"tuning_share": 1.0}, r"tuning_share: found 1.0, expected a share"),
        ({"family": (("kNN", "kNN"),)}, r"family: .* two different conditions of Alone, kNN"),
        ({"family": (("kNN", "CHM"),)}, r"family: found .*'CHM'"),
        ({"family": (("kNN", "Alone"), ("Alone", "kNN"))}, r"family: .* different pairs"),
        ({"conditions": (ARMS[0], ARMS[0])}, r"conditions: found .* all different"),
    ],
)
def test_a_declaration_that_cannot_hold_is_refused(values: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(DeclarationRefused, match=message):
        Declared(**({"conditions": ARMS} | values))


def test_a_rule_that_cannot_be_read_is_refused_when_it_is_declared() -> None:
    with pytest.raises(RuleRefused, match=r"expected a measure"):
        Declared(ARMS, exclusions=("too fast",))


@pytest.mark.parametrize(
    "document",
    [{}, {"conditions": [], "seeds": 1}, {"conditions": [{"name": "kNN"}]}, {"conditions": [7]}],
)
def test_a_document_of_another_form_is_refused(document: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(DeclarationRefused, match=r"expected"):
        Declared.from_json(document)
