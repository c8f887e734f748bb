"""The published schema of study documents, its defaults, and its versions.

A field that came with a later version of the schema is annotated with it (``"x-format": 2``). A
document is of the first version that has all the fields in it: a document of format 1 is completed
without the later fields, so its hash stays, and is read with their defaults. ``begun`` gives a new
document the better choices that came later.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from classifiers.core.catalogue import CLASSIFIERS
from trials.study.registries import STAGES, VIEWS

Json = dict[str, Any]
Registered = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
SCHEMA_FILE = Path(__file__).with_name("study.schema.json")
LATEST: Final = 2
# Parts of the document that a condition may change for itself.
OVERRIDDEN: Final = ("trial", "wording")


def schema() -> Json:
    """Return the published schema.

    It is the file, completed by what is registered: classifiers, views and kinds of stages.
    """
    return _schema(*registered())


def registered() -> Registered:
    """Return the names of the kinds of stages, the views and the classifiers."""
    return tuple(STAGES), tuple(VIEWS), tuple(CLASSIFIERS)


@cache
def _schema(stages: tuple[str, ...], views: tuple[str, ...], classifiers: tuple[str, ...]) -> Json:
    whole: Json = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    parts = whole["$defs"]
    arm = parts["condition"]["properties"]
    arm["classifier"]["enum"] = [*classifiers, ""]
    arm["view"]["enum"] = list(views)
    sentences = (f"{name}: {VIEWS[name].description}." for name in views)
    arm["view"]["description"] = " ".join(sentences)
    parts |= {f"{name}_here": _overriding(parts, name) for name in OVERRIDDEN}
    parts |= {name: STAGES[name].fields for name in stages if STAGES[name].fields is not None}
    parts["stage"]["properties"]["kind"]["enum"] = list(stages)
    parts["stage"]["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": name}}},
            "then": {"$ref": f"#/$defs/{name}"},
        }
        for name in stages
    ]
    return whole


def _overriding(parts: Json, name: str) -> Json:
    """Return the part of a condition that changes some fields of the study's part ``name``.

    It has the same fields, but no defaults: what is left out is as in the study. A field that is
    the same in all conditions (``"x-study"``) is left out.
    """
    fields = {}
    for key, field in parts[name]["properties"].items():
        if field.get("x-study"):
            continue
        whole = parts[field["$ref"].removeprefix("#/$defs/")] | field if "$ref" in field else field
        kept = {
            word: value for word, value in whole.items() if word not in {"$ref", "default", "x-new"}
        }
        fields[key] = kept | {"x-inherits": True}
    return {
        "title": f"{parts[name]['title']} in this condition",
        "description": "What differs from the study's; any of its fields. What is left out is as "
        "in the study.",
        "type": "object",
        "additionalProperties": False,
        "x-collapsed": True,
        "properties": fields,
    }


def begun(document: Mapping[str, Any]) -> Json:
    """Return a new study's document: where it is silent, with the choices for new studies.

    A field whose default must stay, because older documents rely on it, names a better choice for
    new ones in ``"x-new"``.
    """
    made = dict(document)
    for name, field in schema()["properties"].items():
        if "x-new" in field:
            made.setdefault(name, field["x-new"])
        parts = resolved(field).get("properties", {})
        news = {key: part["x-new"] for key, part in parts.items() if "x-new" in part}
        if news:
            made[name] = news | made.get(name, {})
    return made


def resolved(part: Mapping[str, Any], value: object = None) -> Json:
    """Follow a schema's ``$ref``, and its choice by ``kind``; keys beside a ref take precedence."""
    whole = dict(part)
    if "$ref" in whole:
        name = whole.pop("$ref").removeprefix("#/$defs/")
        whole = resolved(schema()["$defs"][name], value) | whole
    if "allOf" in whole and isinstance(value, Mapping):
        for choice in whole["allOf"]:
            if choice["if"]["properties"]["kind"]["const"] == value.get("kind"):
                return resolved(choice["then"], value)
    return whole


def format_of(document: Mapping[str, Any]) -> int:
    """Return the format of a document: as it says, or the latest of any field that it has."""
    said = document.get("format", 1)
    return max([said if said in range(1, LATEST + 1) else 1, *_formats(document, schema())])


def _formats(value: Any, part: Mapping[str, Any]) -> Iterator[int]:
    """Yield the format of every field that is present below ``value``."""
    whole = resolved(part, value)
    if isinstance(value, Mapping):
        for name, field in whole.get("properties", {}).items():
            if name in value:
                yield _since(resolved(field))
                yield from _formats(value[name], field)
    elif isinstance(value, list | tuple) and "items" in whole:
        for item in value:
            yield from _formats(item, whole["items"])


def _since(field: Mapping[str, Any]) -> int:
    """Return the format that a field came with."""
    return int(field.get("x-format", 1))


def filled(value: Any, part: Mapping[str, Any], version: int = LATEST) -> Any:
    """Return ``value`` with the defaults of every field that format ``version`` has."""
    whole = resolved(part, value)
    if isinstance(value, Mapping) and "properties" in whole:
        fields = {name: resolved(field) for name, field in whole["properties"].items()}
        present = {
            name: filled(value[name] if name in value else field["default"], field, version)
            for name, field in fields.items()
            if name in value or ("default" in field and _since(field) <= version)
        }
        return json.loads(json.dumps(present))
    if isinstance(value, list | tuple) and "items" in whole:
        return [filled(item, whole["items"], version) for item in value]
    return value
