"""The text of docs/study-document.md, from the schema; ``manage.py document_page``. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from trials.study.schema import resolved, schema
from trials.study.schema_words import expectation

HEAD = """# The study document

A study is one document in YAML or JSON. It is checked against a published JSON Schema:
`trials/study/study.schema.json`, which every site serves at `/study.schema.json`.
`python manage.py document_page` makes this page from the schema.

A field that is left out has its default. This is also so where new studies of the site or of
`create_study` begin with another choice. Every mistake is reported with its path, what was found
and what was expected. In YAML, aliases (`*name`) are not read, a name may occur once, and a number
is plain (`170`, `2.5`); quotes make it a text. A document has at most 20 levels and 200 kB.
Ready-made documents are in `trials/ready_made/`.

A study is frozen when its first pilot starts or when it opens. From then on its document, its
predictions and its photos have one fingerprint, and a change is a new version.

```sh
python manage.py create_study cells elpv --ready-made demo          # one that is built in
python manage.py create_study cells elpv --document study.yaml      # one of your own
```
"""
PARTS = (
    "in_language",
    "condition", "defer", "design", "page", "walkthrough", "training", "validation", "test", "pool",
    "questions", "trial", "task", "wording",
    "consent", "device", "quality", "analysis", "recruitment",
)  # fmt: skip


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    yield _section("The document", schema())
    for name in PARTS:
        part = schema()["$defs"][name]
        yield _section(part.get("title", name.capitalize()), part)
        questions = part["properties"].get("questions")
        if questions:
            yield _section("One question", questions["items"])
        if "texts" in part["properties"]:
            yield _section("One text in it", part["properties"]["texts"]["items"])


def _section(title: str, part: Mapping[str, Any]) -> str:
    needed = part.get("required", [])
    rows = [_row(name, each, name in needed) for name, each in part["properties"].items()]
    head = "| field | default | allowed | meaning |\n|---|---|---|---|\n"
    return f"## {title}\n\n{head}" + "\n".join(rows) + "\n"


def _row(name: str, field: Mapping[str, Any], is_needed: bool) -> str:
    whole = resolved(field)
    default = "(needed)" if is_needed else _default(whole)
    meaning = field.get("description", whole.get("title", ""))
    if "x-new" in whole and name == "stages":
        meaning += " New studies begin with a walkthrough before the training."
    elif "x-new" in whole:
        meaning += f" New studies begin with `{json.dumps(whole['x-new'], ensure_ascii=False)}`."
    allowed = _ALLOWED.get(whole.get("type", ""), expectation(whole))
    cells = (f"`{name}`", default, allowed, meaning)
    return "| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |"


# Limits of a field with its own section, and of a text, are described there.
_ALLOWED = {"object": "see below", "string": "a text"}


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("default")
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "the reference study's"
    return "" if value is None or value == {} else f"`{json.dumps(value, ensure_ascii=False)}`"
