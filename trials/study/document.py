"""The study document as data: read, checked against the published schema, completed, compared.

The schema (``study.schema.json``, JSON Schema 2020-12) is the one source of fields, limits,
defaults and help texts; forms and documentation are made from it. What a schema cannot say (one
field against another) is checked in ``plan.py``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from trials.study.schema import (
    Json,
    Registered,
    filled,
    format_of,
    registered,
    resolved,
    schema,
)
from trials.study.schema_words import expectation
from trials.study.yaml_text import (
    MAX_BYTES,
    MAX_DEPTH,
    TextRefused,
    parse,
    printable,
    shortened,
    storable_problem,
    written,
)

KEPT = 64  # documents of which a process keeps the completed text
RETIRED_RULE = re.compile(r"session_number(<=|>=|<|>)-?[0-9]+([.][0-9]+)?")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a document: where, what was found there, what was expected."""

    path: str
    seen: object
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: found {shortened(self.seen)}, expected {self.expected}."


class PlanRefused(ValueError):
    """A study document with something wrong in it; ``problems`` lists all of it."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def default_of(name: str) -> Any:
    """Return the completed default of one of the document's fields."""
    part = resolved(schema()["properties"][name])
    return filled(part["default"], part)


def read_bytes(content: bytes, name: str = "the file") -> Json:
    """Read a document from a file's bytes. Raises ``PlanRefused`` as ``read`` does."""
    expected = "a study's document, a text in UTF-8"
    if len(content) > MAX_BYTES:
        raise PlanRefused(Problem(name, f"{len(content):,} bytes", f"at most {MAX_BYTES:,}"))
    try:
        return read(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise PlanRefused(Problem(name, "other bytes than UTF-8", expected)) from error


def read(text: str) -> Json:
    """Read a document from YAML (JSON is YAML too). Raises ``PlanRefused`` with the line."""
    expected = "a document in YAML or JSON"
    try:
        document = parse(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the text"
        problem = getattr(error, "problem", None) or "something that cannot be read"
        if isinstance(error, TextRefused):
            expected = error.expected
        raise PlanRefused(Problem(where, problem, expected)) from error
    except (ValueError, RecursionError) as error:
        raise PlanRefused(Problem("the text", str(error), expected)) from error
    if not isinstance(document, dict):
        raise PlanRefused(Problem("document", document, "fields such as title: and seed:"))
    if problems := list(_unstorable(document)):
        raise PlanRefused(*problems)
    return document


def _unstorable(value: Any, path: str = "", depth: int = 0) -> Iterator[Problem]:
    """Yield values that a database cannot store as JSON, or that are certainly mistakes."""
    where = path or "document"
    if depth > MAX_DEPTH:
        yield Problem(where, "more below", f"at most {MAX_DEPTH} levels")
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if not isinstance(name, str):
                yield Problem(where, name, "a name in quotes")
            elif problems := list(_unstorable(name, where)):
                yield from problems
            else:
                yield from _unstorable(each, _join(path, name), depth + 1)
    elif isinstance(value, list | tuple):
        for position, each in enumerate(value):
            yield from _unstorable(each, f"{path}[{position}]", depth + 1)
    elif expected := storable_problem(value):
        is_text = isinstance(value, str)
        yield Problem(where, printable(value) if is_text else value, expected)


def write(document: Mapping[str, Any]) -> str:
    """Return a document as YAML, in the order of its fields."""
    return written(document)


def retired_rules(document: Mapping[str, Any]) -> list[str]:
    """Return the rules that earlier versions accepted, although no study has such a measure."""
    rules = document.get("exclusions")
    listed = rules if isinstance(rules, list | tuple) else ()
    return [item for item in listed if isinstance(item, str) and RETIRED_RULE.fullmatch(item)]


def without_retired(document: Mapping[str, Any]) -> Json:
    """Return a stored document without its ``retired_rules``, as the current schema requires."""
    retired = retired_rules(document)
    if not retired:
        return dict(document)
    return {**document, "exclusions": [r for r in document["exclusions"] if r not in retired]}


def completed(document: Mapping[str, Any]) -> Json:
    """Return the document with every default filled in. Raises ``PlanRefused`` if it is wrong.

    Completing twice changes nothing; the result is plain JSON.
    """
    if unstorable := list(_unstorable(document)):
        raise PlanRefused(*unstorable)
    text = json.dumps(_plain(document))
    return json.loads(_completed(text, registered()))  # type: ignore[no-any-return]


def read_as_latest(document: Mapping[str, Any]) -> Json:
    """Return a completed document of any format with the defaults of all later fields."""
    text = json.dumps(document)
    return json.loads(_read_as_latest(text, registered()))  # type: ignore[no-any-return]


# A study's document is read by every page of its editor and by each of its previews. To check and
# complete it takes most of that time, and depends on nothing but its text and what is registered.
@lru_cache(maxsize=KEPT)
def _completed(text: str, _registered: Registered) -> str:
    document = json.loads(text)
    if refused := _refused(document):
        raise PlanRefused(*refused)
    version = format_of(document)
    return json.dumps(filled({**document, "format": version}, schema(), version))


@lru_cache(maxsize=KEPT)
def _read_as_latest(text: str, _registered: Registered) -> str:
    return json.dumps(filled(json.loads(text), schema()))


def problems_of(document: Mapping[str, Any]) -> list[Problem]:
    """Return what the schema refuses, in the order of the document's fields."""
    return list(_unstorable(document)) or _refused(_plain(document))


def _refused(document: Json) -> list[Problem]:
    errors = Draft202012Validator(schema()).iter_errors(document)
    found = [problem for error in errors for problem in _problems(error)]
    return list({str(problem): problem for problem in found}.values())


def _plain(value: Any) -> Any:
    """Turn tuples into lists, because the validator accepts only lists as arrays."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _problems(error: ValidationError) -> Iterator[Problem]:
    path, part, seen = _path(error.absolute_path), error.schema, error.instance
    assert isinstance(part, Mapping)  # noqa: S101 - no part of our schema is true or false
    if error.validator == "required":
        for name in part["required"]:
            if name not in _names(seen):
                yield Problem(_join(path, name), None, "a value: the field is required")
    elif error.validator == "additionalProperties":
        for name, value in _names(seen).items():
            if name not in part["properties"]:
                expected = f"one of the fields {', '.join(part['properties'])}"
                yield Problem(_join(path, name), value, expected)
    else:
        yield Problem(path or "document", seen, expectation(part))


def _names(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _path(parts: Any) -> str:
    text = ""
    for part in parts:
        text = f"{text}[{part}]" if isinstance(part, int) else _join(text, part)
    return text


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def sha256_of(document: Mapping[str, Any]) -> str:
    """Return the fingerprint of a completed document: the same document, the same hash."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs between two documents; None where there is no such field."""

    path: str
    before: object
    after: object


def changes(before: Any, after: Any, path: str = "") -> list[Change]:
    """Return what differs between two documents, field by field, in the order of the fields."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = list(dict.fromkeys([*before, *after]))
        pairs = [(_join(path, name), before.get(name), after.get(name)) for name in names]
    elif isinstance(before, list) and isinstance(after, list):
        n = max(len(before), len(after))
        olds, news = ([*item, *[None] * (n - len(item))] for item in (before, after))
        pairs = [(f"{path}[{i}]", olds[i], news[i]) for i in range(n)]
    else:
        return [] if before == after else [Change(path, before, after)]
    return [change for where, old, new in pairs for change in changes(old, new, where)]
