"""Machine-readable metadata of an export: Frictionless, Psych-DS, Croissant, citation. Pure.

Every field comes from the codebook. Sources: Data Package 1.0 with Table Schema
(specs.frictionlessdata.io), Psych-DS 1.5 (psychds-docs.readthedocs.io), Croissant 1.1
(docs.mlcommons.org/croissant), Citation File Format 1.2.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from analysis.codebook.codebook import Column
from analysis.export.export_facts import Facts, Resource

Json = dict[str, Any]

# The primary keys, and the foreign keys to other files.
PRIMARY_KEYS = {
    "responses": ["participant_id", "trial_index"],
    "participants": ["participant_id"],
    "items": ["classifier", "item_id"],
    "practice": ["participant_id", "phase", "trial_index"],
    "answers": ["participant_id", "page", "question"],
    "shown": ["participant_id", "phase", "trial_index", "panel", "exemplar"],
}
FOREIGN_KEYS = {
    name: [("participant_id", "participants", "participant_id")]
    for name in ("responses", "events", "practice", "answers", "shown")
}
_CROISSANT_TYPES = {
    "string": "sc:Text", "integer": "sc:Integer", "number": "sc:Float", "boolean": "sc:Boolean",
    "datetime": "sc:DateTime",
}  # fmt: skip


def json_text(value: Json) -> str:
    """Return JSON in the format of the files."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _short(slug: str) -> str:
    return re.sub(r"[^a-z0-9._-]", "-", slug.lower())


def _constraints(column: Column, *, is_key: bool, is_data: bool) -> Json:
    said: Json = {}  # a computed number may be undefined in any table
    if is_data and not column.is_nullable:
        said["required"] = True
    if column.levels:
        said["enum"] = list(column.levels)
    for name in ("minimum", "maximum"):
        if getattr(column, name) is not None:
            said[name] = getattr(column, name)
    if is_key:
        said["unique"] = True
    return said


def _field(column: Column, *, is_key: bool, is_data: bool) -> Json:
    field: Json = {
        "name": column.name,
        "type": column.type,
        "description": column.meaning,
        "constraints": _constraints(column, is_key=is_key, is_data=is_data),
    }
    if column.unit:
        field["unit"] = column.unit
    if column.type == "datetime":
        field["format"] = "%Y-%m-%dT%H:%M:%S.%fZ"
    if column.type == "boolean":
        field |= {"trueValues": ["TRUE"], "falseValues": ["FALSE"]}
    return field


def table_schema(resource: Resource) -> Json:
    """Return a file's Table Schema."""
    keys = PRIMARY_KEYS.get(resource.name, [])
    schema: Json = {
        "fields": [
            _field(item, is_key=keys == [item.name], is_data=resource.is_data)
            for item in resource.columns
        ],
        "missingValues": [""],
    }
    if keys:
        schema["primaryKey"] = keys
    if foreign := FOREIGN_KEYS.get(resource.name):
        schema["foreignKeys"] = [
            {"fields": [column], "reference": {"resource": other, "fields": [theirs]}}
            for column, other, theirs in foreign
        ]
    return schema


def datapackage(facts: Facts, resources: Sequence[Resource]) -> Json:
    """Return datapackage.json."""
    return {
        "profile": "tabular-data-package",
        "name": _short(facts.slug),
        "title": facts.name,
        "description": facts.description,
        "created": facts.exported_at,
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": resource.name,
                "title": resource.title,
                "path": resource.path,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": resource.n_bytes,
                "hash": f"sha256:{resource.sha256}",
                "dialect": {"delimiter": ",", "quoteChar": '"', "doubleQuote": True},
                "schema": table_schema(resource),
            }
            for resource in resources
        ],
    }


def _variables(resources: Sequence[Resource]) -> list[Json]:
    """Return Psych-DS's variables: every column of the data once, with its meaning in each file."""
    meanings: dict[str, dict[str, list[str]]] = {}
    columns: dict[str, Column] = {}
    for resource in resources:
        for column in resource.columns:
            columns.setdefault(column.name, column)
            where = meanings.setdefault(column.name, {})
            where.setdefault(column.description, []).append(resource.name)
    return [_variable(columns[name], where) for name, where in meanings.items()]


def _variable(column: Column, where: dict[str, list[str]]) -> Json:
    parts = [f"{', '.join(names)}: {meaning}" for meaning, names in where.items()]
    said = next(iter(where)) if len(where) == 1 else " ".join(parts)
    variable: Json = {"@type": "PropertyValue", "name": column.name, "description": said}
    if column.unit:
        variable["unitText"] = column.unit
    if column.minimum is not None:
        variable["minValue"] = column.minimum
    if column.maximum is not None:
        variable["maxValue"] = column.maximum
    return variable


def dataset_description(facts: Facts, resources: Sequence[Resource]) -> Json:
    """Return Psych-DS's dataset_description.json for the files below data/."""
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": facts.name,
        "description": facts.description,
        "schemaVersion": "Psych-DS 1.5.0",
        "identifier": facts.document_sha256,
        "dateCreated": facts.exported_at,
        "variableMeasured": _variables([resource for resource in resources if resource.is_data]),
    }


_CROISSANT_CONTEXT: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(facts: Facts, resources: Sequence[Resource]) -> Json:
    """Return croissant.json: one record set for each file below data/."""
    data = [resource for resource in resources if resource.is_data]
    return {
        "@context": _CROISSANT_CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": facts.name,
        "description": facts.description,
        "datePublished": facts.exported_at,
        "version": "1.0.0",
        "citeAs": f"{facts.name}, {facts.exported_at[:4]}, sha256:{facts.document_sha256}",
        "rai:dataCollection": "Answers of participants who gave consent, collected by web pages; "
        "times from the server's and the browser's clocks.",
        "rai:personalSensitiveInformation": "Pseudonyms, times, kind of device, time zone and "
        "answers to the study's questions; no recruitment id or address. "
        + ("The data include free text that people wrote." if facts.has_texts else "No free text."),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": f"{item.name}.csv",
                "name": f"{item.name}.csv",
                "description": item.title,
                "contentUrl": item.path,
                "contentSize": f"{item.n_bytes} B",
                "encodingFormat": "text/csv",
                "sha256": item.sha256,
            }
            for item in data
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": item.name,
                "name": item.name,
                "description": item.title,
                "field": [_croissant_field(item, column) for column in item.columns],
            }
            for item in data
        ],
    }


def _croissant_field(resource: Resource, column: Column) -> Json:
    # A missing whole number is read as NaN, which needs a float.
    is_float = column.type == "integer" and column.is_nullable
    return {
        "@type": "cr:Field",
        "@id": f"{resource.name}/{column.name}",
        "name": column.name,
        "description": column.description,
        "dataType": _CROISSANT_TYPES["number" if is_float else column.type],
        "source": {
            "fileObject": {"@id": f"{resource.name}.csv"},
            "extract": {"column": column.name},
        },
    }
