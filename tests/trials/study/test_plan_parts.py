"""The parts of a plan have the fields of the schema, and only the schema has defaults."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, Final, get_origin, get_type_hints

import pytest

from trials.study.plan import _PARTS, StudyPlan
from trials.study.plan_parts import ConditionPlan, DeferPlan
from trials.study.registries import STAGES
from trials.study.schema import resolved, schema

PARTS: Final[dict[str, type[Any]]] = {
    **_PARTS,
    **{name: STAGES[name].part for name in STAGES},
    "condition": ConditionPlan,
    "defer": DeferPlan,
}
PYTHON: Final = {
    "string": (str,),
    "integer": (int,),
    "number": (float,),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict, DeferPlan),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_has_the_fields_of_the_schema_with_their_types(name: str) -> None:
    declared, hints = schema()["$defs"][name]["properties"], get_type_hints(PARTS[name])
    assert {field.name for field in fields(PARTS[name])} == set(declared)
    for field, part in declared.items():
        kind = resolved(part).get("type", "string")
        if "anyOf" not in resolved(part):
            assert (get_origin(hints[field]) or hints[field]) in PYTHON[kind], field


@pytest.mark.parametrize("name", PARTS)
def test_a_part_repeats_no_default_of_the_schema(name: str) -> None:
    # A field without a default in the schema keeps the hash of documents that lack it.
    declared = schema()["$defs"][name]["properties"]
    for field in fields(PARTS[name]):
        if "default" in resolved(declared[field.name]):
            assert (field.default, field.default_factory) == (MISSING, MISSING), field.name


def test_a_plan_has_every_field_of_the_document() -> None:
    assert set(schema()["properties"]) - {item.name for item in fields(StudyPlan)} == {"format"}
