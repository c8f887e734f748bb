"""Names of a document's fields as the editor's form shows them: ``5. test, Photos``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from trials.study.document import Problem
from trials.study.schema import resolved, schema

_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def field_name(path: str, document: Mapping[str, Any]) -> str:
    """Return the name of the field at ``path``, such as ``stages[4].n``.

    An entry of a list has its number, from 1, and what it is. A text that is not a path of the
    schema, such as ``line 2, column 8``, is returned unchanged.
    """
    names = list(_names(path, document))
    return ", ".join(names) if names else path


def problem_words(problem: Problem, document: Mapping[str, Any]) -> str:
    """Return a problem in one sentence, its field named as in the form."""
    seen = "nothing" if problem.seen is None else repr(problem.seen)
    name = field_name(problem.path, document)
    return f"{name}: found {seen}, expected {problem.expected}."


def _names(path: str, document: object) -> Iterator[str]:
    part, value = schema(), document
    for name, position in _PART.findall(path):
        whole = resolved(part, value)
        if position:
            part, value = whole.get("items", {}), _at(value, int(position))
            yield _entry(int(position), value)
        elif name in whole.get("properties", {}):
            value = value.get(name) if isinstance(value, Mapping) else None
            part = resolved(whole["properties"][name], value)
            yield str(part.get("title") or name.replace("_", " ").capitalize())
        elif part is schema():
            return
        else:
            part, value = {}, None
            yield name


def _entry(position: int, value: object) -> str:
    """Return an entry's number and what it is, such as ``1. page introduction``."""
    words = [value.get(name) for name in ("kind", "name")] if isinstance(value, Mapping) else []
    said = " ".join(str(word) for word in words if word)
    return f"{position + 1}. {said}" if said else f"entry {position + 1}"


def _at(value: object, position: int) -> object:
    is_there = isinstance(value, list | tuple) and position < len(value)
    return value[position] if is_there else None  # type: ignore[index]
