"""The analysis that a study declares before it has data: plain values, JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from itertools import combinations
from typing import Any

from analysis.stats.exclusions import Rule
from analysis.stats.measures import MEASURES

CONFIDENCES = ("", "percent", "ordered")


class DeclarationRefused(ValueError):
    """Raised for an invalid declaration; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class DeclaredCondition:
    """One arm: its name, the AI whose answers are judged, and whether people know of that AI.

    Conditions with the same classifier are twins: their people judge the same answers on the
    same images. In a condition that ``is_unaided``, people are asked "Is this X?" and are not
    told that an AI said X. Accepting means "yes, this is X".
    """

    name: str
    classifier: str
    is_unaided: bool = False


@dataclass(frozen=True, slots=True)
class Declared:
    """The declared analysis of a study.

    ``exclusions`` are rules such as ``accuracy<=50``; ``family`` holds the pairs of conditions
    that are tested on ``measure`` (empty: all pairs). ``margin`` is the difference in percentage
    points below which two conditions count as equivalent (0: no margin is declared, and no
    test of equivalence is made). ``tuning_share`` is the share of the AI's images that
    choose its threshold. ``is_within``: everybody goes through several conditions, in one of the
    ``orders`` of blocks by which the flow of people is counted. ``confidence`` says what people's
    own confidence is: ``percent`` (the probability of being right), ``ordered`` (only larger for a
    surer answer), or empty (none is asked for). ``offers_best``: people choose among the classes
    with the AI's highest scores.
    """

    conditions: tuple[DeclaredCondition, ...]
    exclusions: tuple[str, ...] = ()
    family: tuple[tuple[str, str], ...] = ()
    measure: str = "accuracy"
    margin: float = 0.0
    seed: int = 0
    tuning_share: float = 0.2
    is_within: bool = False
    confidence: str = ""
    orders: tuple[str, ...] = ()
    offers_best: bool = False

    def __post_init__(self) -> None:
        _check(self)

    @property
    def names(self) -> tuple[str, ...]:
        """The conditions' names in order."""
        return tuple(condition.name for condition in self.conditions)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The exclusions as parsed rules."""
        return tuple(Rule.parse(text) for text in self.exclusions)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The family of tests: the declared pairs, or every two conditions in order."""
        return self.family or tuple(combinations(self.names, 2))

    def unaided_twin(self, condition: DeclaredCondition) -> DeclaredCondition | None:
        """Return the first unaided condition that judges the same AI's answers, if any."""
        twins = (
            c for c in self.conditions if c.is_unaided and c.classifier == condition.classifier
        )
        return next(twins, None)

    def to_json(self) -> dict[str, Any]:
        """Return the declaration as plain JSON values."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Declared:
        """Read what ``to_json`` wrote; ``DeclarationRefused`` names what is wrong."""
        known = {field.name: field for field in fields(cls)}
        unknown = [name for name in document if name not in known]
        missing = [n for n, f in known.items() if f.default is MISSING and n not in document]
        if unknown or missing:
            raise DeclarationRefused(
                f"Found {', '.join(document) or 'nothing'}; expected conditions, and no other "
                f"fields than {', '.join(known)}."
            )
        values = dict(document)
        try:
            values["conditions"] = tuple(DeclaredCondition(**c) for c in values["conditions"])
        except TypeError as error:
            raise DeclarationRefused(
                f"conditions: {error}; expected a list of name, classifier and is_unaided."
            ) from error
        if "orders" in values:
            values["orders"] = tuple(values["orders"])
        if "exclusions" in values:
            values["exclusions"] = tuple(values["exclusions"])
        if "family" in values:
            values["family"] = tuple(tuple(pair) for pair in values["family"])
        return cls(**values)


def _check(declared: Declared) -> None:
    names = declared.names
    refusals = (
        (len(set(names)) < len(names), "conditions", names, "names that are all different"),
        (declared.measure not in MEASURES, "measure", declared.measure, f"one of {MEASURES}"),
        (not _number(declared.margin) >= 0, "margin", declared.margin,
         "percentage points, or 0 for no test of equivalence"),
        (not 0 < _number(declared.tuning_share) < 1, "tuning_share", declared.tuning_share,
         "a share between 0 and 1"),
        (type(declared.seed) is not int or declared.seed < 0, "seed", declared.seed,
         "a whole number, 0 or more"),
        (declared.confidence not in CONFIDENCES, "confidence", declared.confidence,
         f"one of {CONFIDENCES}"),
        (not _is_family(declared.family, names), "family", declared.family,
         f"different pairs of two different conditions of {', '.join(names)}"),
    )  # fmt: skip
    for is_wrong, field, seen, expected in refusals:
        if is_wrong:
            raise DeclarationRefused(f"{field}: found {seen!r}, expected {expected}.")
    for text in declared.exclusions:
        Rule.parse(text)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _is_family(family: tuple[tuple[str, str], ...], names: tuple[str, ...]) -> bool:
    sides = [frozenset(pair) for pair in family]
    are_pairs = all(len(side) == 2 == len(p) for side, p in zip(sides, family, strict=True))
    return are_pairs and set().union(*sides) <= set(names) and len(set(sides)) == len(sides)
